"""Starts Python for our own purposes: its command, and its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from exptdir.figures.inside import site
from exptdir.figures.inside.events import MARKER
from exptdir.figures.inside.start import Setting

#: Where the package is imported from; it need not be installed.
_ROOT = Path(__file__).resolve().parents[3]
_ENTRY = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from exptdir.figures.run.{0} import main; main(sys.argv[1:])"
)
#: The time that figures bear (https://reproducible-builds.org/specs/source-date-epoch/): 1 January 2000, 0:00 UTC.
_EPOCH = "946684800"


def command(module: str, *args: str) -> list[str]:
    """Return what runs the ``main`` of one of our modules with arguments, in this Python.

    Its ``sys.path`` begins with an entry that is ours and has to go before a script is run.
    """
    return [sys.executable, "-c", _ENTRY.format(module), str(_ROOT), *args]


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which the same script draws the same bytes, and leaves nothing else behind.

    Parameters
    ----------
    given
        What to begin with; this process's own environment otherwise.
    """
    env = dict(os.environ if given is None else given)
    env.setdefault("SOURCE_DATE_EPOCH", _EPOCH)
    if "PYTHONPATH" in env:
        # It is relative to where the build was called; a script is run elsewhere.
        entries = env["PYTHONPATH"].split(os.pathsep)
        env["PYTHONPATH"] = os.pathsep.join(os.path.abspath(entry) for entry in entries if entry)
    return {**env, "MPLBACKEND": "Agg", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def trace_variables(env: Mapping[str, str], setting: Setting) -> dict[str, str]:
    """Return the variables that bring the trace to the Python processes that are started in an environment.

    Parameters
    ----------
    env
        The environment.
    setting
        What is traced.
    """
    entry = str(Path(site.__file__).parent)
    path = os.pathsep.join(filter(None, [entry, env.get("PYTHONPATH", "")]))
    return {"PYTHONPATH": path, MARKER: setting.to_text()}

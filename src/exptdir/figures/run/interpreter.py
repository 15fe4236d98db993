"""Starts Python for our own purposes: its command, and its environment.

Programs that run scripts which are not Python.

Ends processes for good: a script's, and what it started.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from exptdir.figures import inside
from exptdir.figures.inside.events import MARKER, Setting
from exptdir.figures.model import Job

#: Where the package is imported from; it need not be installed.
_ROOT = Path(__file__).resolve().parents[3]
_ENTRY = "import sys; sys.path.insert(0, sys.argv.pop(1)); from exptdir.figures.run.{0} import main; main(sys.argv[1:])"
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
    setting
        What is traced.
    """
    entry = str(Path(inside.__file__).parent / "site")
    path = os.pathsep.join(filter(None, [entry, env.get("PYTHONPATH", "")]))
    return {"PYTHONPATH": path, MARKER: setting.to_text()}


#: By language: the program, and its options. Julia's start-up file is the user's, and no part of the record.
_PROGRAMS: Mapping[str, tuple[str, ...]] = {"r": ("Rscript",), "julia": ("julia", "--startup-file=no")}


def program(language: str) -> str:
    """Return the name of the program that runs scripts in a language other than Python."""
    return _PROGRAMS[language][0]


def command_in_language(job: Job) -> list[str] | None:
    """Return what runs a script in a language other than Python; ``None`` where its program is not installed."""
    name, *options = _PROGRAMS[job.language]
    found = shutil.which(name)
    return None if found is None else [found, *options, job.script, *job.args]


def environment_of_languages() -> dict[str, str]:
    """Return the environment of such a script."""
    env = environment(os.environ)
    # Julia's own way to say: the project that the script lies in.
    env.setdefault("JULIA_PROJECT", "@.")
    return env


#: ``PR_SET_CHILD_SUBREAPER`` of Linux (``prctl(2)``).
_SET_CHILD_SUBREAPER = 36


def end_group(leader: int) -> None:
    """Kill a process and all of its group."""
    if not hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.kill(leader, signal.SIGTERM)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
        return
    # It has not got as far as to be the leader of a group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(leader, signal.SIGKILL)


def ask_where(leader: int) -> None:
    """Have a process write down where it is; see :mod:`faulthandler`."""
    with contextlib.suppress(AttributeError, ProcessLookupError, PermissionError):
        os.kill(leader, signal.SIGUSR1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent ends, where the system can do that (Linux)."""
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return


def children(process: int | None = None) -> set[int]:
    """Return the children of a process, by default of this one, where the system tells (Linux)."""
    found: set[int] = set()
    for tasks in Path(f"/proc/{process or 'self'}/task").glob("*/children"):
        with contextlib.suppress(OSError, ValueError):
            found.update(map(int, tasks.read_text("ascii").split()))
    return found


def descendants(process: int) -> set[int]:
    """Return the children of a process, their children, and so on, where the system tells (Linux)."""
    found: set[int] = set()
    waiting = children(process)
    while waiting:
        found |= waiting
        waiting = {below for child in waiting for below in children(child)} - found
    return found


def end_all(processes: Iterable[int]) -> None:
    """Kill processes, those that are still there."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))

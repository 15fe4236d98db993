"""Python imports this at its start, before the script's own code: it begins the trace, then makes way."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import os
import sys
from importlib.machinery import PathFinder

_MARKER = "EXPTDIR_TRACE"
_NAME = "_exptdir_inside"


def _begin(text: str) -> None:
    """Load the package above this directory by its place; the interpreter may be one that has no exptdir."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    spec = importlib.util.spec_from_file_location(
        _NAME, os.path.join(home, "__init__.py"), submodule_search_locations=[home]
    )
    if spec is None or spec.loader is None:
        return
    package = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = package
    spec.loader.exec_module(package)
    events = importlib.import_module(f"{_NAME}.events")
    listener = events.listen(events.Setting(**json.loads(text)))
    atexit.register(listener.imports.finish)


def _make_way() -> None:
    """Import the environment's own module of this name, if there is one, in place of this one."""
    here = os.path.dirname(os.path.abspath(__file__))
    others = [entry for entry in sys.path if os.path.abspath(entry) != here]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


if _MARKER in os.environ:
    try:
        _begin(os.environ[_MARKER])
    except Exception:
        # This process runs past the trace, as one does whose Python is too old for it. It says so, unless the run
        # that it belonged to is over, and so is its directory.
        with contextlib.suppress(OSError):
            notes = open(os.path.join(json.loads(os.environ[_MARKER])["scratch"], "trace"), "a")  # noqa: PTH123, SIM115
            notes.write("u subprocess\n")
            notes.close()
    _make_way()

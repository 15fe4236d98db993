"""Runs one plot script in a process that is there for it alone, as ``python script`` would in its directory.

The process is forked from a server that has imported matplotlib (:mod:`exptdir.figures.run.server`), or started anew.
How the run ended is written to a report in the directory of the run; a process that cannot write one has died.

Puts into words how a script failed, and finds the line of it that is at fault.

Bounds what a process may take from the machine.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import io
import json
import os
import platform
import random
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, NoReturn

from exptdir.figures.inside.events import Listener, Setting, listen
from exptdir.figures.inside.scope import Ground, look_around
from exptdir.figures.model import Job
from exptdir.figures.run import interpreter
from exptdir.figures.run.matplotlib_ import Warmth, draw_whole, set_style
from exptdir.figures.run.trace import note_named


def limit_memory(amount: int) -> None:
    """Let this process, and each that it starts, have no more memory than this; an allocation fails then.

    What is counted is data of its own (``RLIMIT_DATA``), not libraries and mapped files. Systems without such
    limits have none.

    Parameters
    ----------
    amount
        Bytes; 0 for any number.
    """
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if amount:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (amount, amount))


#: Where our own code is; the author has no use for seeing it in a traceback.
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LONGEST = 20_000


@dataclass(frozen=True)
class Fault:
    """Why a script failed.

    Parameters
    ----------
    text
        The traceback, or a sentence.
    line
        The line of the script at fault, where one is.
    """

    text: str
    line: int | None = None


def explain(error: BaseException, script: str) -> Fault:
    """Describe an exception that nobody caught: from the script's frame on, as the interpreter would."""
    described = traceback.TracebackException.from_exception(error)
    # Our own frames go, also from the exceptions that led to this one.
    seen: list[traceback.TracebackException | None] = [described]
    while seen:
        one = seen.pop()
        if one is not None:
            kept = [frame for frame in one.stack if not frame.filename.startswith(_OURS)]
            one.stack = traceback.StackSummary.from_list(kept)
            seen += [one.__cause__, one.__context__]
    text = "".join(described.format())
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]}\n[…]\n{text[-_LONGEST // 2 :]}"
    if isinstance(error, SyntaxError) and error.filename == script:
        return Fault(text, error.lineno)
    return Fault(text, _last_line(error.__traceback__, script))


def _last_line(trace: TracebackType | None, script: str) -> int | None:
    lines = [line for frame, line in traceback.walk_tb(trace) if frame.f_code.co_filename == script]
    return lines[-1] if lines else None


def explain_exit(end: SystemExit, script: str) -> Fault | None:
    """Describe a ``sys.exit``; there is nothing to describe if it means success."""
    if end.code is None or end.code == 0:
        return None
    line = _last_line(end.__traceback__, script)
    if isinstance(end.code, int):
        return Fault(f"The script ended itself with exit status {end.code}.", line)
    sys.stderr.write(f"{end.code}\n")
    return Fault(f"The script ended itself: {end.code}", line)


#: Names in the directory of a run.
OUTPUT, FAULTS, REPORT = "output", "faults", "report"


def main(argv: Sequence[str]) -> NoReturn:
    """Run what a job file says, in a process that was started for it.

    Parameters
    ----------
    argv
        The job file, and the directory of the run; then ``dark`` where the figures for the dark scheme are wanted.
    """
    job = Job.from_json(Path(argv[0]).read_text("utf-8"))
    Warmth().prepare(job.script)
    run(job, Path(argv[1]), "dark" in argv[2:], clear_ground())


def clear_ground() -> Ground:
    """Drop our own modules, and look at what is left: scripts that import them are to find what they would by hand.

    What this process still needs of us must have been imported before.
    """
    for name in [name for name in sys.modules if name.partition(".")[0] == "exptdir"]:
        del sys.modules[name]
    return look_around()


def run(job: Job, directory: Path, dark: bool, ground: Ground) -> NoReturn:
    """Run a job, report how it ended and end the process.

    Parameters
    ----------
    dark
        Whether the figures for the dark scheme are wanted.
    ground
        What :func:`clear_ground` left.
    """
    code = 1
    try:
        # Out of the terminal, and leader of a group that can be ended as a whole.
        if hasattr(os, "setsid"):
            with contextlib.suppress(PermissionError):
                os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        output = os.open(directory / OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        for number in {nothing, output} - {0, 1, 2}:
            os.close(number)
        sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
        sys.stdout = sys.__stdout__ = _stream(1)  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = _stream(2)  # type: ignore[misc]
        faults = os.open(directory / FAULTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        setting = Setting(job.base, job.cwd, str(directory), job.outputs)
        # From here on this process is what a new interpreter in the script's directory would be.
        faulthandler.enable(faults)
        if hasattr(faulthandler, "register"):
            # Before a script that takes too long is ended, it is asked where it is.
            faulthandler.register(signal.SIGUSR1, faults)
        limit_memory(job.memory)
        os.environ.update(interpreter.trace_variables(os.environ, setting))
        os.chdir(job.cwd)
        sys.argv = [job.script, *job.args]
        # The first entry is the one that our own modules were found by.
        sys.path[:] = [job.cwd, *filter(None, sys.path[1:])]
        sys.dont_write_bytecode = True
        # A fork would inherit a state that all scripts share; and the same script is to draw the same figure.
        random.seed(0)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(0)
        code = _run(job, directory, dark, listen(setting, ground))
    except BaseException as error:
        _report(directory, Fault(f"The script could not be started: {error}"))
    finally:
        # What is left of our own stack belongs to the server, and is not to be unwound here.
        os._exit(code)


def _stream(number: int) -> io.TextIOWrapper:
    raw = open(number, "wb", closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(raw, "utf-8", "backslashreplace", line_buffering=True)


def _run(job: Job, directory: Path, dark: bool, listener: Listener) -> int:
    try:
        set_style(job.cwd, job.style, dark)
        with contextlib.suppress(ImportError):
            draw_whole(listener, directory, dark)
    except OSError as error:
        fault: Fault | None = Fault(f"The style {job.style} cannot be used: {error}")
    else:
        fault = _execute(job.script)
    # What an interpreter does at its end: wait for threads, call what wants to be called, write out.
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    except BaseException as error:
        fault = explain(error, job.script)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    listener.apart(listener.imports.finish)
    listener.apart(note_named, listener, job.script)
    listener.active = False
    _report(directory, fault)
    return 0 if fault is None else 1


def _execute(script: str) -> Fault | None:
    """Run the script as the main module."""
    try:
        with io.open_code(script) as file:
            code = compile(file.read(), script, "exec", dont_inherit=True)
        main_module = ModuleType("__main__")
        main_module.__dict__.update(
            __file__=script, __builtins__=sys.modules["builtins"], __loader__=SourceFileLoader("__main__", script)
        )
        sys.modules["__main__"] = main_module
        exec(code, main_module.__dict__)
    except SystemExit as end:
        return explain_exit(end, script)
    except BaseException as error:
        return explain(error, script)
    return None


def _report(directory: Path, fault: Fault | None) -> None:
    versions = {"python": platform.python_version()}
    for name in ("matplotlib", "numpy"):
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            versions[name] = version
    report: dict[str, Any] = {"versions": versions}
    if fault is not None:
        report.update(traceback=fault.text, line=fault.line)
    with contextlib.suppress(OSError):
        # One that is cut off is no JSON, and counts as none.
        (directory / REPORT).write_text(json.dumps(report), "ascii")


if __name__ == "__main__":
    main(sys.argv[1:])

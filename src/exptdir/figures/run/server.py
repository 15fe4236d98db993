"""The process that plot scripts run in: it has imported matplotlib, and forks a child for each script.

It is told on its standard input, and answers on its standard output, one JSON object a line. It ends when there
is nobody to tell it anything any more, and takes all scripts with it. A script runs in its child as ``python script``
would in its directory; how it ended is written to a report in the directory of the run; without one it has died.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import faulthandler
import gc
import io
import json
import os
import random
import re
import selectors
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from exptdir.figures.inside.events import Listener, Setting, listen
from exptdir.figures.inside.scope import NAMED, NATIVE, NATIVE_IF_ASKED, UNSEEN, Ground, look_around
from exptdir.figures.model import Job
from exptdir.figures.run.guard import BUSY, recover
from exptdir.figures.run.matplotlib_ import draw_whole, set_defaults, set_style, warm_up
from exptdir.figures.run.outcome import FAULTS, OUTPUT, REPORT, Fault, explain, explain_exit, shorten
from exptdir.figures.run.processes import GRACE, PACE, adopt_orphans, ask_where, children, end_group, trace_variables
from exptdir.record.files import read_bytes, read_or_none, take_lock

_LONGEST = 1000
#: So much of a source is looked at; the script may have taken nearly all memory.
_MOST_TEXT = 1 << 20
_NATIVE = re.compile(rb"\b(?:%s)\b" % "|".join(sorted(NATIVE | NATIVE_IF_ASKED)).encode())


def note_named(listener: Listener, script: str) -> None:
    """Note what the record's own code imports that reads unseen: no event tells of a module that was loaded before.

    Where something reads unseen, directories that the code names, in its text or its modules' variables, are noted too.
    """
    if listener.native is not None and listener.native.works:
        return
    scope, notes = listener.scope, listener.notes
    modules = dict(listener.imports.ground.modules(scope))
    main = sys.modules.get("__main__")
    if main is not None and main not in modules.values():
        modules[script] = main
    texts: dict[str, bytes] = {}
    for path in modules:
        with contextlib.suppress(OSError):
            texts[path] = read_bytes(path, _MOST_TEXT)
    for imported in (_read(text)[1] for text in texts.values() if _NATIVE.search(text)):
        for name in sorted(imported & (NATIVE | NATIVE_IF_ASKED)):
            notes.add(UNSEEN, name)
    if not notes.tells(UNSEEN):
        return
    named = {value for text in texts.values() for value in _read(text)[0]}
    for module in modules.values():
        values = (value for name, value in list(vars(module).items()) if name != "__file__")
        named |= {os.fspath(value) for value in values if isinstance(value, str | os.PathLike)}
    for text in named:
        if not isinstance(text, str) or not 0 < len(text) < _LONGEST or "\0" in text:
            continue
        # A directory itself, or that of a file or of a pattern of files.
        path = scope.absolute(text)
        directory = path if os.path.isdir(path) else os.path.dirname(path)
        names_it = directory == path or os.path.isfile(path) or ("*" in path and os.path.isdir(directory))
        if names_it and scope.counts(directory + os.sep):
            notes.add(NAMED, directory)


def _read(text: bytes) -> tuple[set[str], set[str]]:
    """Return the string constants of a source, and the names of the packages that it imports."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return set(), set()
    constants, imported = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            constants.add(node.value)
        elif isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported.add((node.module or "").partition(".")[0])
    return constants, imported


def limit_memory(amount: int) -> None:
    """Let this process, and each that it starts, have no more data than this, where the system has such limits.

    With -1 it may have as much as before again.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        most = resource.getrlimit(resource.RLIMIT_DATA)[1]
        if amount:
            resource.setrlimit(resource.RLIMIT_DATA, (most if amount < 0 else amount, most))


def run_alone(argv: Sequence[str]) -> NoReturn:
    """Run what a job file, the first argument, says in the directory that is the second; then may follow ``dark``."""
    job = Job.from_json(Path(argv[0]).read_text("utf-8"))
    with contextlib.suppress(Exception):
        set_defaults()
    run(job, Path(argv[1]), "dark" in argv[2:], clear_ground())


def clear_ground() -> Ground:
    """Drop our own modules, and look at what is left: scripts that import them are to find what they would by hand.

    What this process still needs of us must have been imported before.
    """
    for name in [name for name in sys.modules if name.partition(".")[0] == "exptdir"]:
        del sys.modules[name]
    return look_around()


def run(job: Job, directory: Path, dark: bool, ground: Ground) -> NoReturn:
    """Run a job, report how it ended and end the process; *ground* is what :func:`clear_ground` left."""
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
        os.environ.update(trace_variables(os.environ, setting))
        os.chdir(job.cwd)
        sys.argv = [job.script, *job.args]
        # The first entry is the one that our own modules were found by.
        sys.path[:] = [job.cwd, *filter(None, sys.path[1:])]
        sys.dont_write_bytecode = True
        # What was imported is frozen: the few thousand objects of a small plot need not be searched for garbage.
        gc.set_threshold(50_000, 20, 100)
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
        if not os.path.isdir(job.cwd):
            fault = fault or Fault("The script deleted the directory that it ran in.")
            # What is left to do asks where it is.
            os.chdir(directory)
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
        # There may be none left for what is to be said.
        limit_memory(-1)
        return explain(error, script)
    return None


def _report(directory: Path, fault: Fault | None) -> None:
    found = {name: getattr(sys.modules.get(name), "__version__", None) for name in ("matplotlib", "numpy")}
    versions = {name: version for name, version in found.items() if isinstance(version, str)}
    report: dict[str, Any] = {"versions": {"python": sys.version.split()[0], **versions}}
    if fault is not None:
        report.update(traceback=fault.text, line=fault.line)
    with contextlib.suppress(OSError):
        # One that is cut off is no JSON, and counts as none.
        (directory / REPORT).write_bytes(json.dumps(report).encode("ascii"))


@dataclass
class _Running:
    """One script that is running."""

    number: int
    directory: Path
    begun: float
    deadline: float
    asked: bool = False


@dataclass
class _Server:
    """The loop. It is the only thread, as a process that forks should be."""

    commands: int
    answers: int
    wakeup: int
    ground: Ground
    running: dict[int, _Running] = field(default_factory=dict)
    _rest: bytes = b""
    _draws_pdf: bool = False

    def serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.commands, selectors.EVENT_READ)
            selector.register(self.wakeup, selectors.EVENT_READ)
            asked = True
            while asked:
                nearest = min((run.deadline for run in self.running.values()), default=0.0) - time.monotonic()
                ready = selector.select(max(0.0, min(nearest, PACE)) if self.running else None)
                descriptors = [key.fd for key, _ in ready]
                if self.wakeup in descriptors:
                    os.read(self.wakeup, 4096)
                self._reap()
                self._watch()
                if self.commands in descriptors:
                    # Nothing to read means that there is nobody to ask for anything any more.
                    received = os.read(self.commands, 1 << 16)
                    *lines, self._rest = (self._rest + received).split(b"\n")
                    for line in lines:
                        self._begin(json.loads(line))
                    asked = bool(received)
        # All scripts go, and all that they left behind, and nothing is left when this process ends.
        for leader in self.running:
            end_group(leader)
        for run in self.running.values():
            # To be had only where who started us was killed: then nobody else puts figures back before the next build.
            with contextlib.suppress(OSError):
                os.close(take_lock(run.directory / BUSY, GRACE))
                recover(run.directory.parent)
        with contextlib.suppress(ChildProcessError):
            while True:
                for orphan in children():
                    end_group(orphan)
                os.waitpid(-1, 0)

    def _watch(self) -> None:
        """End the scripts whose time is over, once they have said where they are, and bound what they print."""
        now = time.monotonic()
        for leader, run in self.running.items():
            shorten(run.directory / OUTPUT)
            if now < run.deadline:
                continue
            if run.asked:
                end_group(leader)
                continue
            ask_where(leader)
            run.asked, run.deadline = True, now + GRACE

    def _begin(self, command: dict[str, Any]) -> None:
        job = Job.from_json(command["job"])
        directory = Path(command["directory"])
        if not self._draws_pdf and b"pdf" in (read_or_none(job.script) or b""):
            # Few scripts do, and the others need not wait until it is loaded.
            self._draws_pdf = True
            warm_up("pdf")
            self.ground = clear_ground()
        begun = time.monotonic()
        try:
            leader = os.fork()
        except OSError as error:
            self._answer({"number": command["number"], "lost": f"No process could be started: {error}"})
            return
        if not leader:
            # What is the server's is not to be known to the script.
            awake = signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for descriptor in (self.commands, self.answers, self.wakeup, awake):
                os.close(descriptor)
            run(job, directory, command["dark"], self.ground)
        self.running[leader] = _Running(command["number"], directory, begun, begun + job.timeout)

    def _reap(self) -> None:
        while True:
            try:
                # Looked at before it is taken away: as long as the leader is there, nobody else can have its number.
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            run = self.running.pop(ended.si_pid, None)
            if run is not None:
                end_group(ended.si_pid)
            _, status = os.waitpid(ended.si_pid, 0)
            if run is None:
                continue
            if not self.running:
                # Whoever has left its group was adopted; whose it is could only be told if no script were running.
                for orphan in children():
                    end_group(orphan)
            code, seconds = os.waitstatus_to_exitcode(status), time.monotonic() - run.begun
            self._answer({"number": run.number, "code": code, "late": run.asked, "seconds": seconds})

    def _answer(self, answer: dict[str, Any]) -> None:
        # Nobody may be listening any more; that will be noticed where commands are read.
        with contextlib.suppress(BrokenPipeError):
            os.write(self.answers, json.dumps(answer).encode("ascii") + b"\n")


def serve(argv: Sequence[str]) -> None:
    """Serve until the standard input ends."""
    commands, answers = os.dup(0), os.dup(1)
    with open(os.devnull, "r+b") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    # Ctrl-C is for whoever started us; it will let go of us when it is ready.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wakeup, awake = os.pipe()
    os.set_blocking(awake, False)
    signal.set_wakeup_fd(awake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    adopt_orphans()
    warm_up("svg", "png")
    _Server(commands, answers, wakeup, clear_ground()).serve()

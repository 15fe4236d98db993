"""Starts and ends processes for scripts: one each, or a warm server that forks a child for each.

The server is a plain process with pipes: :mod:`multiprocessing` would import the main module of the builder again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any

from exptdir.figures.inside.events import MARKER, Setting
from exptdir.figures.inside.scope import SITE
from exptdir.figures.model import Job
from exptdir.figures.run.outcome import OUTPUT, ProcessEnd, shorten

#: Where the package is imported from; it need not be installed.
_ROOT = Path(__file__).resolve().parents[3]
_ENTRY = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from exptdir.figures.run.server import {0}; {0}(sys.argv[1:])"
)
#: The oldest Python that what runs scripts is written for.
_LEAST = (3, 11)
#: The time that figures bear (https://reproducible-builds.org/specs/source-date-epoch/): 1 January 2000, 0:00 UTC.
_EPOCH = "946684800"


def command(function: str, *args: str, python: str = "") -> list[str]:
    """Return what calls a function of :mod:`exptdir.figures.run.server` with arguments, in this Python or another.

    Its ``sys.path`` begins with an entry that is ours and has to go before a script is run.
    """
    return [python or sys.executable, "-c", _ENTRY.format(function), str(_ROOT), *args]


def environment() -> dict[str, str]:
    """Return an environment in which the same script draws the same bytes, and leaves nothing else behind."""
    env = dict(os.environ)
    env.setdefault("SOURCE_DATE_EPOCH", _EPOCH)
    for name in [name for name in env if name.startswith("XDG_") and name.endswith("_HOME")]:
        # A relative one is to be ignored (XDG Base Directory Specification), which matplotlib does not know.
        if not os.path.isabs(env[name]):
            del env[name]
    if "PYTHONPATH" in env:
        # It is relative to where the build was called; a script is run elsewhere.
        entries = env["PYTHONPATH"].split(os.pathsep)
        env["PYTHONPATH"] = os.pathsep.join(os.path.abspath(entry) for entry in entries if entry)
    return {**env, "MPLBACKEND": "Agg", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


@cache
def fault_of(python: str) -> str:
    """Say why an interpreter cannot run scripts; empty if it can."""
    # Pages show this: where it lies on this machine is nobody's business.
    name, least = os.path.basename(python), ".".join(map(str, _LEAST))
    try:
        asked = [python, "-c", "import sys; print(*sys.version_info[:2])"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True)
        version = tuple(map(int, done.stdout.split()))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return f"exptdir_python: {name} cannot be run: {getattr(error, 'strerror', None) or 'it is no Python'}"
    is_ = ".".join(map(str, version))
    return f"exptdir_python: {name} is Python {is_}; plot scripts need {least}" if version < _LEAST else ""


def trace_variables(env: Mapping[str, str], setting: Setting) -> dict[str, str]:
    """Return the variables that bring the trace to the Python processes that are started in an environment."""
    path = os.pathsep.join(filter(None, [SITE, env.get("PYTHONPATH", "")]))
    return {"PYTHONPATH": path, MARKER: json.dumps(vars(setting))}


#: By language: the program, and its options. Julia's start-up file is the user's, and no part of the record.
PROGRAMS: Mapping[str, tuple[str, ...]] = {"r": ("Rscript",), "julia": ("julia", "--startup-file=no")}


def command_in_language(job: Job) -> list[str] | None:
    """Return what runs a script in a language other than Python; ``None`` where its program is not installed."""
    name, *options = PROGRAMS[job.language]
    found = shutil.which(name)
    return None if found is None else [found, *options, job.script, *job.args]


#: ``PR_SET_CHILD_SUBREAPER`` of Linux (``prctl(2)``).
_SET_CHILD_SUBREAPER = 36


def end_group(leader: int) -> None:
    """Kill a process and all of its group."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
            return
    # It has not got as far as to be the leader of a group, or the system has none.
    end_all([leader])


def ask_where(leader: int) -> None:
    """Have a process write down where it is; see :mod:`faulthandler`."""
    with contextlib.suppress(AttributeError, ProcessLookupError, PermissionError):
        os.kill(leader, signal.SIGUSR1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent ends, where the system can do that (Linux)."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


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
        with contextlib.suppress(OSError):
            os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))


#: Seconds between two looks at a process, and those that one has to say where it is before it is ended.
PACE, GRACE = 0.5, 0.2


class Spawner:
    """Starts processes, and knows those that still run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._closed = False

    def run(self, job: Job, directory: Path, dark: bool = False) -> ProcessEnd:
        """Run a Python script in an interpreter of its own; as :meth:`exptdir.figures.run.server.WarmServer.run`."""
        file = directory / "job"
        file.write_text(job.to_json(), "utf-8")
        whole = command("run_alone", str(file), str(directory), *(["dark"] if dark else []), python=job.python)
        return self.start(whole, job, directory, ask=True)

    def start(self, command: Sequence[str], job: Job, directory: Path, ask: bool = False) -> ProcessEnd:
        """Start a program, and wait for its end; *ask* if it can say where it is before it is ended."""
        begun = time.monotonic()
        with (directory / OUTPUT).open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=None if ask else job.cwd,
                # Julia's own way to say: the project that the script lies in.
                env={"JULIA_PROJECT": "@.", **environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        with self._lock:
            self._running.add(process.pid)
            if self._closed:
                end_group(process.pid)
        try:
            if not ask:
                # It cannot bound itself; where the system has no such limits, there are none.
                with contextlib.suppress(ImportError, OSError, ValueError):
                    from resource import RLIMIT_DATA, prlimit

                    if job.memory:
                        prlimit(process.pid, RLIMIT_DATA, (job.memory, job.memory))
            while (left := begun + job.timeout - time.monotonic()) > 0 and process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(min(left, PACE))
                shorten(directory / OUTPUT)
            late = process.poll() is None
            if late and ask:
                ask_where(process.pid)
                time.sleep(GRACE)
        finally:
            # Whatever it left behind in its group goes with it, and all of it if we are interrupted.
            end_group(process.pid)
            process.wait()
            with self._lock:
                self._running.discard(process.pid)
        return ProcessEnd(process.returncode, late, time.monotonic() - begun)

    def close(self) -> None:
        """End all processes that still run; who waits for one sees that it was killed."""
        with self._lock:
            self._closed = True
            for leader in self._running:
                end_group(leader)


#: Seconds that the server has to end its scripts and itself, and to say that a script has ended.
_PATIENCE, _SLACK = 5.0, 300.0


class WarmServer:
    """A server, started when it is first asked for something, and again if it died.

    Its interpreter is *python*, by default this one.
    """

    def __init__(self, python: str = "") -> None:
        self._lock = threading.Lock()
        self._python = python
        self._server: _Connection | None = None
        self._closed = False

    def run(self, job: Job, directory: Path, dark: bool = False) -> ProcessEnd:
        """Run a script, and wait for its end; for the figures of the dark scheme if they are wanted."""
        with self._lock:
            if self._closed:
                return ProcessEnd(lost="The build was interrupted.")
            server = self._running()
            answer = server.ask(job, directory, dark)
        try:
            return answer.result(job.timeout + _SLACK)
        except TimeoutError:
            # It ends scripts in time: stopped, or stuck, it runs nothing any more.
            server.close()
            return answer.result()

    def start(self) -> None:
        """Start the server, if it does not run, so that the first script need not wait for it."""
        with self._lock:
            if not self._closed:
                self._running()

    def _running(self) -> _Connection:
        if self._server is None or self._server.over:
            self._server = _Connection(self._python)
        return self._server

    def close(self) -> None:
        """End the server, and all scripts that still run; who waits for one is told so."""
        with self._lock:
            self._closed = True
            server, self._server = self._server, None
        if server is not None:
            server.close()


class _Connection:
    """One server process, and who waits for what."""

    def __init__(self, python: str) -> None:
        self.over = False
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[ProcessEnd]] = {}
        self._count = 0
        self._process = subprocess.Popen(
            command("serve", python=python),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            # Ctrl-C in the terminal is for the builder alone.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="exptdir-figures", daemon=True)
        self._reader.start()

    def ask(self, job: Job, directory: Path, dark: bool) -> Future[ProcessEnd]:
        """Ask for a script to be run, and return what will hold its end."""
        answer: Future[ProcessEnd] = Future()
        with self._lock:
            self._count += 1
            number = self._count
            self._waiting[number] = answer
        command = {"number": number, "job": job.to_json(), "directory": str(directory), "dark": dark}
        stdin = self._process.stdin
        try:
            if stdin is None or self.over:
                raise BrokenPipeError
            stdin.write(json.dumps(command).encode("ascii") + b"\n")
            stdin.flush()
        except (OSError, ValueError):
            self._give_up()
        return answer

    def _read(self) -> None:
        # The last line is cut off where the server was killed while it wrote.
        with contextlib.suppress(ValueError, OSError):
            for line in self._process.stdout or ():
                answer: dict[str, Any] = json.loads(line)
                with self._lock:
                    waiting = self._waiting.pop(answer.pop("number"), None)
                if waiting is not None:
                    waiting.set_result(ProcessEnd(**answer))
        self._give_up()

    def _give_up(self) -> None:
        self.over = True
        with self._lock:
            waiting, self._waiting = list(self._waiting.values()), {}
        for answer in waiting:
            answer.set_result(ProcessEnd(lost="The process that runs plot scripts has ended."))

    def close(self) -> None:
        """End the process."""
        self.over = True
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            end_group(self._process.pid)
            self._process.wait()
        self._reader.join(_PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()

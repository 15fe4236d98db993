"""A process that has imported matplotlib, and forks a child for each script, and the builder's end of it.

It is told on its standard input, and answers on its standard output, one JSON object a line. It ends when there
is nobody to tell it anything any more, and takes all scripts with it.

The builder's end of the server that forks a child for each script; any thread may ask it for one.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exptdir.figures.inside.scope import Ground, look_around
from exptdir.figures.model import Job
from exptdir.figures.run import child, interpreter
from exptdir.figures.run.interpreter import adopt_orphans, ask_where, children, end_group
from exptdir.figures.run.matplotlib_ import Warmth
from exptdir.figures.run.outcome import Ended, shorten

#: Seconds between looks at how much the scripts have printed.
_PACE = 0.5
#: Seconds that a script has to say where it is, once its time is over.
_GRACE = 0.2


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
    warmth: Warmth
    ground: Ground
    running: dict[int, _Running] = field(default_factory=dict)
    _rest: bytes = b""

    def serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.commands, selectors.EVENT_READ)
            selector.register(self.wakeup, selectors.EVENT_READ)
            asked = True
            while asked:
                nearest = min((run.deadline for run in self.running.values()), default=0.0) - time.monotonic()
                ready = selector.select(max(0.0, min(nearest, _PACE)) if self.running else None)
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
        with contextlib.suppress(ChildProcessError):
            while True:
                for orphan in children():
                    end_group(orphan)
                os.waitpid(-1, 0)

    def _watch(self) -> None:
        """End the scripts whose time is over, once they have said where they are, and bound what they print."""
        now = time.monotonic()
        for leader, run in self.running.items():
            shorten(run.directory / child.OUTPUT)
            if now < run.deadline:
                continue
            if run.asked:
                end_group(leader)
                continue
            ask_where(leader)
            run.asked, run.deadline = True, now + _GRACE

    def _begin(self, command: dict[str, Any]) -> None:
        job = Job.from_json(command["job"])
        directory = Path(command["directory"])
        if self.warmth.prepare(job.script):
            self.ground = look_around()
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
            child.run(job, directory, command["dark"], self.ground)
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


def main(argv: Sequence[str]) -> None:
    """Serve until the standard input ends.

    Parameters
    ----------
    argv
        Nothing is expected.
    """
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
    _Server(commands, answers, wakeup, Warmth(), child.clear_ground()).serve()


if __name__ == "__main__":
    main(sys.argv[1:])


#: Seconds that the server has to end its scripts and itself.
_PATIENCE = 5.0


class WarmServer:
    """A server, started when it is first asked for something, and again if it died.

    It is a plain process with pipes: :mod:`multiprocessing` would import the main module of the builder again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: _Connection | None = None
        self._closed = False

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def run(self, job: Job, directory: Path, dark: bool = False) -> Ended:
        """Run a script, and wait for its end.

        Parameters
        ----------
        directory
            The directory of the run, which exists.
        dark
            Whether the figures for the dark scheme are wanted.
        """
        with self._lock:
            if self._closed:
                return Ended(lost="The build was interrupted.")
            answer = self._running().ask(job, directory, dark)
        return answer.result()

    def start(self) -> None:
        """Start the server, if it does not run, so that the first script need not wait for it."""
        with self._lock:
            if not self._closed:
                self._running()

    def _running(self) -> _Connection:
        if self._server is None or self._server.over:
            self._server = _Connection()
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

    def __init__(self) -> None:
        self.over = False
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Ended]] = {}
        self._count = 0
        self._process = subprocess.Popen(
            interpreter.command("server"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=interpreter.environment(),
            # Ctrl-C in the terminal is for the builder alone.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="exptdir-figures", daemon=True)
        self._reader.start()

    def ask(self, job: Job, directory: Path, dark: bool) -> Future[Ended]:
        """Ask for a script to be run, and return what will hold its end."""
        answer: Future[Ended] = Future()
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
        for line in self._process.stdout or ():
            answer: dict[str, Any] = json.loads(line)
            with self._lock:
                waiting = self._waiting.pop(answer.pop("number"), None)
            if waiting is not None:
                waiting.set_result(Ended(**answer))
        self._give_up()

    def _give_up(self) -> None:
        self.over = True
        with self._lock:
            waiting, self._waiting = list(self._waiting.values()), {}
        for answer in waiting:
            answer.set_result(Ended(lost="The process that runs plot scripts has ended."))

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

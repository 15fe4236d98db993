"""The builder's end of the server that forks a child for each script; any thread may ask it for one."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exptdir.figures.model import Job
from exptdir.figures.run import interpreter
from exptdir.figures.run.ended import Ended
from exptdir.figures.run.processes import end_group

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
        job
            The script.
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

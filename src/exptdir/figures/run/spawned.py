"""Starts a new process for each script: those in other languages, and all where processes cannot be forked."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from exptdir.figures.model import Job
from exptdir.figures.run import interpreter
from exptdir.figures.run.child import OUTPUT
from exptdir.figures.run.interpreter import ask_where, end_group
from exptdir.figures.run.outcome import Ended, shorten

_PACE = 0.5
_GRACE = 0.2


class Spawner:
    """Starts processes, and knows those that still run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._closed = False

    def run(self, job: Job, directory: Path, dark: bool = False) -> Ended:
        """Run a Python script in an interpreter of its own; as :meth:`exptdir.figures.run.server.WarmServer.run`."""
        file = directory / "job"
        file.write_text(job.to_json(), "utf-8")
        command = interpreter.command("child", str(file), str(directory), *(["dark"] if dark else []))
        return self.start(command, job, directory, ask=True)

    def start(
        self,
        command: Sequence[str],
        job: Job,
        directory: Path,
        env: Mapping[str, str] | None = None,
        ask: bool = False,
    ) -> Ended:
        """Start a program, and wait for its end.

        Parameters
        ----------
        command
            The program and its arguments.
        job
            Says how long it may take, and how much memory.
        directory
            The directory of the run.
        env
            Its environment, instead of the usual one.
        ask
            Whether it can be asked where it is before it is ended.
        """
        begun = time.monotonic()
        with (directory / OUTPUT).open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=None if ask else job.cwd,
                env=interpreter.environment() if env is None else env,
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
                    process.wait(min(left, _PACE))
                shorten(directory / OUTPUT)
            late = process.poll() is None
            if late and ask:
                ask_where(process.pid)
                time.sleep(_GRACE)
        finally:
            # Whatever it left behind in its group goes with it, and all of it if we are interrupted.
            end_group(process.pid)
            process.wait()
            with self._lock:
                self._running.discard(process.pid)
        return Ended(process.returncode, late, time.monotonic() - begun)

    def close(self) -> None:
        """End all processes that still run; who waits for one sees that it was killed."""
        with self._lock:
            self._closed = True
            for leader in self._running:
                end_group(leader)

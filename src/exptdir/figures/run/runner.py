"""Runs jobs: one script each, with its figures guarded. What any :class:`concurrent.futures.Executor` is given."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from exptdir.figures.inside.events import COPIES
from exptdir.figures.model import Job, Outcome, is_dark
from exptdir.figures.run import interpreter
from exptdir.figures.run.child import OUTPUT
from exptdir.figures.run.guard import BUSY, RUN, keep_untraced, put_back, recover, snapshot, spare
from exptdir.figures.run.interpreter import ask_where, end_group
from exptdir.figures.run.outcome import Ended, conclude, shorten
from exptdir.figures.run.server import WarmServer
from exptdir.figures.run.trace import merge
from exptdir.record.files import locked


class Runner:
    """Runs jobs, in as many threads as call it.

    Parameters
    ----------
    warm
        Whether scripts are forked from a server that has imported matplotlib; else each has an interpreter of its
        own, as they have where nothing can be forked.
    """

    def __init__(self, warm: bool = True) -> None:
        self._closed = False
        self._spawner = Spawner()
        self._server = WarmServer() if warm and hasattr(os, "fork") else None

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def start(self) -> None:
        """Start what scripts are forked from ahead of the first of them."""
        if self._server is not None:
            self._server.start()

    def run(self, job: Job) -> Outcome:
        """Run a job; whatever happens, there is an outcome, and figures are whole.

        Parameters
        ----------
        job
            What to run. Nobody else runs it meanwhile.
        """
        try:
            recover(Path(job.scratch))
            with _directory(job, RUN) as light:
                if not job.dark:
                    return self._guarded(job, light, None)
                with _directory(job, f"{RUN}-dark") as dark:
                    return self._guarded(job, light, dark)
        except _UndoneError as undone:
            return undone.outcome
        except OSError as error:
            return Outcome("failed", traceback=f"The script could not be run: {error}")

    def close(self) -> None:
        """End all scripts that run; their outcomes say that they were killed, and their figures are put back."""
        self._closed = True
        self._spawner.close()
        if self._server is not None:
            self._server.close()

    def _guarded(self, job: Job, light: Path, dark: Path | None) -> Outcome:
        runs = [light] if dark is None else [dark, light]
        try:
            outcome = self._attempt(job, light, dark=False)
            if dark is not None and any(path.lower().endswith(".svg") for path in outcome.written):
                outcome = self._also_dark(job, outcome, dark)
        except BaseException:
            # Ctrl-C: the script goes first, then what it did.
            self.close()
            for run in runs:
                put_back(run)
            raise
        if outcome.status not in ("ok", "no output"):
            problems = [problem for run in runs for problem in put_back(run)]
            outcome = replace(outcome, written=(), changed=(), traceback="\n".join([outcome.traceback, *problems]))
            if problems:
                raise _UndoneError(outcome)
            return outcome
        if dark is not None:
            put_back(dark, lambda path: not is_dark(path.name))
        spared = {path: digest for run in runs for path, digest in spare(run, job).items()}
        if not spared:
            return outcome
        written, changed = (
            tuple(path for path in paths if path not in spared) for paths in (outcome.written, outcome.changed)
        )
        return replace(outcome, written=written, changed=changed, spared=spared)

    def _also_dark(self, job: Job, light: Outcome, run: Path) -> Outcome:
        """Run the script again for the dark scheme; only figures of that name are kept of it."""
        dark = self._attempt(job, run, dark=True)
        trace, seconds = merge(light.trace, dark.trace), light.seconds + dark.seconds
        if dark.status not in ("ok", "no output"):
            text = f"The figures for the dark scheme could not be drawn.\n{dark.traceback}"
            return replace(dark, trace=trace, seconds=seconds, traceback=text)
        written, changed = (
            tuple(sorted({*before, *filter(is_dark, after)}))
            for before, after in ((light.written, dark.written), (light.changed, dark.changed))
        )
        return replace(light, trace=trace, seconds=seconds, written=written, changed=changed)

    def _attempt(self, job: Job, run: Path, dark: bool) -> Outcome:
        before = snapshot(job)
        ended = self._start(job, run, dark)
        if ended is not None and ended.lost and not self._closed:
            put_back(run)
            ended = self._start(job, run, dark)
        if ended is None:
            name = interpreter.program(job.language)
            return Outcome("missing program", traceback=f"The script needs {name}, which is not installed.")
        return conclude(job, run, ended, before)

    def _start(self, job: Job, run: Path, dark: bool) -> Ended | None:
        if job.language == "python":
            return (self._server or self._spawner).run(job, run, dark)
        command = interpreter.command_in_language(job)
        if command is None:
            return None
        keep_untraced(job, run)
        return self._spawner.start(command, job, run, interpreter.environment_of_languages())


class _UndoneError(Exception):
    """Figures could not be put back: their copies must stay, and the next run or build tries again."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.traceback)
        self.outcome = outcome


@contextmanager
def _directory(job: Job, name: str) -> Iterator[Path]:
    """Make the directory of a run, hold it so that nobody takes it for a leftover; remove it unless an error comes."""
    run = Path(job.scratch) / name
    (run / COPIES).mkdir(parents=True, exist_ok=True)
    (run / BUSY).touch()
    with locked(run / BUSY, wait=False):
        yield run
        shutil.rmtree(run, ignore_errors=True)


_here: ContextVar[Runner] = ContextVar("runner")


@cache
def _of_this_process() -> Runner:
    """Return the one runner of a worker process: its server is to be started once, not once a script."""
    runner = Runner()
    atexit.register(runner.close)
    return runner


def run_job(job: Job) -> Outcome:
    """Run a job in this process's runner, or in that of the :class:`LocalExecutor` whose thread this is.

    This is what any executor can be given: it is found by name, and jobs and outcomes are plain values.
    """
    return (_here.get(None) or _of_this_process()).run(job)


class LocalExecutor(ThreadPoolExecutor):
    """Runs jobs on this machine, some at a time, in threads that share one runner.

    Parameters
    ----------
    jobs
        How many at a time; the number of processors otherwise.
    warm
        See :class:`Runner`.
    runner
        A runner that outlives this executor; one of its own otherwise.
    """

    def __init__(self, jobs: int | None = None, warm: bool = True, runner: Runner | None = None) -> None:
        self._runner = runner or Runner(warm)
        self._lent = runner is not None
        super().__init__(jobs or os.cpu_count() or 1, "exptdir-figure", _here.set, (self._runner,))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what is under way; after an error, Ctrl-C among them, end it and begin nothing more."""
        self.shutdown(wait=True, cancel_futures=kind is not None, end=kind is not None)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False, end: bool = False) -> None:
        """As every executor's; *end* also ends the scripts that run."""
        if end:
            super().shutdown(wait=False, cancel_futures=True)
            self._runner.close()
        super().shutdown(wait=wait, cancel_futures=cancel_futures)
        if not self._lent:
            self._runner.close()


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

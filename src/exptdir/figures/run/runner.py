"""Runs jobs: one script each, with its figures guarded. What any :class:`concurrent.futures.Executor` is given."""

from __future__ import annotations

import atexit
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from functools import cache, partial
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

from exptdir.figures.inside.events import COPIES
from exptdir.figures.inside.scope import Keeper, Scope
from exptdir.figures.model import Job, Outcome, is_dark
from exptdir.figures.run.guard import BUSY, RUN, put_back, recover, snapshot, spare
from exptdir.figures.run.outcome import ProcessEnd, conclude, merge
from exptdir.figures.run.processes import PROGRAMS, Spawner, WarmServer, command_in_language, fault_of
from exptdir.record.files import locked


class Runner(AbstractContextManager["Runner"]):
    """Runs jobs, in as many threads as call it.

    Unless it is *warm*, and forks them from a server that has imported matplotlib, each has its own interpreter.
    """

    def __init__(self, warm: bool = True) -> None:
        self._closed = False
        self._spawner = Spawner()
        self._warm = warm and hasattr(os, "fork")
        self._servers: dict[str, WarmServer] = {}
        self._lock = Lock()

    def __exit__(self, *error: object) -> None:
        """Close."""
        self.close()

    def start(self, python: str = "") -> None:
        """Start what scripts are forked from ahead of the first of them."""
        if self._warm and not (python and fault_of(python)):
            self._server(python).start()

    def _server(self, python: str) -> WarmServer:
        with self._lock:
            return self._servers.setdefault(python, WarmServer(python))

    def run(self, job: Job) -> Outcome:
        """Run a job, which nobody else runs meanwhile; whatever happens, there is an outcome, and figures are whole."""
        try:
            if job.python and (fault := fault_of(job.python)):
                return Outcome("failed", traceback=fault)
            recover(Path(job.scratch))
            with _directory(job, RUN) as light:
                if not job.dark:
                    return self._guarded(job, light, None)
                with _directory(job, f"{RUN}-dark") as dark:
                    return self._guarded(job, light, dark)
        except _UndoneError as undone:
            return undone.args[0]  # type: ignore[no-any-return]
        except OSError as error:
            return Outcome("failed", traceback=f"The script could not be run: {error}")

    def close(self) -> None:
        """End all scripts that run; their outcomes say that they were killed, and their figures are put back."""
        self._closed = True
        self._spawner.close()
        with self._lock:
            for server in self._servers.values():
                server.close()

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
            name = PROGRAMS[job.language][0]
            return Outcome("missing program", traceback=f"The script needs {name}, which is not installed.")
        return conclude(job, run, ended, before)

    def _start(self, job: Job, run: Path, dark: bool) -> ProcessEnd | None:
        if job.language == "python":
            return (self._server(job.python) if self._warm else self._spawner).run(job, run, dark)
        command = command_in_language(job)
        if command is None:
            return None
        # It cannot be traced, and may overwrite anything.
        Keeper(Scope(job.base, job.cwd, job.scratch), str(run / COPIES), job.outputs).keep_all(job.cwd)
        return self._spawner.start(command, job, run)


class _UndoneError(Exception):
    """Figures could not be put back after an outcome: their copies must stay, and the next run or build tries again."""


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
    """Runs jobs on this machine, some at a time, in threads that share one runner, which is its own or outlives it."""

    def __init__(self, jobs: int | None = None, warm: bool = True, runner: Runner | None = None) -> None:
        self._runner = runner or Runner(warm)
        self._lent = runner is not None
        super().__init__(jobs or os.cpu_count() or 1, "exptdir-figure", _here.set, (self._runner,))

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
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


#: Seconds between two looks at a cluster; those that it may be without workers, and may take to have the first.
_LOOK, _WITHOUT, _NOT_YET = 10.0, 60.0, 3600.0


class ClusterExecutor(ThreadPoolExecutor):
    """Runs jobs on a Dask cluster; for each a thread waits, and not for ever, whatever becomes of the workers.

    That of Dask's client does where an outcome is lost with its worker, and where none is left (killed at its start).
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._asked: set[Any] = set()
        super().__init__(200, "exptdir-cluster")

    def submit(self, work: Callable[[Job], Outcome], job: Job) -> Future[Outcome]:  # type: ignore[override]
        """Hand over a job."""
        return super().submit(self._wait, work, job)

    def _wait(self, work: Callable[[Job], Outcome], job: Job) -> Outcome:
        # A job that was run before must be run again: Dask would hand out the old outcome.
        asked = self._client.submit(work, job, pure=False)
        self._asked.add(asked)
        seen, patience = time.monotonic(), _NOT_YET
        while time.monotonic() - seen <= patience:
            try:
                return asked.result(_LOOK)  # type: ignore[no-any-return]
            except TimeoutError:
                if asked.status == "error":
                    raise
            with suppress(Exception):
                if self._client.sync(self._client.scheduler.identity, callback_timeout=_LOOK)["workers"]:
                    seen, patience = time.monotonic(), _WITHOUT
        recover(Path(job.scratch))
        return Outcome("failed", traceback=f"the cluster has had no worker for {patience:g} seconds")

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Wait for what is under way; after an error, Ctrl-C among them, give it up."""
        # It may be closed already.
        with suppress(Exception):
            self._client.cancel([] if kind is None else list(self._asked))
        self.shutdown(wait=kind is None, cancel_futures=True)


#: A worker that dies may have been killed by the script, which then kills the next one as well.
MOST = 2


def run_far(job: Job, *, build: str, submission: int) -> Outcome:
    """Run a job, unless two workers have died of it.

    How often it was begun is counted in its scratch, which all workers see; the cluster's own count is a setting of
    its scheduler (with Dask a script is run four times before it is given up). *build* names the build that asks for
    it, so that no older one counts; *submission* tells it from what was handed over before, since a cluster may take
    what it knows the answer to for done.
    """
    if not Path(job.script).exists():
        here = platform.node() or "the worker's machine"
        return Outcome("failed", traceback=f"{job.script} is not there on {here}, which has to share the file system")
    scratch = Path(job.scratch)
    attempts = [scratch / f"{build}-{number}" for number in range(MOST)]
    try:
        mine = None
        for attempt in attempts:
            scratch.mkdir(parents=True, exist_ok=True)
            # Another machine may try the same at this moment.
            with suppress(FileExistsError):
                attempt.mkdir()
                mine = attempt
                break
    except OSError as error:
        return Outcome("failed", traceback=f"The script could not be run: {error}")
    # Only now: a worker that is alive and cut off holds what it has in hand.
    recover(scratch)
    try:
        if mine is None:
            return Outcome("killed", traceback="its worker died twice")
        # One that was given up and goes on all the same must not share the directory.
        return run_job(replace(job, scratch=str(mine)))
    finally:
        for attempt in attempts:
            with suppress(OSError):
                attempt.rmdir()


class Submitter(ExitStack):
    """Hands jobs to the executor that ``exptdir_figure_executor`` asks for, which is made for the first of them.

    At its end what was made is closed; after an error, what that runs is ended.
    """

    def __init__(self, choice: Any, jobs: int = 0, runner: Runner | None = None) -> None:
        super().__init__()
        self._choice = choice
        self._jobs = jobs
        self._runner = runner
        self._executor: Executor | None = None
        self._failure = ""
        self._build = uuid4().hex[:16]
        self._submissions = count()

    def submit(self, job: Job) -> Future[Outcome]:
        """Hand over one job; raises RuntimeError if there is no executor to be had, or it takes nothing more."""
        if self._executor is None:
            self._executor = self._make()
        if self._choice == "local":
            return self._executor.submit(run_job, job)
        # Not every executor hands on what stands behind the job.
        return self._executor.submit(partial(run_far, build=self._build, submission=next(self._submissions)), job)

    def _make(self) -> Executor:
        if self._failure:
            raise RuntimeError(self._failure)
        try:
            choice = self._choice
            if choice == "local":
                return self.enter_context(LocalExecutor(self._jobs or None, runner=self._runner))
            if isinstance(choice, str):
                choice = self._client(*choice.split()[1:])
            elif callable(choice):
                # What was made for this build ends with it, be it executor, client or cluster.
                choice = self.enter_context(choice())
            if isinstance(choice, Executor):
                return choice
            return self.enter_context(ClusterExecutor(choice if hasattr(choice, "submit") else self._client(choice)))
        except Exception as error:
            # Clusters fail with exceptions of any kind, and no script is to be run elsewhere instead.
            self._failure = f"exptdir_figure_executor is of no use: {error}"
            raise RuntimeError(self._failure) from error

    def _client(self, *cluster: Any) -> Any:
        """Connect to a cluster of Dask's: that of its own configuration where none is named."""
        try:
            from distributed import Client
        except ImportError:
            raise RuntimeError("dask.distributed is not installed (pip install exptdir[dask])") from None
        # How long an address may take to answer is Dask's own setting, half a minute if nobody has set it.
        return self.enter_context(Client(*cluster))

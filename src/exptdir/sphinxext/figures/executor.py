"""What runs plot scripts: this machine, a Dask cluster, or whatever the author's ``conf.py`` brings."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from contextlib import ExitStack
from functools import partial
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

if TYPE_CHECKING:
    from exptdir.figures.model import Job, Outcome
    from exptdir.figures.run.runner import Runner


class Submitter:
    """Hands jobs to the executor that ``exptdir_figure_executor`` asks for, which is made for the first of them.

    Parameters
    ----------
    choice
        The option's value.
    jobs
        How many scripts run at once on this machine; 0 for as many as there are processors.
    runner
        What runs them on this machine, where it is to outlive this build.
    """

    def __init__(self, choice: Any, jobs: int = 0, runner: Runner | None = None) -> None:
        self._choice = choice
        self._jobs = jobs
        self._runner = runner
        self._made = ExitStack()
        self._executor: Executor | None = None
        self._failure = ""
        self._build = uuid4().hex[:16]
        self._submissions = count()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what was made; after an error, end what it runs."""
        self._made.__exit__(kind, error, trace)

    def submit(self, job: Job) -> Future[Outcome]:
        """Hand over one job.

        Raises
        ------
        RuntimeError
            If there is no executor to be had, or it takes nothing more.
        """
        if self._executor is None:
            self._executor = self._make()
        # Most builds run nothing.
        from exptdir.figures.known import run_far
        from exptdir.figures.run.runner import run_job

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
                from exptdir.figures.run.runner import LocalExecutor

                return self._made.enter_context(LocalExecutor(self._jobs or None, runner=self._runner))
            if isinstance(choice, str):
                return self._dask(*choice.split()[1:])
            if callable(choice):
                # What was made for this build ends with it, be it executor, client or cluster.
                choice = self._made.enter_context(choice())
            if isinstance(choice, Executor):
                return choice
            if hasattr(choice, "get_executor"):
                return _of_client(choice)
            return self._dask(choice)
        except Exception as error:
            # Clusters fail with exceptions of any kind, and no script is to be run elsewhere instead.
            self._failure = f"exptdir_figure_executor is of no use: {error}"
            raise RuntimeError(self._failure) from error

    def _dask(self, *cluster: Any) -> Executor:
        """Connect to a cluster: that of Dask's own configuration where none is named."""
        try:
            from distributed import Client
        except ImportError:
            raise RuntimeError("dask.distributed is not installed (pip install exptdir[dask])") from None
        # How long an address may take to answer is Dask's own setting, half a minute if nobody has set it.
        return _of_client(self._made.enter_context(Client(*cluster)))


def _of_client(client: Any) -> Executor:
    # A job that was run before must be run again: Dask would hand out the old outcome.
    executor: Executor = client.get_executor(pure=False)
    return executor

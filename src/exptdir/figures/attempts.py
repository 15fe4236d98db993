"""Runs jobs where the worker may be lost: on a cluster, which gives the job to another worker by itself."""

from __future__ import annotations

import platform
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from exptdir.figures.model import Job, Outcome
from exptdir.figures.run.guard import recover
from exptdir.figures.runner import run_job

#: A worker that dies may have been killed by the script, which then kills the next one as well.
MOST = 2


def run_far(job: Job, *, build: str, submission: int) -> Outcome:
    """Run a job, unless two workers have died of it.

    How often it was begun is counted in its scratch, which all workers see; the cluster's own count is a setting of
    its scheduler (with Dask a script is run four times before it is given up).

    Parameters
    ----------
    job
        What to run.
    build
        Names the build that asks for it, so that no older one counts.
    submission
        Tells what is handed over from what was handed over before: a cluster may take what it knows the answer
        to for done.
    """
    if not Path(job.script).exists():
        here = platform.node() or "the worker's machine"
        return Outcome("failed", traceback=f"{job.script} is not there on {here}, which has to share the file system")
    scratch = Path(job.scratch)
    attempts = [scratch / f"{build}-{number}" for number in range(MOST)]
    try:
        mine = next(filter(_begin, attempts), None)
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


def _begin(attempt: Path) -> bool:
    """Take an attempt, unless it was taken before; another machine may try the same at this moment."""
    try:
        attempt.mkdir(parents=True)
    except FileExistsError:
        return False
    return True

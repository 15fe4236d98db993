"""Where workers may be lost, a script is begun twice at most; the workers here are lost by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from functools import partial
from threading import Event
from typing import Any

import pytest

from exptdir.figures.inside.events import COPIES
from exptdir.figures.inside.scope import JOURNAL
from exptdir.figures.model import Job, Outcome
from exptdir.figures.run import runner
from exptdir.figures.run.guard import BUSY, RUN
from exptdir.figures.run.runner import ClusterExecutor, LocalExecutor, run_far, run_job
from tests.figures.running import SVG, Place

Run = Callable[[Job, str], Outcome]
DRAW = f"import os\nprint(os.path.exists('a.svg'))\nopen('a.svg', 'w').write({SVG!r})"


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    with LocalExecutor(1, warm=False) as made:
        yield made


@pytest.fixture
def run(executor: LocalExecutor) -> Run:
    return lambda job, build: executor.submit(partial(run_far, build=build, submission=1), job).result()


def lose(place: Place, job: Job, build: str, number: int, half: str = "a.svg") -> None:
    """Leave what a worker leaves that dies of a script whose figure is half written."""
    left = place.state / "0" / f"{build}-{number}" / RUN
    (left / COPIES).mkdir(parents=True)
    (left / BUSY).touch()
    path = str(place.write(half, "<svg half"))
    (left / COPIES / JOURNAL).write_text(f'["{path}", null]\n')
    assert job.scratch == str(place.state / "0")


def test_a_script_whose_worker_died_is_run_once_more_and_finds_all_as_it_was(place: Place, run: Run):
    job = place.job(DRAW)
    lose(place, job, "this", 0)
    outcome = run(job, "this")
    assert (outcome.status, outcome.output) == ("ok", "False\n")
    assert place.all_files() == ["a.svg", "plot.py"]


def test_a_script_of_which_two_workers_died_is_not_run_and_nothing_half_stays(place: Place, run: Run):
    job = place.job(DRAW)
    lose(place, job, "this", 0)
    lose(place, job, "this", 1, half="b.svg")
    assert run(job, "this") == Outcome("killed", traceback="its worker died twice")
    assert place.all_files() == ["plot.py"]
    # That was it for this time; whoever asks again is served.
    assert run(job, "this").status == "ok"


def test_workers_that_an_earlier_build_lost_do_not_count(place: Place, run: Run):
    job = place.job(DRAW)
    for number in range(2):
        lose(place, job, "earlier", number)
    assert run(job, "this").status == "ok"
    assert (place.folder / "a.svg").read_text() == SVG


def test_runs_that_end_leave_nothing_behind(place: Place, run: Run):
    job = place.job(DRAW)
    for _ in range(3):
        assert run(job, "this").status == "ok"
    assert list((place.state / "0").iterdir()) == []


def test_a_worker_that_does_not_see_the_script_says_so(place: Place, run: Run):
    job = place.job(DRAW)
    (place.folder / "plot.py").unlink()
    outcome = run(job, "this")
    assert outcome.status == "failed"
    assert f"{place.folder}/plot.py is not there on " in outcome.traceback
    assert not place.state.exists()


class _Client:
    """Stands in for Dask's; what it was asked for ends with *answer*, or never. It has *workers*, then none."""

    def __init__(self, *workers: str, answer: BaseException | None = None) -> None:
        self.scheduler, self.status = self, "pending" if answer is None else "error"
        self._workers, self._answer, self._given_up = list(workers), answer, Event()

    def submit(self, work: Any, job: Job, pure: bool) -> _Client:
        return self

    def result(self, timeout: float) -> Outcome:
        if self._given_up.wait(0 if self._workers or self._answer else timeout):
            raise CancelledError
        raise self._answer or TimeoutError

    def identity(self) -> dict[str, Any]:
        return {"workers": [self._workers.pop()] if self._workers else []}

    def sync(self, ask: Callable[[], dict[str, Any]], callback_timeout: float) -> dict[str, Any]:
        return ask()

    def cancel(self, futures: list[_Client]) -> None:
        self._given_up.set()


@pytest.mark.parametrize(("workers", "most"), [((), "_NOT_YET"), (("one",), "_WITHOUT")])
def test_a_cluster_without_workers_is_not_waited_for_for_ever(
    place: Place, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...], most: str
):
    monkeypatch.setattr(runner, "_LOOK", 0.01)
    monkeypatch.setattr(runner, most, 0.5)
    job = place.job(DRAW)
    lose(place, job, "this", 0)
    with ClusterExecutor(_Client(*workers)) as cluster:
        outcome = cluster.submit(run_job, job).result(60)
    assert (outcome.status, outcome.traceback) == ("failed", "the cluster has had no worker for 0.5 seconds")
    # What the worker left that went away is put back.
    assert place.all_files() == ["plot.py"]


@pytest.mark.parametrize("error", [KeyError("lost with its worker"), CancelledError(), TimeoutError()])
def test_an_outcome_that_cannot_be_fetched_ends_the_waiting(place: Place, error: BaseException):
    with ClusterExecutor(_Client("one", answer=error)) as cluster:
        assert cluster.submit(run_job, place.job(DRAW)).exception(60) is error


def test_a_build_that_is_interrupted_waits_for_no_cluster(place: Place):
    with pytest.raises(KeyboardInterrupt), ClusterExecutor(_Client("one")) as cluster:
        answer = cluster.submit(run_job, place.job(DRAW))
        raise KeyboardInterrupt
    with pytest.raises(CancelledError):
        answer.result(60)

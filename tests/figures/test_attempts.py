"""Where workers may be lost, a script is begun twice at most; the workers here are lost by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from exptdir.figures.inside.events import COPIES, JOURNAL
from exptdir.figures.model import Job, Outcome
from exptdir.figures.run.guard import BUSY, RUN
from exptdir.figures.run.runner import LocalExecutor, run_far
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

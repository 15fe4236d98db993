"""A preview that goes on from what was built before."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from exptdir.preview.seed import seed

FILES = {
    "html/.buildinfo": 5,
    "html/objects.inv": 6,
    "html/searchindex.js": 7,
    "html/.exptdir-outputs": 8,
    "html/expts/a.html": 9,
    "doctrees/environment.pickle": 10,
    "doctrees/expts/a.doctree": 11,
}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    import os

    for name, time in FILES.items():
        path = tmp_path / "_build" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (time, time))
    return tmp_path / "_build"


def run(built: Path, stop: Event | None = None) -> bool:
    return seed(built / "html", built / "doctrees", built / "preview", stop or Event())


def test_a_complete_build_is_taken_over_with_its_times(built):
    assert run(built)
    found = [path for path in (built / "preview").rglob("*") if path.is_file()]
    times = {path.relative_to(built / "preview").as_posix(): path.stat().st_mtime for path in found}
    assert times == FILES
    (built / "preview/html/expts/a.html").write_text("changed")
    assert (built / "html/expts/a.html").read_text() == "html/expts/a.html"


@pytest.mark.parametrize("name", ["html/.buildinfo", "html/searchindex.js", "doctrees/environment.pickle"])
def test_an_unfinished_build_is_not_taken_over(built, name):
    (built / name).unlink()
    assert not run(built)
    assert not (built / "preview").exists()


def test_a_preview_that_is_there_is_left_alone(built):
    (built / "preview/html").mkdir(parents=True)
    assert not run(built)
    assert [path.name for path in (built / "preview").iterdir()] == ["html"]


def test_one_who_does_not_wait_leaves_nothing_behind(built):
    stop = Event()
    stop.set()
    assert not run(built, stop)
    assert list((built / "preview").iterdir()) == []

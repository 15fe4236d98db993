"""The header of an experiment's page says when its log was begun and last changed, by the commits."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sphinxext.building import Built, Site, words
from tests.sphinxext.test_git_dates import git
from tests.sphinxext.test_incremental import assert_same, edit, wrote_pages

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
FIRST, SECOND = "expts/1_first/index.md", "expts/2_second/notes.rst"
FILES = {FIRST: "# First\n\nText.\n", SECOND: "Second\n======\n\n2024-05-21\n----------\n\nx\n"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    found = Site(tmp_path / "record")
    found.write(FILES)
    git(found.source, "init", "-q")
    commit(found.source, "2024-05-20")
    return found


def commit(base: Path, day: str) -> None:
    git(base, "add", "-A")
    git(base, "commit", "-q", "-m", "x", day=day)


def headers(built: Built) -> list[str]:
    names = [name for name in ("expts/1_first/index", "expts/2_second/notes") if name in built.app.env.found_docs]
    return [" ".join(words(box) for box in built.body(name).select(".exptdir-header")) for name in names]


def test_an_experiment_without_days_of_its_own_has_those_of_its_commits(site: Site):
    assert headers(site.build()) == ["begun 2024-05-20", "2024-05-21 · changed 2024-05-20"]
    edit(FIRST, "Text.", "More.")(site.source)
    commit(site.source, "2024-06-03")
    assert headers(site.build())[0] == "begun 2024-05-20 · changed 2024-06-03"
    edit(SECOND, "x\n", "y\n")(site.source)
    commit(site.source, "2024-05-21")
    assert headers(site.build())[1] == "2024-05-21"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_day_of_a_commit_is_the_same_in_every_zone(site: Site, monkeypatch: pytest.MonkeyPatch, zone: str):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    assert headers(site.build()) == ["begun 2024-05-20", "2024-05-21 · changed 2024-05-20"]
    monkeypatch.undo()
    time.tzset()


def test_what_is_not_committed_as_it_is_has_no_such_days(site: Site):
    edit(FIRST, "Text.", "More.")(site.source)
    assert headers(site.build()) == ["", "2024-05-21 · changed 2024-05-20"]


def test_a_shallow_clone_is_told_and_nothing_is_guessed(site: Site, tmp_path: Path):
    clone = Site(tmp_path / "clone")
    clone.root.mkdir()
    git(tmp_path, "clone", "-q", "--depth", "1", site.source.as_uri(), str(clone.source))
    built = clone.build()
    assert headers(built) == ["", "2024-05-21"]
    assert "the days of commits are not shown: this is a shallow clone" in " ".join(built.status.split())
    assert built.warnings == ""


def test_a_missing_git_is_told_and_nothing_is_guessed(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(site.root))
    built = site.build()
    assert headers(built) == ["", "2024-05-21"]
    assert "the days of commits are not shown" in built.status
    assert built.warnings == ""


def test_a_repository_without_commits_is_nothing_to_tell_of(tmp_path: Path):
    site = Site(tmp_path / "record")
    site.write(FILES)
    git(site.source, "init", "-q")
    built = site.build()
    assert headers(built) == ["", "2024-05-21"]
    assert "the days of commits" not in built.status


CHANGES: dict[str, Callable[[Path], None]] = {
    "commit of an edit": edit(FIRST, "Text.", "More."),
    "moved": lambda base: (base / "expts/1_first").rename(base / "expts/3_first"),
    "nothing": lambda base: None,
}


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("name", CHANGES)
def test_a_commit_between_two_builds_gives_what_a_clean_build_gives(site: Site, name: str, committed: bool):
    site.build()
    CHANGES[name](site.source)
    if committed:
        (site.source / "other.txt").write_text("x")
        commit(site.source, "2024-06-05")
    again, clean = site.build(), site.build(out="clean")
    assert_same(again.out, clean.out, name)
    assert wrote_pages(again.status) is (name != "nothing")


def test_a_commit_alone_rewrites_the_page_that_says_so_and_no_other(site: Site):
    edit(FIRST, "Text.", "More.")(site.source)
    built = site.build()
    before = {path: path.stat().st_mtime_ns for path in built.out.rglob("*.html")}
    commit(site.source, "2024-06-05")
    again = site.build()
    assert headers(again)[0] == "begun 2024-05-20 · changed 2024-06-05"
    changed = [
        path.relative_to(again.out).as_posix() for path, then in before.items() if path.stat().st_mtime_ns != then
    ]
    assert changed == ["expts/1_first/index.html"]

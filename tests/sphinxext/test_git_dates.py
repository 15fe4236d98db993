"""When figures were last changed: by the commits, wherever and whenever they are built."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from exptdir.sphinxext.git_dates import change_days

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(directory: Path, *arguments: str, day: str = "2024-05-21") -> None:
    names = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    stamp = f"{day}T23:30:00-0800"
    environment = {"GIT_COMMITTER_DATE": stamp, "GIT_AUTHOR_DATE": "2001-01-01T00:00:00Z", "PATH": "/usr/bin:/bin"}
    subprocess.run(["git", *names, *arguments], cwd=directory, check=True, capture_output=True, env=environment)


def commit(directory: Path, day: str, **files: str) -> None:
    for name, text in files.items():
        (directory / f"{name}.svg").write_text(text)
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "-m", "x", day=day)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    base = tmp_path / "repository" / "record with é"
    base.mkdir(parents=True)
    git(base.parent, "init", "-q")
    commit(base, "2024-05-20", früh="1", spät="1")
    commit(base, "2024-05-22", spät="2")
    return base


def dates(base: Path) -> dict[str, str]:
    found = change_days(base, base.parents[1] / "cache" / "dates.json")
    return {path: last for path, (_first, last) in found.items()}


def test_the_day_is_that_of_the_last_commit_where_its_committer_was(record: Path) -> None:
    assert dates(record) == {"früh.svg": "2024-05-20", "spät.svg": "2024-05-22"}


def test_another_commit_counts_at_once(record: Path) -> None:
    dates(record)
    commit(record, "2024-05-25", früh="3")
    assert dates(record)["früh.svg"] == "2024-05-25"


def test_what_is_not_committed_as_it_is_has_no_date(record: Path) -> None:
    (record / "früh.svg").write_text("changed")
    (record / "new.svg").write_text("new")
    assert dates(record) == {"spät.svg": "2024-05-22"}


def test_a_file_that_was_merely_touched_keeps_its_date(record: Path) -> None:
    (record / "früh.svg").touch()
    assert "früh.svg" in dates(record)


def test_a_history_that_is_not_whole_gives_no_dates(record: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", record.parent.as_uri(), "shallow")
    assert dates(tmp_path / "shallow" / record.name) == {}


def test_a_file_that_was_moved_has_the_days_from_before(record: Path) -> None:
    git(record, "mv", "spät.svg", "later.svg")
    commit(record, "2024-05-23")
    commit(record, "2024-05-23", spät="another one")
    git(record, "mv", "later.svg", "last.svg")
    commit(record, "2024-05-25", new="x")
    found = change_days(record, record.parents[1] / "cache" / "dates.json")
    assert found == {
        "früh.svg": ("2024-05-20", "2024-05-20"),
        "last.svg": ("2024-05-20", "2024-05-22"),
        "spät.svg": ("2024-05-23", "2024-05-23"),
        "new.svg": ("2024-05-25", "2024-05-25"),
    }


@pytest.mark.parametrize("empty", ["no repository", "no commit"])
def test_without_a_history_there_are_no_dates(tmp_path: Path, empty: str) -> None:
    if empty == "no commit":
        git(tmp_path, "init", "-q")
    assert change_days(tmp_path, tmp_path / "dates.json") == {}


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b'{"head": 1}', b"\xff\x00"])
def test_a_damaged_cache_is_no_cache(record: Path, damaged: bytes) -> None:
    expected = dates(record)
    (record.parents[1] / "cache" / "dates.json").write_bytes(damaged)
    assert dates(record) == expected


def test_a_commit_is_read_once(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = dates(record)
    asked: list[str] = []
    real = subprocess.run

    def run(command: list[str], **options: object) -> object:
        asked.extend(command)
        return real(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", run)
    assert dates(record) == expected
    assert "log" not in asked

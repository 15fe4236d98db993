"""A scan that remembers the last one finds what a fresh one would, and reads only what has changed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from exptdir.record import scan as scanning
from exptdir.record.model import Record
from exptdir.record.scan import ScanMemory, scan
from exptdir.record.walk import ScanSettings
from tests.limits import next_tick

TITLE = "Title\n=====\n"
LONG_AGO = time.time() - 86400


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("0001_first", "0002_second", "0002_second/0003_child"):
        write(tmp_path, f"expts/{name}/notes.rst", TITLE)
    write(tmp_path, "expts/0002_second/expt.toml", 'status = "new"\n')
    write(tmp_path, "expts/0001_first/.expt/status", "complete\n")
    return tmp_path


@pytest.fixture(autouse=True)
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every change lie long back: ``ctime`` cannot be set, but the clock that it is compared with can."""
    now = time.time_ns()
    monkeypatch.setattr("exptdir.record.files.time.time_ns", lambda: now + 10**12)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The experiments that are read, in order."""
    found: list[str] = []
    original = scanning.read_experiment

    def noted(base, root, path, *rest):
        found.append(path)
        return original(base, root, path, *rest)

    monkeypatch.setattr(scanning, "read_experiment", noted)
    return found


def write(base: Path, name: str, text: str) -> None:
    path = base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def assert_same(one: Record, other: Record) -> None:
    assert one == other
    assert list(one.experiments) == list(other.experiments)
    origins = [experiment.origins for experiment in one.experiments.values()]
    assert origins == [experiment.origins for experiment in other.experiments.values()]


def test_what_has_not_changed_is_not_read_again_and_what_was_looked_up_is_kept(base: Path, read: list[str]):
    memory, settings = ScanMemory(), ScanSettings()
    first = scan(base, settings, memory)
    assert len(read) == 3
    assert scan(base, settings, memory) is first
    assert len(read) == 3
    write(base, "expts/0001_first/notes.rst", "Another\n=======\n")
    scan(base, settings, memory)
    assert read[3:] == ["expts/0001_first"]


CHANGES: dict[str, Callable[[Path], object]] = {
    "another title": lambda base: write(base, "expts/0001_first/notes.rst", "Another\n=======\n"),
    "the same size": lambda base: write(base, "expts/0001_first/notes.rst", "Eltit\n=====\n"),
    "facts": lambda base: write(base, "expts/0002_second/expt.toml", 'status = "ready"\n'),
    "new facts": lambda base: write(base, "expts/0001_first/expt.toml", "id = 12\n"),
    "no facts": lambda base: (base / "expts/0002_second/expt.toml").unlink(),
    "small files": lambda base: write(base, "expts/0001_first/.expt/status", "new\n"),
    "new small files": lambda base: write(base, "expts/0002_second/.expt/id", "7\n"),
    "tags": lambda base: write(base, "expts/0001_first/.expt/tags/fast", ""),
    "a new experiment": lambda base: write(base, "expts/0001_first/deep/0009_new/index.md", "# New\n"),
    "a deleted one": lambda base: shutil.rmtree(base / "expts/0001_first"),
    "a renamed one": lambda base: (base / "expts/0002_second").rename(base / "expts/0004_second"),
    "a better log": lambda base: write(base, "expts/0001_first/index.rst", "Index\n=====\n"),
    "a second log": lambda base: write(base, "expts/0001_first/notes.md", "# Second\n"),
    "not text": lambda base: (base / "expts/0001_first/notes.rst").write_bytes(b"\xff\xfe\x00"),
    "unknown status": lambda base: write(base, "expts/0001_first/.expt/status", "cooked\n"),
    "a moved line": lambda base: write(base, "expts/0002_second/expt.toml", '\n\nstatus = "new"\n'),
    "a virtual environment": lambda base: write(base, "expts/0002_second/pyvenv.cfg", ""),
    "nothing left": lambda base: shutil.rmtree(base / "expts"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_after_a_change_the_record_is_that_of_a_fresh_scan(base: Path, change: Callable[[Path], object]):
    memory, settings = ScanMemory(), ScanSettings()
    before = scan(base, settings, memory)
    # As an editor or git may leave it: the time of modification tells nothing.
    times = {path: os.stat(path) for path in base.rglob("*")}
    next_tick(base.parent)
    change(base)
    for path, then in times.items():
        if path.exists():
            os.utime(path, ns=(then.st_atime_ns, then.st_mtime_ns))
    after = scan(base, settings, memory)
    assert_same(after, scan(base, settings))
    origins = [[one.origins for one in record.experiments.values()] for record in (before, after)]
    assert after != before or origins[0] != origins[1]
    assert scan(base, settings, memory) is after


def test_a_link_that_comes_to_lead_to_a_directory_is_seen(base: Path):
    memory, settings = ScanMemory(), ScanSettings()
    (base / "expts/0001_first/notes.rst").unlink()
    (base / "expts/0001_first/notes.rst").symlink_to(base / "elsewhere.rst")
    assert scan(base, settings, memory).experiments["expts/0001_first"].title is None
    write(base, "elsewhere.rst", "Written at last\n===============\n")
    assert scan(base, settings, memory).experiments["expts/0001_first"].title == "Written at last"
    (base / "elsewhere.rst").unlink()
    (base / "elsewhere.rst").mkdir()
    assert "expts/0001_first" not in scan(base, settings, memory).experiments


def test_what_changed_a_moment_ago_is_read_again(base: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    memory, settings = ScanMemory(), ScanSettings()
    first = scan(base, settings, memory)
    path = base / "expts/0001_first/notes.rst"
    then = path.stat()
    path.write_text("Eltit\n=====\n", "utf-8")
    os.utime(path, ns=(then.st_atime_ns, then.st_mtime_ns))
    assert scan(base, settings, memory).experiments["expts/0001_first"].title == "Eltit"
    assert first.experiments["expts/0001_first"].title == "Title"


def test_other_settings_find_other_experiments(base: Path):
    memory = ScanMemory()
    assert len(scan(base, ScanSettings(), memory).experiments) == 3
    assert scan(base, ScanSettings(log_names=("index",)), memory).experiments == {}
    excluded = ScanSettings(exclude=lambda path: path == "expts/0001_first")
    assert len(scan(base, excluded, memory).experiments) == 2

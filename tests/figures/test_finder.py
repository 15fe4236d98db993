"""One who looks through the experiments again finds what a first look would, and reads only what has changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from exptdir.figures import find as module
from exptdir.figures.find import Finder
from exptdir.record.model import Record
from exptdir.record.scan import scan


@pytest.fixture
def base(tmp_path: Path) -> Path:
    write(tmp_path, "a/index.md", "![](x.svg)")
    write(tmp_path, "b/index.md", "![](../a/y.svg)")
    write(tmp_path, "b/more.rst", ".. image:: z.*")
    return tmp_path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that are read, in order; every change lies long back."""
    now = time.time_ns()
    monkeypatch.setattr("exptdir.record.files.time.time_ns", lambda: now + 10**12)
    found: list[str] = []
    original = module.shown_places

    def noted(document: str, base: Path) -> frozenset[str]:
        found.append(Path(document).relative_to(base / "expts").as_posix())
        return original(document, base)

    monkeypatch.setattr(module, "shown_places", noted)
    return found


def write(base: Path, name: str, text: str) -> None:
    path = base / "expts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def look(finder: Finder, base: Path, read: list[str]) -> Record:
    """Look, and compare with what one finds who has never looked before, whose reading does not count."""
    record = scan(base)
    found = finder.survey(record, lambda path: False)
    shown, counted = finder.shown(record, found), len(read)
    assert found == Finder().survey(record)
    assert shown == Finder().shown(record, found)
    del read[counted:]
    return record


def test_what_has_not_changed_is_read_once(base: Path, read: list[str]) -> None:
    finder = Finder()
    look(finder, base, read)
    look(finder, base, read)
    assert read == ["a/index.md", "b/index.md", "b/more.rst"]


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (lambda base: write(base, "a/index.md", "![](other.svg)"), ["a/index.md"]),
        (lambda base: write(base, "c/index.md", "![](../a/y.svg)"), ["c/index.md"]),
        (lambda base: (base / "expts/b/index.md").rename(base / "expts/b/notes.md"), ["b/notes.md"]),
        # What a suffix of any kind stands for is no matter of the text.
        (lambda base: write(base, "b/z.png", ""), []),
    ],
)
def test_after_a_change_only_that_is_read_again(
    base: Path, read: list[str], change: Callable[[Path], object], again: list[str]
) -> None:
    finder = Finder()
    look(finder, base, read)
    read.clear()
    change(base)
    look(finder, base, read)
    assert read == again
    look(finder, base, read)
    assert read == again

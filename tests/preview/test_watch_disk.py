"""What the watcher notices on a real disk."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from exptdir.preview import watch as watching
from exptdir.preview.changes import Changes, survey
from exptdir.preview.watch import WatchedPlaces, Watcher, to_watch


class Watched:
    """A record that is watched."""

    def __init__(self, base: Path) -> None:
        self.base = base
        for name in ("expts/63/notes.md", "expts/64/notes.md", "_build/html/a.html", ".venv/a.py", "env/pyvenv.cfg"):
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (base / name).write_text("one")
        self.places = WatchedPlaces(base, [str(base / "_build")])
        self.changes = Changes(self.places)
        self.said: list[str] = []
        self.lost = 0
        # The watcher calls from threads of its own; as in the server, one thread alone does what is to be done.
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.watcher = Watcher(self.places, self._note, self._lost, self.said.append)
        self.watcher.update()
        self.changes.learn(survey(self.places, [str(base)]))

    def _note(self, events: Any) -> None:
        self._calls.put(lambda: self.changes.note(events, building=False))

    def _lost(self) -> None:
        self._calls.put(self._look_again)

    def _look_again(self) -> None:
        self.watcher.update(anew=True)
        self.changes.look_again([str(self.base)])
        self.lost += 1

    def until(self, *expected: str) -> None:
        """Wait until just these files have been noticed."""
        found: set[str] = set()
        end = time.monotonic() + 60
        while found != set(expected):
            assert time.monotonic() < end, (found, expected)
            with suppress(Empty):
                self._calls.get(timeout=0.02)()
            found |= {os.path.relpath(path, self.base) for path in self.changes.take()}
            self.changes.finish([])


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    found = Watched(tmp_path.resolve() / "record")
    yield found
    found.watcher.stop()


def test_a_file_is_noticed_at_every_save(watched):
    notes = watched.base / "expts/63/notes.md"
    notes.write_text("two")
    watched.until("expts/63/notes.md")
    new = notes.with_name("notes.md~")
    new.write_text("three")
    new.replace(notes)
    watched.until("expts/63/notes.md")


def test_new_directories_are_watched_wherever_they_come(watched):
    for name in ("top/deep", "expts/65/deep"):
        directory = watched.base / name
        directory.mkdir(parents=True)
        (directory / "notes.md").write_text("one")
        watched.until(f"{name}/notes.md")
        (directory / "notes.md").write_text("two")
        watched.until(f"{name}/notes.md")


def test_a_directory_that_goes_and_comes_again_is_watched(watched):
    shutil.rmtree(watched.base / "expts")
    watched.until("expts/63/notes.md", "expts/64/notes.md")
    (watched.base / "expts/63").mkdir(parents=True)
    (watched.base / "expts/63/notes.md").write_text("again")
    watched.until("expts/63/notes.md")
    (watched.base / "expts/63/notes.md").write_text("and again")
    watched.until("expts/63/notes.md")


def test_a_name_that_is_no_text_is_noticed_and_nothing_after_it_is_missed(watched):
    name = os.fsencode(watched.base) + b"/expts/63/\xff.md"
    for text in ("one", "two two"):
        with open(name, "w") as stream:  # noqa: PTH123
            stream.write(text)
        (watched.base / "expts/64/notes.md").write_text(f"beside {text}")
        watched.until("expts/63/\udcff.md", "expts/64/notes.md")
    assert watched.lost


def test_files_outside_are_watched_from_when_they_are_shown(watched, tmp_path):
    data = tmp_path.resolve() / "data"
    data.mkdir()
    (data / "a.csv").write_text("1")
    (tmp_path / "own.csv").write_text("1")
    watched.places.outside = frozenset({str(data), str(tmp_path.resolve() / "own.csv")})
    watched.watcher.update()
    (data / "a.csv").write_text("2")
    (tmp_path / "new.csv").write_text("2")
    (tmp_path / "new.csv").replace(tmp_path / "own.csv")
    watched.until("../data/a.csv", "../own.csv")


def test_output_and_programs_are_not_even_watched(watched):
    deep, flat = to_watch(watched.places)
    assert {os.path.relpath(path, watched.base) for path in deep} == {"expts"}
    assert flat == {str(watched.base)}


def test_where_the_system_cannot_watch_the_disk_is_asked(tmp_path, monkeypatch):
    def refuse(*arguments: Any, **options: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("watchfiles.watch", refuse)
    monkeypatch.setattr(watching, "_POLL", 0.02)
    watched = Watched(tmp_path.resolve() / "record")
    try:
        assert ["fs.inotify.max_user_watches" in one for one in watched.said] == [True]
        (watched.base / "expts/63/notes.md").write_text("another")
        watched.until("expts/63/notes.md")
        (watched.base / "new").mkdir()
        (watched.base / "new/notes.md").write_text("new")
        (watched.base / "expts/64/notes.md").unlink()
        watched.until("new/notes.md", "expts/64/notes.md")
    finally:
        watched.watcher.stop()

"""Which changes mean something."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from exptdir.preview.changes import Changes, survey
from exptdir.preview.watch import ADDED, WatchedPlaces
from exptdir.record.files import stamp

CHANGED = 2


class Tree:
    """A record, with what is known of its changes."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.write("expts/63/notes.md", "one")
        self.write("expts/64/notes.md", "one")
        self.write("_build/html/index.html", "")
        self.places = WatchedPlaces(base, [str(base / "_build")])
        self.changes = Changes(self.places)
        self.changes.learn(survey(self.places, [str(base)]))

    def path(self, name: str) -> str:
        return str(self.base / name)

    def write(self, name: str, text: str) -> str:
        path = self.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def note(self, *names: str, kind: int = CHANGED, building: bool = False) -> None:
        self.changes.note([(kind, self.path(name)) for name in names], building=building)

    def take(self) -> list[str]:
        return [os.path.relpath(path, self.base) for path in self.changes.take()]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path.resolve() / "record")


NOTHING = [
    "_build/html/index.html",
    ".git/HEAD",
    "expts/63/.ipynb_checkpoints/a.md",
    "expts/63/__pycache__/plot.cpython-311.pyc",
    "node_modules/a/README.md",
    ".venv/lib/a.py",
    "expts/63/notes.md~",
    "expts/63/4913",
    "expts/63/.notes.md.swp",
    "expts/63/.notes.md.swx",
    "expts/63/#notes.md#",
    "expts/63/.#notes.md",
    "expts/63/notes.md.tmp",
    "expts/63/notes.md___jb_tmp___",
    "expts/63/notes.md___jb_old___",
    "expts/63/.goutputstream-X1Y2Z3",
    "expts/63/~$table.xlsx",
    "expts/63/.~lock.table.ods#",
    "expts/63/.expt/root/elsewhere.md",
    "../beside/notes.md",
]


@pytest.mark.parametrize("name", NOTHING)
def test_what_editors_programs_and_builds_leave_is_no_reason_to_build(tree, name):
    path = os.path.normpath(tree.path(name))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("new")
    tree.changes.note([(ADDED, path)], building=False)
    assert tree.take() == []


def test_a_virtual_environment_of_any_name_is_no_reason_to_build(tree):
    tree.write("tools/env/pyvenv.cfg", "")
    tree.write("tools/env/lib/a.py", "")
    tree.note("tools/env/lib/a.py", "tools/env/pyvenv.cfg", kind=ADDED)
    assert tree.take() == []


@pytest.mark.parametrize("name", ["expts/63/.expt/status", "expts/63/data.csv", "expts/4913/notes.md", "conf.py"])
def test_facts_and_data_are_reasons_to_build(tree, name):
    tree.write(name, "new")
    tree.note(name, kind=ADDED)
    assert tree.take() == [name]


def test_a_change_is_built_once(tree):
    tree.write("expts/63/notes.md", "two")
    tree.note("expts/63/notes.md")
    assert tree.take() == ["expts/63/notes.md"]
    tree.note("expts/63/notes.md")
    assert tree.take() == []


def test_a_file_that_was_only_touched_is_not_built(tree):
    os.utime(tree.path("expts/63/notes.md"), ns=(1, 1))
    tree.note("expts/63/notes.md")
    assert tree.take() == []


def test_there_and_back_again_is_no_change(tree):
    tree.write("expts/63/notes.md", "two")
    tree.note("expts/63/notes.md")
    tree.write("expts/63/notes.md", "one")
    tree.note("expts/63/notes.md")
    assert tree.take() == []


def test_back_to_what_was_there_before_the_last_build_is_a_change(tree):
    for text in ("two", "one"):
        tree.write("expts/63/notes.md", text)
        tree.note("expts/63/notes.md")
        assert tree.take() == ["expts/63/notes.md"]


def test_a_file_saved_with_an_old_time_is_built(tree):
    tree.write("expts/63/notes.md", "two")
    os.utime(tree.path("expts/63/notes.md"), (0, 0))
    tree.note("expts/63/notes.md")
    assert tree.take() == ["expts/63/notes.md"]


def test_a_file_that_changed_while_it_was_built_is_built_again_even_if_it_is_back(tree):
    """The build may have read what was there in between."""
    tree.note("expts/63/notes.md", building=True)
    assert tree.take() == ["expts/63/notes.md"]


def test_a_late_report_of_what_is_being_built_is_no_change(tree):
    """A busy machine reports a save once more when its build has begun."""
    path = tree.write("expts/63/notes.md", "two")
    while time.time_ns() - os.stat(path).st_ctime_ns < 100_000_000:
        time.sleep(0.01)
    tree.note("expts/63/notes.md")
    assert tree.take() == ["expts/63/notes.md"]
    tree.note("expts/63/notes.md", building=True)
    assert tree.take() == []
    tree.write("expts/63/notes.md", "two")
    tree.note("expts/63/notes.md", building=True)
    assert tree.take() == ["expts/63/notes.md"]


def test_what_a_build_wrote_is_not_built(tree):
    path = tree.write("expts/63/loss.svg", "<svg/>")
    tree.note("expts/63/loss.svg", kind=ADDED, building=True)
    tree.changes.finish([(path, stamp(path))])
    tree.note("expts/63/loss.svg")
    assert tree.take() == []
    tree.write("expts/63/loss.svg", "<svg>mine</svg>")
    tree.note("expts/63/loss.svg")
    assert tree.take() == ["expts/63/loss.svg"]


def test_what_a_build_wrote_makes_the_next_change_wait_for_no_other(tree):
    path = tree.write("expts/63/loss.svg", "<svg/>")
    tree.note("expts/63/loss.svg", kind=ADDED, building=True)
    tree.write("expts/63/notes.md", "while it was built")
    tree.note("expts/63/notes.md", building=True)
    tree.changes.finish([(path, stamp(path))])
    assert tree.changes.count == 1
    assert tree.take() == ["expts/63/notes.md"]


def test_what_a_build_deleted_is_not_built(tree):
    Path(tree.path("expts/63/notes.md")).unlink()
    tree.note("expts/63/notes.md", kind=3, building=True)
    tree.changes.finish([(tree.path("expts/63/notes.md"), ())])
    assert tree.take() == []


def test_a_file_that_came_and_went_is_not_built(tree):
    tree.note("expts/63/sedXYZ", kind=ADDED)
    assert tree.take() == []


def test_a_new_directory_is_its_files_also_those_of_which_nobody_heard(tree):
    tree.write("expts/65/deep/notes.md", "new")
    tree.note("expts/65", kind=ADDED)
    assert tree.take() == ["expts/65/deep/notes.md"]
    tree.write("expts/65/late.md", "made before the directory was watched")
    tree.changes.finish([])
    assert tree.take() == ["expts/65/late.md"]


def test_a_directory_that_went_is_its_files(tree):
    shutil.rmtree(tree.path("expts/63"))
    tree.note("expts/63", kind=3)
    assert tree.take() == ["expts/63/notes.md"]


def test_a_renamed_directory_is_old_and_new_files(tree):
    os.rename(tree.path("expts/63"), tree.path("expts/70"))  # noqa: PTH104
    tree.note("expts/63", kind=3)
    tree.note("expts/70", kind=ADDED)
    assert tree.take() == ["expts/63/notes.md", "expts/70/notes.md"]


def test_a_file_behind_a_link_is_known_by_both_paths(tree, tmp_path):
    data = tmp_path.resolve() / "data"
    data.mkdir()
    (data / "a.csv").write_text("1")
    (tree.base / "expts/63/data").symlink_to(data)
    tree.places.outside = frozenset({str(data)})
    tree.note("expts/63/data/a.csv", kind=ADDED)
    assert tree.take() == ["../data/a.csv", "expts/63/data/a.csv"]


def test_what_lies_beside_a_file_outside_means_nothing(tree, tmp_path):
    own, other = tmp_path.resolve() / "a.csv", tmp_path.resolve() / "b.csv"
    own.write_text("1")
    other.write_text("1")
    tree.places.outside = frozenset({str(own)})
    tree.changes.note([(CHANGED, str(own)), (CHANGED, str(other))], building=False)
    assert tree.take() == ["../a.csv"]


def test_what_the_watcher_lost_is_found_by_looking(tree):
    tree.write("expts/63/notes.md", "two!")
    tree.write("expts/66/notes.md", "new")
    Path(tree.path("expts/64/notes.md")).unlink()
    tree.changes.look_again([str(tree.base)])
    assert tree.take() == ["expts/63/notes.md", "expts/64/notes.md", "expts/66/notes.md"]


def test_a_document_on_its_own_does_not_look_into_directories(tmp_path):
    places = WatchedPlaces(tmp_path, deep=False)
    assert places.means_something(str(tmp_path / "notes.md"))
    assert not places.means_something(str(tmp_path / "other" / "notes.md"))


def test_a_large_file_is_known_by_size_and_time(tree):
    path = tree.write("data.bin", "x" * (1 << 20 | 1))
    tree.note("data.bin", kind=ADDED)
    assert tree.take() == ["data.bin"]
    tree.note("data.bin")
    assert tree.take() == []
    os.utime(path, (5, 5))
    tree.note("data.bin")
    assert tree.take() == ["data.bin"]

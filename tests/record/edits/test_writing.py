"""A plan is applied as a whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from exptdir.errors import EditError, RecordBusyError
from exptdir.record.edits.apply import JOURNAL, locked
from exptdir.record.edits.plan import Edit, Plan, Rename, create
from tests.record.edits.helpers import Killed, apply, killed_before, leave_unfinished

CHANGED = {
    "c": None,
    "c/log.rst": b"uno\r\n",
    "group": None,
    "group/b.md": b"due\n",
    "link": "c/log.rst",
    "new": None,
    "new/deep": None,
    "new/deep/x.toml": b"id = 1\n",
}


def tree(base: Path) -> dict[str, object]:
    """Everything below a directory, by path: bytes of files, targets of links, None for directories."""
    found: dict[str, object] = {}
    for path in sorted(base.rglob("*")):
        name = path.relative_to(base).as_posix()
        found[name] = os.readlink(path) if path.is_symlink() else None if path.is_dir() else path.read_bytes()
    return found


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # A process is killed here, not a machine.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/log.rst").write_bytes(b"one\r\n")
    (tmp_path / "a/gone.txt").write_bytes(b"old")
    (tmp_path / "b.md").write_bytes(b"two\n")
    (tmp_path / "link").symlink_to("a/log.rst")
    return tmp_path


def plan(base: Path) -> Plan:
    edits = (
        Edit(base / "a/log.rst", b"one\r\n", b"uno\r\n"),
        Edit(base / "b.md", b"two\n", b"due\n"),
        Edit(base / "a/gone.txt", b"old", None),
        create(base / "new/deep/x.toml", "id = 1\n"),
        Edit(base / "link", b"a/log.rst", b"c/log.rst", is_link=True),
    )
    return Plan(base, edits, (Rename(base / "a", base / "c"), Rename(base / "b.md", base / "group/b.md")))


def test_a_plan_changes_files_links_and_names(base: Path):
    apply(plan(base))
    assert tree(base) == CHANGED


def test_a_command_that_is_killed_at_any_line_is_taken_back_by_the_next(base: Path):
    before = tree(base)
    for line in count():
        with pytest.raises(Killed), killed_before(line), locked(base) as writer:
            writer.apply(plan(base))
        with locked(base) as writer:
            assert writer.recovered == ()
        # What is left of a journal that was never whole, or is over, nobody reads.
        shutil.rmtree(base / JOURNAL, ignore_errors=True)
        if tree(base) == CHANGED:
            break
        assert tree(base) == before, line
    assert line > 100


def test_ctrl_c_takes_everything_back_at_once(base: Path, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = tree(base)
    monkeypatch.setattr(Path, "rename", interrupt)
    with pytest.raises(KeyboardInterrupt), locked(base) as writer:
        writer.apply(plan(base))
    assert tree(base) == before


def test_taking_back_may_itself_be_killed_at_any_line(base: Path):
    before = tree(base)
    for line in count():
        leave_unfinished(plan(base))
        with suppress(Killed), killed_before(line), locked(base):
            break
        with locked(base):
            pass
        shutil.rmtree(base / JOURNAL, ignore_errors=True)
        assert tree(base) == before, line
    assert tree(base) == before
    assert line > 50


def test_a_file_that_the_author_changed_after_the_interruption_is_kept_and_named(base: Path):
    leave_unfinished(Plan(base, (Edit(base / "b.md", b"two\n", b"due\n"),)))
    (base / "b.md").write_bytes(b"my own words\n")
    with locked(base) as writer:
        assert [(problem.path, problem.kind) for problem in writer.recovered] == [(base / "b.md", "edit")]
    assert (base / "b.md").read_bytes() == b"my own words\n"


def test_a_step_that_fails_takes_the_others_back_at_once(base: Path):
    before = tree(base)
    (base / "taken").mkdir()
    wrong = Plan(base, (Edit(base / "b.md", b"two\n", b"due\n"),), (Rename(base / "a", base / "taken"),))
    with pytest.raises(EditError, match="exists already"):
        apply(wrong)
    (base / "taken").rmdir()
    assert tree(base) == before


def test_nothing_is_overwritten_that_changed_since_the_plan_was_made(base: Path):
    (base / "b.md").write_bytes(b"drei\n")
    before = tree(base)
    with pytest.raises(EditError, match="changed meanwhile"):
        apply(plan(base))
    with pytest.raises(EditError, match="exists already"):
        apply(Plan(base, (create(base / "b.md", ""),)))
    assert tree(base) == before


def test_nothing_outside_the_record_is_written(base: Path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "x.rst"
    outside.write_bytes(b"x")
    (base / "through.rst").symlink_to(outside)
    for path in (outside, base / "through.rst", base / "../y.rst"):
        with pytest.raises(EditError, match="outside the record"):
            apply(Plan(base, (Edit(path, b"x", b"y"),)))
    assert outside.read_bytes() == b"x"


@pytest.mark.parametrize("journal", ["{", "[]", '{"edits": [], "renames": [["a", "../../x"]], "made": []}'])
def test_a_journal_that_makes_no_sense_is_named_and_left_alone(base: Path, journal: str):
    (base / JOURNAL).mkdir()
    (base / JOURNAL / "journal.json").write_text(journal)
    with pytest.raises(EditError, match=r"\.exptdir-journal is damaged"), locked(base):
        pass
    assert (base / JOURNAL / "journal.json").read_text() == journal


def test_modes_are_kept(base: Path):
    (base / "b.md").chmod(0o640)
    apply(Plan(base, (Edit(base / "b.md", b"two\n", b"due\n"),)))
    assert (base / "b.md").stat().st_mode & 0o777 == 0o640


def test_a_second_writer_is_refused(base: Path):
    pytest.importorskip("fcntl")
    with locked(base), pytest.raises(RecordBusyError, match="another command"), locked(base, timeout=0):
        pass


def test_a_plan_says_what_it_would_do(base: Path):
    assert plan(base).summary() == [
        "edit a/log.rst (1 line)",
        "edit b.md (1 line)",
        "delete a/gone.txt",
        "create new/deep/x.toml",
        "edit link",
        "rename a to c",
        "rename b.md to group/b.md",
    ]

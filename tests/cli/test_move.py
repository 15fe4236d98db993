"""``renumber``, ``rename`` and ``move``: directories, facts and references together."""

from __future__ import annotations

import subprocess
from pathlib import Path

from exptdir.record.edits.relocate import renumber
from exptdir.record.scan import scan
from tests.cli.conftest import Run, contents, write
from tests.record.edits.helpers import leave_unfinished


def test_renumbering_takes_the_references_along(run: Run, record: Path):
    done = run("renumber", "63", "71")
    assert done.code == 0
    assert "rename expts/0063_train_cnn to expts/0071_train_cnn" in done.out
    assert "{expt}`71`" in (record / "index.md").read_text()
    assert ":expt:`71`" in (record / "expts/0064_data/notes.rst").read_text("utf-8")
    assert run("show", "71", "--json").json["cited_by"] == ["64"]


def test_renumbering_there_and_back_leaves_every_byte(run: Run, record: Path):
    before = contents(record)
    assert run("renumber", "64", "80").code == run("renumber", "80", "64").code == 0
    assert contents(record) == before


def test_a_number_that_is_taken_changes_nothing(run: Run, record: Path):
    before = contents(record)
    done = run("renumber", "63", "64")
    assert done.code == 1 and "taken" in done.err
    assert contents(record) == before


def test_renumbering_needs_both_or_conflicts(run: Run):
    assert run("renumber", "63").code == run("renumber").code == run("renumber", "63", "70", "--conflicts").code == 2


def test_renaming_keeps_the_number(run: Run, record: Path):
    assert run("rename", ".", "larger", at="expts/0063_train_cnn").code == 0
    assert (record / "expts/0063_larger/index.md").exists()


def test_moving_nests_and_takes_out_again(run: Run, record: Path):
    assert run("move", "63", "--under", "64").code == 0
    assert run("show", "63", "--json").json["parent"] == "64"
    assert run("move", "63", "--top").code == 0
    assert run("show", "63", "--json").json["parent"] is None
    assert run("move", "63").code == run("move", "63", "--top", "--under", "64").code == 2
    assert run("move", "64", "--under", "65").code == 1


def git(directory: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True)


def test_two_branches_with_one_number_are_brought_together(run: Run, record: Path, monkeypatch):
    git(record, "init", "-q")
    git(record, "add", ".")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2024-01-01T00:00:00")
    git(record, "commit", "-qm", "first")
    write(record, {"expts/0063_rival/index.md": "# Rival\n\nThis is {expt}`63`.\n"})
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2024-02-01T00:00:00")
    git(record, "add", ".")
    git(record, "commit", "-qm", "second")
    assert "taken" in run("check").out
    done = run("renumber", "--conflicts")
    assert "rename expts/0063_rival to expts/0066_rival" in done.out
    assert "{expt}`66`" in (record / "expts/0066_rival/index.md").read_text()
    assert (record / "expts/0063_train_cnn").is_dir()
    assert "taken" not in run("check").out


def test_a_command_after_one_that_was_killed_finds_its_experiment_where_it_is_again(run: Run, record: Path):
    before = contents(record)
    found = scan(record)
    leave_unfinished(renumber(found, found.by_id[64][0], 40))
    assert (record / "expts/0040_data").is_dir()
    assert run("tag", "40", "x").code == 3
    assert contents(record) == before
    leave_unfinished(renumber(found, found.by_id[64][0], 40))
    assert run("tag", "data", "x").code == 0
    assert not (record / "expts/0040_data").exists()
    assert ":tags: x" in (record / "expts/0064_data/notes.rst").read_text("utf-8")

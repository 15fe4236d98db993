"""Two branches that both took the same number are brought together as git tells who was first."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from exptdir.record.edits.relocate import mend_conflicts, next_id
from exptdir.record.scan import scan
from tests.record.edits.helpers import apply

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class Repository:
    """A record under git, with a clock that goes on by a minute each commit."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.minutes = 0
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> None:
        when = f"2024-05-01T10:{self.minutes:02}:00+00:00"
        names = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        config = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        subprocess.run(["git", *arguments], cwd=self.base, env=os.environ | names | config | dates, check=True)

    def commit(self, files: dict[str, str]) -> None:
        self.write(files)
        self.minutes += 1
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.base / "expts" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def read(self, name: str) -> str:
        return (self.base / "expts" / name).read_text("utf-8")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Main and a branch both make 64; the branch's is the earlier commit."""
    repository = Repository(tmp_path)
    repository.commit({"0063_old/log.md": "# Old\n\nOne line.\n\n\n\nLast line.\n"})
    repository.git("checkout", "-q", "-b", "other")
    repository.commit({"0064_first/log.md": "# First\n\n{expt}`64`\n"})
    repository.commit({"0063_old/log.md": "# Old\n\nOne line, see {expt}`64`.\n\n\n\nLast line.\n"})
    repository.git("checkout", "-q", "main")
    repository.commit({"0064_second/log.rst": "Second\n======\n\n:expt:`64@2024-05-01`\n"})
    text = "# Old\n\nOne line.\n\n\n\nLast line, see {expt}`0064` and {expt}`63`.\n"
    repository.commit({"0063_old/log.md": text, "0065_new/log.md": "# New\n\n{ref}`expt-64`\n"})
    repository.minutes += 1
    repository.git("merge", "-q", "other", "-m", "merge")
    return repository


def test_the_one_that_came_later_gets_the_next_id_and_its_own_references_follow(repository: Repository):
    plan = mend_conflicts(scan(repository.base))
    assert plan.problems == ()
    apply(plan)
    record = scan(repository.base)
    assert {key: record.experiments[key].id for key in record.experiments} == {
        "expts/0063_old": 63,
        "expts/0064_first": 64,
        "expts/0065_new": 65,
        "expts/0066_second": 66,
    }
    assert record.problems == ()
    assert repository.read("0066_second/log.rst") == "Second\n======\n\n:expt:`66@2024-05-01`\n"
    assert repository.read("0064_first/log.md") == "# First\n\n{expt}`64`\n"
    assert repository.read("0063_old/log.md") == (
        "# Old\n\nOne line, see {expt}`64`.\n\n\n\nLast line, see {expt}`0066` and {expt}`63`.\n"
    )
    assert repository.read("0065_new/log.md") == "# New\n\n{ref}`expt-66`\n"


def test_a_reference_written_after_the_merge_is_left_and_named(repository: Repository):
    repository.commit({"0067_after/log.md": "# After\n\n{expt}`64`\n"})
    plan = mend_conflicts(scan(repository.base))
    (problem,) = plan.problems
    assert (problem.path, problem.line) == (repository.base / "expts/0067_after/log.md", 3)
    assert "0064_first or 0064_second" in problem.message
    apply(plan)
    assert repository.read("0067_after/log.md") == "# After\n\n{expt}`64`\n"


def test_what_is_not_committed_came_last(repository: Repository):
    repository.write({"0063_fresh/log.md": "# Fresh\n\n{expt}`63`\n"})
    apply(mend_conflicts(scan(repository.base)))
    record = scan(repository.base)
    assert [e.name for e in record.by_id[63]] == ["old"]
    assert repository.read("0066_fresh/log.md") == "# Fresh\n\n{expt}`66`\n"


def test_without_git_nothing_is_decided(tmp_path: Path):
    for name in ("0064_a", "0064_b"):
        (tmp_path / "expts" / name).mkdir(parents=True)
        (tmp_path / "expts" / name / "log.md").write_text("# X\n")
    plan = mend_conflicts(scan(tmp_path))
    assert plan.edits == ()
    assert plan.renames == ()
    assert ["by hand" in problem.message for problem in plan.problems] == [True]


def test_the_next_id_follows_the_highest(repository: Repository):
    assert next_id(scan(repository.base)) == 66
    assert next_id(scan(repository.base / "nowhere")) == 1

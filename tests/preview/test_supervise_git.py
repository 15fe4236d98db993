"""How git is waited for."""

from __future__ import annotations

import os

from exptdir.preview.changes import Git
from tests.preview.asking import run_apart


def test_a_lock_that_git_left_behind_is_waited_for_once(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index.lock").touch()
    git = Git(tmp_path / "deep" / "below", patience=0.05)
    assert git.at_work
    run_apart(git.done())
    assert not git.at_work
    os.utime(tmp_path / ".git" / "index.lock", (9, 9))
    assert git.at_work


def test_the_lock_of_a_worktree_is_found(tmp_path):
    (tmp_path / "main/.git/worktrees/other").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/.git").write_text("gitdir: ../main/.git/worktrees/other\n")
    git = Git(tmp_path / "other")
    assert not git.at_work
    (tmp_path / "main/.git/worktrees/other/index.lock").touch()
    assert git.at_work

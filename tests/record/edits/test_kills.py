"""Commands that are killed for good (SIGKILL), and killed again while the next one takes their changes back.

``EXPTDIR_FUZZ=10`` tries ten times as many. A child counts what it does to the disk and kills itself before the n-th.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from exptdir.record.edits.apply import JOURNAL, locked
from exptdir.record.edits.plan import Plan
from exptdir.record.edits.relocate import move, rename, renumber
from exptdir.record.model import Record
from exptdir.record.scan import scan

TRIES = 12 * int(os.environ.get("EXPTDIR_FUZZ", "1"))
WRITES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.chmod", "os.truncate"}
CHANGES: dict[str, Callable[[Record], Plan]] = {
    "renumber": lambda record: renumber(record, record.by_id[34][0], 40),
    "rename": lambda record: rename(record, record.by_id[34][0], "other"),
    "move": lambda record: move(record, record.by_id[34][0], record.by_id[35][0]),
}

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def make(base: Path) -> None:
    for number, name in ((34, "alpha"), (35, "beta")):
        directory = base / f"expts/{number:04}_{name}"
        (directory / "sub").mkdir(parents=True)
        links = "{expt}`34` {expt}`35` [](../0034_alpha/index.md) [](../0035_beta/index.md)"
        (directory / "index.md").write_text(f"---\nid: {number}\n---\n# {name}\n\n{links}\n")
        (directory / "sub/index.md").write_text("# sub\n\n{expt}`34` [](../../0034_alpha/index.md)\n")
        (directory / "link").symlink_to("../0034_alpha/index.md")


def tree(base: Path) -> dict[str, str | bytes | None]:
    found: dict[str, str | bytes | None] = {}
    for path in sorted(base.rglob("*")):
        name = path.relative_to(base).as_posix()
        if not name.startswith(JOURNAL):
            found[name] = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return found


def in_child(base: Path, kill_at: int, change: Callable[[Record], Plan] | None) -> bool:
    """Let a child take back what was left, and change something; say whether it came to its end."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    done = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal done
        flags = arguments[2] if event == "open" else 0
        if event in WRITES or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)):
            done += 1
            if done == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    try:
        with locked(base) as writer:
            if change is not None:
                writer.apply(change(scan(base)))
        os._exit(0)
    finally:
        os._exit(3)


@pytest.mark.parametrize("name", CHANGES)
def test_a_killed_command_and_killed_recoveries_leave_all_as_it_was_or_as_it_is_to_be(tmp_path: Path, name: str):
    make(tmp_path / "first")
    before = tree(tmp_path / "first")
    shutil.copytree(tmp_path / "first", tmp_path / "done", symlinks=True)
    assert in_child(tmp_path / "done", 0, CHANGES[name])
    after = tree(tmp_path / "done")
    assert after != before
    chance = random.Random(name)
    for at in range(TRIES):
        base = tmp_path / str(at)
        shutil.copytree(tmp_path / "first", base, symlinks=True)
        kills = [chance.randint(1, 75), *(chance.randint(1, 40) for _ in range(chance.randint(1, 3)))]
        in_child(base, kills[0], CHANGES[name])
        for kill in kills[1:]:
            in_child(base, kill, None)
        assert in_child(base, 0, None), kills
        assert tree(base) in (before, after), kills

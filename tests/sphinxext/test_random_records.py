"""Promises 2 to 4 on records made up at random: after any edits, incremental = clean, and once more changes nothing.

``EXPTDIR_FUZZ=32`` (as `make fuzz` does) makes 512 edits instead of 16; ``EXPTDIR_SEED=n`` begins with
another record, and a failure names the one it was.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.forking import sphinx_build
from tests.sphinxext.random_record import EDITS, RandomRecord
from tests.sphinxext.test_incremental import assert_same

STEPS = 16 * int(os.environ.get("EXPTDIR_FUZZ", "1"))
FIRST = int(os.environ.get("EXPTDIR_SEED", "0"))
THEMES = ["alabaster", "furo", "pydata_sphinx_theme", "sphinx_rtd_theme"]
#: Sphinx reads a page again at each build, and says so again, while what it includes or lists is not there.
MISSING = ["file not found", "not found or reading it failed", "nonexisting document", "excluded document"]
#: So many edits meet what those before them left; then another record begins.
LIFE = 8


def times(out: Path) -> dict[str, int]:
    """When each page was written."""
    return {path.relative_to(out).as_posix(): path.stat().st_mtime_ns for path in out.rglob("*.html")}


def live(seed: int, base: Path, steps: int) -> None:
    """Edit a record again and again, and build it after each one to four edits."""
    record = RandomRecord(base / "source", seed, THEMES[seed % len(THEMES)])
    builder = record.chance.choice(["html", "dirhtml"])
    told = [f"EXPTDIR_SEED={seed}", record.theme, builder]

    def build(name: str) -> str:
        done = sphinx_build("-b", builder, f"-j{record.chance.randint(1, 2)}", record.base, base / name, seed=seed % 2)
        assert done.returncode == 0, (*told, done.stderr)
        return done.stdout + done.stderr

    build("out")
    while steps > 0:
        count = min(steps, record.chance.randint(1, 4))
        steps -= count
        told += [record.edit() for _ in range(count)]
        build("out")
        shutil.rmtree(base / "clean", ignore_errors=True)
        build("clean")
        assert_same(base / "out", base / "clean", " ".join(told))
        before = times(base / "out")
        printed = build("out")
        if not any(text in printed for text in MISSING):
            assert "0 added, 0 changed, 0 removed" in printed, " ".join(told)
        assert times(base / "out") == before, " ".join(told)
        assert_same(base / "out", base / "clean", " ".join(told))
        told.append("|")


def test_there_are_some_thirty_kinds_of_edits() -> None:
    assert len(EDITS) >= 30


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(FIRST, FIRST + -(-STEPS // LIFE)))
def test_a_build_after_any_edits_equals_a_clean_one(tmp_path: Path, seed: int) -> None:
    live(seed, tmp_path, min(LIFE, STEPS - (seed - FIRST) * LIFE))

"""The record that the repository is, built for the tests of its pages."""

from __future__ import annotations

import os
from pathlib import Path

from tests.forking import sphinx_build

ROOT = Path(__file__).resolve().parents[1]
#: Names the directory of a build that has just been made: `make test` does so before it comes to the tests.
BUILT = "EXPTDIR_TESTS_RECORD"


def build_own_record(directory: Path) -> Path:
    """Return where its pages are: those that have just been built, or others, which are built in a directory."""
    if built := os.environ.get(BUILT):
        return Path(built)
    done = sphinx_build("-q", "-b", "html", "-d", directory / "doctrees", ROOT, directory / "html")
    assert done.returncode == 0, done.stderr
    return directory / "html"

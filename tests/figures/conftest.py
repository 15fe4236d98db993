"""One server for all tests of a module: to start it takes longer than most scripts."""

from __future__ import annotations

import pytest

from exptdir.figures.run.runner import Runner
from tests.figures.running import Place


@pytest.fixture(scope="module")
def runner():
    with Runner() as made:
        yield made


@pytest.fixture
def place(tmp_path, runner):
    made = Place(tmp_path / "record", runner)
    made.folder.mkdir(parents=True)
    return made

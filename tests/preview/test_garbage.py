"""What a builder keeps, and what it lets go of."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest

from exptdir.preview.builder import BuildSession
from exptdir.preview.channel import Channel
from tests.preview.warmly import project


class Node:
    """Something that knows itself, as the nodes of a document know their parents."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def session(tmp_path: Path):
    # It neither hears nor says anything.
    yield BuildSession(project(tmp_path), Channel(-1, -1))
    gc.unfreeze()


def test_what_was_there_after_the_first_build_is_let_go_of_when_it_has_been_replaced(session: BuildSession) -> None:
    node = Node()
    seen = weakref.ref(node)
    session.rest()
    del node
    gc.collect()
    assert seen() is not None, "the search for garbage is spared what there was"
    for _ in range(100):
        session.rest()
    assert seen() is None

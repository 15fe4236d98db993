"""What the preview says of itself in records of the lowest level is heard here, unlike by other tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def everything_is_logged() -> Iterator[None]:
    """Warnings are put to documents by records that tell which of them is read or written."""
    before = logging.root.manager.disable
    logging.disable(logging.NOTSET)
    yield
    logging.disable(before)

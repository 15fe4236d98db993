"""Making very many objects without the garbage collector looking through them again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """Keep Python from searching for garbage while objects are made that all stay.

    Each cell is an object that the collector would look at several times while a sheet is read; this took a
    quarter of the time, and found nothing. What is in use is still freed at once when it is no longer; only
    cycles wait for the end.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

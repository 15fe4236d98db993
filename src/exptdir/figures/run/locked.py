"""Holds a file against other processes, on systems that can; elsewhere nobody is kept out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[bool]:
    """Hold a file that exists; the system lets go of it when the process ends, however it ends.

    Parameters
    ----------
    path
        The file. Nothing is written to it.
    wait
        Whether to wait while another holds it.

    Yields
    ------
    bool
        Whether it is held.
    """
    try:
        import fcntl

        file = os.open(path, os.O_RDONLY)
    except (ImportError, OSError):
        yield True
        return
    try:
        yield _take(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    finally:
        os.close(file)


def _take(file: int, operation: int) -> bool:
    import fcntl

    try:
        fcntl.flock(file, operation)
    except BlockingIOError:
        return False
    except OSError:
        # File systems without locks exist.
        return True
    return True

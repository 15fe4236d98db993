"""Locks by which two builds in one tree do not run the same script at once, nor lose one another's facts.

They hold on systems with ``flock``, on the script and on the experiment's directory themselves: no lock file
is made, and the lock of a build that was killed is gone. Where there is no such thing there is no lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class Locks:
    """The locks on scripts that one build holds; the same script may be locked by it many times."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[int, int]] = {}

    def take(self, path: str) -> bool:
        """Lock a script, unless another build has locked it.

        Parameters
        ----------
        path
            The script, absolute.

        Returns
        -------
        bool
            Whether it may be run.
        """
        descriptor, times = self._held.get(path, (-1, 0))
        if not times:
            try:
                descriptor = _locked(path, wait=False)
            except BlockingIOError:
                return False
        self._held[path] = (descriptor, times + 1)
        return True

    def release(self, path: str) -> None:
        """Give a lock back."""
        descriptor, times = self._held.pop(path)
        if times > 1:
            self._held[path] = (descriptor, times - 1)
        elif descriptor >= 0:
            os.close(descriptor)

    def release_all(self) -> None:
        """Give back whatever is still held."""
        for descriptor, _ in self._held.values():
            if descriptor >= 0:
                os.close(descriptor)
        self._held.clear()


@contextmanager
def locked(path: str | Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold a file or a directory against other processes.

    Parameters
    ----------
    path
        It. Nothing is written to it.
    wait
        Whether to wait while another holds it.

    Yields
    ------
    bool
        Whether it is held, or cannot be by anybody.
    """
    try:
        descriptor = _locked(os.fspath(path), wait=wait)
    except BlockingIOError:
        yield False
        return
    try:
        yield True
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _locked(path: str, *, wait: bool) -> int:
    """Open and lock; -1 where that cannot be done, :exc:`BlockingIOError` if another has it."""
    try:
        import fcntl
    except ImportError:
        return -1
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return -1
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:
        # Some network file systems have no locks.
        with suppress(OSError):
            os.close(descriptor)
        return -1
    return descriptor

"""Whether a file or a directory is as it was: its times, its size and its inode are, and ``ctime`` cannot be set back.

One that changed a moment before it was looked at may change again without its times telling, and is looked at again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Generic, TypeVar

#: How long before being looked at a change counts as a moment ago, in ns: FAT keeps times to two seconds.
RACY = 2_000_000_000

#: What of a file changes with its content: times, size, inode and device; nothing for one that is not there.
Stamp = tuple[int, ...]
Made = TypeVar("Made")


def stamp(path: str) -> Stamp:
    """Return the stamp of a file or a directory.

    Parameters
    ----------
    path
        Its path.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return ()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev


def lasting(found: Stamp) -> Stamp | None:
    """Return a stamp that was taken just now, ``None`` where a change may leave it the same."""
    return None if found and max(found[:2]) > time.time_ns() - RACY else found


class Remembered(Generic[Made]):
    """What was made of each of many files or directories, made again only when that has changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp | None, Made]] = {}
        self._before: dict[str, tuple[Stamp | None, Made]] = {}

    def renew(self) -> None:
        """Forget, in time, what nobody asks for any more."""
        self._known, self._before = {}, self._known

    def of(self, path: str, make: Callable[[str], Made], may_last: Callable[[Made], bool] = lambda made: True) -> Made:
        """Return what *make* makes of a path; the same object as long as that is as it was.

        Parameters
        ----------
        path
            The path.
        make
            Reads it.
        may_last
            Whether what was made may be kept, where more than the path decides on it.
        """
        now = stamp(path)
        known = self._known.get(path) or self._before.get(path)
        if known is None or not now or known[0] != now:
            # Before it is read: what changes meanwhile is read again next time.
            kept = lasting(now)
            made = make(path)
            known = kept if may_last(made) else None, made
        self._known[path] = known
        return known[1]

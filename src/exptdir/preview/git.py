"""Waits while git changes files: a checkout is one change, however many files it touches."""

from __future__ import annotations

import asyncio
from pathlib import Path

from exptdir.preview.changes import stamp_of

#: Seconds that it is waited for, and how often one looks whether it is done.
PATIENCE, _TURN = 5.0, 0.02
#: The file of a worktree begins so (gitrepository-layout).
_LINK = "gitdir:"


class Git:
    """The repository that a directory is in, if it is in one.

    Parameters
    ----------
    start
        The directory, absolute.
    patience
        Seconds that it is waited for.
    """

    def __init__(self, start: Path, patience: float = PATIENCE) -> None:
        found = next((path for at in (start, *start.parents) if (path := at / ".git").exists()), None)
        self._lock = str(_directory(found) / "index.lock") if found is not None else ""
        self._patience = patience
        self._left_behind: tuple[int, int] | None = None

    @property
    def at_work(self) -> bool:
        """Whether git has locked its index, by a lock that has not been waited for in vain."""
        stamp = stamp_of(self._lock) if self._lock else None
        return stamp is not None and stamp != self._left_behind

    async def done(self) -> None:
        """Wait until git has done, but not for ever: one that was killed leaves its lock behind."""
        clock = asyncio.get_running_loop().time
        end = clock() + self._patience
        while self.at_work:
            if clock() >= end:
                self._left_behind = stamp_of(self._lock)
                return
            await asyncio.sleep(_TURN)


def _directory(found: Path) -> Path:
    """Return the directory that ``.git`` is, or that it names in a worktree."""
    try:
        if found.is_file():
            text = found.read_text("utf-8", "surrogateescape").strip()
            if text.startswith(_LINK):
                return found.parent / text.removeprefix(_LINK).strip()
    except OSError:
        pass
    return found

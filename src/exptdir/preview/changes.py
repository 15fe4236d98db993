"""What has changed since the last build, as far as it means something.

A file counts as changed if its content is not the one that was built. What the watcher reports is only a hint where
to look: editors touch files, ``git checkout`` goes there and back, and builds write figures beside their scripts.

Waits while git changes files: a checkout is one change, however many files it touches.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from exptdir.preview.dependencies import WatchedPlaces, real

#: A file above this size is known by its size and time only.
_LARGE = 1 << 20
#: What the watcher calls a new file or directory.
ADDED = 1

#: The clock of file systems goes by ticks of up to 10 ms (in ns): two changes within one have the same time.
_TICK = 50_000_000

_Stamp = tuple[int, int]
_Print = bytes | _Stamp | None


def stamp_of(path: str) -> _Stamp | None:
    """Return size in bytes and time of modification in nanoseconds; nothing where there is no such file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns


def _moment(path: str) -> tuple[int, int] | None:
    """Return what any change gives another value, unlike the time of modification: time of change and inode."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_ctime_ns, found.st_ino


def fingerprint(path: str) -> _Print:
    """Return what tells the content of a file from another, or nothing where there is no file."""
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            return None
        if found.st_size > _LARGE:
            return found.st_size, found.st_mtime_ns
        return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).digest()
    except (OSError, ValueError):
        return None


@dataclass
class Known:
    """What there was when the watch began: see :func:`survey`."""

    prints: dict[str, _Print] = field(default_factory=dict)
    stamps: dict[str, _Stamp] = field(default_factory=dict)


def survey(places: WatchedPlaces, directories: Iterable[str]) -> Known:
    """Read what is below some directories. It may take seconds, and is meant for a thread."""
    known = Known()
    for directory in directories:
        for path, found in places.files(directory):
            known.stamps[path] = (found.st_size, found.st_mtime_ns)
            known.prints[path] = fingerprint(path)
    return known


class Changes:
    """The changes that wait for a build.

    Parameters
    ----------
    places
        Which files mean something.
    """

    def __init__(self, places: WatchedPlaces) -> None:
        self._places = places
        self._noted: dict[str, set[str]] = {}
        self._built: dict[str, _Print] = {}
        self._stamps: dict[str, _Stamp] = {}
        self._unsure: set[str] = set()
        self._wrote: dict[str, _Stamp | None] = {}
        self._taken: dict[str, tuple[int, int]] = {}
        self._made: set[str] = set()
        self._last_made: set[str] = set()
        #: Of what was taken last, the files that were there before, and still are.
        self.modified: tuple[str, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self._noted or self._made)

    @property
    def count(self) -> int:
        """How many files and directories there are to look at."""
        return len(self._noted) + len(self._made)

    def learn(self, known: Known) -> None:
        """Take over what there was at the beginning, but for files that have changed since."""
        for path, one in known.prints.items():
            self._stamps.setdefault(path, known.stamps[path])
            if path not in self._unsure:
                self._built.setdefault(path, one)

    def note(self, events: Iterable[tuple[int, str]], *, building: bool) -> None:
        """Write down what the watcher reports.

        Parameters
        ----------
        events
            Kinds and paths of changes.
        building
            Whether a build runs: which content it reads cannot be known then.
        """
        for kind, reported in events:
            path = real(reported)
            if not self._places.means_something(path):
                continue
            if kind == ADDED and os.path.isdir(path) and not os.path.islink(path):
                self._made.add(path)
                continue
            self._noted.setdefault(path, set()).add(reported)
            # On a busy machine the watcher reports once more, and late, what the build has read already.
            if building and (path not in self._taken or self._taken[path] != _moment(path)):
                self._forget(path)

    def _forget(self, path: str) -> None:
        self._unsure.add(path)
        self._built.pop(path, None)

    def look_again(self, directories: Iterable[str]) -> None:
        """Compare what is below some directories with what was known of it: the watcher has lost something."""
        seen = set()
        roots = tuple(directories)
        for root in roots:
            for path, found in self._places.files(root):
                seen.add(path)
                if self._stamps.get(path) != (found.st_size, found.st_mtime_ns):
                    self._noted.setdefault(path, set()).add(path)
                    self._forget(path)
        for path in self._stamps.keys() - seen:
            if not os.path.exists(path):
                self._noted.setdefault(path, set()).add(path)

    def take(self) -> tuple[str, ...]:
        """Return what is to be built, and take it for built.

        Returns
        -------
        tuple of str
            Absolute paths of files that were changed, made or deleted, in order. A file that was reached by a link
            stands there by both its paths.
        """
        noted, self._noted = self._noted, {}
        self._last_made, self._made = self._made, set()
        for directory in self._last_made:
            for path, _found in self._places.files(directory):
                noted.setdefault(path, set())
        for path in [path for path in noted if not os.path.lexists(path)]:
            # A directory that went, with all that was in it; or a file that came and went, and was never built.
            below = {one: set[str]() for one in self._stamps if one.startswith(path + os.sep)}
            if below or not (path in self._stamps or path in self._unsure):
                del noted[path]
                noted = {**below, **noted}
        changed, modified = set[str](), set[str]()
        for path, names in noted.items():
            was_there = path in self._stamps
            if self._is_changed(path):
                changed |= {path, *names}
                if was_there and path in self._stamps:
                    modified |= {path, *names}
        self.modified = tuple(sorted(modified))
        return tuple(sorted(changed))

    def _is_changed(self, path: str) -> bool:
        moment = _moment(path)
        self._taken.pop(path, None)
        if moment is not None and time.time_ns() - moment[0] > _TICK:
            self._taken[path] = moment
        now, one = stamp_of(path), fingerprint(path)
        if now is None:
            self._stamps.pop(path, None)
        else:
            self._stamps[path] = now
        own = path in self._wrote and self._wrote[path] == now
        same = path in self._built and self._built[path] == one
        self._built[path] = one
        self._unsure.discard(path)
        if now is not None and one is None:
            # A directory or a device: only what is in it counts.
            return False
        return not own and not same

    def finish(self, wrote: Iterable[tuple[str, int, int]]) -> None:
        """Say that a build has ended.

        Parameters
        ----------
        wrote
            What it wrote itself: paths, sizes (-1 where it deleted) and times.
        """
        for path, size, when in wrote:
            self._wrote[real(path)] = None if size < 0 else (size, when)
        for path in [path for path in self._noted if path in self._wrote]:
            # Nobody need look there any more; where several files wait, a change waits for more of them.
            if self._wrote[path] == stamp_of(path) and not self._is_changed(path):
                del self._noted[path]
        # What was put into a new directory before it was watched has not been reported.
        self._made |= {one for one in self._last_made if os.path.isdir(one)}
        self._last_made = set()


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

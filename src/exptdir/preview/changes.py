"""What has changed since the last build, as far as it means something.

A file counts as changed if its content is not the one that was built. What the watcher reports is only a hint where
to look: editors touch files, ``git checkout`` goes there and back, and builds write figures beside their scripts.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

from exptdir.preview.channel import Wrote
from exptdir.preview.watch import ADDED, WatchedPlaces, real
from exptdir.record.files import Stamp, read_or_none, stamp

#: A file above this size is known by its stamp only.
_LARGE = 1 << 20
#: The clock of file systems goes by ticks of up to 10 ms (in ns): two changes within one have the same time.
_TICK = 50_000_000

_Print = bytes | Stamp | None


def fingerprint(path: str) -> _Print:
    """Return what tells the content of a file from another, or nothing where there is no file."""
    with suppress(OSError, ValueError):
        found = os.stat(path)
        if S_ISREG(found.st_mode):
            # A change between the two is found again by the stamp.
            large = found.st_size > _LARGE
            return stamp(path) if large else hashlib.blake2b(Path(path).read_bytes(), digest_size=16).digest()
    return None


#: What is known of each file: its stamp and its fingerprint.
Known = dict[str, tuple[Stamp, _Print]]


def survey(places: WatchedPlaces, directories: Iterable[str]) -> Known:
    """Read what is below some directories. It may take seconds, and is meant for a thread."""
    found = (each for directory in directories for each in places.files(directory))
    return {path: (stamped, fingerprint(path)) for path, stamped in found}


class Changes:
    """The changes that wait for a build."""

    def __init__(self, places: WatchedPlaces) -> None:
        self._places = places
        self._noted: dict[str, set[str]] = {}
        self._built: dict[str, _Print] = {}
        self._stamps: dict[str, Stamp] = {}
        self._unsure: set[str] = set()
        self._wrote: dict[str, Stamp] = {}
        self._taken: dict[str, Stamp] = {}
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
        for path, (found, one) in known.items():
            self._stamps.setdefault(path, found)
            if path not in self._unsure:
                self._built.setdefault(path, one)

    def note(self, events: Iterable[tuple[int, str]], *, building: bool) -> None:
        """Write down what the watcher reports; while a build runs, which content it reads cannot be known."""
        for kind, reported in events:
            path = real(reported)
            if not self._places.means_something(path):
                continue
            if kind == ADDED and os.path.isdir(path) and not os.path.islink(path):
                self._made.add(path)
                continue
            self._noted.setdefault(path, set()).add(reported)
            # On a busy machine the watcher reports once more, and late, what the build has read already.
            if building and self._taken.get(path) != stamp(path):
                self._forget(path)

    def _forget(self, path: str) -> None:
        self._unsure.add(path)
        self._built.pop(path, None)

    def look_again(self, directories: Iterable[str]) -> None:
        """Compare what is below some directories with what was known of it: the watcher has lost something."""
        seen = set()
        for root in directories:
            for path, found in self._places.files(root):
                seen.add(path)
                if self._stamps.get(path) != found:
                    self._noted.setdefault(path, set()).add(path)
                    self._forget(path)
        for path in self._stamps.keys() - seen:
            if not os.path.exists(path):
                self._noted.setdefault(path, set()).add(path)

    def take(self) -> tuple[str, ...]:
        """Return what is to be built, and take it for built.

        These are absolute paths of files that were changed, made or deleted, in order. A file that was reached by a
        link stands there by both its paths.
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
        if changed:
            self.modified = tuple(sorted(modified))
        return tuple(sorted(changed))

    def _is_changed(self, path: str) -> bool:
        now, one = stamp(path), fingerprint(path)
        self._taken.pop(path, None)
        self._stamps.pop(path, None)
        if now:
            self._stamps[path] = now
            # When it was changed last, which nobody can set back.
            if time.time_ns() - now[1] > _TICK:
                self._taken[path] = now
        own, same = self._wrote.get(path) == now, path in self._built and self._built[path] == one
        self._built[path] = one
        self._unsure.discard(path)
        # Of a directory or a device, only what is in it counts.
        return not (own or same or (now and one is None))

    def finish(self, wrote: Iterable[Wrote]) -> None:
        """Say that a build has ended, and what it wrote itself."""
        self._wrote.update((real(path), found) for path, found in wrote)
        for path in [path for path in self._noted if path in self._wrote]:
            # Nobody need look there any more; where several files wait, a change waits for more of them.
            if self._wrote[path] == stamp(path) and not self._is_changed(path):
                del self._noted[path]
        # What was put into a new directory before it was watched has not been reported.
        self._made |= {one for one in self._last_made if os.path.isdir(one)}
        self._last_made = set()


#: Seconds that it is waited for, and how often one looks whether it is done.
PATIENCE, _TURN = 5.0, 0.02
#: The file of a worktree begins so (gitrepository-layout).
_LINK = "gitdir:"


class Git:
    """The repository that a directory is in, if any: a checkout is one change, however many files it touches.

    One that is at work is waited for so many seconds (*patience*).
    """

    def __init__(self, start: Path, patience: float = PATIENCE) -> None:
        found = next((path for at in (start, *start.parents) if (path := at / ".git").exists()), None)
        if found is not None and found.is_file():
            # In a worktree it is a file that names the directory.
            text = (read_or_none(found) or b"").decode("utf-8", "surrogateescape").strip()
            found = found.parent / text.removeprefix(_LINK).strip() if text.startswith(_LINK) else found
        self._lock = str(found / "index.lock") if found is not None else ""
        self._patience = patience
        self._left_behind: Stamp = ()

    @property
    def at_work(self) -> bool:
        """Whether git has locked its index, by a lock that has not been waited for in vain."""
        found = stamp(self._lock) if self._lock else ()
        return bool(found) and found != self._left_behind

    async def done(self) -> None:
        """Wait until git has done, but not for ever: one that was killed leaves its lock behind."""
        clock = asyncio.get_running_loop().time
        end = clock() + self._patience
        while self.at_work:
            if clock() >= end:
                self._left_behind = stamp(self._lock)
                return
            await asyncio.sleep(_TURN)

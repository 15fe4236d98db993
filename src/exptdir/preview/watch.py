"""Watches the disk, in threads of its own: the operating system tells what changes, or is asked again and again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from exptdir.preview.changes import ADDED, stamp_of
from exptdir.preview.dependencies import WatchedPlaces
from exptdir.record.walk import PROGRAMS, is_environment

if TYPE_CHECKING:
    pass

#: Milliseconds without a change after which those before it are reported, the longest wait for that, and how often
#: one looks whether to stop.
_QUIET, _LONGEST, _TURN = 25, 400, 500
#: Seconds between two looks at the disk where it has to be asked, and at most this share of the time is spent on them.
_POLL, _SHARE = 1.0, 0.1

_CHANGED, _DELETED = 2, 3
_Events = Iterable[tuple[int, str]]


@dataclass
class _Watch:
    """One set of watched directories: all that is below them, or only what is in them."""

    recursive: bool
    paths: frozenset[str] = frozenset()
    stop: Event | None = None


class Watcher:
    """Reports what changes in a record, and in files outside it that it shows.

    Directories at the top of the record whose content means nothing, such as the output, are not watched at all.

    Parameters
    ----------
    places
        Which files mean something.
    report
        Called with what has changed, from another thread.
    lost
        Called, from another thread, where changes may have been missed: one has to look.
    say
        Called with what the author should know.
    """

    def __init__(
        self,
        places: WatchedPlaces,
        report: Callable[[_Events], None],
        lost: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._places = places
        self._report = report
        self._lost = lost
        self._say = say
        self._deep, self._flat = _Watch(recursive=True), _Watch(recursive=False)
        self._asked: Event | None = None
        self._lock = Lock()
        self._ended = False

    def update(self) -> None:
        """Begin to watch, or watch what has become part of the record since. It may take a second."""
        deep, flat = to_watch(self._places)
        with self._lock:
            for watch, paths in ((self._flat, flat), (self._deep, deep)):
                if paths != watch.paths:
                    self._renew(watch, paths)

    def again(self) -> None:
        """Watch everything anew."""
        deep, flat = to_watch(self._places)
        with self._lock:
            self._renew(self._flat, flat)
            self._renew(self._deep, deep)

    def stop(self) -> None:
        """Watch no longer."""
        with self._lock:
            self._ended = True
            for stop in (self._deep.stop, self._flat.stop, self._asked):
                if stop is not None:
                    stop.set()

    def _renew(self, watch: _Watch, paths: frozenset[str]) -> None:
        """Watch other paths, the new watch before the old one ends: nothing is missed between them."""
        before, watch.paths = watch.stop, paths
        if self._ended or self._asked is not None:
            return
        watch.stop = Event()
        if paths:
            try:
                from watchfiles._rust_notify import RustNotify

                # Its own way to ask the disk misses what changes twice in a second. Directories that may not be
                # read are none of the record's.
                notify = RustNotify(sorted(paths), False, False, 0, watch.recursive, True)
            except (OSError, RuntimeError) as error:
                self._ask_the_disk(error)
                return
            _start(self._listen, notify, watch.stop)
        if before is not None:
            before.set()

    def _ask_the_disk(self, error: Exception) -> None:
        """Look at all files again and again, now that the system will not tell."""
        for watch in (self._deep, self._flat):
            if watch.stop is not None:
                watch.stop.set()
        self._asked = Event()
        self._say(
            f"The system cannot watch so many directories ({error}); the disk is looked at every second instead, "
            "which takes more of the machine. On Linux, raise fs.inotify.max_user_watches."
        )
        _start(self._ask, self._stamps(), self._asked)

    def _ask(self, known: dict[str, tuple[int, int]], stop: Event) -> None:
        pause = _POLL
        while not stop.wait(pause):
            begun = monotonic()
            now = self._stamps()
            changed = {(ADDED if path not in known else _CHANGED, path) for path in now if known.get(path) != now[path]}
            changed |= {(_DELETED, path) for path in known.keys() - now.keys()}
            known = now
            if changed:
                self._report(changed)
            pause = max(_POLL, (monotonic() - begun) / _SHARE)

    def _stamps(self) -> dict[str, tuple[int, int]]:
        single = ((path, stamp_of(path)) for path in self._places.outside if not os.path.isdir(path))
        found = {path: stamp for path, stamp in single if stamp is not None}
        for directory in (self._places.root, *filter(os.path.isdir, self._places.outside)):
            found |= {path: (one.st_size, one.st_mtime_ns) for path, one in self._places.files(directory)}
        return found

    def _listen(self, notify: Any, stop: Event) -> None:
        with notify:
            while not stop.is_set():
                try:
                    found = notify.watch(_LONGEST, _QUIET, _TURN, stop)
                except (RuntimeError, OSError):
                    # It has met a name that is no text, and is of no use any more.
                    if not stop.is_set():
                        self._lost()
                    return
                if isinstance(found, set):
                    self._report(found)
                    new = {path for kind, path in found if kind == ADDED and os.path.dirname(path) == self._places.root}
                    new = {path for path in new if path in to_watch(self._places)[0]}
                    if new:
                        with self._lock:
                            self._renew(self._deep, to_watch(self._places)[0])
                        self._report({(ADDED, path) for path in new})


def _start(work: Callable[..., None], *arguments: object) -> None:
    Thread(target=work, args=arguments, name="exptdir-watch", daemon=True).start()


def to_watch(places: WatchedPlaces) -> tuple[frozenset[str], frozenset[str]]:
    """Return the directories that are watched with all that is below them, and those that are watched alone."""
    flat, deep = {places.root}, set[str]()
    for name in _names(places.root) if places.deep else ():
        path = os.path.join(places.root, name)
        hidden = name.startswith(".") or name in PROGRAMS
        if not hidden and os.path.isdir(path) and path not in places.private and not is_environment(path):
            deep.add(path)
    for path in places.outside:
        if os.path.isdir(path):
            deep.add(path)
        elif os.path.isdir(parent := os.path.dirname(path)):
            # Editors put a new file in the place of the old one, which only the directory notices.
            flat.add(parent)
    return frozenset(deep), frozenset(flat)


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []

"""Watches the disk, in threads of its own: the operating system tells what changes, or is asked again and again.

Which files of a record could mean anything to a build is told by where they lie and what they are called.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic

from exptdir.figures.state import is_below
from exptdir.record.files import Stamp, stamp
from exptdir.record.walk import ENVIRONMENT, PROGRAMS, compile_patterns, is_environment

#: What editors and programs write beside a file while they save it: vim, Emacs, JetBrains, office programs, browsers.
_TEMPORARY = re.compile(
    r".*~|\#.*\#|~\$.*|4913|.*\.(?:tmp|temp|swp|swo|swx|part|crdownload|pyc)|.*___jb_(?:tmp|old|bak)___",
    re.IGNORECASE | re.DOTALL,
)
#: The hidden directory that does mean something: the facts of an experiment; but not the link in it to the project.
_FACTS, _LINK = ".expt", "root"
#: A search for files ends here: more are no record.
_MOST = 400_000


class WatchedPlaces:
    """Where a record is, and where what lies in it means nothing.

    *root* is the source directory, absolute and without links. The changes of *private* directories and files mean
    nothing; *deep* says whether directories in it belong to it, or only files.
    """

    def __init__(self, root: str | os.PathLike[str], private: Iterable[str] = (), *, deep: bool = True) -> None:
        self.root = os.fspath(root)
        self.deep = deep
        self.private = frozenset(private)
        self.outside: frozenset[str] = frozenset()
        self._ignored = compile_patterns(())

    def ignore(self, patterns: Iterable[str]) -> None:
        """Have files mean nothing that match a pattern, as those of ``exclude_patterns`` do."""
        self._ignored = compile_patterns(tuple(patterns))

    def means_something(self, path: str) -> bool:
        """Tell whether a change of a file, given absolutely, could change a page."""
        at = next((one for one in (self.root, *self.outside) if is_below(path, (one,))), None)
        if at is None or is_below(path, self.private):
            return False
        inside = os.path.relpath(path, at).split(os.sep)
        if inside == ["."]:
            return True
        if at == self.root and not self.deep and len(inside) > 1:
            return False
        hidden = [depth for depth, name in enumerate(inside) if name.startswith(".")]
        if hidden and ([inside[depth] for depth in hidden] != [_FACTS] or inside[hidden[0] + 1 :][:1] == [_LINK]):
            return False
        directories = (os.path.join(at, *inside[:depth]) for depth in range(1, len(inside)))
        if not PROGRAMS.isdisjoint(inside[:-1]) or any(map(is_environment, directories)):
            return False
        # A pattern may name a directory, and means all that is in it.
        ignored = (self._ignored("/".join(inside[:depth])) for depth in range(1, len(inside) + 1))
        return not (_TEMPORARY.fullmatch(inside[-1]) or any(ignored))

    def files(self, directory: str) -> Iterator[tuple[str, Stamp]]:
        """Yield the files below a directory that mean something; links to directories are not followed."""
        waiting, seen = [directory], 0
        if not self.means_something(os.path.join(directory, "_")):
            return
        while waiting and seen < _MOST:
            try:
                with os.scandir(waiting.pop()) as found:
                    entries = list(found)
            except OSError:
                continue
            if any(entry.name == ENVIRONMENT for entry in entries):
                continue
            seen += len(entries)
            for entry in entries:
                if (entry.name.startswith(".") and entry.name != _FACTS) or entry.path in self.private:
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if self.deep and entry.name not in PROGRAMS:
                            waiting.append(entry.path)
                    elif entry.is_file() and not _TEMPORARY.fullmatch(entry.name) and (known := stamp(entry.path)):
                        yield entry.path, known
                except OSError:
                    continue


def real(path: str) -> str:
    """Return a path whose directories are no links; what it ends with may be one."""
    directory, name = os.path.split(path)
    return os.path.join(os.path.realpath(directory), name)


#: Milliseconds without a change after which those before it are reported, the longest wait for that, and how often
#: one looks whether to stop.
_QUIET, _LONGEST, _TURN = 25, 400, 500
#: Seconds between two looks at the disk where it has to be asked, and at most this share of the time is spent on them.
_POLL, _SHARE = 1.0, 0.1
#: What watchfiles calls a new file or directory, one with other content, one that is gone.
ADDED, _CHANGED, _DELETED = 1, 2, 3


class _Stop(Event):
    """An event that also tells when it is asked for the first time: then the watch it is to end has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = Event()
        self.error: Exception | None = None

    def is_set(self) -> bool:
        self.begun.set()
        return super().is_set()


@dataclass
class _Watch:
    """One set of watched directories: all that is below them, or only what is in them."""

    recursive: bool
    paths: frozenset[str] = frozenset()
    stop: _Stop = field(default_factory=_Stop)


class Watcher:
    """Reports what changes in a record, and in files outside it that it shows.

    Directories at the top of the record whose content means nothing, such as the output, are not watched at all.
    Called from other threads are *report*, with the kinds and paths of what has changed, and *lost*, where changes may
    have been missed, so that one has to look; *say* with what the author should know.
    """

    def __init__(
        self,
        places: WatchedPlaces,
        report: Callable[[Iterable[tuple[int, str]]], None],
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

    def update(self, *, anew: bool = False) -> None:
        """Begin to watch, or watch what has become part of the record since; it may take a second.

        With *anew*, watch also that anew which is watched.
        """
        deep, flat = to_watch(self._places)
        with self._lock:
            for watch, paths in ((self._flat, flat), (self._deep, deep)):
                if anew or paths != watch.paths:
                    self._renew(watch, paths)

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
        watch.stop = stop = _Stop()
        if paths:
            _start(self._listen, sorted(paths), watch.recursive, stop)
            stop.begun.wait()
            if stop.error is not None:
                self._ask_the_disk(stop.error)
        before.set()

    def _listen(self, paths: list[str], recursive: bool, stop: _Stop) -> None:
        from watchfiles import watch

        # Its own way to ask misses what changes twice in a second. Directories that may not be read are not ours.
        try:
            for found in watch(
                *paths,
                debounce=_LONGEST,
                step=_QUIET,
                rust_timeout=_TURN,
                recursive=recursive,
                stop_event=stop,
                watch_filter=None,
                force_polling=False,
                ignore_permission_denied=True,
            ):
                self._report(found)
                new = {path for kind, path in found if kind == ADDED and os.path.dirname(path) == self._places.root}
                deep = to_watch(self._places)[0] if new else frozenset()
                if new := new & deep:
                    with self._lock:
                        self._renew(self._deep, deep)
                    self._report({(ADDED, path) for path in new})
        except (RuntimeError, OSError) as error:
            if not stop.begun.is_set():
                stop.error = error
                stop.begun.set()
            elif not stop.is_set():
                # It has met a name that is no text, and is of no use any more.
                self._lost()

    def _ask_the_disk(self, error: Exception) -> None:
        """Look at all files again and again, now that the system will not tell."""
        self._deep.stop.set()
        self._flat.stop.set()
        self._asked = stop = Event()
        self._say(
            f"The system cannot watch so many directories ({error}); the disk is looked at every second instead, "
            "which takes more of the machine. On Linux, raise fs.inotify.max_user_watches."
        )
        first = self._stamps()

        def ask() -> None:
            known, pause = first, _POLL
            while not stop.wait(pause):
                begun = monotonic()
                before, known = known, self._stamps()
                changed = {path for path, _ in before.items() ^ known.items()}
                gone, new = before.keys() - known.keys(), known.keys() - before.keys()
                if changed:
                    kinds = ((_DELETED if one in gone else ADDED if one in new else _CHANGED, one) for one in changed)
                    self._report(kinds)
                pause = max(_POLL, (monotonic() - begun) / _SHARE)

        _start(ask)

    def _stamps(self) -> dict[str, Stamp]:
        single = ((path, stamp(path)) for path in self._places.outside if not os.path.isdir(path))
        found = {path: known for path, known in single if known}
        for directory in (self._places.root, *filter(os.path.isdir, self._places.outside)):
            found |= self._places.files(directory)
        return found


def _start(work: Callable[..., None], *arguments: object) -> None:
    Thread(target=work, args=arguments, name="exptdir-watch", daemon=True).start()


def to_watch(places: WatchedPlaces) -> tuple[frozenset[str], frozenset[str]]:
    """Return the directories that are watched with all that is below them, and those that are watched alone."""
    flat, deep = {places.root}, set[str]()
    try:
        names = os.listdir(places.root) if places.deep else []
    except OSError:
        names = []
    for name in names:
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

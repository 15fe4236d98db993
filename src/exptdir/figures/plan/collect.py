"""Turns the paths that a run touched into facts."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from exptdir.figures.ledger.outside import is_below, is_passing, stamp
from exptdir.figures.model import LEDGER
from exptdir.figures.plan.tree import Tree

#: The digest of an input that changed while the script ran; no file has it.
CHANGED = "changed"
#: A file larger than this that may only *perhaps* be read is not digested but known by size and time.
BIG = 1 << 26


@dataclass
class Collector:
    """Collects the facts of one entry.

    Parameters
    ----------
    tree
        The record's files.
    own
        The files that the script itself wrote: they are no inputs unless it read them first.
    started
        When it was started, in nanoseconds; what is newer changed while it ran.
    inputs, modules, listings, absent
        The facts.
    stamps
        Sizes and times of files that are known by these alone, by path: absolute, or relative to the base.
    """

    tree: Tree
    own: frozenset[str]
    started: int
    inputs: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    listings: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    stamps: dict[str, str] = field(default_factory=dict)

    def read(self, path: str, into: dict[str, str]) -> None:
        """Take a file that was read into the facts of one kind."""
        digest = self.tree.digest(path)
        if digest is not None:
            into[path] = CHANGED if self._is_newer(path) else digest
        elif path not in self.own and not os.path.isdir(self.tree.absolute(path)):
            # It was read and is gone, though not by the script's own doing.
            into[path] = CHANGED

    def _is_newer(self, path: str) -> bool:
        if path in self.own:
            return False
        try:
            return os.stat(self.tree.absolute(path)).st_ctime_ns > self.started
        except OSError:
            return True

    def perhaps_read(self, path: str) -> None:
        """Take a file that may be an input; where that costs much, by size and time alone."""
        absolute = self.tree.absolute(path)
        try:
            big = os.stat(absolute).st_size > BIG
        except OSError:
            return
        if big:
            self.stamps[path] = stamp(absolute)
        else:
            self.read(path, self.inputs)

    def list_names(self, directory: str, known: Collection[str]) -> None:
        """Take a directory that was listed; *known* are figures that were in it before, old or new."""
        digest = self.tree.listing(directory, without=self.own)
        if digest is None:
            self.absent.add(directory)
            return
        with os.scandir(self.tree.absolute(directory)) as found:
            names = [entry.name for entry in found if not entry.name.startswith(".") and entry.name != LEDGER]
        others = ({posixpath.normpath(posixpath.join(directory, name)) for name in names} - self.own).difference(known)
        grew = os.stat(self.tree.absolute(directory)).st_mtime_ns > self.started
        self.listings[directory] = CHANGED if grew and any(map(self._is_newer, others)) else digest

    def outside(self, path: str) -> None:
        """Take a file outside the record."""
        try:
            newer = os.path.isfile(path) and os.stat(path).st_mtime_ns > self.started
        except OSError:
            newer = True
        self.stamps[path] = CHANGED if newer else stamp(path)


class Places:
    """Sorts absolute paths into those of the record and those outside it that count.

    Parameters
    ----------
    tree
        The record's files.
    private
        Directories in which nothing counts.
    """

    def __init__(self, tree: Tree, private: tuple[str, ...]) -> None:
        self._tree = tree
        self._private = private

    def inside(self, paths: Iterable[str]) -> set[str]:
        """Return those in the record, relative to its base."""
        found = {place for path in paths if (place := self._tree.inside(path)) is not None and not self._is_own(path)}
        return {path for path in found if "__pycache__" not in path}

    def _is_own(self, path: str) -> bool:
        # A record may itself lie where programs do, in a directory for temporary files for instance.
        return is_below(path, tuple(place for place in self._private if self._tree.inside(place) is not None))

    def outside(self, paths: Iterable[str]) -> set[str]:
        """Return those outside the record."""
        far = {path for path in paths if self._tree.inside(path) is None and not is_below(path, self._private)}
        return {path for path in far if not is_passing(path)}

"""What one scan leaves for the next one in the same process: what is as it was is neither listed nor read again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from exptdir.record.files import Remembered, Stamp, lasting, stamp
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem

#: Directories that hold programs or their waste, never an experiment.
PROGRAMS = frozenset({"__pycache__", "node_modules", "site-packages"})
#: The files, beside the log, that facts come from; those in ``.expt`` apart, since most experiments have none.
_BESIDE = ("expt.toml", ".expt")
_SMALL = (".expt/id", ".expt/status", ".expt/tags", ".expt/prereqs")

#: An experiment, and what is wrong with it alone.
Read = tuple[Experiment, list[Problem]]


class Listing(NamedTuple):
    """Names of the visible files of a directory, of the directories to look into, and of those to leave alone.

    *linked* tells that it holds links, which may come to lead elsewhere without the directory's knowing.
    """

    files: list[str]
    inside: list[str]
    apart: list[str]
    linked: bool = False


def list_directory(directory: str) -> Listing:
    """List a directory; one that cannot be listed counts as empty.

    Left alone are links to directories; hidden directories, and those of programs, are not even named.
    """
    found = Listing([], [], [])
    linked = False
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return found
    for entry in entries:
        if entry.name.startswith(".") or entry.name in PROGRAMS:
            continue
        if entry.is_dir(follow_symlinks=False):
            found.inside.append(entry.name)
            continue
        link = entry.is_symlink()
        linked = linked or link
        (found.apart if link and os.path.isdir(entry.path) else found.files).append(entry.name)
    return found._replace(linked=linked)


class Tree(Remembered[Listing]):
    """Listings of directories, each made again only when the directory has changed."""

    def listing(self, directory: str) -> Listing:
        """Return what :func:`list_directory` does; the same object as long as it is as it was."""
        return self.of(directory, list_directory, lambda listing: not listing.linked)


class ScanMemory:
    """What is known of a record from the last scan; each application has its own."""

    def __init__(self) -> None:
        self.tree = Tree()
        self._scanned: object = None
        self._known: dict[str, tuple[object, list[Stamp | None], Read]] = {}
        self._before = self._known
        self._logs: dict[str, tuple[list[str], list[str]]] = {}
        self._record: Record | None = None
        self._wrong: tuple[Problem, ...] = ()
        self.exclude: Callable[[str], bool] = bool

    def begin(self, base: Path, settings: object, exclude: Callable[[str], bool]) -> None:
        """Begin a scan; what is known of another record, or by other settings, is forgotten."""
        if self._scanned != (base, settings):
            self._known, self._logs, self._record = {}, {}, None
            self._scanned, self.exclude = (base, settings), cache(exclude)
        self.tree.renew()
        self._known, self._before = {}, self._known

    def logs(self, path: str, files: list[str], find: Callable[[], list[str]]) -> list[str]:
        """Return what *find* finds among the files of a directory, which is asked for each listing once."""
        known = self._logs.get(path)
        if known is None or known[0] is not files:
            known = self._logs[path] = files, find()
        return known[1]

    def experiment(self, base: Path, key: str, facts: object, log: str, read: Callable[[], Read]) -> Read:
        """Return what *read* reads of an experiment, which is asked when one of its sources has changed.

        Parameters
        ----------
        base
            The source directory.
        key
            The experiment's key.
        facts
            What else its reading goes by.
        log
            The name of its log.
        read
            Reads it.
        """
        directory = f"{base}/{key}/"
        stamps = [stamp(directory + name) for name in (log, *_BESIDE)]
        if stamps[-1]:
            stamps += [stamp(directory + name) for name in _SMALL]
        known = self._before.get(key)
        if known is None or known[0] != facts or known[1] != stamps:
            # Before the files are read: one that changes meanwhile is read again next time.
            kept = [lasting(one) for one in stamps]
            last, found = known[2] if known is not None else None, read()
            known = facts, kept, last if last is not None and _alike(last, found) else found
        self._known[key] = known
        return known[2]

    def record(
        self,
        base: Path,
        experiments: Mapping[str, Experiment],
        problems: Iterable[Problem],
        check: Callable[[Record], Iterable[Problem]],
    ) -> Record:
        """Make a record of the experiments; the last one, with all that was looked up in it, where they are the same.

        Parameters
        ----------
        base, experiments, problems
            The record's.
        check
            Finds what is wrong with a record as a whole; asked once for the same experiments.
        """
        last = self._record
        if last is None or not _same(last.experiments, experiments):
            last = Record(base, experiments)
            self._wrong = tuple(check(last))
        found = (*problems, *self._wrong)
        self._record = last if last.problems == found else last.with_problems(found)
        return self._record


def _alike(one: Read, other: Read) -> bool:
    return one == other and one[0].origins == other[0].origins


def _same(one: Mapping[str, Experiment], other: Mapping[str, Experiment]) -> bool:
    return len(one) == len(other) and all(other.get(key) is found for key, found in one.items())

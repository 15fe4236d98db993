"""A record with what its logs hold, much of it remembered: files that are as they were are not read again.

Reading ten thousand experiments takes seconds; asking the disk whether they have changed takes a tenth of one.
A file is as it was if its size and both its times are, and ``ctime`` cannot be set back.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from exptdir.record.indexfile import Directory, Item, Stamp, load, save, stamp
from exptdir.record.reading import item_of
from exptdir.record.stamps import RACY

if TYPE_CHECKING:
    from exptdir.record.home import Conf
    from exptdir.record.model import Record
    from exptdir.record.walk import ScanSettings

#: So many files are sooner read again than what is remembered is written again.
_FEW = 25


@dataclass(frozen=True)
class Index:
    """A record, and what its logs hold.

    Parameters
    ----------
    base
        The source directory.
    items
        What is known of each experiment, by its key.
    """

    base: Path
    items: Mapping[str, Item]

    @cached_property
    def record(self) -> Record:
        """The experiments as a record; its problems are left to :func:`exptdir.record.scan.scan`."""
        from exptdir.record.model import Record
        from exptdir.record.remembered import experiment_of

        with _without_collection():
            base = os.fspath(self.base)
            experiments = {key: experiment_of(base, key, self.items[key]) for key in sorted(self.items)}
            if len({item.root for item in self.items.values()}) > 1:
                from exptdir.record.scan import addressable

                experiments = dict(addressable(experiments))
            return Record(self.base, experiments)


def index(conf: Conf, cache: Path | None = None) -> Index:
    """Find all experiments of a record, without looking for what is wrong with them.

    Parameters
    ----------
    conf
        What the record's ``conf.py`` says.
    cache
        The file in which it is remembered; without one, everything is read.
    """
    with _without_collection():
        mark = ascii((conf.values, os.fspath(conf.base)))
        remembered = load(cache, mark) if cache is not None else {}
        walk = _Walk(conf, remembered)
        for root in conf.roots:
            walk.walk(PurePosixPath(root).as_posix())
        if cache is not None and (walk.read > _FEW or not remembered):
            save(cache, mark, walk.now)
        return Index(conf.base, walk.items)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Make hundreds of thousands of lasting objects without each being looked at for cycles over and over."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # Else the first collection would look at all of them after all.
            gc.freeze()
            gc.enable()


class _Walk:
    """One walk through the directories, with what is remembered of them."""

    def __init__(self, conf: Conf, remembered: Mapping[str, Directory]) -> None:
        self.base, self._conf, self._remembered = os.fspath(conf.base), conf, remembered
        self.items: dict[str, Item] = {}
        self.now: dict[str, Directory] = {}
        self.read = 0
        self._recent = time.time_ns() - RACY
        # All at once, as that is most of what a command does in a large record.
        there = {path: stamp(f"{self.base}/{path}") for path in remembered}
        self._same = {path for path, known in remembered.items() if there[path] == known.stamp}

    def walk(self, root: str) -> None:
        """Take in what lies below a root; one that leads out of the record holds nothing."""
        if root.startswith("/") or ".." in PurePosixPath(root).parts:
            return
        waiting = [root]
        while waiting:
            path = waiting.pop()
            known = self.now.get(path) or self._directory(path)
            if known.logs and path != root and path not in self.items:
                known = self._experiment(root, path, known)
            self.now[path] = known
            if known.inside:
                prefix = "" if path == "." else f"{path}/"
                waiting += [prefix + name for name in known.inside]

    @cached_property
    def _settings(self) -> ScanSettings:
        return self._conf.scan_settings

    def _directory(self, path: str) -> Directory:
        if path in self._same:
            return self._remembered[path]
        from exptdir.record.walk import find_logs, visible_directories

        directory, settings = f"{self.base}/{path}", self._settings
        now = stamp(directory)
        files, inside, _ = visible_directories(directory)
        if "pyvenv.cfg" in files:
            files, inside = [], []
        prefix = "" if path == "." else f"{path}/"
        inside = [name for name in inside if not settings.exclude(prefix + name)]
        self.read += 1
        return Directory(self._lasting(now), inside, find_logs(path, files, settings), None)

    def _lasting(self, now: Stamp) -> Stamp:
        return () if now and max(now[:2]) > self._recent else now

    def _experiment(self, root: str, path: str, known: Directory) -> Directory:
        item = known.item
        if item is not None and self._unchanged(path, item):
            self.items[path] = item
            return known
        self.read += 1
        read = self.items[path] = item_of(Path(self.base), root, path, list(known.logs))
        return known._replace(item=read._replace(stamps=[self._lasting(now) for now in read.stamps]))

    def _unchanged(self, path: str, item: Item) -> bool:
        directory = f"{self.base}/{path}/"
        return [stamp(directory + name) for name in item.sources] == item.stamps

"""A record with what its logs hold, much of it remembered: files that are as they were are not read again.

Reading ten thousand experiments takes seconds; asking the disk whether they have changed takes a tenth of one.
A file is as it was if its size and both its times are, and ``ctime`` cannot be set back.
"""

from __future__ import annotations

import gc
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from exptdir.record.indexfile import Item, experiment_of, item_of, load, save, stamp
from exptdir.record.model import Record
from exptdir.record.scan import addressable, find_logs, visible_directories

if TYPE_CHECKING:
    from exptdir.record.home import Conf
    from exptdir.record.scan import ScanSettings

#: A file that changed so shortly before it was looked at may change again without its times telling (in ns).
_RACY = 2_000_000_000
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
        with _without_collection():
            base = os.fspath(self.base)
            experiments = {key: experiment_of(base, key, item) for key, item in self.items.items()}
            return Record(self.base, dict(sorted(addressable(experiments))))


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
        settings = conf.scan_settings
        mark = hashlib.sha256(ascii((conf.values, str(conf.base))).encode()).hexdigest()
        remembered = load(cache, mark) if cache is not None else {}
        try:
            walk = _walked(conf.base, settings, remembered)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            # Somebody has been at the file; what it says is not needed.
            walk = _walked(conf.base, settings, {})
        if cache is not None and (walk.read > _FEW or not walk.remembered):
            save(cache, mark, walk.now)
        return Index(conf.base, walk.items)


def _walked(base: Path, settings: ScanSettings, remembered: Mapping[str, Any]) -> _Walk:
    walk = _Walk(base, settings, remembered)
    for root in settings.roots:
        walk.walk(PurePosixPath(root).as_posix())
    return walk


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

    def __init__(self, base: Path, settings: ScanSettings, remembered: Mapping[str, Any]) -> None:
        self.base, self.settings, self.remembered = os.fspath(base), settings, remembered
        self.items: dict[str, Item] = {}
        self.now: dict[str, Any] = {}
        self.read = 0
        self._recent = time.time_ns() - _RACY

    def walk(self, root: str) -> None:
        """Take in what lies below a root; one that leads out of the record holds nothing."""
        if root.startswith("/") or ".." in PurePosixPath(root).parts:
            return
        waiting = [root]
        while waiting:
            path = waiting.pop()
            known = self._directory(path)
            if path != root and known["logs"] and path not in self.items:
                self._experiment(root, path, known)
            prefix = "" if path == "." else f"{path}/"
            waiting += [prefix + name for name in known["inside"]]

    def _directory(self, path: str) -> dict[str, Any]:
        directory = f"{self.base}/{path}"
        now = stamp(directory)
        known: dict[str, Any] | None = self.remembered.get(path)
        if known is None or known["stamp"] != now:
            files, inside, _ = visible_directories(directory)
            if "pyvenv.cfg" in files:
                files, inside = [], []
            prefix = "" if path == "." else f"{path}/"
            inside = [name for name in inside if not self.settings.exclude(prefix + name)]
            logs = find_logs(path, files, self.settings)
            known = {"stamp": self._lasting(now), "inside": inside, "logs": logs}
            self.read += 1
        self.now[path] = known
        return known

    def _lasting(self, now: list[int]) -> list[int]:
        return [] if now and max(now[:2]) > self._recent else now

    def _experiment(self, root: str, path: str, known: dict[str, Any]) -> None:
        known_item = known.get("item")
        if known_item is not None and self._unchanged(path, known_item):
            item = Item(known_item)
        else:
            item = item_of(Path(self.base), root, path, known["logs"])
            sources = {name: self._lasting(now) for name, now in item.data["sources"].items()}
            known["item"] = {**item.data, "sources": sources}
            self.read += 1
        self.items[path] = item

    def _unchanged(self, path: str, item: Mapping[str, Any]) -> bool:
        return all(stamp(f"{self.base}/{path}/{name}") == then for name, then in item["sources"].items())

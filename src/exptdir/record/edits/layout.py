"""Where everything is after directories have got new names: a mapping of paths, and the record made by it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePosixPath

from exptdir.record.edits.plan import Rename
from exptdir.record.facts import from_name
from exptdir.record.model import Experiment, Record


@dataclass(frozen=True)
class DirectoryLayout:
    """New names and ids for some experiments."""

    record: Record
    #: Directories by their old path, with the new one; one that keeps its parent may be inside another.
    moves: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)

    def moved(self, path: str) -> str:
        """Return the new path of a file or directory, both from the source directory."""
        if not any(path == old or path.startswith(old + "/") for old in self.moves):
            return path
        old = new = ""
        for part in PurePosixPath(path).parts:
            old, new = posixpath.join(old, part), posixpath.join(new, part)
            if old in self.moves:
                target = self.moves[old]
                stays = posixpath.dirname(target) == posixpath.dirname(old)
                new = posixpath.join(posixpath.dirname(new), posixpath.basename(target)) if stays else target
        return new

    def touches(self, path: str) -> bool:
        """Tell whether a path changes."""
        return self.moved(path) != path

    @cached_property
    def affected(self) -> frozenset[str]:
        """The old keys of the experiments whose place, name or id changes."""
        return frozenset(key for key in self.record.experiments if key in self.ids or self.touches(key))

    @cached_property
    def words(self) -> re.Pattern[str]:
        """What a text must hold to be changed by this, on pages that stay where they are."""
        ids, names = set[int](), set[str]()
        for key in self.affected:
            old = self.record.experiments[key]
            for experiment in (old, self.counterpart(old)):
                names |= {experiment.name, experiment.directory_name}
                ids |= set() if experiment.id is None else {experiment.id}
        names |= {posixpath.basename(path) for path in self.moves}
        numbers = [rf"(?<!\d)0*{number}(?!\d)" for number in sorted(ids)]
        return re.compile("|".join([*numbers, *map(re.escape, sorted(names))]) or "$^", re.IGNORECASE)

    def renames(self) -> tuple[Rename, ...]:
        """Return the renames, inner directories first, when those around them still have their old names."""
        base = self.record.base
        inner_first = sorted(self.moves.items(), key=lambda move: -move[0].count("/"))
        return tuple(Rename(base / old, base / new) for old, new in inner_first if old != new)

    @cached_property
    def after(self) -> Record:
        """The record as it will be."""
        roots = sorted(set(map(_root, self.record.experiments.values())), key=len, reverse=True)
        found = {}
        for experiment in self.record.experiments.values():
            key = self.moved(experiment.key)
            new = replace(experiment, id=self.ids.get(experiment.key, experiment.id))
            if key != experiment.key:
                renamed = posixpath.basename(key) != experiment.directory_name
                below = (key.removeprefix(root + "/") for root in roots if root and key.startswith(root + "/"))
                path = key if experiment.path == experiment.key else next(below, key)
                name = name_of(key, new.id) if renamed else experiment.name
                new = replace(new, key=key, path=path, log=self.record.base / key / experiment.log.name, name=name)
            found[key] = new
        return Record(self.record.base, dict(sorted(found.items())))

    def counterpart(self, experiment: Experiment) -> Experiment:
        """Return what an experiment of the old record is in the new one."""
        return self.after.experiments[self.moved(experiment.key)]


def name_of(key: str, stated: int | None) -> str:
    """Return the name that a directory gives to its experiment."""
    claims = {claim.fact: claim.value for claim in from_name(key, stated)}
    return str(claims.get("name", posixpath.basename(key)))


def _root(experiment: Experiment) -> str:
    return experiment.key.removesuffix(experiment.path).rstrip("/")


def is_below_a_root(record: Record, directory: str) -> bool:
    """Tell whether an experiment in a directory would be found, as far as those that are there tell the roots."""
    roots = set(map(_root, record.experiments.values()))
    return any(not root or directory == root or directory.startswith(root + "/") for root in roots)


def root_of(record: Record, experiment: Experiment) -> str:
    """Return the record root that an experiment is below; empty for the source directory itself."""
    found = _root(experiment)
    others = set(map(_root, record.experiments.values()))
    # An experiment that two roots have under one path is written from the source directory.
    return found or next((root for root in others if root and experiment.key.startswith(root + "/")), "")

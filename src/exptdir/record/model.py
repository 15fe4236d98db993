"""The record as a value: experiments, how they nest, and how they are looked up."""

from __future__ import annotations

import copy
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from exptdir.record.dates import days_of_name
from exptdir.record.facts_values import ANY_FORM, LogForm
from exptdir.record.problem import NameIndex, Problem
from exptdir.record.walk import OTHER_FORMS

#: Whether an experiment is without a number, that number, and its path as people sort.
ListingOrder = tuple[bool, int, tuple[tuple[int, int, str], ...]]
Key = TypeVar("Key", int, str)


@dataclass(frozen=True)
class Facts:
    """What is known about an experiment from its metadata."""

    id: int | None = None
    #: Its title, where the metadata give one; the log's heading is not asked.
    title: str | None = None
    #: Its status in lower case with spaces (``in progress``); any text.
    status: str | None = None
    tags: tuple[str, ...] = ()
    #: The references to the experiments that must be complete first, as written.
    prerequisites: tuple[str, ...] = ()
    #: The references to the experiments that it goes on from, as written; it does not wait for them.
    builds_on: tuple[str, ...] = ()
    begun: date | None = None
    #: Whether it is to be kept out of what is published; the status ``draft`` says the same.
    draft: bool = False
    #: The directory's name without the number; ``None`` where it is only a number.
    name: str | None = None
    #: How the log is to be read, by ``[log]`` in ``expt.toml``.
    form: LogForm = ANY_FORM
    #: Fact → the file (or directory) and line that it came from.
    origins: Mapping[str, tuple[Path, int | None]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Experiment(Facts):
    """A directory below a record root that holds a log."""

    #: The directory's POSIX path relative to the source directory; unique.
    key: str
    #: The same relative to the record root, which is how references write it.
    path: str
    log: Path
    name: str
    #: The names of the Jupyter notebooks beside the log.
    notebooks: tuple[str, ...] = ()
    origins: Mapping[str, tuple[Path, int | None]] = field(default_factory=dict, compare=False, repr=False)
    #: The log's path without its suffix, which is what Sphinx calls the document.
    docname: str = field(init=False, compare=False, repr=False)
    #: A digest of all facts, which is another where any of them is; the facts as text would be far longer.
    fingerprint: str = field(init=False, compare=False, repr=False)
    #: What pages sort experiments by: the id, then the path as people count and by the days in it.
    order: ListingOrder = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Compute what is asked for again and again, by every page that names the experiment."""
        # Not when it is first asked for: an attribute that comes later makes an experiment take five times the memory.
        object.__setattr__(self, "docname", f"{self.key}/{self.log.stem}" if self.key != "." else self.log.stem)
        digest = hashlib.blake2b(repr(self).encode("utf-8", "surrogateescape"), digest_size=12)
        object.__setattr__(self, "fingerprint", digest.hexdigest())
        names = []
        for name in self.key.split("/"):
            # The day comes first, so that "2023.06.15_x" stands before "2023-11-02_y".
            days = days_of_name(name) if name[:1].isdecimal() else []
            days = [self.begun] if self.begun in days else days
            names.append(f"{days[0].isoformat()} {name}" if len(days) == 1 else name)
        object.__setattr__(self, "order", (self.id is None, self.id or 0, natural_key("/".join(names))))

    @property
    def is_page(self) -> bool:
        """Whether the log is a page, which Sphinx reads as it stands, and not one in another form."""
        return self.log.suffix not in OTHER_FORMS and not self.form.format

    @property
    def stated_title(self) -> str | None:
        """The title, where it is a fact and not merely the log's first heading."""
        return self.title if "title" in self.origins else None

    @property
    def root(self) -> str:
        """The record root that it is in, with a slash behind it; empty for the source directory."""
        return self.key.removesuffix(self.path)

    @property
    def directory_name(self) -> str:
        """Name of the experiment's directory."""
        return self.key.rpartition("/")[2]

    @property
    def address(self) -> str:
        """The shortest reference that is certain to reach this experiment."""
        return str(self.id) if self.id is not None else self.path

    def label(self, reference_format: str = "#{id}", title: str | None = None) -> str:
        """What a reference to this experiment shows, by *reference_format*; a named one never shows ``#``.

        *title* stands for the title where the caller knows it better, as Sphinx does once the log is read.
        """
        if self.id is not None and reference_format == "#{id}":
            return f"#{self.id}"
        if self.id is None:
            reference_format = re.sub(r"#?\{id\}", "{name}", reference_format)
        shown = {"id": self.id, "name": self.name, "title": title or self.title or self.name, "path": self.path}
        return reference_format.format_map(shown)


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key by which ``run2`` comes before ``run10``."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts)


def in_order(experiments: Iterable[Experiment]) -> list[Experiment]:
    """Sort experiments as pages list them: by id, then the named ones by path."""
    return sorted(experiments, key=lambda experiment: experiment.order)


@dataclass(frozen=True)
class Record:
    """All experiments of a Sphinx project, as the scan found them."""

    base: Path
    experiments: Mapping[str, Experiment]
    problems: tuple[Problem, ...] = ()

    def with_problems(self, problems: Iterable[Problem]) -> Record:
        """Return the same experiments with other problems; what was looked up of them is kept."""
        other = copy.copy(self)
        object.__setattr__(other, "problems", tuple(problems))
        return other

    def without_drafts(self) -> tuple[Record, frozenset[str]]:
        """Return the record without drafts and what is nested in them, and the keys of these."""
        drafts = {key for key, experiment in self.experiments.items() if experiment.draft}
        if not drafts:
            return self, frozenset()
        left = {
            key: experiment
            for key, experiment in self.experiments.items()
            if drafts.isdisjoint((key, *(above.key for above in self.ancestors(experiment))))
        }
        return Record(self.base, left, self.problems), frozenset(self.experiments.keys() - left.keys())

    @cached_property
    def by_docname(self) -> dict[str, Experiment]:
        """Experiments by the document that is their log."""
        return {experiment.docname: experiment for experiment in self.experiments.values()}

    @cached_property
    def roots(self) -> frozenset[str]:
        """The record roots that hold experiments; empty for the source directory itself."""
        return frozenset(experiment.root.rstrip("/") for experiment in self.experiments.values())

    @cached_property
    def by_id(self) -> dict[int, list[Experiment]]:
        """Experiments by id; a list longer than one is a problem that the scan reports."""
        return self._by(lambda experiment: () if experiment.id is None else (experiment.id,))

    @cached_property
    def by_path(self) -> dict[str, list[Experiment]]:
        """Experiments by their path below a root, and by their path from the source directory."""
        return self._by(lambda experiment: (experiment.path, experiment.key))

    @cached_property
    def by_name(self) -> dict[str, list[Experiment]]:
        """Experiments by directory name, with and without the number in front."""
        return self._by(lambda experiment: (experiment.directory_name, experiment.name))

    def _by(self, keys: Callable[[Experiment], Iterable[Key]]) -> dict[Key, list[Experiment]]:
        found: dict[Key, list[Experiment]] = defaultdict(list)
        for experiment in self.experiments.values():
            for key in dict.fromkeys(keys(experiment)):
                found[key].append(experiment)
        return dict(found)

    @cached_property
    def names(self) -> NameIndex:
        """The names and paths by which experiments are referred to."""
        return NameIndex([*self.by_name, *self.by_path])

    @cached_property
    def _families(self) -> tuple[dict[str, str | None], dict[str | None, tuple[Experiment, ...]]]:
        """The parent's key by that of each experiment, and the children by their parent's."""
        parents: dict[str, str | None] = {}
        families: dict[str | None, list[Experiment]] = defaultdict(list)
        for key, experiment in self.experiments.items():
            parent = self._above(key)
            parents[key] = parent
            families[parent].append(experiment)
        return parents, {parent: tuple(in_order(group)) for parent, group in families.items()}

    def _above(self, key: str) -> str | None:
        """Return the key of the experiment around a directory; by text alone, as there may be ten thousand."""
        while key not in {"", "."}:
            key = key.rpartition("/")[0] or "."
            if key in self.experiments:
                return key
        return None

    def parent(self, experiment: Experiment) -> Experiment | None:
        """Return the experiment that *experiment* is nested in."""
        key = self._families[0][experiment.key]
        return None if key is None else self.experiments[key]

    def ancestors(self, experiment: Experiment) -> list[Experiment]:
        """Return the experiments around *experiment*, the nearest first."""
        above = self.parent(experiment)
        return [] if above is None else [above, *self.ancestors(above)]

    def around(self, docname: str) -> Experiment | None:
        """Return the experiment that a document belongs to: its own, or the nearest directory's."""
        return self.by_docname.get(docname) or self.experiments.get(self._above(docname) or "")

    def children(self, experiment: Experiment | None) -> tuple[Experiment, ...]:
        """Return the experiments directly inside *experiment*, those of the top for ``None``, in order."""
        return self._families[1].get(None if experiment is None else experiment.key, ())

    def below(self, directory: str) -> list[Experiment]:
        """Return the outermost experiments below *directory*, a POSIX path from the source directory."""
        prefix = "" if directory in {"", "."} else directory.rstrip("/") + "/"
        inside = {key for key in self.experiments if key.startswith(prefix) and key + "/" != prefix}
        return in_order(self.experiments[key] for key in inside if self._families[0][key] not in inside)

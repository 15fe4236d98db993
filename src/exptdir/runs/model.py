"""A run: what it was given, what came of it, where that is written down, and which runs of many are meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, NamedTuple

from exptdir.record.problem import Problem, nearest

#: What a setting or a result may be; a list is kept as the text that shows it.
Value = str | int | float | bool | None
#: How a run goes back to another one.
Descent = Literal["checkpoint", "same as", "resumed", "part of"]

_ENDS_IN_NUMBER = re.compile(r"(.*?)(\d{1,9})")


class Parent(NamedTuple):
    """What a run goes back to: the run, or what is written where no run is known by it; and in which way."""

    run: str
    how: Descent
    written: str
    known: bool = True


@dataclass
class Run:
    """One configured execution.

    Parameters
    ----------
    id
        What it is called; unique among the runs that are looked at together.
    aliases
        Other names by which it may be called, in any case.
    configuration
        What it was given, nested keys joined by dots.
    metrics
        What came of it: the last value of each.
    state
        ``running``, ``finished``, ``failed`` or ``deleted``, where somebody wrote it down.
    parents
        The runs that it goes back to, the first of them for certain.
    files
        What it was read from.
    source
        What kind of files these are, in words.
    commit, command, remark
        The version of the program that ran, how it was called, and what somebody wrote beside it.
    said
        The sentence in which a log concludes about it.
    directory
        Where its scalars and other results lie.
    notes
        What a reader should know of how it was read, and need not mend.
    """

    id: str
    aliases: tuple[str, ...] = ()
    configuration: dict[str, Value] = field(default_factory=dict)
    metrics: dict[str, Value] = field(default_factory=dict)
    state: str = ""
    parents: list[Parent] = field(default_factory=list)
    files: tuple[Path, ...] = ()
    source: str = ""
    commit: str = ""
    command: str = ""
    remark: str = ""
    said: str = ""
    directory: Path | None = None
    notes: list[str] = field(default_factory=list)
    tags: tuple[str, ...] = ()
    #: Whether a log tells of it.
    logged: bool = False
    #: Whether it stands for the parts of a sweep, which are runs of their own.
    is_sweep: bool = False

    @property
    def names(self) -> frozenset[str]:
        """All that it may be called, in lower case."""
        return frozenset(name.lower() for name in (self.id, *self.aliases))


@dataclass
class Runs:
    """The runs of an experiment, in their order, and what is wrong with their files."""

    every: list[Run] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Index the runs by what they may be called."""
        self._named: dict[str, list[Run]] = {}
        for run in self.every:
            for name in run.names:
                self._named.setdefault(name, []).append(run)

    def called(self, name: str) -> list[Run]:
        """Return all runs of a name, sweeps as such."""
        return self._named.get(name.strip().lower(), [])

    def named(self, name: str) -> list[Run]:
        """Return the runs of a name: for a sweep its parts, and for a name in a group also that without it."""
        found = self._named.get(name.strip().lower(), [])
        if len(found) > 1 and not all(run.is_sweep for run in found):
            # An id is more than an alias.
            found = [run for run in found if run.id.lower() == name.strip().lower()] or found
        parts = [part for run in found if run.is_sweep for part in self.parts(run.id)]
        return parts or found

    def parts(self, sweep: str) -> list[Run]:
        """Return the parts of the sweep with an id."""
        return [run for run in self.every if any(p.how == "part of" and p.run == sweep for p in run.parents)]

    def choose(self, text: str) -> tuple[list[Run], list[str]]:
        """Return the runs that an author names, and what is wrong with the names.

        Parameters
        ----------
        text
            Names, ranges (``13-0..13-4``, ``b/13-0..4``), patterns (``13-*``) and tags (``#good``), separated by
            commas; empty for all.

        Returns
        -------
        tuple
            The runs in the order in which they are named, each once, and sentences about what names none.
        """
        whole = [run for run in self.every if not run.is_sweep]
        if not text.strip():
            return whole, []
        found: dict[str, Run] = {}
        troubles: list[str] = []
        for part in filter(None, (part.strip() for part in text.split(","))):
            meant, trouble = self._meant(part, whole)
            if trouble or not meant:
                like = nearest(part, [run.id for run in whole])
                hint = f"; did you mean {' or '.join(like)}?" if like else ""
                troubles.append(trouble or f"there is no run {part!r}{hint}")
            found.update((run.id, run) for run in meant)
        return list(found.values()), troubles

    def _meant(self, part: str, whole: list[Run]) -> tuple[list[Run], str]:
        """Return the runs that one part of a choice names, and what is wrong with it."""
        if part.startswith("#"):
            return [run for run in whole if part[1:].lower() in map(str.lower, run.tags)], ""
        if ".." in part and not self.named(part):
            return self.range_of(part)
        if any(sign in part for sign in "*?["):
            return [run for run in whole if any(fnmatchcase(name, part.lower()) for name in run.names)], ""
        found = self.named(part)
        if len(found) > 1 and not any(run.is_sweep for run in self.called(part)):
            return found, f"{part!r} may be any of {join_names(run.id for run in found)}"
        return found, ""

    def range_of(self, text: str) -> tuple[list[Run], str]:
        """Return the runs from the first that a text names to the last, and what is wrong with it."""
        first, _, last = (end.strip().lower() for end in text.partition(".."))
        begin, end = _ENDS_IN_NUMBER.fullmatch(first), _ENDS_IN_NUMBER.fullmatch(last)
        if begin is None or end is None or not begin[1].endswith(end[1]):
            return [], f"{text!r} is no range: write the first run and the last, as in 13-0..13-4"
        inside: dict[int, list[Run]] = {}
        for run in self.every:
            for name in run.names:
                found = _ENDS_IN_NUMBER.fullmatch(name)
                if found and found[1] == begin[1] and int(begin[2]) <= int(found[2]) <= int(end[2]):
                    inside.setdefault(int(found[2]), []).extend(self.parts(run.id) if run.is_sweep else [run])
        gaps = [f"{begin[1]}{number}" for number in map(int, (begin[2], end[2])) if number not in inside]
        trouble = f"there is no run {' and no run '.join(gaps)}" if gaps else ""
        return [run for _, runs in sorted(inside.items()) for run in runs], trouble


def shown(value: Value) -> str:
    """Return a value as it would be written in a configuration."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def identity(value: Value) -> tuple[str, object]:
    """Return what two values share that are the same: 1 and 1.0 are, 1 and true are not, nor 1 and a text."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number", "nan" if value != value else value
    return type(value).__name__, value


#: More values than these no configuration of a run has; what holds more makes them by references to itself.
MOST_VALUES = 20_000
#: Levels.
DEEPEST = 50


class TooLarge(ValueError):
    """A configuration holds more than anybody has written."""


def flatten(tree: object) -> dict[str, Value]:
    """Join the keys of nested mappings by dots; lists become the text that shows them.

    Raises TooLarge when there are too many values or levels, as in files whose parts refer to one another, or to
    themselves.
    """
    flat: dict[str, Value] = {}
    waiting: list[tuple[str, object, int]] = [("", tree, 0)]
    seen = 0
    while waiting:
        key, value, depth = waiting.pop()
        seen += 1
        if seen + len(waiting) > MOST_VALUES or depth > DEEPEST:
            raise TooLarge(f"it holds more than {MOST_VALUES:,} values, or {DEEPEST} levels")
        if isinstance(value, dict) and (value or not key):
            inside = [(name if isinstance(name, str) else shown(name), one) for name, one in value.items()]
            waiting += [(f"{key}.{name}" if key else name, one, depth + 1) for name, one in reversed(inside)]
            continue
        # A name with a dot in it may be the path of another value.
        while key in flat:
            key = f'"{key}"'
        flat[key] = value if value is None or isinstance(value, (str, int, float, bool)) else flow(value)
    return flat


def flow(value: object) -> str:
    """Write a list, or what is in one, in a line."""
    budget = [MOST_VALUES]

    def plain(one: object, depth: int) -> object:
        budget[0] -= 1
        if budget[0] < 0 or depth > DEEPEST:
            raise TooLarge(f"a list holds more than {MOST_VALUES:,} values, or {DEEPEST} levels")
        if isinstance(one, dict):
            return {str(name): plain(inner, depth + 1) for name, inner in one.items()}
        if isinstance(one, (list, tuple, set)):
            return [plain(inner, depth + 1) for inner in one]
        return one if one is None or isinstance(one, (str, int, float, bool)) else str(one)

    return json.dumps(plain(value, 0), ensure_ascii=False)


def join_names(names: Iterable[str], most: int = 8) -> str:
    """Return some names as they stand in a sentence, the rest counted."""
    every = list(names)
    more = len(every) - most
    return ", ".join(every[:most]) + (f" and {more} more" if more > 0 else "")

"""The grammar of references: what is typed between the backquotes, or for a command, and what it means in a record."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Literal

from exptdir.errors import ReferenceSyntaxError
from exptdir.record.dates import parse_date
from exptdir.record.model import Experiment, Record, in_order
from exptdir.record.problem import nearest as nearest_names

Kind = Literal["experiment", "entry", "run", "label"]

_ENTRY = re.compile(r"(?P<target>.*)@(?P<date>\d{4}([-/])\d{2}\3\d{2})(?:\.(?P<n>[1-9]\d{0,8}))?", re.DOTALL)
_UP = re.compile(r"-(?P<n>[1-9]\d{0,8})")
#: A longer number is no id; Python refuses to read it at some length.
_LONGEST_ID = 18
#: No experiment is nested deeper.
_DEEPEST = 100
_ARTICLES = {"experiment": "an experiment", "entry": "an entry", "run": "a run", "label": "a label"}


@dataclass(frozen=True)
class Reference:
    """A reference, taken apart as far as that can be done without a record."""

    #: The experiment as typed, perhaps with a run behind it (only the record can tell); empty: this one.
    target: str = ""
    up: int = 0
    #: *date*, *n*: the entry's day and which of that day.
    date: date | None = None
    n: int = 1
    #: Name of an explicit target in the experiment's log.
    label: str | None = None


@dataclass(frozen=True)
class Resolution:
    """Where a reference leads: an experiment and, for the other kinds, the part of it."""

    kind: Kind
    experiment: Experiment
    date: date | None = None
    n: int = 1
    run: str | None = None
    label: str | None = None


@dataclass(frozen=True)
class Unresolved:
    """Why a reference leads nowhere."""

    reason: str
    #: Finds references that may be meant. Asked only when somebody wants to know: of thousands of dead links in other
    #: people's pages nobody does.
    near: Callable[[], tuple[str, ...]] = field(default=tuple, compare=False)
    ambiguous: bool = False

    @cached_property
    def candidates(self) -> tuple[str, ...]:
        """What may be meant, as references, the likeliest first."""
        return self.near()

    @property
    def message(self) -> str:
        """The reason, with what may be meant."""
        if self.ambiguous or not self.candidates:
            return self.reason
        return f"{self.reason}; nearest: {', '.join(self.candidates)}"


#: Tells whether an experiment has a run of that name.
RunExists = Callable[[Experiment, str], bool]


def parse_reference(text: str) -> Reference:
    """Take a reference apart by the grammar.

    ``63``, ``train_cnn``, ``b/13-3``, ``63@2024-06-28.2``, ``@2024/06/28``, ``63#results`` and ``-1`` are some.

    Raises ReferenceSyntaxError if the text is empty or its label is.
    """
    text = text.strip()
    if re.fullmatch(r"#\d+", text):
        # What a page shows as "#63" is what people then type.
        text = text[1:]
    if not text:
        raise ReferenceSyntaxError("the reference is empty")
    if match := _UP.fullmatch(text):
        return Reference(up=int(match["n"]))
    if match := _ENTRY.fullmatch(text):
        day = parse_date(match["date"])
        if day is not None:
            return Reference(match["target"], date=day, n=int(match["n"] or 1))
    target, hash_sign, label = text.partition("#")
    if hash_sign and target:
        if not label:
            raise ReferenceSyntaxError(f"{text!r} has no label after its '#'")
        return Reference(target, label=label)
    return Reference(text)


def find_experiments(record: Record, target: str) -> list[Experiment]:
    """Find the experiments that *target* names: by number, else by path, else by directory name."""
    path = target.strip("/")
    numbered = record.by_id.get(int(target)) if _is_number(target) else None
    # A directory may be named "20240628", which is no id.
    return in_order(numbered or record.by_path.get(path) or record.by_name.get(path) or ())


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= _LONGEST_ID


def resolve(
    record: Record, text: str, current: Experiment | None, run_exists: RunExists, kind: Kind | None = None
) -> Resolution | Unresolved:
    """Say where a reference leads.

    Whether the entry or the label exists is for the caller to see, who knows the documents. A reference without a
    target means *current*; *kind* is the only one that will do, where a typed role was used.
    """
    if kind == "entry" and parse_date(text.strip()) is not None:
        text = "@" + text.strip()
    plain = kind in {None, "experiment"} and not _UP.fullmatch(text.strip())
    whole = find_experiments(record, text.strip()) if plain else []
    if len(whole) == 1:
        # Also "c#" and "run@2024-06-28", where directories are called so.
        return Resolution("experiment", whole[0])
    try:
        reference = parse_reference(text)
    except ReferenceSyntaxError as error:
        return Unresolved(str(error))
    found = _resolve(record, reference, current, run_exists, kind)
    if kind is not None and isinstance(found, Resolution) and found.kind not in {kind, "label"}:
        return Unresolved(f"{text!r} is a reference to {_ARTICLES[found.kind]}, not to {_ARTICLES[kind]}")
    return found


def _resolve(
    record: Record, reference: Reference, current: Experiment | None, run_exists: RunExists, kind: Kind | None
) -> Resolution | Unresolved:
    if reference.up:
        if current is None:
            return Unresolved(f"'-{reference.up}' counts from an experiment, and this page belongs to none")
        ancestors = record.ancestors(current)
        if reference.up > len(ancestors):
            above = f"{current.path!r} has {len(ancestors)} above it"
            return Unresolved(f"'-{reference.up}' leads above the record: {above}")
        return Resolution("experiment", ancestors[reference.up - 1])
    if reference.date is None and reference.label is None:
        return _experiment_or_run(record, reference.target, current, run_exists, kind)
    owner = current
    if reference.target:
        found = find_experiments(record, reference.target)
        if len(found) != 1:
            return _ambiguous(reference.target, found) if found else _unknown(record, reference.target)
        owner = found[0]
    if owner is None:
        return Unresolved("the reference names no experiment, and this page belongs to none")
    if reference.date is not None:
        return Resolution("entry", owner, date=reference.date, n=reference.n)
    return Resolution("label", owner, label=reference.label)


def _experiment_or_run(
    record: Record, text: str, current: Experiment | None, run_exists: RunExists, kind: Kind | None
) -> Resolution | Unresolved:
    slashes = [match.start() for match in islice(re.finditer("/", text), _DEEPEST)]
    # The longest target first: what exists as an experiment is one.
    for at in (len(text), *reversed(slashes)):
        target, run = text[:at], text[at + 1 :] if at < len(text) else None
        if kind == "run" and run is None:
            continue
        found = find_experiments(record, target)
        if len(found) > 1:
            return _ambiguous(target, found)
        if found and run is None:
            return Resolution("experiment", found[0])
        if found and run is not None:
            if run_exists(found[0], run):
                return Resolution("run", found[0], run=run)
            if kind == "experiment":
                break
            return Unresolved(f"experiment {found[0].address!r} has no run {run!r}")
    if kind != "experiment" and current is not None and run_exists(current, text):
        return Resolution("run", current, run=text)
    return _unknown(record, text)


def _ambiguous(target: str, found: list[Experiment]) -> Unresolved:
    addresses = tuple(experiment.path for experiment in found)
    return Unresolved(f"{target!r} could be any of {', '.join(addresses)}", lambda: addresses, ambiguous=True)


def _unknown(record: Record, text: str) -> Unresolved:
    return Unresolved(f"no experiment or run {text!r}", partial(nearest, record, text))


def nearest(record: Record, text: str, n: int = 3) -> tuple[str, ...]:
    """Return up to *n* references that exist and look like *text*, the likeliest first."""
    if not _is_number(text):
        return tuple(record.names.nearest(text, n))
    wanted = int(text)
    ids = sorted(record.by_id, key=lambda number: (abs(number - wanted), number))
    alike = nearest_names(str(wanted), map(str, ids[:200]), n=1, cutoff=0.7)
    return tuple(dict.fromkeys([*alike, *map(str, ids)]))[:n]


#: More candidates help nobody to choose.
MOST = 20


@dataclass(frozen=True)
class Lookup:
    """What was found."""

    experiment: Experiment | None
    #: Those that may be, the likeliest first.
    candidates: tuple[Experiment, ...] = ()
    #: Whether it was named outright, not by words that it alone has.
    exact: bool = True


def look_up(record: Record, text: str, current: Experiment | None = None) -> Lookup:
    """Find the experiment that a text means; ``-1`` counts from *current*.

    It is a reference, or words of a name, title or path. Words that only one experiment has mean that one. Digits are
    never words: #2 "Dose 9 mM" is not what ``9`` means.
    """
    found = resolve(record, text, current, lambda _experiment, _run: False, "experiment")
    if isinstance(found, Resolution):
        return Lookup(found.experiment)
    exact = find_experiments(record, text.strip())
    if exact or re.fullmatch(r"#?\d+", text.strip()):
        return Lookup(None, tuple(exact))
    words = plain(text).split()
    fitting = []
    for experiment in record.experiments.values():
        names = plain(f"{experiment.path} {experiment.title or ''}")
        if words and all(word in names for word in words):
            fitting.append(experiment)
    if len(fitting) == 1:
        return Lookup(fitting[0], exact=False)
    if not fitting:
        near = [find_experiments(record, name) for name in nearest(record, text)]
        return Lookup(None, tuple({one.key: one for group in near for one in group}.values()))
    return Lookup(None, tuple(in_order(fitting)))


def experiment_at(record: Record, directory: Path) -> Experiment | None:
    """Return the innermost experiment that a directory is in; ``None`` outside all of them."""
    if not directory.is_relative_to(record.base):
        return None
    path = directory.relative_to(record.base)
    above = (inner.as_posix() for inner in (path, *path.parents))
    return next((record.experiments[key] for key in above if key in record.experiments), None)


def plain(text: str) -> str:
    """Fold what does not matter in a comparison: case, width, ligatures, separators of names."""
    return unicodedata.normalize("NFKC", text).casefold().replace("_", " ").replace("-", " ")

"""The ledger ``figures.lock``: what each plot script of an experiment read and drew, one fact a line.

Every line is ``script fact values…``, apart by single blanks, sorted; a value that is not one plain word is
written as a JSON string. Paths are relative to the ledger's directory. A script with arguments is written
``name#`` and the beginning of their digest, and has a fact ``args``. The fact ``sum`` digests the other
lines of its script, so that lines that were lost, mixed by a merge or changed by hand are noticed. There are
no times and no paths of a machine in it: the same figures give the same bytes anywhere.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from exptdir.figures.ledger.digest import digest_text
from exptdir.figures.ledger.entry import MAPPINGS, SETS, Entry
from exptdir.figures.ledger.lines import inside, is_marker, quoted, tokens_of
from exptdir.record.problem import Problem

HEADER = "# figures.lock 1: what plot scripts read and drew. exptdir writes this file; keep it with the figures."

_WITH_ARGS = re.compile(r"#[0-9a-f]{8}$")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|changed")
#: The facts whose value is a path.
_PATHS = frozenset({*MAPPINGS, "absent", "wrote", "former", "scope"} - {"version"})


def format_ledger(entries: Iterable[Entry], directory: str) -> str:
    """Write a ledger.

    Parameters
    ----------
    entries
        What is known of each script.
    directory
        The ledger's directory, relative to the record's base.

    Returns
    -------
    str
        The file; empty where nothing is known.
    """
    lines = [line for entry in entries for line in _lines(entry, directory)]
    return "\n".join([HEADER, *sorted(lines), ""]) if lines else ""


def _lines(entry: Entry, directory: str) -> list[str]:
    owner = _owner(entry, directory)
    facts: list[tuple[str, ...]] = [("script", entry.digest), ("style", entry.style)]
    if entry.args:
        facts.append(("args", *entry.args))
    if entry.adopted:
        facts.append(("adopted",))
    for fact, attribute in MAPPINGS.items():
        values: Mapping[str, str] = getattr(entry, attribute)
        facts += [(fact, _relative(fact, name, directory), value) for name, value in values.items()]
    for fact, attribute in SETS.items():
        facts += [(fact, _relative(fact, name, directory)) for name in getattr(entry, attribute)]
    lines = sorted({" ".join(quoted(token) for token in (owner, *fact)) for fact in facts})
    return [*lines, f"{quoted(owner)} sum {_sum(lines)}"]


def _owner(entry: Entry, directory: str) -> str:
    path = posixpath.relpath(entry.script, directory)
    return f"{path}#{_mark(entry.args)}" if entry.args else path


def _mark(args: Iterable[str]) -> str:
    return digest_text(json.dumps(list(args)))[7:15]


def _sum(lines: Iterable[str]) -> str:
    return digest_text("\n".join(sorted(lines)))[7:23]


def _relative(fact: str, path: str, directory: str) -> str:
    return posixpath.relpath(path, directory) if fact in _PATHS else path


def parse_ledger(text: str, directory: str, path: Path) -> tuple[dict[str, Entry], list[Problem]]:
    """Read a ledger, or what is left of it.

    Parameters
    ----------
    text
        The file.
    directory
        Its directory, relative to the record's base.
    path
        The file's own path, for the problems.

    Returns
    -------
    tuple
        What is known by script and arguments, and what is wrong with the file. An entry of which lines are
        missing, contradict each other or cannot be read is there too, and says so in ``damaged``.
    """
    owners: defaultdict[str, list[tuple[list[str], str]]] = defaultdict(list)
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip("\r")
        if not line or line.startswith("# "):
            continue
        tokens = tokens_of(line)
        if tokens is None:
            problems.append(_problem(line, path, number))
        else:
            owners[tokens[0]].append((tokens[1:], line))
    entries: dict[str, Entry] = {}
    for owner, facts in owners.items():
        entry = _entry(owner, facts, directory)
        if entry is None:
            problems.append(Problem("figure", f"the ledger names a script outside the record: {owner[:200]}", path))
            continue
        if entry.damaged:
            message = f"what the ledger says of {owner[:200]} is damaged: {entry.damaged}; it is drawn again"
            problems.append(Problem("figure", message, path))
        entries[entry.key] = entry
    # One conflict has three markers, which say the same.
    return entries, problems if len(problems) <= 3 else [*problems[:3], _more(problems, path)]


def _more(problems: list[Problem], path: Path) -> Problem:
    return Problem("figure", f"the ledger has {len(problems) - 3} more such faults", path, problems[3].line)


def _problem(line: str, path: Path, number: int) -> Problem:
    if is_marker(line):
        message = "the ledger holds a merge conflict: what it concerns is drawn again"
    else:
        message = f"this line of the ledger cannot be read and is passed over: {line[:80]!r}"
    return Problem("figure", message, path, number)


def _entry(owner: str, facts: list[tuple[list[str], str]], directory: str) -> Entry | None:
    script, _, mark = owner.rpartition("#") if _WITH_ARGS.search(owner) else (owner, "", "")
    place = inside(script, directory)
    if place is None:
        return None
    reader = _Reader(directory)
    for tokens, _ in facts:
        reader.take(*tokens)
    lines = {line for tokens, line in facts if tokens[0] != "sum"}
    sums = {tuple(tokens[1:]) for tokens, _ in facts if tokens[0] == "sum"}
    if sums != {(_sum(lines),)}:
        reader.damage("lines were lost, added or changed")
    args = next(iter(reader.args), ())
    if len(reader.args) > 1 or mark != (_mark(args) if args else ""):
        reader.damage("its arguments do not fit")
        args = ()
    return reader.entry(place, args)


class _Reader:
    """Gathers the facts of one script; the first of two that contradict each other counts."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.args: set[tuple[str, ...]] = set()
        self.single: dict[str, str] = {}
        self.maps: dict[str, dict[str, str]] = {attribute: {} for attribute in MAPPINGS.values()}
        self.sets: dict[str, set[str]] = {attribute: set() for attribute in SETS.values()}
        self.drawn: set[str] = set()
        self.adopted = False
        self.damaged = ""

    def damage(self, why: str) -> None:
        """Note that something is wrong; what was noted first is what the author is told."""
        self.damaged = self.damaged or why

    def take(self, fact: str, *values: str) -> None:
        """Take one line."""
        if fact == "args":
            self.args.add(values)
        elif fact == "adopted" and not values:
            self.adopted = True
        elif fact in ("script", "style") and len(values) == 1:
            self._put(self.single, fact, values[0])
        elif fact in MAPPINGS and len(values) == 2:
            self._map(fact, *values)
        elif fact in SETS and len(values) == 1:
            name = self._name(fact, values[0])
            self.sets[SETS[fact]].update([] if name is None else [name])
        elif fact != "sum":
            self.damage(f"the fact “{fact[:40]}” is not known")

    def _map(self, fact: str, name: str, value: str) -> None:
        place = self._name(fact, name)
        if fact != "version" and not _DIGEST.fullmatch(value):
            self.damage(f"the digest of {name[:200]} is cut off")
        elif place is not None:
            self._put(self.maps[MAPPINGS[fact]], place, value)
            self.drawn.update([value] if fact == "output" else [])

    def _name(self, fact: str, name: str) -> str | None:
        place = inside(name, self.directory) if fact in _PATHS else name
        if place is None:
            self.damage("it names a file outside the record")
        return place

    def _put(self, into: dict[str, str], name: str, value: str) -> None:
        if into.setdefault(name, value) != value:
            self.damage(f"it says two things of {name[:200]}")

    def entry(self, script: str, args: tuple[str, ...]) -> Entry:
        """Return all that was taken."""
        return Entry(
            script=script,
            args=args,
            digest=self.single.get("script", ""),
            style=self.single.get("style", ""),
            adopted=self.adopted,
            drawn=frozenset(self.drawn),
            damaged=self.damaged,
            **{name: dict(sorted(values.items())) for name, values in self.maps.items()},  # type: ignore[arg-type]
            **{name: tuple(sorted(values)) for name, values in self.sets.items()},  # type: ignore[arg-type]
        )

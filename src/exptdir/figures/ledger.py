"""The ledger ``figures.lock``: what each plot script of an experiment read and drew, one fact a line.

Every line is ``script fact values…``, apart by single blanks, sorted; a value that is not one plain word is
written as a JSON string. Paths are relative to the ledger's directory. A script with arguments is written
``name#`` and the beginning of their digest, and has a fact ``args``. The fact ``sum`` digests the other
lines of its script, so that lines that were lost, mixed by a merge or changed by hand are noticed. There are
no times and no paths of a machine in it: the same figures give the same bytes anywhere.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path

from exptdir.figures.model import LEDGER, script_key
from exptdir.figures.state import digest_text
from exptdir.record.files import locked, read_or_none, write_if_changed
from exptdir.record.problem import Problem

#: The digest of an input that changed while the script ran; no file has it.
CHANGED = "changed"
#: Facts that are a name and a value, and where an entry keeps them.
MAPPINGS = {name: f"{name}s" for name in ("output", "input", "module", "listing", "version")}
#: Facts that are a name alone.
SETS = ("absent", "former", "outside", "present", "scope", "unseen", "wrote")


@dataclass(frozen=True)
class LedgerEntry:
    """What is known of a script since it was run last, or since its figures were adopted.

    All paths are relative to the record's base.
    """

    script: str
    digest: str
    #: Digest of all that decides on its looks beside it: style, dark scheme, ``matplotlibrc``.
    style: str
    args: tuple[str, ...] = ()
    #: Digests of the figures that it drew, the files that it read, the modules that it imported. An input that changed
    #: while the script ran has the digest ``changed``, which no file has.
    outputs: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    #: Digests of the names in the directories that it listed.
    listings: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    #: Files that it sought in vain.
    absent: tuple[str, ...] = ()
    #: Figures that it drew once and draws no more, and that are still there.
    former: tuple[str, ...] = ()
    #: Digests of the paths of files that are not told here: those outside the record.
    outside: tuple[str, ...] = ()
    #: Files that it only found to be there.
    present: tuple[str, ...] = ()
    #: Directories of which every data file is an input, since what it reads there cannot be seen, and why not.
    scope: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    wrote: tuple[str, ...] = ()
    #: Whether the figures were there before us: what they depend on is an assumption.
    adopted: bool = False
    #: Every digest that the ledger gives for a figure, contradictory ones included.
    drawn: frozenset[str] = field(default=frozenset(), compare=False)
    #: Why this must not be believed; empty if it may.
    damaged: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        """Path and arguments, as :attr:`exptdir.figures.model.Script.key` has them."""
        return script_key(self.script, self.args)

    @property
    def identity(self) -> str:
        """All facts as one text: two entries that say the same have the same."""
        skipped = ("drawn", "damaged")
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in skipped}
        plain = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
        return json.dumps(plain, sort_keys=True)


_PLAIN = re.compile(r"[^\s\"#<=>|][^\s\"]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
_CLEAN = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)*")
_MARKER = re.compile(r"(?:<{7}|\|{7}|={7}|>{7})(?: .*)?")


def quoted(token: str) -> str:
    """Write a value: as it is if it is one plain word, else as a JSON string."""
    if _PLAIN.fullmatch(token) and token.isprintable():
        return token
    return json.dumps(token, ensure_ascii=not token.isprintable())


def tokens_of(line: str) -> list[str] | None:
    """Take a line apart; ``None`` if it is none of a ledger."""
    if '"' not in line:
        tokens = line.split(" ")
        readable = len(tokens) > 1 and all(tokens) and not is_marker(line)
        return tokens if readable else None
    found = _TOKEN.findall(line)
    if " ".join(found) != line or len(found) < 2:
        return None
    with suppress(ValueError):
        return [json.loads(token) if token.startswith('"') else token for token in found]
    return None


def is_marker(line: str) -> bool:
    """Tell whether a line is one that git puts around a conflict."""
    return _MARKER.fullmatch(line) is not None


def inside(path: str, directory: str) -> str | None:
    """Return the path from the base of one from the ledger's directory; ``None`` if it leads out of the record."""
    if _CLEAN.fullmatch(path):
        # Nearly all are, and there may be many thousands.
        return path if directory == "." else f"{directory}/{path}"
    if path.startswith("/") or "\0" in path or os.path.isabs(path):
        return None
    joined = posixpath.normpath(posixpath.join(directory, path))
    # That of a directory may end in a slash.
    return None if joined == ".." or joined.startswith("../") else joined + "/" * path.endswith("/")


HEADER = "# figures.lock 1: what plot scripts read and drew. exptdir writes this file; keep it with the figures."

_WITH_ARGS = re.compile(r"#[0-9a-f]{8}$")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|changed")
#: The facts whose value is a path.
_PATHS = frozenset({*MAPPINGS, "absent", "wrote", "former", "present", "scope"} - {"version"})


def format_ledger(entries: Iterable[LedgerEntry], directory: str) -> str:
    """Write a ledger, for its directory relative to the record's base; an empty text where nothing is known."""
    lines: list[str] = []
    for entry in entries:
        path = posixpath.relpath(entry.script, directory)
        owner = f"{path}#{_mark(entry.args)}" if entry.args else path
        facts: list[tuple[str, ...]] = [("script", entry.digest), ("style", entry.style)]
        facts += [("args", *entry.args)] if entry.args else []
        facts += [("adopted",)] if entry.adopted else []
        for fact, attribute in MAPPINGS.items():
            values: Mapping[str, str] = getattr(entry, attribute)
            facts += [(fact, _relative(fact, name, directory), value) for name, value in values.items()]
        for fact in SETS:
            facts += [(fact, _relative(fact, name, directory)) for name in getattr(entry, fact)]
        own = sorted({" ".join(quoted(token) for token in (owner, *fact)) for fact in facts})
        lines += [*own, f"{quoted(owner)} sum {_sum(own)}"]
    return "\n".join([HEADER, *sorted(lines), ""]) if lines else ""


def _mark(args: Iterable[str]) -> str:
    return digest_text(json.dumps(list(args)))[7:15]


def _sum(lines: Iterable[str]) -> str:
    return digest_text("\n".join(sorted(lines)))[7:23]


def _relative(fact: str, path: str, directory: str) -> str:
    return posixpath.relpath(path, directory) + "/" * path.endswith("/") if fact in _PATHS else path


def parse_ledger(text: str, directory: str, path: Path) -> tuple[dict[str, LedgerEntry], list[Problem]]:
    """Read a ledger, or what is left of it.

    *directory* is that of the ledger, relative to the record's base; *path* is told in problems.

    Returned is what is known by script and arguments, and what is wrong with the file. An entry of which lines are
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
            message = f"this line of the ledger cannot be read and is passed over: {line[:80]!r}"
            if is_marker(line):
                message = "the ledger holds a merge conflict: what it concerns is drawn again"
            problems.append(Problem("figure", message, path, number))
        else:
            owners[tokens[0]].append((tokens[1:], line))
    entries: dict[str, LedgerEntry] = {}
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
    if len(problems) > 3:
        message = f"the ledger has {len(problems) - 3} more such faults"
        problems[3:] = [Problem("figure", message, path, problems[3].line)]
    return entries, problems


def _entry(owner: str, facts: list[tuple[list[str], str]], directory: str) -> LedgerEntry | None:
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
        self.sets: dict[str, set[str]] = {fact: set() for fact in SETS}
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
            name = self._name(fact, values[0])
            if fact != "version" and not _DIGEST.fullmatch(values[1]):
                self.damage(f"the digest of {values[0][:200]} is cut off")
            elif name is not None:
                self._put(self.maps[MAPPINGS[fact]], name, values[1])
                self.drawn.update([values[1]] if fact == "output" else [])
        elif fact in SETS and len(values) == 1:
            name = self._name(fact, values[0])
            self.sets[fact].update([] if name is None else [name])
        elif fact != "sum":
            self.damage(f"the fact “{fact[:40]}” is not known")

    def _name(self, fact: str, name: str) -> str | None:
        place = inside(name, self.directory) if fact in _PATHS else name
        if place is None:
            self.damage("it names a file outside the record")
        return place

    def _put(self, into: dict[str, str], name: str, value: str) -> None:
        if into.setdefault(name, value) != value:
            self.damage(f"it says two things of {name[:200]}")

    def entry(self, script: str, args: tuple[str, ...]) -> LedgerEntry:
        """Return all that was taken."""
        return LedgerEntry(
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


class Ledgers:
    """All ledgers of a record: what is known of all scripts, by experiment and by script and arguments."""

    def __init__(self, base: Path, experiments: Iterable[str], copies: Path) -> None:
        self._base = base
        self._copies = copies
        self._content: dict[str, bytes] = {}
        self.entries: dict[str, dict[str, LedgerEntry]] = {}
        self._problems: dict[str, list[Problem]] = {}
        for experiment in experiments:
            self._read(experiment)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the ledgers as they are now."""
        return [problem for experiment in sorted(self._problems) for problem in self._problems[experiment]]

    def get(self, experiment: str, key: str) -> LedgerEntry | None:
        """Return what is known of a script."""
        return self.entries.get(experiment, {}).get(key)

    def _copy(self, experiment: str) -> Path:
        return self._copies / digest_text(experiment)[7:23]

    def recover(self, experiment: str, committed: Callable[[str], bytes], fits: Callable[[LedgerEntry], bool]) -> bool:
        """Take over what was known before a ledger was deleted, where the figures still are what it says of them.

        *committed* returns what git has of a file. Returned is whether anything was found.
        """
        path = f"{experiment}/{LEDGER}"
        if self.entries.get(experiment) or os.path.lexists(f"{self._base}/{path}"):
            return False
        content = read_or_none(self._copy(experiment)) or committed(path)
        known = parse_ledger(content.decode("utf-8", "replace"), experiment, self._base / path)[0]
        self.entries[experiment] = {key: entry for key, entry in known.items() if fits(entry)}
        return bool(self.entries[experiment])

    def keep_copies(self) -> None:
        """Keep what the ledgers say now, whoever wrote them, for the case that one is deleted."""
        for experiment, content in self._content.items():
            with suppress(OSError):
                if content:
                    write_if_changed(self._copy(experiment), content)

    def refresh(self, experiment: str) -> bool:
        """Read a ledger again if another build has written it; say whether it has."""
        if (read_or_none(self._base / experiment / LEDGER) or b"") == self._content[experiment]:
            return False
        self._read(experiment)
        return True

    def _read(self, experiment: str) -> None:
        path = self._base / experiment / LEDGER
        content = read_or_none(path)
        entries, problems = parse_ledger((content or b"").decode("utf-8", "replace"), experiment, path)
        if content is None and os.path.lexists(path):
            problems = [Problem("figure", "the ledger cannot be read, so its figures count as never seen", path)]
        self._content[experiment] = content or b""
        self.entries[experiment] = entries
        self._problems[experiment] = problems

    def store(self, experiment: str, changes: Mapping[str, LedgerEntry | None]) -> Problem | None:
        """Write down what is known of some scripts of an experiment, or take it out, and leave the others.

        Where that cannot be written, it is known to this build alone, and returned is why.
        """
        path = self._base / experiment / LEDGER
        try:
            with locked(os.fspath(path.parent)):
                self.refresh(experiment)
                self.learn(experiment, changes)
                text = format_ledger(self.entries[experiment].values(), experiment)
                content = text.encode("utf-8", "surrogateescape")
                if content:
                    write_if_changed(path, content)
                elif self._content[experiment]:
                    path.unlink(missing_ok=True)
                self._content[experiment] = content
                self._problems[experiment] = []
        except OSError as error:
            message = f"the ledger cannot be written: {error.strerror or error}; its figures are drawn again next time"
            return Problem("figure", message, path)
        finally:
            self.learn(experiment, changes)
        return None

    def learn(self, experiment: str, changes: Mapping[str, LedgerEntry | None]) -> None:
        """Know of some scripts, or no more, without writing that down."""
        entries = self.entries[experiment]
        for key, entry in changes.items():
            if entry is None:
                entries.pop(key, None)
            else:
                entries[key] = entry

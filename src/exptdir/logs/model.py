"""What a log is made of, whatever it is written in: blocks as they stand, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal, NamedTuple

from exptdir.errors import ExptdirError
from exptdir.record.problem import Problem

BlockKind = Literal["section", "paragraph", "item", "code", "table", "row", "cell", "figure", "rule", "markup"]


class LogError(ExptdirError):
    """A file is no log, or none that the reader asked for can make sense of."""


@dataclass(slots=True)
class Block:
    """A part of a log.

    Parameters
    ----------
    kind
        ``section`` and ``item`` hold other blocks, ``table`` rows, ``row`` cells; ``markup`` is reStructuredText.
    line
        1-based line of the file on which *text* begins; each newline in *text* is one in the file.
    text
        Title, prose, code or source; of a figure its caption.
    label
        Marker of an item (``-``, ``3.``), language of code, address of a figure.
    runs
        The ids of the runs that the block is headed by.
    task
        Whether it is a task, and done.
    folded
        Whether the section is put away, as an archive is.
    """

    kind: BlockKind
    line: int
    text: str = ""
    children: list[Block] = field(default_factory=list)
    label: str = ""
    level: int = 0
    runs: list[Run] = field(default_factory=list)
    entry: Entry | None = None
    task: Literal["", "open", "done"] = ""
    folded: bool = False
    tags: tuple[str, ...] = ()
    references: list[Reference] = field(default_factory=list)

    def walk(self) -> Iterator[Block]:
        """Yield this block and all within it, in the order of the file, however deep they are nested."""
        waiting = [self]
        while waiting:
            block = waiting.pop()
            yield block
            waiting.extend(reversed(block.children))

    def line_of(self, offset: int) -> int:
        """Return the line of the file on which a character of the text stands."""
        return self.line + self.text.count("\n", 0, offset)


@dataclass(frozen=True, slots=True)
class Entry:
    """A dated part: day (``None`` where in doubt), which of that day, the date as written, the rest of the title."""

    day: date | None
    n: int
    written: str
    title: str
    line: int
    problem: str | None = None

    @property
    def address(self) -> str:
        """The entry as references write it: ``@2022-12-16``, or ``@2022-12-16.2`` for the second of a day."""
        return f"@{self.day}.{self.n}" if self.n > 1 else f"@{self.day}"


@dataclass(slots=True)
class Run:
    """A run that the log tells of.

    Parameters
    ----------
    id
        Unique within the log: what is written, with ``.2`` behind it for the second of that name.
    line
        Where it is first told of.
    aliases
        Other names, lower case, by which it may be called.
    file
        The address that its name links to, as ``13.yaml``.
    parent
        The run of whose sweep it is a part.
    series
        Counts the restarts of the numbering.
    """

    id: str
    line: int
    aliases: tuple[str, ...] = ()
    title: str = ""
    file: str = ""
    parent: str = ""
    series: int = 0


class Reference(NamedTuple):
    """A mention of a run or an entry in prose.

    *targets* are ids of runs, or ``@2022-12-16.2`` for entries: one where it is resolved, several where it may mean
    any of them, none where it is left. *start* and *end* count characters in the text of the block.
    """

    text: str
    line: int
    targets: tuple[str, ...]
    run: str
    start: int
    end: int
    kind: Literal["mention", "same", "date", "announced"] = "mention"
    #: Whether even a single target is not certain, as where it stands later in the file than what cites it.
    doubtful: bool = False

    @property
    def state(self) -> Literal["resolved", "ambiguous", "left"]:
        """Say what has become of it."""
        if not self.targets:
            return "left"
        return "ambiguous" if self.doubtful or len(self.targets) > 1 else "resolved"


class Metric(NamedTuple):
    """A quantity in prose or in a table: its name, its value as written and as a number, and the run it is said of."""

    name: str
    value: str
    number: float
    unit: str
    approximate: bool
    spread: str
    line: int
    run: str
    #: Whether it is what the run was given, not what came of it.
    setting: bool = False


class Task(NamedTuple):
    """Something to be done, or done."""

    text: str
    line: int
    done: bool


class Tag(NamedTuple):
    """A ``#word``, and the run it stands under."""

    name: str
    line: int
    run: str


class Amendment(NamedTuple):
    """A passage that was added later, as ``[UPDATE: …]``."""

    text: str
    line: int
    run: str


@dataclass
class LogDocument:
    """A log as it was read: its blocks, and what was recognised in them, each with its line."""

    format: str
    title: str = ""
    blocks: list[Block] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    #: Whether what was written last stands on top.
    newest_first: bool = False

    def walk(self) -> Iterator[Block]:
        """Yield all blocks in the order of the file."""
        for block in self.blocks:
            yield from block.walk()

    @cached_property
    def by_name(self) -> dict[str, list[Run]]:
        """The runs by id and alias, in lower case."""
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            for name in dict.fromkeys((run.id.lower(), *run.aliases)):
                found.setdefault(name, []).append(run)
        return found

    def sentences(self, run: str) -> list[tuple[int, str]]:
        """Return the lines of prose in which a run is mentioned, each with its number."""
        return [
            (reference.line, block.text.split("\n")[reference.line - block.line])
            for block in self.walk()
            for reference in block.references
            if reference.targets == (run,)
        ]

"""The readers: each says how sure it is that a file is of its kind, and reads its blocks.

A third party adds one by an entry point of the group ``exptdir.logs``: an object with ``name``, ``sniff`` and ``read``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import PurePath
from typing import Protocol

from exptdir.logs import delimited, outline
from exptdir.logs.headings import date_lines, date_of, run_lines
from exptdir.logs.model import Block, Entry, LogError, Run
from exptdir.logs.prose import LABEL, Lines, nest
from exptdir.logs.titles import (
    OTHER_WORD,
    RunTitle,
    is_dated,
    labels_beside,
    numbered_label,
    run_in_label,
    run_in_title,
    whole_line_run,
)
from exptdir.record.dates import parse_date
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.problem import Problem, nearest

#: Lines that a sniff looks at.
_SNIFFED = 4000
_BULLET = re.compile(r"\s*(?:[-*+•]\s+|\(?\d{1,4}[.)]\s+)?(?:\[[ xX]\]\s+)?")
_VERSION_LINE = re.compile(r"\W{0,8}v(?:er(?:sion)?\s?)?\d{1,4}(?:[._]\d{1,4}){0,3}[a-z]?\W{0,8}$", re.IGNORECASE)


@dataclass
class Source:
    """A log before it is read: the name of its file, its text with plain line ends, and the runs known beside it."""

    name: str
    text: str
    runs: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)

    @property
    def suffix(self) -> str:
        """The suffix of the file, in lower case."""
        return PurePath(self.name).suffix.lower()

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.split("\n")

    @cached_property
    def head(self) -> list[str]:
        """The lines that a sniff looks at."""
        return self.lines[:_SNIFFED]

    def blocks(self) -> list[Block]:
        """Read the lines as Markdown or as text, as the suffix says, without nesting the sections."""
        return Lines(self.lines, form="markdown" if self.suffix in {".md", ".markdown"} else "text").read()


class Reader(Protocol):
    """What reads one kind of log."""

    name: str

    def sniff(self, source: Source) -> float:
        """Say from 0 to 1 how sure it is that the file is of this kind; from 0.7 it is taken without asking."""

    def read(self, source: Source) -> list[Block]:
        """Return the blocks, with the runs that head them and with the entries of rows; all else is found in them."""


def claim(block: Block, name: str, found: RunTitle | None = None) -> None:
    """Say that a run heads a block; *found* are the words that name it there."""
    aliases = () if found is None else (" ".join(found.name.lower().split()),)
    block.runs.append(Run(name, block.line, aliases, file="" if found is None else found.file))


def claim_titles(blocks: Iterable[Block]) -> None:
    """Find the runs that titles name, before or behind a date; words of many meanings must number two of them."""
    found: list[tuple[Block, RunTitle, str]] = []
    for block in blocks:
        if block.kind == "section":
            dated = date_of(block.text)
            title = run_in_title(block.text) or (run_in_title(dated.rest) if dated is not None else None)
            if title is not None:
                word = re.match(OTHER_WORD, title.name, re.IGNORECASE)
                found.append((block, title, word[0].lower().rstrip("s") if word else ""))
    several = Counter(other for _, _, other in found)
    for block, title, other in found:
        if not other or several[other] > 1:
            claim(block, title.id, title)


def claim_rows(table: Block, *, always: bool = False) -> None:
    """Find the runs and the dates of the rows of a table with a head, *always* runs: by number without a name."""
    rows = [[cell.text for cell in row.children] for row in table.children]
    if len(rows) < 3 and not always:
        return
    head, body = rows[0], rows[1:]
    ids, dates = delimited.columns(head, body, guess=always)
    named = delimited.run_names(head, body, ids) if always or ids is not None else [""] * len(body)
    for number, (row, cells, name) in enumerate(zip(table.children[1:], body, named, strict=True), 1):
        name = name.strip("`*")
        if name or always:
            claim(row, name or f"row-{number}")
        if dates is not None and dates < len(cells) and cells[dates].strip():
            # Which day it is depends on the other rows, as it does for titles.
            row.entry = Entry(None, 1, cells[dates], "", row.line)


class RunList:
    """Headings, bold links or labels of list items that name runs."""

    name = "runs"

    def sniff(self, source: Source) -> float:
        """Look for two titles that name runs, or for labels on many lines."""
        if source.suffix in {".csv", ".tsv", ".org", ".rst"}:
            return 0.0
        blocks = Lines(source.head, form="text" if source.suffix == ".txt" else "markdown").read()
        titles = [block.text for block in run_lines(blocks) if block.kind == "section"]
        named = sum(run_in_title(title) is not None for title in titles)
        if named >= 2 and named * 3 >= len(titles):
            return 0.85
        lines = [line for line in source.head if line.strip()]
        labelled = sum(run_in_label(_BULLET.sub("", line, count=1)) is not None for line in lines)
        return 0.75 if labelled >= 3 and labelled * 2 >= len(lines) else 0.0

    def read(self, source: Source) -> list[Block]:
        """Read the blocks; a line with a label is an item."""
        flat = date_lines(run_lines(self._labelled(source.blocks())), LABEL + 1)
        claim_titles(flat)
        for block in (inner for top in flat if top.kind == "item" for inner in top.walk()):
            if block.kind == "item" and (found := run_in_label(block.text, loose=not block.label)):
                claim(block, found.id, found)
                for other in labels_beside(found.rest):
                    claim(block, other)
        return nest(flat)

    @staticmethod
    def _labelled(blocks: list[Block]) -> list[Block]:
        """Cut paragraphs each line of which has a label into items."""
        flat: list[Block] = []
        for block in blocks:
            lines = block.text.split("\n")
            labelled = sum(run_in_label(line) is not None for line in lines)
            if block.kind == "paragraph" and labelled and labelled * 2 >= len(lines):
                flat += [
                    Block("item" if run_in_label(line, loose=True) else "paragraph", number, line)
                    for number, line in enumerate(lines, block.line)
                ]
            else:
                if block.kind == "paragraph" and len(lines) == 1 and run_in_title(lines[0]) and block.label == "":
                    found = run_in_title(lines[0])
                    if found and not found.rest:
                        block = Block("section", block.line, block.text, level=LABEL)
                flat.append(block)
        return flat


class Versions:
    """``v0``, ``V4``, ``v1_22``: titles that are numbers of versions, with fields below."""

    name = "versions"

    def sniff(self, source: Source) -> float:
        """Look for two lines that are a version's number, or titles that begin with one."""
        if source.suffix in {".csv", ".tsv", ".org", ".rst"}:
            return 0.0
        lines = [line for line in source.head if line.strip()]
        alone = sum(bool(_VERSION_LINE.match(line)) for line in lines)
        begun = sum(bool(re.match(r"#{1,6}\s+v\d+[\d._]*\b", line, re.IGNORECASE)) for line in lines)
        return 0.9 if alone + begun >= 2 else 0.0

    def read(self, source: Source) -> list[Block]:
        """Read the blocks; a version's number alone on its line is a title even where nothing underlines it."""
        flat = []
        for block in date_lines(run_lines(source.blocks()), LABEL + 1):
            if block.kind == "paragraph" and _VERSION_LINE.match(block.text):
                block = Block("section", block.line, block.text, level=LABEL)
            if block.kind == "section" and run_in_title(block.text) is not None:
                block.level = LABEL
            flat.append(block)
        claim_titles(flat)
        return nest(flat)


class Outline:
    """Blocks in braces, indented lines, org-mode."""

    name = "outline"

    def sniff(self, source: Source) -> float:
        """Count braces; an outline by indentation must have dates or stars at the margin."""
        if source.suffix == ".org":
            return 1.0
        if source.suffix in {".csv", ".tsv", ".md", ".rst"}:
            return 0.0
        opened, closed = outline.braces(source.head)
        if opened >= 2 and abs(opened - closed) <= max(2, opened // 4):
            return 0.95
        lines = [line for line in source.head if line.strip()]
        if sum(bool(re.match(r"\*+ \S", line)) for line in lines) * 4 > len(lines) > 3:
            return 0.7
        margin = [line for line in lines if not line[0].isspace()]
        dated = sum(is_dated(line) for line in margin)
        below = len(lines) - len(margin)
        return 0.72 if dated >= 2 and (dated * 2 >= len(margin) < below or dated == len(margin) <= below) else 0.0

    def read(self, source: Source) -> list[Block]:
        """Read by braces where there are, by stars, or else by indentation."""
        stars = sum(bool(re.match(r"\*+ \S", line)) for line in source.head)
        if source.suffix == ".org" or stars * 4 > len(source.head):
            blocks = outline.read_org(source.lines)
        elif outline.braces(source.head)[0] >= 1:
            blocks = outline.read_braces(source.lines)
        else:
            blocks = outline.read_indented(source.lines)
        known = {name.lower() for name in source.runs}
        for top in blocks:
            for block in top.walk():
                if block.kind in {"item", "section"}:
                    name = block.text.strip().rstrip(":：").strip("`")
                    if name.lower() in known:
                        claim(block, name)
                    elif found := whole_line_run(block.text):
                        claim(block, found.id)
        return blocks


class Delimited:
    """Tables: ``.csv``, ``.tsv`` and text that is one."""

    name = "csv"

    def sniff(self, source: Source) -> float:
        """Go by the suffix, else by rows of equal width."""
        if source.suffix in {".csv", ".tsv"}:
            return 1.0
        return delimited.fits(source.text) if source.suffix == ".txt" else 0.0

    def read(self, source: Source) -> list[Block]:
        """Read one table, whose rows are runs: by the column of ids, or else by their number."""
        rows, joined, delimiter = delimited.read_rows(source.text, source.suffix == ".tsv")
        if not rows:
            return []
        if joined:
            more = f", and so in {len(joined) - 1} more rows" if len(joined) > 1 else ""
            message = f"{delimiter!r} stands in prose or brackets: {joined[0][1]}{more}; put such cells in quotes"
            source.problems.append(Problem("log", message, None, joined[0][0]))
        table = delimited.table_block(rows)
        claim_rows(table, always=True)
        return [table]


class Journal:
    """Markdown, reStructuredText or text with dated titles."""

    name = "journal"

    def sniff(self, source: Source) -> float:
        """Look for two dated titles; any text can be read so, without being sure."""
        if source.suffix in {".csv", ".tsv", ".org"}:
            return 0.0
        if source.suffix == ".rst":
            return 0.8
        dated = sum(is_dated(line.strip(" #*-=_\t")) for line in source.head if re.match(r"[#*\-=\w\[]", line))
        return 0.72 if dated >= 2 else 0.3 if source.suffix in {".md", ".markdown", ".txt", ""} else 0.1

    def read(self, source: Source) -> list[Block]:
        """Read the blocks; a date alone in its paragraph or at the head of a list is a title, too."""
        flat = self._rst(source) if source.suffix == ".rst" else self._dated(source.blocks())
        for block in flat:
            if block.kind == "table" and block.level:
                claim_rows(block)
        claim_titles(flat)
        for block in (inner for top in flat for inner in top.walk()):
            if block.kind in {"paragraph", "item"} and (found := numbered_label(block.text)):
                claim(block, found.id, found)
        return nest(flat)

    @staticmethod
    def _rst(source: Source) -> list[Block]:
        """Cut the source at its titles; what is between them is left to docutils."""
        blocks = read_blocks(source.text, markdown=False)
        cuts: list[tuple[int, int, int, str]] = [
            (heading.start, heading.end, heading.level, heading.title) for heading in blocks.headings if heading.level
        ]
        lines = ["", *source.lines, ""]
        inside = {number for begin, end, *_ in cuts for number in range(begin, end)}
        for number in range(1, len(lines) - 1):
            text = lines[number].strip()
            alone = text and not lines[number - 1].strip() and not lines[number + 1].strip()
            if alone and number - 1 not in inside and lines[number] == text and parse_date(text):
                cuts.append((number - 1, number, LABEL, text))
        flat: list[Block] = []
        done = 0
        for begin, end, level, title in [*sorted(cuts), (len(source.lines), 0, 0, "")]:
            between = source.lines[done:begin]
            if any(line.strip() for line in between):
                blank = next(at for at, line in enumerate(between) if line.strip())
                flat.append(Block("markup", done + blank + 1, "\n".join(between[blank:]).rstrip()))
            if end:
                at = next((n for n in range(begin, end) if source.lines[n].strip() == title), begin)
                flat.append(Block("section", at + 1, title, level=level))
            done = end
        return flat

    @staticmethod
    def _dated(blocks: list[Block]) -> list[Block]:
        heads = [block for block in blocks if block.kind == "item" and is_dated(block.text.split("\n")[0])]
        promoted = set(map(id, heads)) if len(heads) > 1 else set()
        flat: list[Block] = []
        for block in blocks:
            if id(block) in promoted:
                first, _, rest = block.text.partition("\n")
                flat.append(Block("section", block.line, first, level=LABEL))
                if rest:
                    flat.append(Block("paragraph", block.line + 1, rest))
                flat += block.children
            else:
                flat.append(block)
        return date_lines(flat, LABEL)


#: Those of our own; of two that are as sure the first is taken.
OWN: tuple[Reader, ...] = (Delimited(), Outline(), Versions(), RunList(), Journal())


def readers() -> dict[str, Reader]:
    """Return all readers by name, those of third parties behind our own."""
    found: dict[str, Reader] = {reader.name: reader for reader in OWN}
    for entry in entry_points(group="exptdir.logs"):
        if entry.name not in found:
            made = entry.load()
            found[entry.name] = made() if isinstance(made, type) else made
    return found


def choose(source: Source, format: str = "") -> Reader:
    """Return the reader of a format, or the one that is surest.

    Raises LogError when there is none of that name.
    """
    found = readers()
    if format:
        if format not in found:
            near = nearest(format, found)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(found)}"
            raise LogError(f"no reader of logs is called {format!r}{hint}")
        return found[format]
    return max(found.values(), key=lambda reader: reader.sniff(source))


def sniff(source: Source) -> tuple[str, float]:
    """Return the format that a file most likely has, and how sure that is."""
    reader = choose(source)
    return reader.name, reader.sniff(source)

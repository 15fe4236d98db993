"""A long log in parts that fit on pages: by the years of its entries, or by its runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from exptdir.logs.model import Block, LogDocument, Run
from exptdir.record.facts_values import LONG, Way

#: Characters of a part, each block and reference counted as some more: what becomes a page of 400 KB at most.
_MOST = 300_000
_BLOCK, _LINK = 40, 120
#: Sections are cut so many levels deep.
_DEEPEST = 8


class Part(NamedTuple):
    """A part of a log, with what is in it; its *name* stays as it is when the log grows.

    *days* are those of its entries, the first and the last, or none.
    """

    name: str
    title: str
    blocks: list[Block]
    lines: int
    days: tuple[date, ...]
    entries: int
    runs: int

    @classmethod
    def of(cls, name: str, title: str, blocks: list[Block]) -> Part:
        """Make a part of these blocks."""
        inside = [inner for block in blocks for inner in block.walk()]
        days = [block.entry.day for block in inside if block.entry is not None and block.entry.day is not None]
        runs = len({run.id for block in inside for run in block.runs})
        return cls(name, title, blocks, line_count(blocks), (min(days), max(days)) if days else (), len(days), runs)


class Parts(NamedTuple):
    """A log that is split: what stands before the first part, and the parts in the order of the file.

    *places* tells in which part each run is (by its id) and each entry (as ``@2022-12-16.2``); the name is empty for
    what stands before.
    """

    head: list[Block]
    parts: list[Part]
    places: dict[str, str]

    @classmethod
    def of(cls, head: list[Block], parts: list[Part]) -> Parts:
        """Find out what is in which part."""
        everything = [("", head), *((part.name, part.blocks) for part in parts)]
        inside = [(name, inner) for name, blocks in everything for block in blocks for inner in block.walk()]
        found: dict[str, str] = {}
        for name, block in inside:
            headed: list[Run] = block.runs
            found.update((run.id, name) for run in headed if run.id not in found)
            if block.entry is not None and block.entry.day is not None:
                found.setdefault(block.entry.address, name)
        # What no block is headed by is found where it is first told of.
        for name, block in inside:
            for one in block.references:
                if one.state == "resolved":
                    found.setdefault(one.targets[0], name)
        return cls(head, parts, found)


#: Blocks that stay together, and the year or the run that they are of.
_Unit = tuple[str, list[Block]]


def split_log(document: LogDocument, way: Way = "") -> Parts:
    """Split a log; one that is not long, or has nothing to go by, has no parts.

    Parts are filled from the old end of the log, so that what is added at its new end leaves all but the last as they
    are, and keeps their names.
    """
    if way == "none" or (not way and line_count(document.blocks) <= LONG):
        return Parts(document.blocks, [], {})
    pieces = list(_pieces(document.blocks))
    by_year, by_run = [], []
    for whole, shown in pieces:
        inside = [*whole.walk()]
        own = (inner.entry.day for inner in inside if inner.entry is not None and inner.entry.day is not None)
        by_year.append((next((f"{day.year}" for day in own), ""), shown))
        by_run.append((next((run.id for inner in inside for run in inner.runs), ""), shown))
    if not way:
        dated, named = (sum(bool(mark) for mark, _ in found) for found in (by_year, by_run))
        way = "year" if 2 * dated >= len(pieces) or dated > named else "runs"
    head, units = _units(by_year if way == "year" else by_run)
    days = [entry.day for entry in document.entries if entry.day]
    newest_first = (days[0] > days[-1] if len(days) > 1 else False) if way == "year" else document.newest_first
    groups: dict[str, list[_Unit]] = {}
    for unit in units:
        groups.setdefault(unit[0] if way == "year" else "", []).append(unit)
    parts: list[Part] = []
    taken: set[str] = set()
    for year, found in groups.items():
        chunks = list(_chunks(found, newest_first))
        for number, chunk in enumerate(chunks, 1):
            oldest, newest = (chunk[-1][0], chunk[0][0]) if newest_first else (chunk[0][0], chunk[-1][0])
            title = (year if number == 1 else f"{year} ({number})") if year else f"{oldest} – {newest}"
            name = (year if number == 1 else f"{year}-{number}") if year else oldest
            name = wanted = re.sub(r"[^\w.]+", "-", name).strip("-.") or "runs"
            more = 1
            while name.casefold() in taken:
                more += 1
                name = f"{wanted}-{more}"
            taken.add(name.casefold())
            parts.append(Part.of(name, title, [block for _, blocks in chunk for block in blocks]))
        if newest_first:
            parts[-len(chunks) :] = parts[: -len(chunks) - 1 : -1]
    if len(parts) < 2:
        return Parts(document.blocks, [], {})
    return Parts.of(head, parts)


def line_count(blocks: Sequence[Block]) -> int:
    """Count the lines of text in blocks."""
    return sum(inner.text.count("\n") + 1 for block in blocks for inner in block.walk())


def _weight(blocks: Sequence[Block]) -> int:
    every = (inner for block in blocks for inner in block.walk())
    return sum(len(inner.text) + _BLOCK + _LINK * len(inner.references) for inner in every)


def _pieces(blocks: Sequence[Block]) -> Iterator[tuple[Block, Block]]:
    """Yield the blocks that are not cut, each with what it is marked by; of a section that is too long those in it."""
    waiting = [(block, 0) for block in reversed(blocks)]
    while waiting:
        block, depth = waiting.pop()
        inner = next((at for at, child in enumerate(block.children) if child.kind == "section"), None)
        fits = depth == _DEEPEST or (_weight([block]) <= _MOST and line_count([block]) <= LONG)
        if inner is None or block.kind != "section" or fits:
            yield block, block
        else:
            yield block, replace(block, children=block.children[:inner])
            waiting += [(child, depth + 1) for child in reversed(block.children[inner:])]


def _units(pieces: Sequence[tuple[str, Block]]) -> tuple[list[Block], list[_Unit]]:
    """Put what has no mark to what stands before it; return what stands before all, and the rest."""
    head: list[Block] = []
    units: list[_Unit] = []
    for mark, block in pieces:
        if mark:
            units.append((mark, [block]))
        else:
            (units[-1][1] if units else head).append(block)
    return head, units


def _chunks(units: Sequence[_Unit], newest_first: bool) -> Iterator[list[_Unit]]:
    """Yield as many units as fit on a page, the old ones first, each chunk in the order of the file."""
    chunk: list[_Unit] = []
    weight = lines = 0
    for unit in reversed(units) if newest_first else units:
        more, longer = _weight(unit[1]), line_count(unit[1])
        if chunk and (weight + more > _MOST or lines + longer > LONG):
            yield chunk[::-1] if newest_first else chunk
            chunk, weight, lines = [], 0, 0
        chunk, weight, lines = [*chunk, unit], weight + more, lines + longer
    if chunk:
        yield chunk[::-1] if newest_first else chunk

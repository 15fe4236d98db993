"""Logs that are tables: ``.csv``, ``.tsv``, and text files that are one.

``exptdir.tables`` reads the same files for what they show; here a row is a run, commas in its prose are no borders, and
each row keeps its line.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from exptdir.logs.model import Block
from exptdir.logs.titles import is_dated
from exptdir.tables.delimited import find_delimiter

#: Names of columns that hold the id of a run, the better first.
_IDS = (
    r"run_?id|exp(?:eriment|t)?_?id|id|运行|实验编号|编号|実験番号|番号|번호|identificador",
    r"runs?|exp(?:eriment|t|eriments)?s?(?:_?(?:name|no|nr|number))?|version|ver|trial|name|no\.?|nr\.?|#|№"
    r"|实验|実験|실험|essai|versuch|ensaio|experimento|expérience",
)
_DATES = re.compile(
    r"(?:(?:[\w ]{1,40}[_ ])?date(?:[_ ][\w ]{1,40})?|day|when|time|timestamp|date_?time"
    r"|(?:creat|start|finish|end)ed(?:[_ ]at)?|start|begin|begun"
    r"|日期|日付|日時|时间|날짜|일자|data|datum|zeitpunkt|beginn|fecha|giorno|jour|dia)$",
    re.IGNORECASE,
)
#: A quoted cell that goes on for longer than this was opened by a quotation mark in prose.
_LONGEST_CELL = 60
_SAMPLE = 65_536
#: So many cells may be parts of what stands in brackets.
_IN_BRACKETS = 24
_OPENING = frozenset("([{")


def fits(text: str) -> float:
    """Say how sure it is that a text is a delimited table: most rows have as many cells as the first, three or more."""
    lines = [line for line in text[:_SAMPLE].split("\n")[:400] if line.strip()]
    if len(lines) < 3:
        return 0.0
    delimiter, _ = find_delimiter("\n".join(lines))
    widths = [line.count(delimiter) for line in lines]
    most, count = Counter(widths).most_common(1)[0]
    if most < 2 or (delimiter == "|" and lines[0].lstrip().startswith("|")):
        return 0.0
    return 0.8 if count >= 0.9 * len(lines) and widths[0] == most else 0.0


def read_rows(text: str, tabs: bool = False) -> tuple[list[tuple[int, list[str]]], list[tuple[int, str]], str]:
    """Read the rows of a table, each with its first line; also what was joined, by line, and the delimiter.

    What parts a pair of brackets parts no cells: ``(224, 13)``. In a row that is too long neither does a comma with a
    blank behind it, where no other row has one; and what then is more than the head goes to the last cell.
    """
    delimiter = "\t" if tabs else find_delimiter(text[:_SAMPLE])[0]
    lines = text.split("\n")
    # Blanks before a quotation mark, where that quotes a whole cell.
    cut = re.escape(delimiter)
    blanks = delimiter != "\t" and re.search(rf'{cut} "[^"\n]*"(?:{cut}|\n|\Z)', text[:_SAMPLE]) is not None
    rows = _rows_of(lines, delimiter, csv.QUOTE_MINIMAL, blanks)
    if rows is None:
        rows = _rows_of(lines, delimiter, csv.QUOTE_NONE, blanks) or []
    width = len(rows[0][1]) if rows else 0
    spaced = delimiter != "," or any(
        cell[:1] == " " for _, cells in rows[:200] for cell in cells if len(cells) <= width
    )
    joined: list[tuple[int, str]] = []
    for number, cells in rows:
        before = len(cells)
        if not _OPENING.isdisjoint(delimiter.join(cells)):
            _join(cells, delimiter, _parted_brackets)
        if len(cells) > width and not spaced:
            _join(cells, delimiter, lambda cells, at: cells[at + 1][:1] == " ")
        if len(cells) > width > 1:
            cells[width - 1 :] = [delimiter.join(cells[width - 1 :])]
        if len(cells) < before:
            joined.append((number, f"{before} cells were read as {len(cells)}"))
        cells[:] = [cell.strip() for cell in cells]
    return rows, joined, delimiter


def _join(cells: list[str], delimiter: str, belongs: Callable[[list[str], int], bool]) -> None:
    """Join to each cell the next ones that belong to it."""
    at = 0
    while at < len(cells) - 1:
        if belongs(cells, at):
            cells[at : at + 2] = [cells[at] + delimiter + cells[at + 1]]
        else:
            at += 1


def _parted_brackets(cells: list[str], at: int) -> bool:
    """Tell whether a cell opens a bracket that one of the next cells closes."""
    for opens, closes in ("()", "[]", "{}"):
        depth = cells[at].count(opens) - cells[at].count(closes)
        if depth > 0 and any(other.count(closes) > other.count(opens) for other in cells[at + 1 : at + _IN_BRACKETS]):
            return True
    return False


def _rows_of(
    lines: Sequence[str], delimiter: str, quoting: Literal[0, 3], blanks: bool
) -> list[tuple[int, list[str]]] | None:
    """Split lines into rows; ``None`` where a cell goes on for too long."""
    # The limit is the process's: others go by it to find a quotation mark that is never closed.
    limit = csv.field_size_limit(2**31 - 1)
    ended = (line + "\n" for line in lines)
    reader = csv.reader(ended, delimiter=delimiter, quoting=quoting, skipinitialspace=blanks)
    rows: list[tuple[int, list[str]]] = []
    begin = 0
    try:
        for cells in reader:
            if reader.line_num - begin > _LONGEST_CELL and quoting != csv.QUOTE_NONE:
                return None
            if any(cell.strip() for cell in cells):
                rows.append((begin + 1, cells))
            begin = reader.line_num
    except csv.Error:
        return None
    finally:
        csv.field_size_limit(limit)
    return rows


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], *, guess: bool = True) -> tuple[int | None, int | None]:
    """Find the columns of ids and of dates; without a name that tells, the first is that of ids where all differ."""
    sample = rows[:200]
    date_column = next(
        (
            at
            for at, name in enumerate(head)
            if _DATES.match(name.strip()) and any(is_dated(row[at]) for row in sample if at < len(row))
        ),
        None,
    )
    for names in _IDS:
        for at, name in enumerate(head):
            ids = [row[at] for row in rows if at < len(row) and row[at]]
            # A column that names few things for many rows names models or series.
            varied = ids and max(map(len, ids)) <= 120 and len(set(ids)) > len(ids) / 3
            if varied and re.fullmatch(names, _key(name)):
                return at, date_column
    for at in range(min(3, len(head)) if guess else 0):
        ids = [row[at] for row in rows if at < len(row)]
        unique = len(set(ids)) == len(ids) > 1 and at != date_column and all(0 < len(one) <= 40 for one in ids)
        if unique and not all(re.fullmatch(r"[-+]?\d*\.\d+(?:e[-+]?\d+)?", one) for one in ids):
            return at, date_column
    return None, date_column


def run_names(head: Sequence[str], rows: Sequence[Sequence[str]], ids: int | None) -> list[str]:
    """Return what runs are called that stand in rows, by the column of their ids.

    Where that names experiments, and the next column their variants, both do: ``exp002/wide``.
    """
    if ids is not None:
        return [row[ids] if ids < len(row) else "" for row in rows]
    named = next((at for names in _IDS for at, name in enumerate(head) if re.fullmatch(names, _key(name))), None)
    if named is None or named + 1 >= len(head):
        return [""] * len(rows)
    pairs = [f"{row[named]}/{row[named + 1]}" if named + 1 < len(row) else "" for row in rows]
    distinct = len(set(pairs)) == len(pairs) and all(2 < len(pair) <= 80 and " " not in pair for pair in pairs)
    return pairs if distinct else [""] * len(rows)


def _key(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def table_block(rows: Sequence[tuple[int, list[str]]]) -> Block:
    """Make the block of a table whose first row is its head."""
    table = Block("table", rows[0][0] if rows else 1, level=1)
    width = max((len(cells) for _, cells in rows), default=0)
    for line, cells in rows:
        padded = cells + [""] * (width - len(cells))
        table.children.append(Block("row", line, children=[Block("cell", line, cell) for cell in padded]))
    return table

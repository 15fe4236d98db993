"""Logs that are tables: ``.csv``, ``.tsv``, and text files that are one.

``exptdir.tables`` reads the same files for what they show; here a row is a run, commas in its prose are no borders, and
each row keeps its line.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from exptdir.logs.model import Block
from exptdir.record.dates import parse_date
from exptdir.tables.delimited import find_delimiter

#: Names of columns that hold the id of a run, the better first.
_IDS = (
    r"run_?id|exp(?:eriment|t)?_?id|id|运行|实验编号|编号|実験番号|番号|번호|identificador",
    r"runs?|exp(?:eriment|t|eriments)?s?(?:_?(?:name|no|nr|number))?|version|ver|trial|name|no\.?|nr\.?|#|№"
    r"|实验|実験|실험|essai|versuch|ensaio|experimento|expérience",
)
_DATES = re.compile(
    r"(?:date|day|when|time|timestamp|date_?time|created(?:_at)?|日期|日付|날짜|data|datum)$", re.IGNORECASE
)
#: A quoted cell that goes on for longer than this was opened by a quotation mark in prose.
_LONGEST_CELL = 60
_SAMPLE = 65_536


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


def read_rows(text: str, tabs: bool = False) -> tuple[list[tuple[int, list[str]]], int, str]:
    """Read the rows of a table, each with its first line; also how many had too many cells, and the delimiter.

    What a row has more than the head is joined to its last cell: the commas were a sentence's.
    """
    delimiter = "\t" if tabs else find_delimiter(text[:_SAMPLE])[0]
    lines = text.split("\n")
    rows = _parsed(lines, delimiter, csv.QUOTE_MINIMAL)
    if rows is None:
        rows = _parsed(lines, delimiter, csv.QUOTE_NONE) or []
    width = len(rows[0][1]) if rows else 0
    ragged = 0
    for _, cells in rows:
        if len(cells) > width > 1:
            ragged += 1
            cells[width - 1 :] = [delimiter.join(cells[width - 1 :])]
    return rows, ragged, delimiter


def _parsed(lines: Sequence[str], delimiter: str, quoting: Literal[0, 3]) -> list[tuple[int, list[str]]] | None:
    """Split lines into rows; ``None`` where a cell goes on for too long."""
    # The limit is the process's: others go by it to find a quotation mark that is never closed.
    limit = csv.field_size_limit(2**31 - 1)
    try:
        return _rows_of(lines, delimiter, quoting)
    finally:
        csv.field_size_limit(limit)


def _rows_of(lines: Sequence[str], delimiter: str, quoting: Literal[0, 3]) -> list[tuple[int, list[str]]] | None:
    reader = csv.reader(
        (line + "\n" for line in lines), delimiter=delimiter, quoting=quoting, skipinitialspace=delimiter != "\t"
    )
    rows: list[tuple[int, list[str]]] = []
    begin = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return rows
        except csv.Error:
            return None
        if reader.line_num - begin > _LONGEST_CELL and quoting != csv.QUOTE_NONE:
            return None
        if any(cell.strip() for cell in cells):
            rows.append((begin + 1, [cell.strip() for cell in cells]))
        begin = reader.line_num


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], *, guess: bool = True) -> tuple[int | None, int | None]:
    """Find the columns of ids and of dates; without a name that tells, the first is that of ids where all differ."""
    sample = rows[:200]
    date_column = next(
        (
            at
            for at, name in enumerate(head)
            if _DATES.match(name.strip())
            and sum(parse_date(row[at][:10]) is not None for row in sample if at < len(row))
        ),
        None,
    )
    for names in _IDS:
        for at, name in enumerate(head):
            ids = [row[at] for row in rows if at < len(row) and row[at]]
            # A column that names few things for many rows names models or series.
            varied = ids and max(map(len, ids)) <= 120 and len(set(ids)) > len(ids) / 3
            if varied and re.fullmatch(names, name.strip().lower().replace(" ", "_")):
                return at, date_column
    for at in range(min(3, len(head)) if guess else 0):
        ids = [row[at] for row in rows if at < len(row)]
        unique = len(set(ids)) == len(ids) > 1 and at != date_column and all(0 < len(one) <= 40 for one in ids)
        if unique and not all(re.fullmatch(r"[-+]?\d*\.\d+(?:e[-+]?\d+)?", one) for one in ids):
            return at, date_column
    return None, date_column


def table_block(rows: Sequence[tuple[int, list[str]]]) -> Block:
    """Make the block of a table whose first row is its head."""
    table = Block("table", rows[0][0] if rows else 1, level=1)
    width = max((len(cells) for _, cells in rows), default=0)
    for line, cells in rows:
        padded = cells + [""] * (width - len(cells))
        table.children.append(Block("row", line, children=[Block("cell", line, cell) for cell in padded]))
    return table

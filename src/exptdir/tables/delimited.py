"""Delimited files (``.csv``, ``.tsv``): delimiter, rows and what is doubtful about them."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from exptdir.errors import TableError
from exptdir.record.problem import Problem

from .encoding import decode
from .grid import Position, Sheet
from .model import Cell, plain

DELIMITERS = ",;\t|"
#: Characters from the beginning of a file in which the delimiter is looked for.
_SAMPLE = 16_384
#: Ragged rows that are reported one by one; the rest is counted.
_RAGGED_SHOWN = 10
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z", re.ASCII)
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)


class _Row(NamedTuple):
    line: int
    fields: list[str]


def read_sheet(path: Path) -> Sheet:
    """Read a delimited file.

    Parameters
    ----------
    path
        The file; ``.tsv`` is always separated by tabs, in others the delimiter is found.

    Returns
    -------
    Sheet
        Its cells, texts as they are written; rows that are longer or shorter than most, characters that
        cannot be shown and a guessed encoding are problems.

    Raises
    ------
    TableError
        If the file is a workbook or other binary data, or a cell is absurdly long.
    """
    text, note = decode(path.read_bytes(), path.name)
    problems = [Problem("table", note, path)] if note else []
    if "\0" in text:
        problems.append(Problem("table", "null characters were left out: the file may be damaged", path))
        text = text.replace("\0", "")
    rows = _rows(path, text)
    problems += _ragged(path, rows)
    if _open_quote(text, rows):
        problems.append(Problem("table", "a quotation mark is never closed", path, rows[-1].line))
    used: dict[Position, str] = {
        (at, column): field
        for at, row in enumerate(rows, start=1)
        for column, field in enumerate(row.fields, start=1)
        if field.strip()
    }
    return Sheet(path, None, used, lambda position: _cell(used[position]), problems=problems)


def _cell(field: str) -> Cell:
    text = plain(field).strip()
    if _NUMBER.match(text):
        return Cell(text, float(text) if re.search("[.eE]", text) or len(text) > 18 else int(text), "number")
    return Cell(text, text, "text")


def _rows(path: Path, text: str) -> list[_Row]:
    hint = _SEPARATOR_LINE.match(text)
    delimiter = hint[1] if hint else "\t" if path.suffix.lower() == ".tsv" else find_delimiter(text[:_SAMPLE])
    rows, skipped = [], 0
    if hint:
        text, skipped = text[hint.end() :], 1
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        skipinitialspace=f'{delimiter} "' in text[:_SAMPLE],
    )
    line = 1
    try:
        for fields in reader:
            rows.append(_Row(line + skipped, fields))
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(
            f"{path.name}, line {line + skipped}: {error}; is a quotation mark missing at the end of a cell?"
        ) from None
    return rows


def find_delimiter(sample: str) -> str:
    """Find the character that separates the cells of a row.

    Parameters
    ----------
    sample
        Beginning of the file.

    Returns
    -------
    str
        That of the four usual delimiters which cuts most rows into the same number (two or more) of cells;
        between equals :class:`csv.Sniffer` decides. A comma if none separates anything.
    """
    lines = sample.splitlines(keepends=True)
    if len(sample) >= _SAMPLE and len(lines) > 1:
        lines.pop()
    scores = {delimiter: _evenness(lines, delimiter) for delimiter in DELIMITERS}
    best = max(scores.values())
    if not best[0]:
        return ","
    equals = "".join(delimiter for delimiter, score in scores.items() if score[0] == best[0])
    if len(equals) == 1:
        return equals
    try:
        return csv.Sniffer().sniff("".join(lines[:50]), equals).delimiter
    except csv.Error:
        return max(equals, key=scores.__getitem__)


def _evenness(lines: list[str], delimiter: str) -> tuple[float, int]:
    """Return the share of rows with the most frequent width, and that width; nothing if it is one cell."""
    try:
        rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        widths = Counter(len(row) for row in rows if row)
    except csv.Error:
        return 0.0, 0
    several = {width: count for width, count in widths.items() if width > 1}
    if not several:
        return 0.0, 0
    width = max(several, key=lambda width: (several[width], width))
    return several[width] / widths.total(), width


def _ragged(path: Path, rows: list[_Row]) -> Iterator[Problem]:
    widths = Counter(len(row.fields) for row in rows if any(row.fields))
    if not widths:
        return
    usual = max(widths, key=lambda width: (widths[width], width))
    ragged = [row for row in rows if any(row.fields) and _width(row.fields, usual) != usual]
    for row in ragged[:_RAGGED_SHOWN]:
        message = f"this row has {_cells(len(row.fields))} where most have {usual}"
        yield Problem("table", message, path, row.line)
    if rest := ragged[_RAGGED_SHOWN:]:
        message = f"{len(rest)} more rows from here on have not {_cells(usual)}, as most have"
        yield Problem("table", message, path, rest[0].line)


def _width(fields: list[str], usual: int) -> int:
    """Return the length of a row; empty cells past the usual width do not make it ragged."""
    return usual if len(fields) > usual and not any(fields[usual:]) else len(fields)


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"


def _open_quote(text: str, rows: list[_Row]) -> bool:
    if not rows or ('"' not in rows[-1].fields[-1:] and "\n" not in "".join(rows[-1].fields[-1:])):
        return False
    tail = text.split("\n", rows[-1].line - 1)[-1]
    return tail.count('"') % 2 == 1

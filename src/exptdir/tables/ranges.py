"""Ranges of cells as authors write them (``B2:F20``, ``B2:``, ``B:F``, ``2:9``, ``B2``), and addresses of one value."""

from __future__ import annotations

import re
from typing import NamedTuple

from exptdir.errors import TableError
from exptdir.record.problem import shortened

#: A part of an address and what ends it: in single quotation marks, doubled inside, or free of exclamation marks.
_PART = re.compile(r"\s*(?:'((?:[^']|'')*)'|([^!'][^!]*?|))\s*(!|\Z)")
_MAX_LENGTH = 1_000
#: Largest row and column of a workbook (ECMA-376 leaves them open; these are those of Excel and LibreOffice).
MAX_ROW, MAX_COLUMN = 1_048_576, 16_384

_CORNER = r"\$?([A-Za-z]{0,3})\$?([0-9]{0,7})"
_RANGE = re.compile(rf"{_CORNER}(:(?:{_CORNER})?)?\Z")


class Box(NamedTuple):
    """A rectangle of cells, counted from 1, both ends included."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        """Return the range as an author would write it."""
        first, last = cell_name(self.top, self.left), cell_name(self.bottom, self.right)
        return first if first == last else f"{first}:{last}"

    def intersect(self, other: Box) -> Box | None:
        """Return what two rectangles share, ``None`` if that is nothing."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom, right = min(self.bottom, other.bottom), min(self.right, other.right)
        return Box(top, left, bottom, right) if top <= bottom and left <= right else None


class Area(NamedTuple):
    """A part of a workbook that an author has asked for."""

    sheet: str
    #: Its cells; ``None`` for all that are used.
    box: Box | None = None
    #: How many of its rows are headers, where what was asked for says so.
    header_rows: int | None = None
    #: The range as the author wrote it, for messages.
    asked: str = ""


def column_number(letters: str) -> int:
    """Return the number of a column: ``A`` is 1, ``AA`` 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """Return the letters of a column: 1 is ``A``, 27 ``AA``."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell, such as ``B2``."""
    return f"{column_letters(column)}{row}"


def parse_range(text: str) -> Box:
    """Read a range; open sides reach to the largest row or column.

    It is ``B2:F20``, ``B2`` (one cell), ``B2:`` (from there on), ``B:F`` (whole columns) or ``2:9`` (whole rows);
    dollar signs are allowed, the corners may stand in any order. Raises TableError if the text is no range, or lies
    beyond the largest row and column.
    """
    parts = _corners(text)
    if parts is None:
        raise TableError(f"{text!r} is not a range of cells: write B2:F20, B2: (from there on), B:F (columns) or B2")
    column, row, colon, last_column, last_row = parts
    rows = sorted((int(row or 1), int(last_row or (row if not colon else MAX_ROW))))
    columns = sorted((column_number(column) or 1, column_number(last_column or (column if not colon else "XFD"))))
    if rows[0] < 1 or rows[1] > MAX_ROW or columns[1] > MAX_COLUMN:
        raise TableError(f"the range {text!r} goes beyond the rows 1 to {MAX_ROW} and the columns A to XFD")
    return Box(rows[0], columns[0], rows[1], columns[1])


def is_range(text: str) -> bool:
    """Tell whether a text is a range, be it one that no sheet has; anything else may be a name."""
    return _corners(text) is not None


def _corners(text: str) -> tuple[str, str, str, str, str] | None:
    """Return column, row, colon, last column and last row as written, ``None`` if the text is no range."""
    match = _RANGE.match(text.strip())
    if match is None:
        return None
    column, row, colon, last_column, last_row = (part or "" for part in match.groups())
    alone = bool(column and row)
    if not (alone or (colon and (column or row))):
        return None
    # Two corners of which one is a cell and the other a row or a column are no range.
    if (last_column or last_row) and (bool(column) != bool(last_column) or (last_row and not row)):
        return None
    return column, row, colon, last_column, last_row


class CellReference(NamedTuple):
    """Where a value stands: file as typed, sheet (``None`` for the first) and cell.

    The cell is an address (``B7``), the name of a cell, or a column of a table object that has one row.
    """

    file: str
    sheet: str | None
    cell: str


def parse_cell_reference(text: str) -> CellReference:
    """Read the address of a value, such as ``results.xlsx!Summary!B7``; a :class:`TableError` says that it is none.

    A sheet or file whose name has an exclamation mark is put in single quotation marks (``'r.xlsx!'My!sheet'!B7``, as
    spreadsheets do); a quotation mark inside them is doubled.
    """
    parts: list[str] = []
    at, end = 0, "!"
    while end and len(text) <= _MAX_LENGTH and (match := _PART.match(text, at)) is not None:
        quoted, free, end = match.groups()
        parts.append(quoted.replace("''", "'") if quoted is not None else free)
        at = match.end()
    if end or len(parts) not in {2, 3} or not all(parts):
        raise TableError(
            f"{shortened(text, 80)!r} is not the address of a cell: write results.xlsx!Summary!B7, "
            f"or results.xlsx!B7 for the first sheet"
        )
    return CellReference(parts[0], parts[1] if len(parts) == 3 else None, parts[-1])

"""The address of one value in a file: ``results.xlsx!Summary!B7``."""

from __future__ import annotations

import re
from typing import NamedTuple

from exptdir.errors import TableError

#: A part of an address and what ends it: in single quotation marks, which are doubled inside, or free of
#: exclamation marks.
_PART = re.compile(r"\s*(?:'((?:[^']|'')*)'|([^!'][^!]*?|))\s*(!|\Z)")
_MAX_LENGTH = 1_000


class CellReference(NamedTuple):
    """Where a value stands: file as typed, sheet (``None`` for the first) and cell.

    The cell is an address (``B7``), the name of a cell, or a column of a table object that has one row.
    """

    file: str
    sheet: str | None
    cell: str


def parse_cell_reference(text: str) -> CellReference:
    """Read the address of a value.

    Parameters
    ----------
    text
        ``results.xlsx!Summary!B7``, ``results.xlsx!B7`` or ``run.csv!B7``. A sheet or file whose name has an
        exclamation mark is put in single quotation marks (``'r.xlsx!'My!sheet'!B7``, as spreadsheets do);
        a quotation mark inside them is doubled.

    Returns
    -------
    CellReference
        Its parts.

    Raises
    ------
    TableError
        If a part is missing or there are too many.
    """
    parts = _parts(text) if len(text) <= _MAX_LENGTH else []
    if len(parts) not in {2, 3} or not all(parts):
        shown = text if len(text) <= 80 else f"{text[:80]}…"
        raise TableError(
            f"{shown!r} is not the address of a cell: write results.xlsx!Summary!B7, or results.xlsx!B7 "
            f"for the first sheet"
        )
    return CellReference(parts[0], parts[1] if len(parts) == 3 else None, parts[-1])


def _parts(text: str) -> list[str]:
    parts, at = [], 0
    while (match := _PART.match(text, at)) is not None:
        quoted, free, end = match.groups()
        parts.append(quoted.replace("''", "'") if quoted is not None else free)
        if not end:
            return parts
        at = match.end()
    return []

"""How many rows on top of a table are headers, where the author does not say."""

from __future__ import annotations

from collections.abc import Sequence

from .model import Cell


def guess_header_rows(rows: Sequence[Sequence[Cell]], frozen: int, table_header: bool) -> int:
    """Guess the number of header rows.

    Parameters
    ----------
    rows
        The rows that are shown.
    frozen
        How many of them stay in place when the sheet is scrolled.
    table_header
        Whether the first one is the header row of a table object.

    Returns
    -------
    int
        The frozen rows, if some but not all are; otherwise 1 if the first row is that of a table object, or
        is bold and the second is not, or holds nothing but text; otherwise 0, and always 0 if there is only
        one row.
    """
    if len(rows) < 2:
        return 0
    if 0 < frozen < len(rows):
        return frozen
    if table_header or (_bold(rows[0]) and not _bold(rows[1])):
        return 1
    return int(_entirely_text(rows[0]))


def _bold(row: Sequence[Cell]) -> bool:
    shown = [cell for cell in row if cell.kind != "empty"]
    return bool(shown) and all(cell.look.bold for cell in shown)


def _entirely_text(row: Sequence[Cell]) -> bool:
    """Tell whether a row is a row of names; the corner above a column of names may be empty."""
    shown = [cell for cell in row[1:] if not cell.covered]
    first_fits = row[0].kind in {"text", "empty"}
    named = bool(shown) or row[0].kind == "text"
    return first_fits and named and all(cell.kind == "text" for cell in shown)

"""How many rows on top and columns on the left of a table are headers, where the author does not say."""

from __future__ import annotations

from collections.abc import Sequence

from exptdir.tables.model import Cell


def guess_header_rows(rows: Sequence[Sequence[Cell]], frozen: int, table_header: bool) -> int:
    """Guess the number of header rows.

    Parameters
    ----------
    rows
        The rows that are shown.
    frozen
        How many of them stay in place when the sheet is scrolled.
    table_header
        Whether the first one is the header row of a table object or of a filtered range.

    Returns
    -------
    int
        The frozen rows, if some but not all are; otherwise 1 if the first row is that of a table object or of a
        filter, or is bold and the second is not, or holds nothing but text; otherwise 0, and always 0 if there
        is only one row.
    """
    if len(rows) < 2:
        return 0
    if 0 < frozen < len(rows):
        return frozen
    if table_header or (_bold(rows[0]) and not _bold(rows[1])):
        return 1
    # A row of names; the corner above a column of names may be empty.
    corner, *others = rows[0]
    shown = [cell for cell in others if not cell.covered]
    named = corner.kind == "text" or (bool(shown) and corner.kind == "empty")
    return int(named and all(cell.kind == "text" for cell in shown))


def guess_header_columns(
    rows: Sequence[Sequence[Cell]], header_rows: int, frozen: int, table_labels: bool
) -> int:
    """Guess the number of header columns.

    Parameters
    ----------
    rows
        The rows that are shown.
    header_rows
        How many of them are headers.
    frozen
        How many columns stay in place when the sheet is scrolled.
    table_labels
        Whether the first one is the first column of a table object that sets it off.

    Returns
    -------
    int
        The frozen columns, if some but not all are; otherwise 1 if the first column is set off by a table
        object, or below the headers is entirely bold (two cells or more) while no other column is; otherwise
        0, and always 0 if there is only one column.
    """
    count = len(rows[0])
    if count < 2:
        return 0
    if 0 < frozen < count:
        return frozen
    if table_labels:
        return 1
    body = rows[header_rows:]
    labels = [row[0] for row in body if row[0].kind != "empty"]
    if len(labels) < 2 or not _bold(labels):
        return 0
    return int(not any(_bold([row[at] for row in body]) for at in range(1, count)))


def _bold(cells: Sequence[Cell]) -> bool:
    shown = [cell for cell in cells if cell.kind != "empty"]
    return bool(shown) and all(cell.look.bold for cell in shown)

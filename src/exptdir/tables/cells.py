"""Sheets whose cells are known as they are shown, and numbers under their formats."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from pathlib import Path

from exptdir.tables.cellrows import CellRows
from exptdir.tables.grid import Sheet
from exptdir.tables.model import EMPTY, PLAIN, Cell, Look
from exptdir.tables.numfmt import number_format


def sheet_of_cells(path: Path, name: str | None, cells: CellRows[Cell]) -> Sheet:
    """Return a sheet of finished cells.

    Parameters
    ----------
    path, name
        The file, and the sheet's name if it has one.
    cells
        The cells that hold something.

    Returns
    -------
    Sheet
        The sheet, with nothing hidden or merged.
    """

    def show_row(row: int, columns: Sequence[int]) -> list[Cell]:
        found = cells.rows.get(row)
        return [EMPTY] * len(columns) if found is None else list(map(found.get, columns, repeat(EMPTY)))

    return Sheet(path, name, cells, cells.__getitem__, show_row=show_row)


def number_cell(value: float, code: str, *, date1904: bool = False, look: Look = PLAIN) -> Cell:
    """Return the cell of a number.

    Parameters
    ----------
    value
        The number; a date is one of days.
    code
        Its format code.
    date1904
        Which date system the days are counted in.
    look
        How the cell looks.

    Returns
    -------
    Cell
        A date if the code shows one, otherwise a number.
    """
    format = number_format(code, date1904)
    text, moment = format.number(value).strip(), format.moment(value)
    colour = format.colour(value) if format.coloured else None
    if colour not in {None, "000000"}:
        look = look._replace(ink=colour)
    if moment is not None:
        return Cell(text, moment, "date", look)
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return Cell(text, int(value) if whole else value, "number", look)

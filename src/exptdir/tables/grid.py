"""From the cells that a file holds to a rectangle: trim, leave out what is hidden, merge, find headers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from exptdir.errors import TableError
from exptdir.record.problem import Problem

from .headers import guess_header_rows
from .model import COVERED, EMPTY, Cell, Table
from .ranges import Box, parse_range

#: Cells, empty ones included, of the largest rectangle that is shown: more than any page can carry, few
#: enough for memory even where two used cells stand in opposite corners of a sheet.
MAX_CELLS = 5_000_000

Position = tuple[int, int]


@dataclass
class Sheet:
    """What a file says about one sheet, before anything is left out or laid out.

    Parameters
    ----------
    path, name
        The file, and the sheet's name if it has one.
    used
        Positions (row, column) of the cells that hold something.
    show
        Makes the cell at such a position; called only for cells that are shown.
    merged
        Merged ranges.
    hidden_rows, hidden_columns
        What is hidden.
    frozen_rows, frozen_columns
        How many rows and columns stay in place when the sheet is scrolled.
    header_boxes
        Header rows of the sheet's table objects.
    problems
        What was found while reading.
    late_problems
        Returns what was found by ``show``, so that nothing is said of cells that are not shown.
    """

    path: Path
    name: str | None
    used: Collection[Position]
    show: Callable[[Position], Cell]
    merged: Sequence[Box] = ()
    hidden_rows: Collection[int] = frozenset()
    hidden_columns: Collection[int] = frozenset()
    frozen_rows: int = 0
    frozen_columns: int = 0
    header_boxes: Sequence[Box] = ()
    problems: Sequence[Problem] = ()
    late_problems: Callable[[], Sequence[Problem]] = tuple


def lay_out(sheet: Sheet, cells: str | None, header_rows: int | None) -> Table:
    """Make the table that shows a sheet or a part of it.

    Parameters
    ----------
    sheet
        The sheet.
    cells
        Range to show; by default all used cells.
    header_rows
        Number of header rows, ``None`` to guess it.

    Returns
    -------
    Table
        The shown rows and columns of the range, trimmed to the rectangle of used cells.

    Raises
    ------
    TableError
        If there is nothing to show, or too much.
    """
    box = _shown_box(sheet, cells)
    rows = [row for row in range(box.top, box.bottom + 1) if row not in sheet.hidden_rows]
    columns = [column for column in range(box.left, box.right + 1) if column not in sheet.hidden_columns]
    if not rows or not columns:
        where = _where(sheet, box)
        raise TableError(f"all rows or columns of {where} are hidden: show them in the spreadsheet")
    if len(rows) * len(columns) > MAX_CELLS:
        raise TableError(
            f"the used cells of {_where(sheet, box)} span {len(rows)} rows and {len(columns)} columns, "
            f"more than a table can have: name the range to show"
        )
    grid = _fill(sheet, rows, columns)
    columns_frozen = bisect_right(columns, sheet.frozen_columns)
    if header_rows is None:
        frozen = bisect_right(rows, sheet.frozen_rows)
        header_rows = guess_header_rows(grid, frozen, _table_header(sheet, rows, columns))
    elif not 0 <= header_rows <= len(rows):
        where = _where(sheet, box)
        raise TableError(f"{header_rows} header rows were asked for, but {where} shows {len(rows)} rows")
    return Table(
        rows=tuple(map(tuple, grid)),
        header_rows=header_rows,
        header_columns=columns_frozen if columns_frozen < len(columns) else 0,
        path=sheet.path,
        sheet=sheet.name,
        problems=(*sheet.problems, *sheet.late_problems()),
    )


def _where(sheet: Sheet, box: Box | str) -> str:
    return f"{sheet.path.name}, {'sheet ' + repr(sheet.name) + ', ' if sheet.name else ''}{box}"


def _shown_box(sheet: Sheet, cells: str | None) -> Box:
    if not sheet.used:
        raise TableError(f"{_name(sheet)} is empty: no cell holds anything")
    rows, columns = [row for row, _ in sheet.used], [column for _, column in sheet.used]
    used = Box(min(rows), min(columns), max(rows), max(columns))
    if cells is None:
        return used
    box = parse_range(cells).intersect(used)
    if box is None or not any(
        box.top <= row <= box.bottom and box.left <= column <= box.right for row, column in sheet.used
    ):
        raise TableError(f"the range {cells} of {_name(sheet)} holds nothing: its used cells are {used}")
    return box


def _name(sheet: Sheet) -> str:
    return f"sheet {sheet.name!r} of {sheet.path.name}" if sheet.name else sheet.path.name


def _fill(sheet: Sheet, rows: list[int], columns: list[int]) -> list[list[Cell]]:
    row_at = {row: at for at, row in enumerate(rows)}
    column_at = {column: at for at, column in enumerate(columns)}
    grid = [[EMPTY] * len(columns) for _ in rows]
    for position in sheet.used:
        row, column = row_at.get(position[0]), column_at.get(position[1])
        if row is not None and column is not None:
            grid[row][column] = sheet.show(position)
    used = sheet.used if isinstance(sheet.used, dict) else set(sheet.used)
    for merged in sheet.merged:
        first_row, last_row = bisect_left(rows, merged.top), bisect_right(rows, merged.bottom)
        first_column, last_column = bisect_left(columns, merged.left), bisect_right(columns, merged.right)
        if first_row < last_row and first_column < last_column:
            corner = (merged.top, merged.left)
            anchor = sheet.show(corner) if corner in used else EMPTY
            _merge(grid, (first_row, last_row), (first_column, last_column), anchor)
    return grid


def _merge(grid: list[list[Cell]], rows: tuple[int, int], columns: tuple[int, int], anchor: Cell) -> None:
    """Spread a merged range's first cell over what is shown of it; overlapping ranges are left apart."""
    if any(_taken(grid[row][column]) for row, column in product(range(*rows), range(*columns))):
        return
    for row in range(*rows):
        grid[row][slice(*columns)] = [COVERED] * (columns[1] - columns[0])
    grid[rows[0]][columns[0]] = anchor._replace(rowspan=rows[1] - rows[0], colspan=columns[1] - columns[0])


def _taken(cell: Cell) -> bool:
    return cell.covered or cell.rowspan > 1 or cell.colspan > 1


def _table_header(sheet: Sheet, rows: list[int], columns: list[int]) -> bool:
    """Tell whether the first row that is shown is the header row of a table object."""
    return any(
        box.top == rows[0] and box.left <= columns[-1] and box.right >= columns[0]
        for box in sheet.header_boxes
    )

"""From the cells that a file holds to a rectangle: trim, leave out what is hidden, merge, find headers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import TypeVar

from exptdir.errors import EmptySheetError, TableError
from exptdir.record.files import collector_paused
from exptdir.record.problem import Problem
from exptdir.tables.headers import guess_header_columns, guess_header_rows
from exptdir.tables.model import COVERED, EMPTY, Cell, Table
from exptdir.tables.ranges import Area, Box, column_letters, is_range, parse_range
from exptdir.tables.rules import Edges, find_rules

#: Cells, empty ones included, of the largest rectangle that is shown: more than any page can carry, few
#: enough for memory even where two used cells stand in opposite corners of a sheet.
MAX_CELLS = 5_000_000

Position = tuple[int, int]
T = TypeVar("T")


class CellRows(Mapping[tuple[int, int], T]):
    """What a sheet says about its cells, by position (row, column).

    It is a mapping like any other. A dictionary of positions would take a tuple for each cell, so that code which
    goes through all cells better uses :attr:`rows`.

    Parameters
    ----------
    rows
        The cells of each row by column; no row is empty.
    """

    def __init__(self, rows: dict[int, dict[int, T]] | None = None) -> None:
        self.rows: dict[int, dict[int, T]] = {} if rows is None else rows

    def __getitem__(self, at: tuple[int, int]) -> T:
        """Return what is at a position."""
        return self.rows[at[0]][at[1]]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield the positions, row by row."""
        return ((row, column) for row, cells in self.rows.items() for column in cells)

    def __len__(self) -> int:
        """Count the cells."""
        return sum(map(len, self.rows.values()))

    def __bool__(self) -> bool:
        """Tell whether there is any cell."""
        return bool(self.rows)

    def put(self, row: int, column: int, what: T) -> None:
        """Say something about a position."""
        self.rows.setdefault(row, {})[column] = what

    def put_row(self, row: int, cells: dict[int, T]) -> None:
        """Say something about some positions of a row."""
        if cells:
            self.rows.setdefault(row, cells).update(cells)


def box_around(used: Collection[tuple[int, int]]) -> Box:
    """Return the smallest rectangle around some positions, of which there is at least one."""
    if isinstance(used, CellRows):
        left, right = min(map(min, used.rows.values())), max(map(max, used.rows.values()))
        return Box(min(used.rows), left, max(used.rows), right)
    rows, columns = [row for row, _ in used], [column for _, column in used]
    return Box(min(rows), min(columns), max(rows), max(columns))


def any_within(used: Collection[tuple[int, int]], box: Box) -> bool:
    """Tell whether one of some positions is in a rectangle."""
    if isinstance(used, CellRows):
        rows = (cells for row, cells in used.rows.items() if box.top <= row <= box.bottom)
        return any(box.left <= column <= box.right for cells in rows for column in cells)
    return any(box.top <= row <= box.bottom and box.left <= column <= box.right for row, column in used)


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
    frozen_rows, frozen_columns
        How many rows and columns stay in place when the sheet is scrolled.
    changes
        What is known of single cells beyond what ``show`` says: each makes of such a cell the one to show.
    header_boxes
        Ranges whose first row is a header: table objects and filtered ranges.
    label_boxes
        Ranges whose first column is one.
    borders
        The borders of the cells that have any.
    problems
        What was found while reading.
    late_problems
        Returns what is wrong with the cells that are shown, given their rows and columns.
    notes
        Returns what a reader should know about a range, or about the whole sheet if none is given.
    show_row
        Makes the cells of a row in given columns, as ``show`` does one by one; where it is there, it is used.
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
    changes: Mapping[Position, Callable[[Cell], Cell]] = field(default_factory=dict)
    header_boxes: Sequence[Box] = ()
    label_boxes: Sequence[Box] = ()
    borders: Mapping[Position, Edges] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    late_problems: Callable[[set[int], set[int]], Sequence[Problem]] = lambda rows, columns: ()
    notes: Callable[[Box | None], Sequence[str]] = lambda _: ()
    show_row: Callable[[int, Sequence[int]], list[Cell]] | None = None


def sheet_of_cells(path: Path, name: str | None, cells: CellRows[Cell]) -> Sheet:
    """Return a sheet of finished cells, with nothing hidden or merged."""

    def show_row(row: int, columns: Sequence[int]) -> list[Cell]:
        found = cells.rows.get(row)
        return [EMPTY] * len(columns) if found is None else list(map(found.get, columns, repeat(EMPTY)))

    return Sheet(path, name, cells, cells.__getitem__, show_row=show_row)


def lay_out(
    sheet: Sheet,
    cells: Area | str | None = None,
    header_rows: int | None = None,
    header_columns: int | None = None,
) -> Table:
    """Make the table that shows a sheet or a part of it.

    Parameters
    ----------
    cells
        Range to show, as an author writes it or as a workbook has understood it; by default all used cells.
    header_rows, header_columns
        Number of header rows and columns, ``None`` to guess it.

    Returns
    -------
    Table
        The shown rows and columns of the range, trimmed to the rectangle of used cells.

    Raises
    ------
    TableError
        If there is nothing to show, or too much.
    """
    if isinstance(cells, str):
        cells = Area(sheet.name or "", parse_range(cells), None, cells)
    area = cells or Area(sheet.name or "")
    if not sheet.used:
        raise EmptySheetError(f"{_name(sheet)} is empty: no cell holds anything")
    used = box_around(sheet.used)
    box = used if area.box is None else area.box.intersect(used)
    if box is None or not any_within(sheet.used, box):
        meant = "" if is_range(area.asked.rpartition("!")[2]) else f" ({area.box})"
        raise TableError(f"the range {area.asked}{meant} of {_name(sheet)} holds nothing: its used cells are {used}")
    rows = [row for row in range(box.top, box.bottom + 1) if row not in sheet.hidden_rows]
    columns = [column for column in range(box.left, box.right + 1) if column not in sheet.hidden_columns]
    if not rows or not columns:
        raise TableError(f"all rows or columns of {_where(sheet, box)} are hidden: show them in the spreadsheet")
    if len(rows) * len(columns) > MAX_CELLS:
        raise TableError(
            f"the used cells of {_where(sheet, box)} span {len(rows)} rows and {len(columns)} columns, "
            f"more than a table can have: name the range to show"
        )
    grid = _fill(sheet, rows, columns)
    if header_rows is None and area.header_rows is not None:
        # Of the rows that were asked for, the first may be hidden or hold nothing.
        header_rows = area.header_rows if area.box is not None and rows[0] == area.box.top and len(rows) > 1 else 0
    if header_rows is None:
        named = any(box.top == rows[0] and _share(box.left, box.right, columns) for box in sheet.header_boxes)
        header_rows = guess_header_rows(grid, bisect_right(rows, sheet.frozen_rows), named)
    if header_columns is None:
        labelled = any(box.left == columns[0] and _share(box.top, box.bottom, rows) for box in sheet.label_boxes)
        header_columns = guess_header_columns(grid, header_rows, bisect_right(columns, sheet.frozen_columns), labelled)
    for asked, count, what in ((header_rows, len(rows), "rows"), (header_columns, len(columns), "columns")):
        if not 0 <= asked <= count:
            raise TableError(f"{asked} header {what} were asked for, but {_where(sheet, box)} shows {count} {what}")
    rules_below, rules_right = find_rules(grid, rows, columns, sheet.borders)
    return Table(
        rows=tuple(map(tuple, grid)),
        header_rows=header_rows,
        header_columns=header_columns,
        path=sheet.path,
        sheet=sheet.name,
        problems=(*sheet.problems, *sheet.late_problems(set(rows), set(columns))),
        letters=tuple(map(column_letters, columns)),
        rules_below=rules_below,
        rules_right=rules_right,
        notes=tuple(sheet.notes(area.box)),
    )


def _share(first: int, last: int, shown: list[int]) -> bool:
    return first <= shown[-1] and last >= shown[0]


def _where(sheet: Sheet, box: Box) -> str:
    return f"sheet {sheet.name!r}, {box}," if sheet.name else str(box)


def _name(sheet: Sheet) -> str:
    return f"sheet {sheet.name!r}" if sheet.name else "the file"


def _fill(sheet: Sheet, rows: list[int], columns: list[int]) -> list[list[Cell]]:
    row_at = {row: at for at, row in enumerate(rows)}
    column_at = {column: at for at, column in enumerate(columns)}
    if sheet.show_row is not None:
        with collector_paused():
            grid = [sheet.show_row(row, columns) for row in rows]
    else:
        grid = [[EMPTY] * len(columns) for _ in rows]
        for position in sheet.used:
            if position[0] in row_at and position[1] in column_at:
                grid[row_at[position[0]]][column_at[position[1]]] = sheet.show(position)
    for (row, column), change in sheet.changes.items():
        if row in row_at and column in column_at:
            shown, at = grid[row_at[row]], column_at[column]
            shown[at] = change(shown[at])
    used = sheet.used if isinstance(sheet.used, Mapping) else set(sheet.used)
    looked = 0
    for merged in sheet.merged:
        first_row, last_row = bisect_left(rows, merged.top), bisect_right(rows, merged.bottom)
        first_column, last_column = bisect_left(columns, merged.left), bisect_right(columns, merged.right)
        looked += max(last_row - first_row, 0) * max(last_column - first_column, 0)
        # More than the sheet has cells: ranges that lie over each other, of which thousands would never end.
        if first_row < last_row and first_column < last_column and looked <= 2 * MAX_CELLS:
            corner = (merged.top, merged.left)
            anchor = sheet.show(corner) if corner in used else EMPTY
            if corner in sheet.changes and corner in used:
                anchor = sheet.changes[corner](anchor)
            taken = (cell for cells in grid[first_row:last_row] for cell in cells[first_column:last_column])
            # Ranges that lie over each other are left apart.
            if not any(cell.covered or cell.rowspan > 1 or cell.colspan > 1 for cell in taken):
                height, width = last_row - first_row, last_column - first_column
                for cells in grid[first_row:last_row]:
                    cells[first_column:last_column] = [COVERED] * width
                grid[first_row][first_column] = anchor._replace(rowspan=height, colspan=width)
    return grid

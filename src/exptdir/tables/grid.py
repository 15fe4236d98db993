"""From the cells that a file holds to a rectangle: trim, leave out what is hidden, merge, find headers and rules."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from exptdir.errors import EmptySheetError, TableError
from exptdir.record.problem import Problem
from exptdir.tables.headers import guess_header_columns, guess_header_rows
from exptdir.tables.model import COVERED, EMPTY, Cell, Table
from exptdir.tables.ranges import Area, Box, column_letters, is_range

#: Cells, empty ones included, of the largest rectangle that is shown: more than any page can carry, few
#: enough for memory even where two used cells stand in opposite corners of a sheet.
MAX_CELLS = 5_000_000

Position = tuple[int, int]
#: The cells of a sheet that hold something, by row and column. A dictionary of positions would take a tuple for each.
Cells = dict[int, dict[int, Cell]]
#: On which sides of a cell there is a border: top, right, bottom, left.
Sides = frozenset[str]


@dataclass
class Sheet:
    """What a file says about one sheet, before anything is left out or laid out."""

    path: Path
    name: str | None
    #: Those that hold something; no row of them is empty.
    cells: Cells
    merged: Sequence[Box] = ()
    hidden_rows: Collection[int] = frozenset()
    hidden_columns: Collection[int] = frozenset()
    #: How many rows and columns stay in place when the sheet is scrolled.
    frozen_rows: int = 0
    frozen_columns: int = 0
    #: Ranges whose first row is a header (table objects and filtered ranges), and whose first column is one.
    header_boxes: Sequence[Box] = ()
    label_boxes: Sequence[Box] = ()
    borders: Mapping[Position, Sides] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    #: Returns what is wrong with the cells that are shown, given their rows, columns, and rows above a header.
    late_problems: Callable[[set[int], set[int], set[int]], Sequence[Problem]] = lambda rows, columns, titles: ()
    #: Returns what a reader should know about a range, or about the whole sheet if none is given.
    notes: Callable[[Box | None], Sequence[str]] = lambda _: ()


def lay_out(sheet: Sheet, area: Area, header_rows: int | None = None, header_columns: int | None = None) -> Table:
    """Make the table that shows what is shown of a range of a sheet, trimmed to the rectangle of used cells.

    How many rows and columns are headers is guessed for ``None``. Raises TableError if there is nothing to show, or
    too much.
    """
    named = f"sheet {sheet.name!r}" if sheet.name else "the file"
    if not sheet.cells:
        raise EmptySheetError(f"{named} is empty: no cell holds anything")
    used = Box(
        min(sheet.cells), min(map(min, sheet.cells.values())), max(sheet.cells), max(map(max, sheet.cells.values()))
    )
    box = used if area.box is None else area.box.intersect(used)
    within = (cells for row, cells in sheet.cells.items() if box and box.top <= row <= box.bottom)
    if box is None or not any(box.left <= column <= box.right for cells in within for column in cells):
        meant = "" if is_range(area.asked.rpartition("!")[2]) else f" ({area.box})"
        raise TableError(f"the range {area.asked}{meant} of {named} holds nothing: its used cells are {used}")
    where = f"sheet {sheet.name!r}, {box}," if sheet.name else str(box)
    rows = [row for row in range(box.top, box.bottom + 1) if row not in sheet.hidden_rows]
    columns = [column for column in range(box.left, box.right + 1) if column not in sheet.hidden_columns]
    if not rows or not columns:
        raise TableError(f"all rows or columns of {where} are hidden: show them in the spreadsheet")
    if len(rows) * len(columns) > MAX_CELLS:
        raise TableError(
            f"the used cells of {where} span {len(rows)} rows and {len(columns)} columns, "
            f"more than a table can have: name the range to show"
        )
    grid = _fill(sheet, rows, columns)
    if header_rows is None and area.header_rows is not None:
        # Of the rows that were asked for, the first may be hidden or hold nothing.
        header_rows = area.header_rows if area.box is not None and rows[0] == area.box.top and len(rows) > 1 else 0
    if header_rows is None:
        named_columns = any(
            box.top == rows[0] and box.left <= columns[-1] and box.right >= columns[0] for box in sheet.header_boxes
        )
        header_rows = guess_header_rows(grid, bisect_right(rows, sheet.frozen_rows), named_columns)
    if header_columns is None:
        labelled = any(
            box.left == columns[0] and box.top <= rows[-1] and box.bottom >= rows[0] for box in sheet.label_boxes
        )
        header_columns = guess_header_columns(grid, header_rows, bisect_right(columns, sheet.frozen_columns), labelled)
    for asked, count, what in ((header_rows, len(rows), "rows"), (header_columns, len(columns), "columns")):
        if not 0 <= asked <= count:
            raise TableError(f"{asked} header {what} were asked for, but {where} shows {count} {what}")
    end = _begin_of_notes(grid, header_rows)
    if notes := [row[0].text for row in grid[end:] if row[0].text]:
        del rows[end:], grid[end:]
    rules_below, rules_right = find_rules(grid, rows, columns, sheet.borders)
    return Table(
        rows=tuple(map(tuple, grid)),
        header_rows=header_rows,
        header_columns=header_columns,
        path=sheet.path,
        sheet=sheet.name,
        problems=(*sheet.problems, *sheet.late_problems(set(rows), set(columns), set(rows[: max(header_rows - 1, 0)]))),
        letters=tuple(map(column_letters, columns)),
        rules_below=rules_below,
        rules_right=rules_right,
        notes=(*notes, *sheet.notes(area.box)),
    )


def _begin_of_notes(grid: Sequence[Sequence[Cell]], header_rows: int) -> int:
    """Return the row below which texts stand alone, an empty one: these are notes, and do not sort with the data."""
    end = len(grid)
    for at in reversed(range(header_rows, end if len(grid[0]) > 1 else 0)):
        first, *others = grid[at]
        if first.href or first.kind not in {"text", "empty"} or any(cell.text for cell in others):
            break
        end = end if first.text else at
    return end


def _fill(sheet: Sheet, rows: list[int], columns: list[int]) -> list[list[Cell]]:
    grid = [list(map(sheet.cells.get(row, {}).get, columns, repeat(EMPTY))) for row in rows]
    looked = 0
    for merged in sheet.merged:
        first_row, last_row = bisect_left(rows, merged.top), bisect_right(rows, merged.bottom)
        first_column, last_column = bisect_left(columns, merged.left), bisect_right(columns, merged.right)
        height, width = last_row - first_row, last_column - first_column
        looked += max(height, 0) * max(width, 0)
        # More than the sheet has cells: ranges that lie over each other, of which thousands would never end.
        if height > 0 and width > 0 and looked <= 2 * MAX_CELLS:
            taken = (cell for cells in grid[first_row:last_row] for cell in cells[first_column:last_column])
            # Ranges that lie over each other are left apart.
            if not any(cell.covered or cell.rowspan > 1 or cell.colspan > 1 for cell in taken):
                for cells in grid[first_row:last_row]:
                    cells[first_column:last_column] = [COVERED] * width
                # The row or the column that the first cell is in may be hidden.
                anchor = sheet.cells.get(merged.top, {}).get(merged.left, EMPTY)
                grid[first_row][first_column] = anchor._replace(rowspan=height, colspan=width)
    return grid


def anchors(rows: Sequence[Sequence[Cell]]) -> dict[Position, Position]:
    """Return for each cell of a merged range, its first one included, the place of the first, counted from 0."""
    return {
        (below, right): (top, left)
        for top, row in enumerate(rows)
        for left, cell in enumerate(row)
        if cell.rowspan > 1 or cell.colspan > 1
        for below in range(top, min(top + cell.rowspan, len(rows)))
        for right in range(left, left + cell.colspan)
    }


def find_rules(
    grid: Sequence[Sequence[Cell]], rows: Sequence[int], columns: Sequence[int], borders: Mapping[Position, Sides]
) -> tuple[frozenset[int], frozenset[int]]:
    """Find the rules of a table, which are the lines through all of it that part it into groups.

    *rows* and *columns* are those of the grid in the sheet. Returned are the rows and the columns of the grid after
    which all cells that are not in an empty column (or row), but at most one of three or more, have a border. A row
    between two with such a line is no end of a group, and where more than half of the rows have one it is a grid: then
    there are none.
    """
    if not borders:
        return frozenset(), frozenset()
    owners = anchors(grid)

    def is_parted(one: Position, side: str, other: Position, opposite: str) -> bool:
        if one in owners and owners[one] == owners.get(other):
            return False
        sides, others = (borders.get((rows[row], columns[column]), Sides()) for row, column in (one, other))
        return side in sides or opposite in others

    def lines(parted: Sequence[Sequence[bool]]) -> frozenset[int]:
        found = {at for at, line in enumerate(parted) if line.count(False) <= (1 if len(line) >= 3 else 0)}
        if 2 * len(found) > len(parted) + 1:
            return frozenset()
        return frozenset(at for at in found if not {at - 1, at + 1} <= found)

    holds = [[cell.covered or cell.kind != "empty" for cell in row] for row in grid]
    filled_rows = [at for at, row in enumerate(holds) if any(row)]
    filled_columns = [at for at, column in enumerate(zip(*holds, strict=True)) if any(column)]
    return (
        lines([[is_parted((r, c), "bottom", (r + 1, c), "top") for c in filled_columns] for r in range(len(rows) - 1)]),
        lines([[is_parted((r, c), "right", (r, c + 1), "left") for r in filled_rows] for c in range(len(columns) - 1)]),
    )

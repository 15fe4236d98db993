"""Which borders of a sheet are rules: lines through the whole table that part it into groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from exptdir.tables.model import Cell

#: Cells that may lack the border under a line, if there are enough others.
_LACKING, _ENOUGH = 1, 3


class Edges(NamedTuple):
    """On which sides of a cell there is a border."""

    top: bool = False
    right: bool = False
    bottom: bool = False
    left: bool = False


#: A cell without borders.
NO_EDGES = Edges()

_Drawn = Callable[[int, int], bool]


def find_rules(
    grid: Sequence[Sequence[Cell]],
    rows: Sequence[int],
    columns: Sequence[int],
    borders: Mapping[tuple[int, int], Edges],
) -> tuple[frozenset[int], frozenset[int]]:
    """Find the rules of a table.

    Parameters
    ----------
    grid
        The cells that are shown.
    rows, columns
        Their rows and columns in the sheet.
    borders
        The borders of the sheet's cells that have any, by row and column.

    Returns
    -------
    rules_below, rules_right
        Rows and columns of the grid after which all cells that are not in an empty column (or row), but at
        most one, have a border. A row between two with such a line is no end of a group, and where more than
        half of the rows have one it is a grid: then there are none.
    """
    if not borders:
        return frozenset(), frozenset()
    # The places at whose right, and below which, a merged cell goes on.
    across: set[tuple[int, int]] = set()
    down: set[tuple[int, int]] = set()
    for top, row in enumerate(grid):
        for left, cell in enumerate(row):
            if cell.rowspan > 1 or cell.colspan > 1:
                last_row, last_column = top + cell.rowspan - 1, left + cell.colspan - 1
                places = [(r, c) for r in range(top, last_row + 1) for c in range(left, last_column + 1)]
                across.update(place for place in places if place[1] < last_column)
                down.update(place for place in places if place[0] < last_row)
    filled_columns = [at for at in range(len(columns)) if any(not _blank(row[at]) for row in grid)]
    filled_rows = [at for at, row in enumerate(grid) if any(not _blank(cell) for cell in row)]

    def below(row: int, column: int) -> bool:
        upper, lower = (borders.get((rows[at], columns[column]), NO_EDGES) for at in (row, row + 1))
        return (row, column) not in down and (upper.bottom or lower.top)

    def right(column: int, row: int) -> bool:
        first, second = (borders.get((rows[row], columns[at]), NO_EDGES) for at in (column, column + 1))
        return (row, column) not in across and (first.right or second.left)

    return (
        _lines(len(rows), filled_columns, below, {row for row, _ in borders}, rows),
        _lines(len(columns), filled_rows, right, {column for _, column in borders}, columns),
    )


def _lines(
    count: int, across: Sequence[int], drawn: _Drawn, bordered: set[int], numbers: Sequence[int]
) -> frozenset[int]:
    """Return after which of *count* rows (or columns) a line runs; *numbers* are theirs in the sheet."""
    allowed = _LACKING if len(across) >= _ENOUGH else 0
    lines = {
        at
        for at in range(count - 1)
        if (numbers[at] in bordered or numbers[at + 1] in bordered)
        and sum(not drawn(at, other) for other in across) <= allowed
    }
    if 2 * len(lines) > count:
        return frozenset()
    return frozenset(at for at in lines if not {at - 1, at + 1} <= lines)


def _blank(cell: Cell) -> bool:
    return cell.kind == "empty" and not cell.covered

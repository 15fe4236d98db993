"""Cells by row and column, at a cost for each that lets a sheet have millions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, TypeVar

from exptdir.tables.ranges import Box

T = TypeVar("T")


class RawCell(NamedTuple):
    """A cell as stored: its style's number, type (``n``, ``s``, ``str`` …), stored text and formula."""

    style: int
    type: str
    stored: str | None
    formula: str | None


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

"""Files that are open: what is read of them is kept, and what an author asks for is found in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from exptdir.errors import TableError
from exptdir.tables.grid import Sheet
from exptdir.tables.names import DefinedName, Names, SheetPart, TableObject, choose_sheet
from exptdir.tables.ranges import Area, parse_range

#: How many cells of read sheets are kept in memory; a cell takes some 200 bytes.
_MAX_KEPT = 2_000_000


class Source(Protocol):
    """A file that tables are read from, whatever its format."""

    def sheet_names(self, hidden: bool = False) -> list[str]:
        """Return the names of its sheets, hidden ones only if asked for."""

    def resolve(self, sheet: str | None = None, cells: str | None = None) -> Area:
        """Find what an author has asked for."""

    def read(self, sheet: str | None = None, *, hidden: bool = False) -> Sheet:
        """Read one sheet, hidden rows and columns only if asked for."""


class Book:
    """A file with sheets.

    Parameters
    ----------
    sheets, names
        Its sheets and defined names.
    load
        Reads one of the sheets; called once for each that is asked for.
    tables
        Returns its table objects; asked only where nothing else has a name.
    """

    def __init__(
        self,
        sheets: Sequence[SheetPart],
        names: Sequence[DefinedName],
        load: Callable[[SheetPart], Sheet],
        tables: Callable[[], Sequence[TableObject]] = tuple,
    ) -> None:
        self._sheets, self._load = sheets, load
        self._names = Names(sheets, names, tables)
        self._read: dict[str, Sheet] = {}

    def sheet_names(self, hidden: bool = False) -> list[str]:
        """Return the names of the sheets in the order of their tabs, hidden ones only if asked for."""
        return [sheet.name for sheet in self._sheets if sheet.visible or hidden]

    def resolve(self, sheet: str | None = None, cells: str | None = None) -> Area:
        """Find a sheet and a range or a defined name of it."""
        return Area(choose_sheet(self._sheets, sheet).name) if cells is None else self._names.resolve(sheet, cells)

    def read(self, sheet: str | None = None, *, hidden: bool = False) -> Sheet:
        """Read one sheet, hidden rows and columns only if asked for."""
        part = choose_sheet(self._sheets, sheet)
        if part.name not in self._read:
            self._read[part.name] = self._load(part)
            while len(self._read) > 1 and sum(len(kept.used) for kept in self._read.values()) > _MAX_KEPT:
                del self._read[next(iter(self._read))]
        found = self._read[part.name]
        return replace(found, hidden_rows=(), hidden_columns=()) if hidden else found


class SheetlessFile:
    """A file that is one table, such as delimited text.

    Parameters
    ----------
    what
        What messages call such a file.
    sheet
        Its cells.
    omitted
        How many more rows it has, which have not been read.
    """

    def __init__(self, what: str, sheet: Sheet, omitted: int = 0) -> None:
        self._what, self._sheet = what, sheet
        self.omitted = omitted

    def sheet_names(self, hidden: bool = False) -> list[str]:
        """Return nothing: it has no sheets."""
        return []

    def resolve(self, sheet: str | None = None, cells: str | None = None) -> Area:
        """Find a range; there are no sheets to choose from."""
        if sheet is not None:
            raise TableError(f"{self._what} has no sheets: leave the sheet out")
        return Area("", parse_range(cells) if cells is not None else None, None, cells or "")

    def read(self, sheet: str | None = None, *, hidden: bool = False) -> Sheet:
        """Return all of it."""
        return self._sheet

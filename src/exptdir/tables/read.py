"""Reading a table from a file: which reader, what is refused before any is asked, and files that are open."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from exptdir.errors import TableError
from exptdir.record.files import collector_paused, stamp
from exptdir.record.problem import Problem
from exptdir.tables.grid import Sheet, lay_out
from exptdir.tables.model import Cell, Table
from exptdir.tables.names import DefinedName, Names, SheetPart, TableObject, choose_sheet
from exptdir.tables.ranges import Area, Box, CellReference, parse_range

#: Largest file that is opened, in bytes: a notebook page shows tables, not data sets.
MAX_FILE_SIZE = 256 * 2**20
#: How many cells of read sheets are kept in memory; a cell takes some 200 bytes.
_MAX_KEPT = 2_000_000
#: Files that a spreadsheet program opens and can save anew.
_SPREADSHEETS = frozenset({".fods", ".xltx", ".xltm", ".xlt", ".ots", ".numbers", ".gnumeric", ".sxc", ".dif", ".slk"})
#: Suffixes of files that can be read.
SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods", ".xlsb", ".csv", ".tsv", ".parquet")


def read_table(path: Path, **options: Any) -> Table:
    """Read a table as a person sees it in a spreadsheet program; see :meth:`TableReader.read`."""
    return TableReader(1).read(path, **options)


class TableReader:
    """Reads tables, and keeps the last *limit* files open, so that a workbook shown ten times is read once."""

    def __init__(self, limit: int = 8) -> None:
        self._limit = max(limit, 1)
        self._files: OrderedDict[tuple[object, ...], Book | SheetlessFile] = OrderedDict()

    # What a sheet is made of is much, and stays: nothing of it need be searched for garbage.
    @collector_paused()
    def read(
        self,
        path: Path,
        *,
        sheet: str | None = None,
        cells: str | None = None,
        header_rows: int | None = None,
        header_columns: int | None = None,
        hidden: bool = False,
        **form: str,
    ) -> Table:
        """Read a table as a person sees it in a spreadsheet program, with what is doubtful about it in ``problems``.

        The *path* is that of a workbook (``.xlsx``, ``.xlsm``, ``.xls``, ``.ods``, ``.xlsb``), a delimited file
        (``.csv``, ``.tsv``) or a ``.parquet`` file. The *sheet* is a name, or a place among the visible ones counted
        from 1; by default the first visible sheet. A sheet whose name is the digits comes first. The *cells* are a
        range (``B2:F20``, ``B2:``, ``B:F``) or a name from the workbook; by default all used cells. How many rows and
        columns are headers is guessed by default (see :mod:`exptdir.tables.headers`); *hidden* rows and columns are
        shown too if that is asked for. The *form* is what a delimited file is written in, all of which is found by
        default: *delimiter*, *encoding* and the sign before *decimal* digits, ``comma`` or ``point``.

        Raises TableError if nothing can be shown; the message says what is wrong and what to do.
        """
        source = self.open(path, **form)
        area = source.resolve(sheet, cells)
        table = lay_out(source.read(area.sheet or None, hidden=hidden), area, header_rows, header_columns)
        if isinstance(source, SheetlessFile) and area.box is None:
            return replace(table, omitted=source.omitted)
        return table

    @collector_paused()
    def cell(self, path: Path, reference: CellReference) -> Cell:
        """Return one cell as it is shown, also a hidden one; of a merged range the first, whichever is asked for.

        The file in *reference* is only what the author has typed. Raises TableError if there is no such cell, if it is
        empty, or if what is asked for are several.
        """
        source = self.open(path)
        area = source.resolve(reference.sheet, reference.cell)
        sheet = source.read(area.sheet or None, hidden=True)
        headers = area.header_rows or 0
        # From a cell that a merged range hides to the first one of it.
        for merged in sheet.merged if area.box is not None else ():
            if merged.intersect(area.box or merged) == area.box:
                area = area._replace(box=Box(merged.top, merged.left, merged.top, merged.left))
                break
        body = lay_out(sheet, area, headers, 0).rows[headers:]
        shown = [cell for row in body for cell in row if not cell.covered]
        if len(shown) != 1:
            raise TableError(f"{reference.cell} are {len(shown)} cells: name one of them, such as B7")
        return shown[0]

    def open(self, path: Path, **form: str) -> Book | SheetlessFile:
        """Return a file that is open, if it has not changed since, or open it."""
        path = Path(path)
        check_file(path)
        key = (os.fspath(path), stamp(path), *sorted(form.items()))
        source = self._files.pop(key, None) or _open(path, form)
        self._files[key] = source
        while len(self._files) > self._limit:
            self._files.popitem(last=False)
        return source


class Book:
    """A file with sheets and defined names; each format says how one sheet is loaded.

    *charts* are the names of its sheets without cells.
    """

    problems: Sequence[Problem] = ()

    def __init__(
        self, sheets: Sequence[SheetPart], names: Sequence[DefinedName] = (), charts: Sequence[str] = ()
    ) -> None:
        self.sheets = sheets
        self.charts = charts
        self._names = Names(sheets, names, self.tables)
        self._read: dict[str, Sheet] = {}

    def load(self, part: SheetPart) -> Sheet:
        """Read one of the sheets; called once for each that is asked for."""
        raise NotImplementedError

    def tables(self) -> Sequence[TableObject]:
        """Return the table objects; asked only where nothing else has a name."""
        return ()

    def sheet_names(self, hidden: bool = False) -> list[str]:
        """Return the names of the sheets in the order of their tabs, hidden ones only if asked for."""
        return [sheet.name for sheet in self.sheets if sheet.visible or hidden]

    def resolve(self, sheet: str | None = None, cells: str | None = None) -> Area:
        """Find a sheet and a range or a defined name of it."""
        return Area(choose_sheet(self.sheets, sheet).name) if cells is None else self._names.resolve(sheet, cells)

    def read(self, sheet: str | None = None, *, hidden: bool = False) -> Sheet:
        """Read one sheet, hidden rows and columns only if asked for."""
        part = choose_sheet(self.sheets, sheet)
        if part.name not in self._read:
            self._read[part.name] = self.load(part)
            kept = self._read.values()
            while len(kept) > 1 and sum(len(row) for one in kept for row in one.cells.values()) > _MAX_KEPT:
                del self._read[next(iter(self._read))]
        found = self._read[part.name]
        return replace(found, hidden_rows=(), hidden_columns=()) if hidden else found


class SheetlessFile:
    """A file that is one table, such as delimited text; messages call it *what*, *omitted* rows have not been read."""

    charts: Sequence[str] = ()

    def __init__(self, what: str, sheet: Sheet, omitted: int = 0) -> None:
        self._what, self._sheet = what, sheet
        self.omitted, self.problems = omitted, sheet.problems

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


def read_text(
    text: str,
    *,
    name: str,
    path: Path,
    header_rows: int | None = None,
    header_columns: int | None = None,
    **form: str,
) -> Table:
    """Read delimited text that stands in the document at *path*; see :meth:`TableReader.read`.

    Messages call it *name*; problems give the lines of the text counted from its first.
    """
    if not text.strip():
        raise TableError(f"{name} is empty: write rows of cells, separated by commas")
    from exptdir.tables.delimited import parse

    return lay_out(parse(text, path, **form), Area(""), header_rows, header_columns)


def _open(path: Path, form: dict[str, str]) -> Book | SheetlessFile:
    # Most records have tables of one or two formats: the other readers are not even imported.
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        readable = ", ".join(SUFFIXES)
        advice = "save it as .xlsx" if suffix in _SPREADSHEETS else "convert it to one of these"
        raise TableError(f"the file is not a table that can be read ({readable}): {advice}")
    if suffix in {".csv", ".tsv"}:
        from exptdir.tables.delimited import read_sheet

        return SheetlessFile("delimited text", read_sheet(path, **form))
    if form:
        raise TableError(f"a {suffix} file is no delimited text: leave out what is said of one ({', '.join(form)})")
    from exptdir.tables.encoding import check_disguise

    check_disguise(path)
    if suffix in {".xlsx", ".xlsm"}:
        from exptdir.tables.xlsx import XlsxBook

        return XlsxBook(path)
    if suffix == ".parquet":
        from exptdir.tables.parquet import open_parquet

        return open_parquet(path)
    from exptdir.tables.values import ValuesBook

    return ValuesBook(path)


def check_file(path: Path) -> None:
    """Refuse what is missing, unreadable, no regular file, empty or too large."""
    try:
        status = path.stat()
        if path.is_dir():
            raise TableError(f"{path} is a directory, not a file")
        if not path.is_file():
            raise TableError(f"{path} is not a regular file")
        with path.open("rb"):
            pass
    except FileNotFoundError:
        if path.is_symlink():
            raise TableError(f"{path} is a link to {os.readlink(path)}, which does not exist") from None
        raise TableError(f"{path} does not exist") from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise TableError(f"{path} cannot be read: {reason}") from None
    if status.st_size == 0:
        raise TableError("the file is empty (0 bytes)")
    if status.st_size > MAX_FILE_SIZE:
        raise TableError(
            f"the file is {status.st_size // 2**20} MiB, more than the {MAX_FILE_SIZE // 2**20} MiB "
            f"that are opened: save the part to show as a file of its own"
        )

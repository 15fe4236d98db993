"""Reading a table from a file: which reader, and what is refused before any reader is asked."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from exptdir.errors import TableError
from exptdir.tables.books import SheetlessFile, Source
from exptdir.tables.cellref import CellReference
from exptdir.tables.disguise import check_disguise
from exptdir.tables.files import check_file
from exptdir.tables.grid import Sheet, lay_out
from exptdir.tables.model import Cell, Table
from exptdir.tables.ranges import Area, Box

#: Files that a spreadsheet program opens and can save anew.
_SPREADSHEETS = frozenset({".xlsb", ".xltx", ".xltm", ".xlt", ".ots", ".numbers", ".gnumeric", ".sxc", ".dif", ".slk"})


# Most records have tables of one or two formats: the other readers are not even imported.


def _open_xlsx(path: Path) -> Source:
    from exptdir.tables.xlsx.workbook import open_workbook

    return open_workbook(path)


def _open_xls(path: Path) -> Source:
    from exptdir.tables.xls.workbook import open_xls

    return open_xls(path)


def _open_ods(path: Path) -> Source:
    from exptdir.tables.ods.workbook import open_ods

    return open_ods(path)


def _open_delimited(path: Path) -> Source:
    from exptdir.tables.delimited.reading import read_sheet

    return SheetlessFile("delimited text", read_sheet(path))


def _open_parquet(path: Path) -> Source:
    from exptdir.tables.parquet import open_parquet

    return open_parquet(path)


#: What opens a file, by its suffix.
_OPENERS: Mapping[str, Callable[[Path], Source]] = {
    ".xlsx": _open_xlsx,
    ".xlsm": _open_xlsx,
    ".xls": _open_xls,
    ".ods": _open_ods,
    ".fods": _open_ods,
    ".csv": _open_delimited,
    ".tsv": _open_delimited,
    ".parquet": _open_parquet,
}
#: Suffixes of files that can be read.
SUFFIXES = tuple(_OPENERS)


def read_table(
    path: Path,
    *,
    sheet: str | None = None,
    cells: str | None = None,
    header_rows: int | None = None,
    header_columns: int | None = None,
    hidden: bool = False,
) -> Table:
    """Read a table as a person sees it in a spreadsheet program.

    Parameters
    ----------
    path
        A workbook (``.xlsx``, ``.xlsm``, ``.xls``, ``.ods``, ``.fods``), a delimited file (``.csv``, ``.tsv``) or a
        ``.parquet`` file.
    sheet
        Name of a sheet, or its place among the visible ones counted from 1; by default the first visible
        sheet. A sheet whose name is the digits comes first.
    cells
        Range to show, such as ``B2:F20``, ``B2:`` or ``B:F``, or a name that the workbook gives it; by default
        all used cells.
    header_rows, header_columns
        Number of header rows and columns; by default they are guessed (see
        :mod:`exptdir.tables.headers`).
    hidden
        Whether hidden rows and columns are shown too.

    Returns
    -------
    Table
        The table, with what is doubtful about it in ``problems``.

    Raises
    ------
    TableError
        If nothing can be shown; the message says what is wrong and what to do.
    """
    return TableReader(1).read(
        path,
        sheet=sheet,
        cells=cells,
        header_rows=header_rows,
        header_columns=header_columns,
        hidden=hidden,
    )


class TableReader:
    """Reads tables, and keeps open what was read last, so that a workbook shown ten times is read once.

    Parameters
    ----------
    limit
        How many files are kept.
    """

    def __init__(self, limit: int = 8) -> None:
        self._limit = max(limit, 1)
        self._files: OrderedDict[tuple[str, int, int], Source] = OrderedDict()

    def read(
        self,
        path: Path,
        *,
        sheet: str | None = None,
        cells: str | None = None,
        header_rows: int | None = None,
        header_columns: int | None = None,
        hidden: bool = False,
    ) -> Table:
        """Read a table; see :func:`read_table`."""
        source = self._open(path)
        area = source.resolve(sheet, cells)
        table = lay_out(source.read(area.sheet or None, hidden=hidden), area, header_rows, header_columns)
        if isinstance(source, SheetlessFile) and area.box is None:
            return replace(table, omitted=source.omitted)
        return table

    def sheet_names(self, path: Path, hidden: bool = False) -> list[str]:
        """Return the names of a file's sheets.

        Parameters
        ----------
        path
            The file.
        hidden
            Whether those of hidden sheets are wanted too.

        Returns
        -------
        list of str
            The names in the order of the tabs; none for a file that has no sheets.

        Raises
        ------
        TableError
            If the file cannot be read.
        """
        return self._open(path).sheet_names(hidden)

    def cell(self, path: Path, reference: CellReference) -> Cell:
        """Return one cell as it is shown, also one that is hidden in the spreadsheet.

        Parameters
        ----------
        path
            The file.
        reference
            Sheet and cell; the file in it is only what the author has typed.

        Returns
        -------
        Cell
            The cell; of a merged range its first one, whichever of them is asked for.

        Raises
        ------
        TableError
            If there is no such cell, if it is empty, or if what is asked for are several.
        """
        source = self._open(path)
        area = source.resolve(reference.sheet, reference.cell)
        sheet = source.read(area.sheet or None, hidden=True)
        headers = area.header_rows or 0
        table = lay_out(sheet, _unmerged(sheet, area), headers, 0)
        body = table.rows[headers:]
        shown = [cell for row in body for cell in row if not cell.covered]
        if len(shown) != 1:
            raise TableError(f"{reference.cell} are {len(shown)} cells: name one of them, such as B7")
        return shown[0]

    def _open(self, path: Path) -> Source:
        path = Path(path)
        status = check_file(path)
        key = (os.fspath(path), status.st_size, status.st_mtime_ns)
        source = self._files.pop(key, None) or _open(path)
        self._files[key] = source
        while len(self._files) > self._limit:
            self._files.popitem(last=False)
        return source


def _unmerged(sheet: Sheet, area: Area) -> Area:
    """Move to the first cell of a merged range from one that it hides."""
    for merged in sheet.merged:
        if area.box is not None and merged.intersect(area.box) == area.box:
            return area._replace(box=Box(merged.top, merged.left, merged.top, merged.left))
    return area


def read_text(
    text: str, *, name: str, path: Path, header_rows: int | None = None, header_columns: int | None = None
) -> Table:
    """Read delimited text that stands in a document.

    Parameters
    ----------
    text
        The text; problems give their lines counted from its first.
    name
        What messages call it.
    path
        The document.
    header_rows, header_columns
        Number of header rows and columns; the rows are guessed by default.

    Returns
    -------
    Table
        The table.

    Raises
    ------
    TableError
        If nothing can be shown.
    """
    if not text.strip():
        raise TableError(f"{name} is empty: write rows of cells, separated by commas")
    from exptdir.tables.delimited.reading import parse

    return lay_out(parse(text, path), None, header_rows, header_columns)


def _open(path: Path) -> Source:
    suffix = path.suffix.lower()
    if suffix not in _OPENERS:
        raise TableError(_unsupported(suffix))
    check_disguise(path)
    return _OPENERS[suffix](path)


def _unsupported(suffix: str) -> str:
    readable = ", ".join(SUFFIXES)
    advice = "save it as .xlsx" if suffix in _SPREADSHEETS else "convert it to one of these"
    return f"the file is not a table that can be read ({readable}): {advice}"

"""Workbooks (``.xlsx``, ``.xlsm``): opened once, then asked for sheets and for parts that authors name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.parsers.expat import ExpatError

from exptdir.errors import TableError
from exptdir.tables.grid import Sheet
from exptdir.tables.manifest import Manifest, SheetPart, choose_sheet, read_manifest
from exptdir.tables.names import Names
from exptdir.tables.package import DAMAGED, open_package
from exptdir.tables.parts import Package
from exptdir.tables.ranges import Area
from exptdir.tables.tableobjects import TableObject, read_table_objects
from exptdir.tables.xlsx.richtext import Texts, read_texts
from exptdir.tables.xlsx.styles import Stylesheet
from exptdir.tables.xlsx.worksheet import Shared, read_worksheet

#: What reading a damaged part ends in.
_BROKEN: tuple[type[Exception], ...] = (
    *DAMAGED,
    ExpatError,
    SyntaxError,  # as which ElementTree reports what is not XML
    ArithmeticError,
    TypeError,
    AttributeError,
    TableError,  # of a range, for instance, that is none
)
_SAVE_AGAIN = "open it in a spreadsheet program and save it again"
#: How many cells of read sheets are kept in memory; a cell takes some 200 bytes.
_MAX_KEPT = 2_000_000


def open_workbook(path: Path) -> Workbook:
    """Open a workbook and read what all its sheets share.

    Parameters
    ----------
    path
        The workbook.

    Returns
    -------
    Workbook
        Its sheets, to be read one by one.

    Raises
    ------
    TableError
        If the workbook cannot be read.
    """
    signature = _signature(path)
    with open_package(path) as package:
        try:
            manifest = read_manifest(package)
            return Workbook(path, signature, manifest, *_read_shared(package, manifest))
        except TableError:
            raise
        except _BROKEN as error:
            raise TableError(f"the file is damaged ({_first_line(error)}): {_SAVE_AGAIN}") from error


def read_sheet(path: Path, sheet: str | None = None, *, hidden: bool = False) -> Sheet:
    """Read one sheet of a workbook (see :meth:`Workbook.read`)."""
    return open_workbook(path).read(sheet, hidden=hidden)


def sheet_names(path: Path, hidden: bool = False) -> list[str]:
    """Return the names of a workbook's sheets (see :meth:`Workbook.sheet_names`)."""
    return open_workbook(path).sheet_names(hidden)


class Workbook:
    """A workbook of which styles, texts and the sheets asked for are read once; the file is not held open.

    Parameters
    ----------
    path
        The file.
    signature
        Its size and time when it was opened.
    manifest, styles, texts
        What its sheets share.
    """

    def __init__(
        self, path: Path, signature: tuple[int, int], manifest: Manifest, styles: Stylesheet, texts: Texts
    ) -> None:
        self._path, self._signature = path, signature
        self._manifest = manifest
        self._shared = Shared(path, styles, texts, manifest.date1904, manifest.parts.get("sheetMetadata"))
        self._read: dict[str, Sheet] = {}
        self._names = Names(manifest.sheets, manifest.names, cache(self._table_objects))

    def sheet_names(self, hidden: bool = False) -> list[str]:
        """Return the names of the sheets in the order of their tabs, hidden ones only if asked for."""
        return [sheet.name for sheet in self._manifest.sheets if sheet.visible or hidden]

    def resolve(self, sheet: str | None = None, cells: str | None = None) -> Area:
        """Find what an author has asked for.

        Parameters
        ----------
        sheet
            Name of a sheet, or its place among the visible ones counted from 1; by default the sheet that
            *cells* is on, or else the first visible one.
        cells
            A range (``B2:F20``, ``Sheet1!B2:``), a defined name, or a table object or a part of one; by default
            all used cells.

        Returns
        -------
        Area
            The sheet and its cells, to be given to :meth:`read` and :func:`exptdir.tables.grid.lay_out`.

        Raises
        ------
        TableError
            If there is no such thing, or it is on another sheet.
        """
        if cells is None:
            return Area(choose_sheet(self._manifest.sheets, sheet).name)
        return self._names.resolve(sheet, cells)

    def read(self, sheet: str | None = None, *, hidden: bool = False) -> Sheet:
        """Read one sheet.

        Parameters
        ----------
        sheet
            Name of a sheet, or its place among the visible ones counted from 1; by default the first visible
            sheet.
        hidden
            Whether hidden rows and columns are to be shown.

        Returns
        -------
        Sheet
            Its used cells, with stored values for formulas.

        Raises
        ------
        TableError
            If there is no such sheet or it cannot be read.
        """
        part = choose_sheet(self._manifest.sheets, sheet)
        if part.name not in self._read:
            with self._package(f"sheet {part.name!r}") as package:
                self._keep(part, read_worksheet(package, part, self._shared))
        found = self._read[part.name]
        return replace(found, hidden_rows=frozenset(), hidden_columns=frozenset()) if hidden else found

    def _keep(self, part: SheetPart, sheet: Sheet) -> None:
        self._read[part.name] = sheet
        while len(self._read) > 1 and sum(len(kept.used) for kept in self._read.values()) > _MAX_KEPT:
            del self._read[next(iter(self._read))]

    def _table_objects(self) -> list[TableObject]:
        with self._package("a table object") as package:
            return [
                table
                for sheet in self._manifest.sheets
                for table in read_table_objects(package, sheet.part, sheet.name)
            ]

    @contextmanager
    def _package(self, what: str) -> Iterator[Package]:
        """Open the file again, for *what*."""
        if _signature(self._path) != self._signature:
            raise TableError("the file was changed while it was read: build once more")
        with open_package(self._path) as package:
            try:
                yield package
            except _BROKEN as error:
                raise TableError(f"{what} is damaged ({_first_line(error)}): {_SAVE_AGAIN}") from error


def _read_shared(package: Package, manifest: Manifest) -> tuple[Stylesheet, Texts]:
    parts = manifest.parts
    styles = Stylesheet(package.tree(parts.get("styles", "")), package.tree(parts.get("theme", "")))
    return styles, read_texts(package, parts.get("sharedStrings", ""))


def _signature(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise TableError(f"the file cannot be read: {(error.strerror or str(error)).lower()}") from None
    return status.st_size, status.st_mtime_ns


def _first_line(error: BaseException) -> str:
    cause = error.__cause__ or error
    return (str(cause).splitlines() or [type(cause).__name__])[0] or type(cause).__name__

"""Reading a table from a file: which reader, and what is refused before any reader is asked."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from exptdir.errors import TableError
from exptdir.record.files import stamp
from exptdir.tables.encoding import decode
from exptdir.tables.grid import lay_out
from exptdir.tables.model import Cell, Table
from exptdir.tables.ranges import Box, CellReference
from exptdir.tables.source import SheetlessFile, Source

#: Largest file that is opened, in bytes: a notebook page shows tables, not data sets.
MAX_FILE_SIZE = 256 * 2**20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK"
_PARQUET = b"PAR1"
#: First records of workbooks older than their container: BOF of BIFF 2 to 5, with their lengths.
_BIFF = tuple(bytes((9, version, length, 0)) for version in (0, 2, 4, 8) for length in (4, 6, 8, 16))
_HEAD = 65_536
_SAVE = "open it in a spreadsheet program and save it as .xlsx"
#: Files that a spreadsheet program opens and can save anew.
_SPREADSHEETS = frozenset({".fods", ".xltx", ".xltm", ".xlt", ".ots", ".numbers", ".gnumeric", ".sxc", ".dif", ".slk"})


#: Suffixes of files that can be read.
SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods", ".xlsb", ".csv", ".tsv", ".parquet")


def read_table(
    path: Path,
    *,
    sheet: str | None = None,
    cells: str | None = None,
    header_rows: int | None = None,
    header_columns: int | None = None,
    hidden: bool = False,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Table:
    """Read a table as a person sees it in a spreadsheet program.

    Parameters
    ----------
    path
        A workbook (``.xlsx``, ``.xlsm``, ``.xls``, ``.ods``, ``.xlsb``), a delimited file (``.csv``, ``.tsv``) or a
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
    delimiter, encoding
        What separates the cells of a delimited file, and what it is written in; both are found by default.

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
        delimiter=delimiter,
        encoding=encoding,
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
        self._files: OrderedDict[tuple[object, ...], Source] = OrderedDict()

    def read(
        self,
        path: Path,
        *,
        sheet: str | None = None,
        cells: str | None = None,
        header_rows: int | None = None,
        header_columns: int | None = None,
        hidden: bool = False,
        delimiter: str | None = None,
        encoding: str | None = None,
    ) -> Table:
        """Read a table; see :func:`read_table`."""
        source = self._open(path, delimiter, encoding)
        area = source.resolve(sheet, cells)
        table = lay_out(source.read(area.sheet or None, hidden=hidden), area, header_rows, header_columns)
        if isinstance(source, SheetlessFile) and area.box is None:
            return replace(table, omitted=source.omitted)
        return table

    def sheet_names(self, path: Path, hidden: bool = False) -> list[str]:
        """Return the names of a file's sheets.

        Parameters
        ----------
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
        # From a cell that a merged range hides to the first one of it.
        for merged in sheet.merged if area.box is not None else ():
            if merged.intersect(area.box or merged) == area.box:
                area = area._replace(box=Box(merged.top, merged.left, merged.top, merged.left))
                break
        table = lay_out(sheet, area, headers, 0)
        body = table.rows[headers:]
        shown = [cell for row in body for cell in row if not cell.covered]
        if len(shown) != 1:
            raise TableError(f"{reference.cell} are {len(shown)} cells: name one of them, such as B7")
        return shown[0]

    def _open(self, path: Path, delimiter: str | None = None, encoding: str | None = None) -> Source:
        path = Path(path)
        check_file(path)
        key = (os.fspath(path), stamp(path), delimiter, encoding)
        source = self._files.pop(key, None) or _open(path, delimiter, encoding)
        self._files[key] = source
        while len(self._files) > self._limit:
            self._files.popitem(last=False)
        return source


def read_text(
    text: str,
    *,
    name: str,
    path: Path,
    header_rows: int | None = None,
    header_columns: int | None = None,
    delimiter: str | None = None,
) -> Table:
    """Read delimited text that stands in a document.

    Parameters
    ----------
    text
        The text; problems give their lines counted from its first.
    name
        What messages call it.
    header_rows, header_columns
        Number of header rows and columns; the rows are guessed by default.
    delimiter
        What separates its cells; found by default.

    Raises
    ------
    TableError
        If nothing can be shown.
    """
    if not text.strip():
        raise TableError(f"{name} is empty: write rows of cells, separated by commas")
    from exptdir.tables.delimited import named_delimiter, parse

    sheet = parse(text, path, named_delimiter(delimiter) if delimiter is not None else None)
    return lay_out(sheet, None, header_rows, header_columns)


def _open(path: Path, delimiter: str | None, encoding: str | None) -> Source:
    # Most records have tables of one or two formats: the other readers are not even imported.
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        readable = ", ".join(SUFFIXES)
        advice = "save it as .xlsx" if suffix in _SPREADSHEETS else "convert it to one of these"
        raise TableError(f"the file is not a table that can be read ({readable}): {advice}")
    check_disguise(path)
    if suffix in {".csv", ".tsv"}:
        from exptdir.tables.delimited import read_sheet

        return SheetlessFile("delimited text", read_sheet(path, delimiter=delimiter, encoding=encoding))
    if delimiter is not None or encoding is not None:
        raise TableError(f"a {suffix} file knows its delimiter and encoding: leave these options out")
    if suffix in {".xlsx", ".xlsm"}:
        from exptdir.tables.xlsx import open_workbook

        return open_workbook(path)
    if suffix == ".parquet":
        from exptdir.tables.parquet import open_parquet

        return open_parquet(path)
    from exptdir.tables.values import open_values

    return open_values(path)


def check_file(path: Path) -> None:
    """Refuse what is no readable file of bearable size.

    Raises
    ------
    TableError
        If it is missing, unreadable, no regular file, empty or too large.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise TableError(f"{path} is a link to {os.readlink(path)}, which does not exist") from None
        raise TableError(f"{path} does not exist") from None
    except (OSError, ValueError) as error:
        raise TableError(f"{path} cannot be read: {_reason(error)}") from None
    if path.is_dir():
        raise TableError(f"{path} is a directory, not a file")
    if not path.is_file():
        raise TableError(f"{path} is not a regular file")
    if status.st_size == 0:
        raise TableError("the file is empty (0 bytes)")
    if status.st_size > MAX_FILE_SIZE:
        raise TableError(
            f"the file is {status.st_size // 2**20} MiB, more than the {MAX_FILE_SIZE // 2**20} MiB "
            f"that are opened: save the part to show as a file of its own"
        )
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise TableError(f"{path} cannot be read: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def check_disguise(path: Path) -> None:
    """Refuse a file whose content is of another kind than its suffix says.

    Parameters
    ----------
    path
        The file. Of those that other modules look at themselves (``.xlsx``, ``.csv``) nothing is said here.

    Raises
    ------
    TableError
        If it is; the message says what it is and what to do.
    """
    suffix = path.suffix.lower()
    if suffix not in _GENUINE:
        return
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not _GENUINE[suffix](head):
        raise TableError(f"the file is no {suffix}: {_what(head)}")


_GENUINE: Mapping[str, Callable[[bytes], bool]] = {
    ".xls": lambda head: head.startswith((_OLE, *_BIFF)),
    ".ods": lambda head: head.startswith(_ZIP),
    ".xlsb": lambda head: head.startswith(_ZIP),
    ".parquet": lambda head: head.startswith(_PARQUET),
}


def _what(head: bytes) -> str:
    """Say what the beginning of a file is that of."""
    if head.startswith(_ZIP):
        kind = ".ods" if b"opendocument" in head[:200] else ".xlsx"
        return f"it is a newer workbook, or another archive; rename it to {kind}"
    for magic, kind in ((_OLE, ".xls"), (_PARQUET, ".parquet")):
        if head.startswith(magic):
            return f"it is a file of another format; rename it to {kind}"
    unknown = "what it begins with is of no kind that is known; put a good copy in its place"
    try:
        text, _ = decode(head)
    except TableError:
        return unknown
    start = text.lstrip()[:1_000].lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in start:
        return f"it is an XML Spreadsheet 2003; {_SAVE}"
    if "opendocument" in start:
        return f"it is a flat OpenDocument file; {_SAVE}"
    if start.startswith(("<!doctype html", "<html", "<table", "<style", "<head", "<meta", "mime-version:")):
        return f"it is a web page (HTML), as some programs export it; {_SAVE}"
    if start.startswith("<") or any(character < " " and character not in "\t\r\n\f" for character in text):
        return unknown
    return f"it looks like delimited text; rename it to {'.tsv' if text.count(chr(9)) >= 2 else '.csv'}"

"""Reading a table from a file: which reader, and what is refused before any reader is asked."""

from __future__ import annotations

import os
from pathlib import Path

from exptdir.errors import TableError

from . import delimited, workbook
from .grid import lay_out
from .model import Table

WORKBOOKS = (".xlsx", ".xlsm")
DELIMITED = (".csv", ".tsv")
#: Files that a spreadsheet program opens and can save anew.
_SPREADSHEETS = frozenset({".xls", ".xlsb", ".ods", ".fods", ".xltx", ".xltm", ".numbers"})
#: Largest file that is opened, in bytes: a notebook page shows tables, not data sets.
MAX_FILE_SIZE = 256 * 2**20


def read_table(
    path: Path, *, sheet: str | None = None, cells: str | None = None, header_rows: int | None = None
) -> Table:
    """Read a table as a person sees it in a spreadsheet program.

    Parameters
    ----------
    path
        A workbook (``.xlsx``, ``.xlsm``) or a delimited file (``.csv``, ``.tsv``).
    sheet
        Name of a sheet, or its place among the visible ones counted from 1; by default the first visible
        sheet. A sheet whose name is the digits comes first.
    cells
        Range to show, such as ``B2:F20``, ``B2:`` or ``B:F``; by default all used cells.
    header_rows
        Number of header rows; by default it is guessed (see
        :func:`exptdir.tables.headers.guess_header_rows`).

    Returns
    -------
    Table
        The table, with what is doubtful about it in ``problems``.

    Raises
    ------
    TableError
        If nothing can be shown; the message says what is wrong and what to do.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    _check_file(path)
    if suffix in WORKBOOKS:
        return lay_out(workbook.read_sheet(path, sheet), cells, header_rows)
    if suffix in DELIMITED:
        if sheet is not None:
            raise TableError(f"{path.name} is delimited text and has no sheets: leave the sheet out")
        return lay_out(delimited.read_sheet(path), cells, header_rows)
    raise TableError(_unsupported(path, suffix))


def _check_file(path: Path) -> None:
    """Refuse what is no readable file of bearable size."""
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
        raise TableError(f"{path.name} is empty (0 bytes)")
    if status.st_size > MAX_FILE_SIZE:
        raise TableError(
            f"{path.name} is {status.st_size // 2**20} MiB, more than the {MAX_FILE_SIZE // 2**20} MiB "
            f"that are opened: save the part to show as a file of its own"
        )
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise TableError(f"{path} cannot be read: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def _unsupported(path: Path, suffix: str) -> str:
    readable = ", ".join((*WORKBOOKS, *DELIMITED))
    advice = "save it as .xlsx" if suffix in _SPREADSHEETS else "convert it to one of these"
    return f"{path.name} is not a table that can be read ({readable}): {advice}"

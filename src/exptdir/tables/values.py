"""Values of ``.ods``, ``.xls`` and ``.xlsb`` workbooks, which python-calamine reads.

It reads values and merged ranges, but neither number formats nor looks, and no errors (``#DIV/0!`` is an empty cell):
cells are shown like those of a CSV file.
"""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exptdir.errors import TableError
from exptdir.tables.archive import open_archive
from exptdir.tables.cells import LONGEST, value_cell
from exptdir.tables.grid import MAX_CELLS, Sheet
from exptdir.tables.model import Cell, plain
from exptdir.tables.names import SheetPart
from exptdir.tables.numfmt import number_format
from exptdir.tables.ranges import Box
from exptdir.tables.read import Book

#: Largest ``.xls`` that is opened, in bytes: a full sheet of 65,536 rows of 20 columns takes about a third of it.
MAX_XLS = 64 * 2**20
#: Opens a workbook as a process of its own.
_TRIAL = "import sys; from python_calamine import CalamineWorkbook; CalamineWorkbook.from_path(sys.argv[1])"
#: How an OpenDocument file stores a duration (ISO 8601).
_DURATION = re.compile(r"PT([0-9]{1,6})H([0-9]{2})M([0-9]{2})S")


class ValuesBook(Book):
    """A workbook of which values are read.

    Raises TableError if it is protected by a password, damaged, no workbook, or would unpack past the bounds.
    """

    def __init__(self, path: Path) -> None:
        from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

        self.path = path
        if path.suffix.lower() == ".xls":
            if path.stat().st_size > MAX_XLS:
                size = path.stat().st_size // 2**20
                raise TableError(f"the workbook is {size} MiB, more than is read of an .xls: save it as .xlsx")
            # A wrong number in a damaged one asks for more memory than there is, which ends the process that reads it.
            tried = subprocess.run(
                [sys.executable, "-c", _TRIAL, str(path)], capture_output=True, text=True, check=False
            )
            if tried.returncode:
                raise _damage(tried.stderr.strip().rpartition("\n")[2] if tried.returncode == 1 else "out of memory")
        else:
            with open_archive(path) as archive:
                if path.suffix.lower() == ".ods" and archive.find("mimetype") is None:
                    raise TableError("the file is no OpenDocument spreadsheet: rename it to .xlsx")
        with _contained():
            self._book = CalamineWorkbook.from_path(str(path))
            listed = [
                (sheet.typ, SheetPart(sheet.name, sheet.visible == SheetVisibleEnum.Visible, sheet.name))
                for sheet in self._book.sheets_metadata
            ]
        super().__init__(
            [part for kind, part in listed if kind == SheetTypeEnum.WorkSheet],
            charts=[part.name for kind, part in listed if kind == SheetTypeEnum.ChartSheet and part.visible],
        )

    def load(self, part: SheetPart) -> Sheet:
        """Read one sheet."""
        with _contained():
            sheet = self._book.get_sheet_by_name(part.name)
            if sheet.height * sheet.width > MAX_CELLS:
                raise TableError(
                    f"sheet {part.name!r} spans {sheet.height} rows and {sheet.width} columns, more than a table can "
                    f"have: save the part to show as a workbook of its own"
                )
            top, left = sheet.start or (0, 0)
            # Of millions of cells, those that are empty are not even made.
            rows = {
                row: {
                    column: cell
                    for column, value in enumerate(values, start=left + 1)
                    if value != "" and (cell := cell_of(value)).text.strip()
                }
                for row, values in enumerate(sheet.to_python(skip_empty_area=True), start=top + 1)
            }
            merged = [
                Box(first[0] + 1, first[1] + 1, last[0] + 1, last[1] + 1)
                for first, last in sheet.merged_cell_ranges or ()
            ]
        return Sheet(self.path, part.name, {row: cells for row, cells in rows.items() if cells}, merged=merged)


@contextmanager
def _contained() -> Iterator[None]:
    try:
        yield
    except (TableError, KeyboardInterrupt, SystemExit):
        raise
    # A panic of the library is no Exception; a damaged workbook may cause one.
    except BaseException as error:
        raise _damage(f"{type(error).__name__}: {error}") from None


def _damage(error: str) -> TableError:
    """Return what the library's error, with its kind in front, means for who has the file."""
    kind, _, message = error.partition(": ")
    reason = ([*message.splitlines(), ""][0] or kind.rpartition(".")[2])[:200]
    if "PasswordError" in kind or "password" in reason.lower():
        return TableError("the file is protected by a password: save it without one")
    return TableError(f"the file is damaged ({reason}): open it in a spreadsheet program and save it as .xlsx")


def cell_of(value: Any) -> Cell:
    """Return the cell of a value that has no format of its own."""
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE", value, "bool")
    if isinstance(value, int | float):
        whole = int(value) if float(value).is_integer() and abs(value) < 2**53 else value
        # To 15 digits, as spreadsheets know numbers.
        return Cell(f"{whole:.15g}" if isinstance(whole, float) else str(whole), whole, "number")
    if isinstance(value, str) and (parts := _DURATION.fullmatch(value)):
        value = dt.timedelta(hours=int(parts[1]), minutes=int(parts[2]), seconds=int(parts[3]))
    if isinstance(value, dt.timedelta):
        return value_cell(value, number_format("[h]:mm:ss"))
    if isinstance(value, dt.date | dt.time):
        midnight = isinstance(value, dt.datetime) and value.time() == dt.time()
        return Cell(str(value.date() if midnight and isinstance(value, dt.datetime) else value), value, "date")
    text = str(value)[:LONGEST]
    return Cell(plain(text), text, "text")

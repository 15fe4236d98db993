"""Workbooks to measure with: the same for the same arguments."""

from __future__ import annotations

import argparse
import datetime as dt
import random
import zipfile
from itertools import cycle, islice
from pathlib import Path
from typing import Any

#: Number formats of the columns; ``text`` stands for texts of which some are the same, ``name`` for others.
CODES = ("0.00", "0.00%", "#,##0", "yyyy-mm-dd", "General", "text", "0.000", "name", "0", "General")
_FIRST_DAY = dt.datetime(2020, 1, 1)
_LAST_ROW = 1_048_576


def write_results(path: Path, rows: int, columns: int) -> Path:
    """Write a workbook of measurements.

    Parameters
    ----------
    path
        Where to.
    rows, columns
        Its size, without the header.

    Returns
    -------
    pathlib.Path
        The same.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    chance = random.Random(7)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Results")
    codes = list(islice(cycle(CODES), columns))
    sheet.append([f"{code} {column}" for column, code in enumerate(codes)])
    for row in range(rows):
        line: list[Any] = []
        for column, code in enumerate(codes):
            cell = WriteOnlyCell(sheet, _value(chance, code, row, column))
            if code not in {"text", "name"}:
                cell.number_format = code
            line.append(cell)
        sheet.append(line)
    book.save(path)
    return path


def _value(chance: random.Random, code: str, row: int, column: int) -> object:
    if code == "text":
        return f"model {chance.randrange(500)}"
    if code == "name":
        return f"run {row}/{column}"
    if code == "yyyy-mm-dd":
        return _FIRST_DAY + dt.timedelta(days=chance.randrange(1500))
    if code == "#,##0":
        return chance.randrange(10**7)
    return chance.random() * 100


def add_empty_rows(book: Path) -> None:
    """Give each row, up to the last that a sheet can have, a format.

    Parameters
    ----------
    book
        The workbook, whose first sheet is changed.
    """
    with zipfile.ZipFile(book) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    numbers = range(sheet.count(b"<row ") + 1, _LAST_ROW + 1)
    rows = b"".join(b'<row r="%d" s="1" customFormat="1" ht="15"/>' % number for number in numbers)
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", rows + b"</sheetData>")
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)


def main() -> None:
    """Write the workbook that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("columns", type=int)
    parser.add_argument("--empty-rows", action="store_true", help="claim all rows that a sheet can have")
    options = parser.parse_args()
    write_results(options.path, options.rows, options.columns)
    if options.empty_rows:
        add_empty_rows(options.path)


if __name__ == "__main__":
    main()

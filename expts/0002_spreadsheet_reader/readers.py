"""The readers that are compared, and questions that show what each knows of a sheet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

Reader = Callable[[Path], int]


def openpyxl_values(read_only: bool) -> Reader:
    """Take the values from openpyxl, with the whole sheet in memory or row by row."""
    from openpyxl import load_workbook

    def read(path: Path) -> int:
        sheet = load_workbook(path, data_only=True, read_only=read_only).worksheets[0]
        return len(list(sheet.iter_rows(values_only=True)))

    return read


def openpyxl_cells() -> Reader:
    """Take the cells that openpyxl has made of the sheet, with values and formats, and ask for no rows."""
    from openpyxl import load_workbook

    def read(path: Path) -> int:
        sheet: Any = load_workbook(path, data_only=True).worksheets[0]
        cells = {at: (cell.value, cell.number_format) for at, cell in sheet._cells.items() if cell.value is not None}
        return len({row for row, _ in cells})

    return read


def openpyxl_formats() -> Reader:
    """Take values and number formats from openpyxl, row by row: the least that shows a number as it is seen."""
    from openpyxl import load_workbook

    def read(path: Path) -> int:
        sheet = load_workbook(path, data_only=True, read_only=True).worksheets[0]
        return len([[(cell.value, cell.number_format) for cell in row] for row in sheet.iter_rows()])

    return read


def calamine() -> Reader:
    """Take the values from calamine, which is written in Rust."""
    from python_calamine import CalamineWorkbook

    def read(path: Path) -> int:
        return len(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python())

    return read


def exptdir() -> Reader:
    """Read the table as ``datatable`` does: texts as shown, trimmed to what is used."""
    # Ours imports openpyxl when it meets the first workbook; that counts as import, as with the others.
    import openpyxl.reader.excel  # noqa: F401

    from exptdir.tables import read_table

    return lambda path: len(read_table(path).rows)


READERS: dict[str, Callable[[], Reader]] = {
    "openpyxl": lambda: openpyxl_values(False),
    "openpyxl, cell by cell": openpyxl_cells,
    "openpyxl read-only": lambda: openpyxl_values(True),
    "openpyxl read-only, formats": openpyxl_formats,
    "calamine": calamine,
    "exptdir": exptdir,
}


#: What is asked of each reader, and the answer of one that knows.
ANSWERS = {
    "the value behind 12.5%": 0.125,
    "the stored value of a formula": 2,
    "that a number is a date": True,
    "the number format": "0.0%",
    "the text as shown": "12.5%",
    "merged cells": True,
    "hidden rows": True,
    "bold": True,
    "the target of a link": "https://example.org/",
}


Question = Callable[[], object] | None


def ask_openpyxl(path: Path, read_only: bool) -> list[Question]:
    """Return how openpyxl is asked, in the order of the answers; nothing where there is no way to ask."""
    from openpyxl import load_workbook

    sheet: Any = load_workbook(path, data_only=True, read_only=read_only).worksheets[0]
    return [
        lambda: sheet["B2"].value,
        lambda: sheet["B3"].value,
        lambda: isinstance(sheet["B5"].value, date),
        lambda: sheet["B2"].number_format,
        None,
        None if read_only else lambda: "A1:B1" in [str(area) for area in sheet.merged_cells.ranges],
        None if read_only else lambda: sheet.row_dimensions[4].hidden,
        lambda: sheet["A1"].font.bold,
        None if read_only else lambda: sheet["A5"].hyperlink.target,
    ]


def ask_calamine(path: Path) -> list[Question]:
    """Return how calamine is asked; it has no way to ask for most."""
    from python_calamine import CalamineWorkbook

    sheet: Any = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    rows = sheet.to_python()
    return [
        lambda: rows[1][1],
        lambda: rows[2][1],
        lambda: isinstance(rows[4][1], date),
        None,
        None,
        lambda: ((0, 0), (0, 1)) in (sheet.merged_cell_ranges or []),
        None,
        None,
        None,
    ]


def ask_exptdir(path: Path) -> list[Question]:
    """Return how ours is asked; it leaves hidden rows out, and gives the text in place of the format."""
    from exptdir.tables import read_table

    rows: Any = read_table(path).rows
    return [
        lambda: rows[1][1].value,
        lambda: rows[2][1].value,
        lambda: isinstance(rows[3][1].value, (date, datetime)),
        None,
        lambda: rows[1][1].text,
        lambda: rows[0][0].colspan == 2,
        lambda: all(row[0].text != "hidden" for row in rows),
        lambda: rows[0][0].look.bold,
        lambda: rows[3][0].href,
    ]


def probe(path: Path) -> list[dict[str, object]]:
    """Ask all readers everything, and return a row for each question."""
    asked = {
        "openpyxl": ask_openpyxl(path, False),
        "openpyxl read-only": ask_openpyxl(path, True),
        "calamine": ask_calamine(path),
        "exptdir": ask_exptdir(path),
    }
    rows: list[dict[str, object]] = []
    for number, (what, right) in enumerate(ANSWERS.items()):
        found = {reader: _knows(questions[number], right) for reader, questions in asked.items()}
        rows.append({"number": number, "what": what, **found})
    return rows


def _knows(question: Question, right: object) -> str:
    # A question that a reader does not understand is a fault of ours, and ends the measurement.
    return "yes" if question is not None and question() == right else "no"

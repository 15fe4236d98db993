"""Small workbooks, and records with one page that shows them, for the tests of tables."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
from bs4 import Tag
from openpyxl.workbook import Workbook

from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build

NOTES = "expts/1_a/notes"


def saved(book: Workbook) -> bytes:
    """Return a workbook as a file."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def workbook(**sheets: list[list[Any]]) -> bytes:
    """Return a workbook of such sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return saved(book)


def styled(change: Callable[[Any], None] | None = None) -> bytes:
    """Return a workbook with number formats and two sheets; *change* may do more to the first."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Results"
    for row in (["model", "RMSE", "share"], ["CNN", 1.2345, 0.5], ["<b>ResNet</b> & co", 1, True], [None, None, None]):
        sheet.append(row)
    sheet["B2"].number_format, sheet["C2"].number_format = "0.00", "0.00%"
    book.create_sheet("Second").append(["other"])
    if change is not None:
        change(sheet)
    return saved(book)


XLSX = {"expts/1_a/r.xlsx": styled()}


def one(build: Build, text: str, files: dict[str, Any] | None = None, **conf: Any) -> Built:
    """Build a record whose only page is the log of experiment 1."""
    return build({f"{NOTES}.rst": titled("Log", text), **(files or XLSX)}, **conf)


def cells(built: Built) -> list[list[str]]:
    """Return the texts of the page's one table."""
    return rows_of(the(built.body(NOTES), "table"))


def rows_of(table: Tag) -> list[list[str]]:
    """Return the texts of a table."""
    return [[words(cell) for cell in row.select("th, td")] for row in table.select("tr")]


def tables(built: Built) -> list[list[list[str]]]:
    """Return the texts of all tables of the page."""
    return [rows_of(table) for table in built.body(NOTES).select("table")]


def cell(built: Built, text: str) -> Tag:
    """Return the one cell with such a text."""
    found = [cell for cell in built.body(NOTES).select("th, td") if words(cell) == text]
    assert len(found) == 1, f"{text!r} was found {len(found)} times"
    return found[0]

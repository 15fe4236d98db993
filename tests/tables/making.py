"""Makes workbooks for tests, and changes in them what openpyxl does not write."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from exptdir.tables import Table
from exptdir.tables.grid import lay_out
from exptdir.tables.numfmt import as_decimal, number_format
from exptdir.tables.read import Book as Opened

Build = Callable[[Worksheet], object]

SHEET = "xl/worksheets/sheet1.xml"
SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def make(tmp_path: Path, build: Build, name: str = "book.xlsx") -> Path:
    """Save a workbook of one sheet."""
    book = Workbook()
    build(book.worksheets[0])
    path = tmp_path / name
    book.save(path)
    return path


def fill(*rows: list[object]) -> Build:
    """Return what writes rows from A1 on."""
    return lambda sheet: [sheet.append(row) for row in rows]


def texts(shown: Table) -> list[list[str]]:
    """Return the texts of a table."""
    return [[cell.text for cell in row] for row in shown.rows]


def shown(
    book: Opened, sheet: str | None = None, cells: str | None = None, *, hidden: bool = False, **headers: int
) -> Table:
    """Return a part of a workbook that is open already as a table."""
    area = book.resolve(sheet, cells)
    whole = book.read(area.sheet, hidden=hidden)
    return lay_out(whole, area, headers.get("header_rows"), headers.get("header_columns"))


def format_value(value: object, code: str, *, date1904: bool = False) -> str:
    """Show a value as a cell does, with the blanks that its format leaves around it."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).upper()
    if isinstance(value, str):
        return number_format(code).text(value)
    number = as_decimal(value, date1904)
    return str(value) if number is None else number_format(code, date1904).number(number)


def rewrite(path: Path, part: str, change: Callable[[str], str]) -> None:
    """Change the XML of one part; a part that is not there is made of nothing."""
    replace(path, {part: lambda data: change(data.decode()).encode()})


def replace(path: Path, changes: dict[str, Callable[[bytes], bytes]]) -> None:
    """Change parts; one that is not there is made of nothing."""
    copy = path.with_suffix(".tmp")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as new:
        held = {name: old.read(name) for name in old.namelist()}
        for part, change in changes.items():
            held[part] = change(held.get(part, b""))
        for name, data in held.items():
            new.writestr(name, data)
    shutil.move(copy, path)


def share(path: Path, strings: bytes | str, count: int) -> None:
    """Give a workbook shared strings, of which the cells from B1 on show the first ones."""
    cells = "".join(f'<c r="{chr(66 + at)}1" t="s"><v>{at}</v></c>' for at in range(count))
    rewrite(path, SHEET, lambda xml: xml.replace("</row>", cells + "</row>", 1))
    document = strings if isinstance(strings, bytes) else f"<sst {SPACE}>{strings}</sst>".encode()
    relation = f'<Relationship Id="strings" Type="{_RELATION}/sharedStrings" Target="sharedStrings.xml"/>'
    end = b"</Relationships>"
    replace(
        path,
        {
            "xl/sharedStrings.xml": lambda _: document,
            "xl/_rels/workbook.xml.rels": lambda data: data.replace(end, relation.encode() + end),
        },
    )

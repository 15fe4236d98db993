"""Workbooks (``.xlsx``, ``.xlsm``): from a sheet's stored cells to cells as they are shown."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection
from contextlib import redirect_stdout
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from exptdir.errors import TableError
from exptdir.record.problem import Problem

from .grid import Position, Sheet
from .model import Look, safe_link
from .package import DAMAGED, open_package
from .ranges import Box, cell_name, parse_range
from .sheetxml import SheetXml, parse_sheet
from .stored import CellMaker, Style

if TYPE_CHECKING:
    from zipfile import ZipFile

    from openpyxl.reader.excel import ExcelReader

#: What reading a damaged part ends in, in openpyxl and below it. It has no exception of its own for that.
_BROKEN: tuple[type[Exception], ...] = (
    *DAMAGED,
    ExpatError,
    SyntaxError,  # as which ElementTree and lxml report what is not XML
    ArithmeticError,
    AssertionError,
    TypeError,
    AttributeError,
    TableError,
)


#: Built-in formats (ECMA-376 part 1, §18.8.30) that programs show in another way than the standard writes
#: them: 14 and 22 follow the language of the program, here English (US); 47 misses its colon.
_SHOWN_BUILT_IN = {14: "m/d/yyyy", 22: "m/d/yyyy h:mm", 47: "mm:ss.0"}


class _SheetPart(NamedTuple):
    name: str
    visible: bool
    part: str


def read_sheet(path: Path, sheet: str | None) -> Sheet:
    """Read one sheet of a workbook.

    Parameters
    ----------
    path
        The workbook.
    sheet
        Name of a sheet, or its place among the visible ones counted from 1; by default the first visible
        sheet.

    Returns
    -------
    Sheet
        Its used cells, with stored values for formulas.

    Raises
    ------
    TableError
        If the workbook cannot be read or has no such sheet.
    """
    with open_package(path) as archive:
        book = _Book.open(path, archive)
        part = _choose(path, book.sheets, sheet)
        try:
            return _read_part(path, archive, book, part)
        except _BROKEN as error:
            what = f"sheet {part.name!r} is damaged ({_first_line(error)})"
            raise TableError(f"{path.name}: {what}; {_SAVE_AGAIN}") from error


def sheet_names(path: Path) -> list[str]:
    """Return the names of a workbook's sheets, hidden ones included.

    Parameters
    ----------
    path
        The workbook.

    Returns
    -------
    list of str
        The names, in the order of the tabs.

    Raises
    ------
    TableError
        If the workbook cannot be read.
    """
    with open_package(path) as archive:
        return [sheet.name for sheet in _Book.open(path, archive).sheets]


_SAVE_AGAIN = "open it in a spreadsheet program and save it again"


@dataclass
class _Book:
    """What all sheets of a workbook share."""

    reader: ExcelReader
    sheets: list[_SheetPart]
    date1904: bool

    @classmethod
    def open(cls, path: Path, archive: ZipFile) -> _Book:
        """Let openpyxl read the workbook without its sheets, themes and properties, which no table needs."""
        from openpyxl.reader.excel import ExcelReader
        from openpyxl.styles.stylesheet import apply_stylesheet
        from openpyxl.utils.datetime import MAC_EPOCH

        try:
            # openpyxl warns of what it leaves out, and prints what is wrong with a style.
            with warnings.catch_warnings(), redirect_stdout(StringIO()), path.open("rb") as stream:
                warnings.simplefilter("ignore")
                reader = ExcelReader(stream, read_only=True, data_only=True, keep_links=False)
                reader.read_manifest()
                reader.read_strings()
                reader.read_workbook()
                apply_stylesheet(archive, reader.wb)
                sheets = [
                    _SheetPart(sheet.name, sheet.state == "visible", relation.target)
                    for sheet, relation in reader.parser.find_sheets()
                    if relation.target in reader.valid_files and "chartsheet" not in relation.Type
                ]
        except _BROKEN as error:
            raise TableError(f"{path.name} is damaged ({_first_line(error)}); {_SAVE_AGAIN}") from error
        return cls(reader, sheets, reader.wb.epoch == MAC_EPOCH)

    def style(self, number: int) -> Style:
        """Return what a style says about a cell; a number that no style has means the default."""
        from openpyxl.cell.read_only import ReadOnlyCell

        # openpyxl looks styles up for a cell of a sheet of a workbook; any will do.
        sheet: Any = SimpleNamespace(parent=self.reader.wb)
        cell: Any = ReadOnlyCell(sheet, 1, 1, None, "n", number)
        try:
            horizontal = cell.alignment.horizontal
            align = {"left": "left", "right": "right", "center": "center", "centerContinuous": "center"}
            code = _SHOWN_BUILT_IN.get(cell.style_array.numFmtId, cell.number_format)
            return Style(code, Look(bool(cell.font.b), bool(cell.font.i), align=align.get(horizontal)))
        except (LookupError, AttributeError):
            return Style()


def _first_line(error: BaseException) -> str:
    cause = error.__cause__ or error
    return (str(cause).splitlines() or [type(cause).__name__])[0]


def _choose(path: Path, sheets: list[_SheetPart], wanted: str | None) -> _SheetPart:
    visible = [sheet for sheet in sheets if sheet.visible]
    if not visible and (wanted is None or not sheets):
        raise TableError(f"{path.name} has no visible sheet with cells: show one in the spreadsheet program")
    if wanted is None:
        return visible[0]
    folded = wanted.strip().casefold()
    for sheet in sheets:
        if wanted == sheet.name or folded == sheet.name.strip().casefold():
            return sheet
    if re.fullmatch("[1-9][0-9]{0,4}", folded) and int(folded) <= len(visible):
        return visible[int(folded) - 1]
    names = [sheet.name for sheet in visible]
    nearest = get_close_matches(wanted, names, n=len(names), cutoff=0.4)
    ordered = nearest + [name for name in names if name not in nearest]
    listed = ", ".join(map(repr, ordered))
    raise TableError(f"{path.name} has no sheet {wanted!r}: its sheets are {listed}")


def _read_part(path: Path, archive: ZipFile, book: _Book, part: _SheetPart) -> Sheet:
    with archive.open(part.part) as stream:
        xml = parse_sheet(stream)
    relations = _relations(archive, part.part)
    maker = CellMaker(
        strings=book.reader.shared_strings,
        style=book.style,
        date1904=book.date1904,
        links=_links(xml, relations),
    )
    return Sheet(
        path=path,
        name=part.name,
        used={at: raw for at, raw in xml.cells.items() if maker.holds_something(raw)},
        show=lambda at: maker.make(at, xml.cells[at]),
        merged=xml.merged,
        hidden_rows=xml.hidden_rows,
        hidden_columns=xml.hidden_columns,
        frozen_rows=xml.frozen_rows,
        frozen_columns=xml.frozen_columns,
        header_boxes=_header_boxes(archive, xml, relations),
        late_problems=lambda: _without_values(path, part.name, maker.without_value),
    )


def _without_values(path: Path, sheet: str, missing: Collection[Position]) -> list[Problem]:
    if not missing:
        return []
    first, count = cell_name(*min(missing)), len(missing)
    what = f"the formula in {first} has" if count == 1 else f"{count} formulas (from {first} on) have"
    message = (
        f"sheet {sheet!r}: {what} no stored value, so that the formula itself is shown: "
        f"open the workbook in a spreadsheet program and save it once"
    )
    return [Problem("table", message, path)]


def _relations(archive: ZipFile, part: str) -> dict[str, str]:
    """Return the targets that a sheet's parts and links have by their ids."""
    from openpyxl.packaging.relationship import get_dependents

    folder, _, file = part.rpartition("/")
    name = f"{folder}/_rels/{file}.rels"
    if name not in archive.namelist():
        return {}
    return {str(relation.Id): relation.Target or "" for relation in get_dependents(archive, name)}


def _links(xml: SheetXml, relations: dict[str, str]) -> list[tuple[Box, str]]:
    links = [(box, safe_link(relations.get(target))) for box, target in xml.links]
    return [(box, target) for box, target in links if target is not None]


def _header_boxes(archive: ZipFile, xml: SheetXml, relations: dict[str, str]) -> list[Box]:
    """Return the header rows of the table objects, one each unless they say otherwise (part 1, §18.5.1.2)."""
    boxes = []
    for table_id in xml.table_ids:
        part = relations.get(table_id)
        if part in archive.namelist():
            table = ElementTree.fromstring(archive.read(part)).attrib
            if table.get("headerRowCount", "1") != "0":
                boxes.append(parse_range(table["ref"]))
    return boxes

"""Workbooks (``.xlsx``, ``.xlsm``), whose cells and styles openpyxl reads (ECMA-376 part 1, §18.3 and §18.8).

openpyxl is given a copy with one sheet's cells and what they need. It would read all sheets, stop at charts and rules
that it does not know, make an object of each cell of a merged or linked range, and find no sheet in a workbook saved as
*Strict Open XML*. What surrounds the cells (merged and linked ranges, filters, table objects, drawings) is a few lines
of XML, read here.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from exptdir.errors import TableError
from exptdir.record.problem import Problem
from exptdir.tables.archive import find_part, open_archive, read_relations, read_tree
from exptdir.tables.cells import SheetStyles
from exptdir.tables.grid import CellRows, Position, Sheet, sheet_of_cells
from exptdir.tables.model import EMPTY, Cell, safe_link
from exptdir.tables.names import DefinedName, SheetPart, TableObject
from exptdir.tables.ranges import Box, cell_name
from exptdir.tables.source import Book
from exptdir.tables.surroundings import Surroundings, notes_on, read_surroundings, read_table_object

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

#: Cells that a sheet may store, empty ones with a format included; each takes openpyxl some 400 bytes.
MAX_STORED = 2_000_000
_TRUE = frozenset({"1", "true"})
#: What names have in front that programs give (§18.2.5): ``_xlnm.Print_Area``.
_GIVEN = "_xlnm."
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
#: Namespaces of a workbook saved as *Strict Open XML* (annex A), and what they are in all others.
_STRICT = (
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", _MAIN.encode()),
    (b"http://purl.oclc.org/ooxml/drawingml/main", b"http://schemas.openxmlformats.org/drawingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/officeDocument", _OFFICE.encode()),
)
#: A plain part of a text beside rich ones, which openpyxl leaves out unless it is a run as well.
_PLAIN_PARTS = re.compile(rb"(?:(?<=<si>)|(?<=<is>)|(?<=</r>))(<t(?: [^<>]*)?>[^<]*</t>)(?=<r>|</r>|</si>|</is>)")
_SHEET_DATA = re.compile(rb"</(?:\w+:)?sheetData\s*>|<(?:\w+:)?sheetData\s*/>")
_ROOT = re.compile(rb"<(\w+:)?worksheet\b[^<>]*>")
_CELL = re.compile(rb"<(?:\w+:)?c[ >]")
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_HYPERLINK = re.compile(r'=\s*HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)
_SAVE_AGAIN = "open it in a spreadsheet program and save it again as an ordinary .xlsx"


def open_workbook(path: Path) -> Book:
    """Open a workbook.

    Returns
    -------
    Book
        Its sheets, to be read one by one.

    Raises
    ------
    TableError
        If the workbook cannot be read; the message says what to do.
    """
    with _opened(path, "the file") as archive:
        if find_part(archive, "[Content_Types].xml") is None:
            open_document = find_part(archive, "mimetype") is not None
            other = "an OpenDocument file: save it as .xlsx" if open_document else "some other zip archive"
            raise TableError(f"the file is not a workbook but {other}")
        part = _workbook_part(archive)
        if part.endswith(".bin"):
            raise TableError("the file is a binary workbook (.xlsb) under another name: rename it to .xlsb")
        root = read_tree(archive, part)
        if root is None or root.tag != "workbook":
            raise TableError("the file is not a workbook but another document, or it has lost its list of sheets")
        relations = read_relations(archive, part)
        listed = root.findall("sheets/sheet")
        sheets = []
        for sheet in listed:
            relation = relations.get(sheet.get("id", ""))
            if relation is not None and relation.kind == "worksheet" and find_part(archive, relation.target):
                visible = sheet.get("state", "visible") == "visible"
                sheets.append(SheetPart(sheet.get("name", ""), visible, relation.target))
    defined = _defined_names(root, [sheet.get("name", "") for sheet in listed])
    properties = root.find("workbookPr")
    date1904 = properties is not None and properties.get("date1904") in _TRUE
    tables = cache(partial(_table_objects, path, tuple(sheets)))
    return Book(sheets, defined, partial(_read_sheet, path, date1904), tables)


@contextmanager
def _opened(path: Path, what: str) -> Iterator[zipfile.ZipFile]:
    """Open the archive, and say of *what* it is damaged where it is."""
    with open_archive(path) as archive:
        try:
            yield archive
        except TableError:
            raise
        # A library that reads what others wrote ends in any exception: none of them may end a build.
        except Exception as error:
            cause = error.__cause__ or error
            reason = ([*str(cause).splitlines(), ""][0] or type(cause).__name__)[:200]
            raise TableError(f"{what} is damaged ({reason}): {_SAVE_AGAIN}") from error


def _workbook_part(archive: zipfile.ZipFile) -> str:
    relations = read_relations(archive, "").values()
    return next((relation.target for relation in relations if relation.kind == "officeDocument"), "xl/workbook.xml")


def _defined_names(root: Element, sheets: list[str]) -> list[DefinedName]:
    names = []
    for element in root.iterfind("definedNames/definedName"):
        scope, name = element.get("localSheetId", ""), element.get("name", "")
        at = int(scope) if scope.isdecimal() and len(scope) < 7 else len(sheets)
        hidden = element.get("hidden") in _TRUE or name.startswith(_GIVEN)
        formula = (element.text or "").strip()
        own = sheets[at] if at < len(sheets) else None
        names.append(DefinedName(name.removeprefix(_GIVEN), formula, own, hidden))
    return names


def _table_objects(path: Path, sheets: Sequence[SheetPart]) -> list[TableObject]:
    with _opened(path, "a table object") as archive:
        return [
            table
            for sheet in sheets
            for relation in read_relations(archive, sheet.part).values()
            if (table := read_table_object(archive, relation, sheet.name)) is not None
        ]


def _read_sheet(path: Path, date1904: bool, part: SheetPart) -> Sheet:
    with _opened(path, f"sheet {part.name!r}") as archive:
        # Counted piece by piece before anything as large as the sheet is made of it.
        stored, tail = 0, b""
        with archive.open(find_part(archive, part.part) or part.part) as stream:
            while chunk := stream.read(2**20):
                chunk = tail + chunk
                end_of_tags = chunk.rfind(b"<")
                tail = chunk[end_of_tags:][-64:] if end_of_tags >= 0 else b""
                stored += sum(1 for _ in _CELL.finditer(chunk[: max(end_of_tags, 0)]))
        if stored > MAX_STORED:
            raise TableError(
                f"sheet {part.name!r} stores {stored:,} cells, more than the {MAX_STORED:,} that are read: "
                f"save the part to show as a workbook of its own"
            )
        xml = _transitional(archive.read(find_part(archive, part.part) or part.part))
        end, root = _SHEET_DATA.search(xml), _ROOT.search(xml)
        if end is None or root is None:
            raise ValueError("it has no cells")
        around = read_surroundings(archive, part, xml[: root.end()] + xml[end.end() :], xml)
        relations = {one.kind: one.target for one in read_relations(archive, _workbook_part(archive)).values()}
        tree = read_tree(archive, relations.get("styles", ""))
        copy = _one_sheet(archive, xml[: end.end()] + b"</%sworksheet>" % (root[1] or b""), tree)
        worksheet = _load(copy, data_only=True)
        formulas = _load(copy, data_only=False) if _FORMULA.search(xml) else None
        styles = SheetStyles(tree, read_tree(archive, relations.get("theme", "")), date1904=date1904)
        return _sheet(path, part, worksheet, formulas, styles, around)


def _transitional(xml: bytes) -> bytes:
    if b"purl.oclc.org/ooxml" in xml[:10_000]:
        for strict, usual in _STRICT:
            xml = xml.replace(strict, usual)
    return xml


def _one_sheet(archive: zipfile.ZipFile, xml: bytes, styles: Element | None) -> bytes:
    """Return a workbook with nothing but one sheet's cells, and what they share with other sheets."""
    kept = {"worksheet": xml}
    for relation in read_relations(archive, _workbook_part(archive)).values():
        found = find_part(archive, relation.target)
        if relation.kind in {"styles", "theme", "sharedStrings"} and found is not None:
            kept[relation.kind] = _transitional(archive.read(found))
    if styles is not None and "styles" in kept:
        kept["styles"] = _with_numbers_as_formats(kept["styles"])
    for kind in kept.keys() & {"worksheet", "sharedStrings"}:
        # openpyxl takes an escaped escape apart, unless its digits are written small.
        kept[kind] = _PLAIN_PARTS.sub(rb"<r>\1</r>", kept[kind]).replace(b"_x005F_", b"_x005f_")
    parts, links = "", ""
    for kind in kept:
        type_ = "officeDocument.theme" if kind == "theme" else f"openxmlformats-officedocument.spreadsheetml.{kind}"
        parts += f'<Override PartName="/xl/{kind}.xml" ContentType="application/vnd.{type_}+xml"/>'
        links += f'<Relationship Id="{kind}" Type="{_OFFICE}/relationships/{kind}" Target="/xl/{kind}.xml"/>'
    root = f'<Relationship Id="w" Type="{_OFFICE}/relationships/officeDocument" Target="xl/workbook.xml"/>'
    sheet = '<sheets><sheet name="Sheet" sheetId="1" r:id="worksheet"/></sheets>'
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as copy:
        copy.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/'
            f'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{parts}</Types>',
        )
        copy.writestr("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{root}</Relationships>')
        spaces = f'xmlns="{_MAIN}" xmlns:r="{_OFFICE}/relationships"'
        copy.writestr("xl/workbook.xml", f"<workbook {spaces}>{sheet}</workbook>")
        copy.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'
        )
        for kind, data in kept.items():
            copy.writestr(f"xl/{kind}.xml", data)
    return stream.getvalue()


def _with_numbers_as_formats(styles: bytes) -> bytes:
    """Give each cell format the number of its number format as its code, in quotation marks.

    openpyxl would make dates of numbers, to the millisecond, and errors of those that are out of range. Number formats
    are applied here, to the numbers as they are stored.
    """
    numbers = sorted({int(number) for number in re.findall(rb'<(?:\w+:)?xf\b[^<>]*?\bnumFmtId="([0-9]{1,8})"', styles)})
    styles = re.sub(rb"(?s)<(?:\w+:)?numFmts\b(?:[^<>]*/>|.*?</(?:\w+:)?numFmts>)", b"", styles)
    styles = re.sub(
        rb'(<(?:\w+:)?xf\b[^<>]*?\bnumFmtId=")([0-9]{1,8})"',
        lambda match: b'%s%d"' % (match[1], 1_000 + numbers.index(int(match[2]))),
        styles,
    )
    own = "".join(
        f'<numFmt numFmtId="{1_000 + at}" formatCode="&quot;{number}&quot;"/>' for at, number in enumerate(numbers)
    )
    return re.sub(
        rb"(<(?:\w+:)?styleSheet\b[^<>]*>)",
        lambda match: match[1] + f'<numFmts xmlns="{_MAIN}">{own}</numFmts>'.encode(),
        styles,
        count=1,
    )


def _load(copy: bytes, data_only: bool) -> Worksheet:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_workbook(io.BytesIO(copy), data_only=data_only, rich_text=True, keep_links=False).worksheets[0]


def _sheet(
    path: Path,
    part: SheetPart,
    worksheet: Worksheet,
    formulas: Worksheet | None,
    styles: SheetStyles,
    around: Surroundings,
) -> Sheet:
    """Make the sheet of openpyxl's, of the one that was read with formulas, and of what stands around its cells."""
    cells: CellRows[Cell] = CellRows()
    lacking: list[Position] = []
    # Not by rows: openpyxl would make a cell of every place up to the last one.
    stored: dict[Position, Any] = worksheet._cells
    written: dict[Position, Any] = formulas._cells if formulas is not None else {}
    zeros = worksheet.sheet_view.showZeros is not False
    for at, cell in stored.items():
        formula = written[at].value if at in written and written[at].data_type == "f" else None
        source = str(getattr(formula, "text", None) or formula or "")
        if cell.value is not None:
            shown = styles.cell(cell)
        elif formula is not None and cell.data_type != "str":
            # A formula whose result is the empty text says so by its type; this one was never calculated.
            shown = styles.text(cell, source)
            lacking.append(at)
        else:
            continue
        if at in around.pictured:
            shown = EMPTY._replace(look=shown.look)
        elif not shown.text.strip() and shown.kind == "text":
            continue
        if not zeros and shown.kind == "number" and shown.value == 0:
            shown = shown._replace(text="")
        if source and (match := _HYPERLINK.match(source)):
            shown = shown._replace(href=safe_link(match[1]))
        cells.put(*at, shown)
    pane = worksheet.sheet_view.pane
    # In a pane that is only split, these are lengths in points. topLeftCell would not do: it is where the
    # rest was scrolled to when the workbook was saved.
    frozen = pane if pane is not None and pane.state in {"frozen", "frozenSplit"} else None
    links = _linked(around.links, cells)
    lost = f"sheet {part.name!r}: its links lie over each other too often to be shown: link single cells"
    return replace(
        sheet_of_cells(path, part.name, cells),
        changes=links or {},
        problems=[Problem("table", lost, path)] if links is None else [],
        merged=around.merged,
        hidden_rows={number for number, row in worksheet.row_dimensions.items() if row.hidden},
        hidden_columns={
            number
            for column in worksheet.column_dimensions.values()
            if column.hidden
            for number in range(column.min or 1, min(column.max or 1, worksheet.max_column) + 1)
        },
        frozen_rows=int(frozen.ySplit or 0) if frozen else 0,
        frozen_columns=int(frozen.xSplit or 0) if frozen else 0,
        header_boxes=[*(table.box for table in around.tables if table.header_rows), *around.filters],
        label_boxes=[table.box for table in around.tables if table.first_column],
        borders=styles.borders(stored, cells),
        late_problems=partial(_without_values, path, part.name, lacking),
        notes=partial(notes_on, around),
    )


def _linked(links: list[tuple[Box, str]], cells: CellRows[Cell]) -> dict[Position, Callable[[Cell], Cell]] | None:
    """Return what gives cells their links, row by row: a range may be a million rows long. ``None`` for too many."""
    linked: dict[Position, str] = {}
    filled = sorted(cells.rows)
    left = 4 * len(cells) + 1_000
    for box, target in links:
        for row in filled[bisect_left(filled, box.top) : bisect_right(filled, box.bottom)]:
            found = cells.rows[row]
            columns = found if box.left < box.right else {box.left} & found.keys()
            linked.update(((row, at), target) for at in columns if box.left <= at <= box.right)
            left -= 1 + len(columns)
            # Ranges that lie over each other by the thousand are nobody's work, and would never end.
            if left < 0:
                return None
    return {at: partial(Cell._replace, href=target) for at, target in linked.items()}


def _without_values(
    path: Path, sheet: str, lacking: list[Position], rows: set[int], columns: set[int]
) -> list[Problem]:
    """Report the formulas without a stored value among the cells that are shown."""
    missing = [at for at in lacking if at[0] in rows and at[1] in columns]
    if not missing:
        return []
    first, count = cell_name(*min(missing)), len(missing)
    what = f"the formula in {first} has" if count == 1 else f"{count} formulas (from {first} on) have"
    message = (
        f"sheet {sheet!r}: {what} no stored value, so that the formula itself is shown: "
        f"open the workbook in a spreadsheet program and save it once"
    )
    return [Problem("table", message, path)]

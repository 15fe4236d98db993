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
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree.ElementTree import Element

from exptdir.errors import TableError
from exptdir.record.problem import Problem
from exptdir.tables.archive import Relation, find_part, open_archive, parse_tree, read_relations, read_tree
from exptdir.tables.cells import SheetStyles, unescape
from exptdir.tables.grid import CellRows, Position, Sheet, sheet_of_cells
from exptdir.tables.model import EMPTY, Cell, safe_link
from exptdir.tables.names import DefinedName, SheetPart, TableObject
from exptdir.tables.ranges import Box, cell_name, is_range, parse_range
from exptdir.tables.source import Book

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
#: A cell whose value has metadata: its address and the metadata's number, counted from 1, in either order.
_METADATA = re.compile(rb'<(?:\w+:)?c (?=[^<>]*\br="([A-Z]{1,3}[0-9]{1,7})")(?=[^<>]*\bvm="([0-9]{1,9})")')
_HYPERLINK = re.compile(r'=\s*HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)
#: What is drawn in an anchor (§20.5.2), and how a reader calls it. Shapes are left out: mostly buttons and frames.
_DRAWN = {"pic": "picture", "graphicFrame": "chart"}
#: Structures of rich values that are pictures (MS-XLSX §2.3.6.1): placed in the cell, or by ``IMAGE()``.
_IN_CELL = frozenset({"_localImage", "_webimage"})
_SAVE_AGAIN = "open it in a spreadsheet program and save it again as an ordinary .xlsx"


class Drawn(NamedTuple):
    """Something drawn over a sheet: ``picture`` or ``chart``, and the cell that its upper left corner is in."""

    kind: str
    at: Position


@dataclass
class Surroundings:
    """What a sheet's XML says around its cells."""

    merged: list[Box] = field(default_factory=list)
    links: list[tuple[Box, str]] = field(default_factory=list)
    filters: list[Box] = field(default_factory=list)
    tables: list[TableObject] = field(default_factory=list)
    drawn: list[Drawn] = field(default_factory=list)
    conditional: list[Box] = field(default_factory=list)
    pictured: set[Position] = field(default_factory=set)


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
            if (table := _table_object(archive, relation, sheet.name)) is not None
        ]


def _table_object(archive: zipfile.ZipFile, relation: Relation, sheet: str) -> TableObject | None:
    root = read_tree(archive, relation.target) if relation.kind == "table" else None
    if root is None:
        return None
    style = root.find("tableStyleInfo")
    return TableObject(
        name=root.get("displayName") or root.get("name") or "",
        sheet=sheet,
        box=_range(root),
        header_rows=int(root.get("headerRowCount", "1") != "0"),
        totals_rows=int(root.get("totalsRowCount", "0") not in {"", "0"}),
        columns=tuple(unescape(column.get("name", "")) for column in root.iterfind("tableColumns/tableColumn")),
        first_column=style is not None and style.get("showFirstColumn") in _TRUE,
    )


def _range(element: Element) -> Box:
    try:
        return parse_range(element.get("ref", ""))
    except TableError as error:
        raise ValueError(str(error)) from None


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
        around = _surroundings(archive, part, xml[: root.end()] + xml[end.end() :], xml)
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


def _surroundings(archive: zipfile.ZipFile, part: SheetPart, outside: bytes, xml: bytes) -> Surroundings:
    """Read what stands around the cells of a sheet, and in the parts that it refers to."""
    root, relations = parse_tree(outside, part.part), read_relations(archive, part.part)
    found = Surroundings(
        merged=[_range(merged) for merged in root.iterfind("mergeCells/mergeCell")],
        filters=[_range(filter) for filter in root.findall("autoFilter[@ref]")],
    )
    for formats in root.iterfind("conditionalFormatting[@sqref]"):
        found.conditional += [parse_range(area) for area in formats.get("sqref", "").split()[:100] if is_range(area)]
    for link in root.iterfind("hyperlinks/hyperlink"):
        relation = relations.get(link.get("id", ""))
        if relation is not None and (target := safe_link(relation.target)) is not None:
            found.links.append((_range(link), target))
    for relation in relations.values():
        if (table := _table_object(archive, relation, part.name)) is not None:
            found.tables.append(table)
        drawing = read_tree(archive, relation.target) if relation.kind == "drawing" else None
        for anchor in drawing if drawing is not None else ():
            row, column = anchor.findtext("from/row", ""), anchor.findtext("from/col", "")
            at = (int(row) + 1 if row.isdecimal() else 1, int(column) + 1 if column.isdecimal() else 1)
            found.drawn += [Drawn(_DRAWN[child.tag], at) for child in anchor.iter() if child.tag in _DRAWN]
    pictures = _picture_numbers(archive)
    if pictures:
        boxes = (parse_range(one[1].decode()) for one in _METADATA.finditer(xml) if int(one[2]) in pictures)
        found.pictured = {box[:2] for box in boxes}
        found.drawn += [Drawn("picture", at) for at in sorted(found.pictured)]
    return found


def _picture_numbers(archive: zipfile.ZipFile) -> set[int]:
    """Follow the metadata of values to their structures: value → block → rich value → kind of structure."""
    root, values, structures = (
        read_tree(archive, f"xl/{name}.xml")
        for name in ("metadata", "richData/rdrichvalue", "richData/rdrichvaluestructure")
    )
    if root is None or values is None or structures is None:
        return set()

    def at(items: Sequence[Any], number: str | None) -> Any:
        return items[int(number)] if number and number.isdecimal() and int(number) < len(items) else None

    kinds = [structure.get("t") for structure in structures.iter("s")]
    pictures = [at(kinds, value.get("s")) in _IN_CELL for value in values.iter("rv")]
    blocks = [block.get("i") for block in root.findall("futureMetadata[@name='XLRICHVALUE']/bk//rvb")]
    records = root.findall("valueMetadata/bk/rc")
    return {number for number, record in enumerate(records, start=1) if at(pictures, at(blocks, record.get("v")))}


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
    return replace(
        sheet_of_cells(path, part.name, cells),
        changes=_linked(around.links, cells),
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
        notes=partial(_notes, around),
    )


def _linked(links: list[tuple[Box, str]], cells: CellRows[Cell]) -> dict[Position, Callable[[Cell], Cell]]:
    """Return what gives cells their links. Each range is gone through row by row: it may be a million rows long."""
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
                return {}
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


def _notes(around: Surroundings, box: Box | None) -> list[str]:
    """Say what is drawn in a range of the sheet, or anywhere on it, and not shown."""
    coloured = any(box is None or box.intersect(area) for area in around.conditional)
    notes = ["Colours of conditional formatting are not shown"] if coloured else []
    kinds = [
        one.kind
        for one in around.drawn
        if box is None or (box.top <= one.at[0] <= box.bottom and box.left <= one.at[1] <= box.right)
    ]
    counted = [(kinds.count(kind), kind) for kind in _DRAWN.values() if kind in kinds]
    if not counted:
        return notes
    listed = " and ".join(f"{count} {kind}{'s' if count > 1 else ''}" for count, kind in counted)
    return [f"{listed} of the sheet {'are' if len(kinds) > 1 else 'is'} not shown", *notes]

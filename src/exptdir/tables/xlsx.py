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
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from exptdir.errors import TableError
from exptdir.record.problem import Problem
from exptdir.tables.archive import (
    Archive,
    Relation,
    copy_sheet,
    open_archive,
    parse_tree,
    read_relations,
    read_tree,
    transitional,
)
from exptdir.tables.cells import SheetStyles, unescape
from exptdir.tables.grid import Cells, Position, Sheet, Sides
from exptdir.tables.model import EMPTY, safe_link
from exptdir.tables.names import DefinedName, SheetPart, TableObject
from exptdir.tables.ranges import Box, cell_name, column_number, is_range, parse_range
from exptdir.tables.read import Book

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

#: Cells that a sheet may store, empty ones with a format included; each takes openpyxl some 400 bytes.
MAX_STORED = 2_000_000
_TRUE = frozenset({"1", "true"})
#: What names have in front that programs give (§18.2.5): ``_xlnm.Print_Area``.
_GIVEN = "_xlnm."
_SHEET_DATA = re.compile(rb"</(?:\w+:)?sheetData\s*>|<(?:\w+:)?sheetData\s*/>")
_ROOT = re.compile(rb"<(\w+:)?worksheet\b[^<>]*>")
_CELL = re.compile(rb"<(?:\w+:)?c[ >]")
#: Where a cell is, and its style, in either order.
_ADDRESS = re.compile(rb'<(?:\w+:)?c (?=[^<>]*?\br="([A-Z]{1,3})([0-9]{1,7})")(?:[^<>]*?\bs="([0-9]{1,9})")?')
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_HYPERLINK = re.compile(r'=\s*HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)
#: A cell whose value has metadata: its address and the metadata's number, counted from 1, in either order.
_METADATA = re.compile(rb'<(?:\w+:)?c (?=[^<>]*\br="([A-Z]{1,3}[0-9]{1,7})")(?=[^<>]*\bvm="([0-9]{1,9})")')
#: What is drawn in an anchor (§20.5.2), and how a reader calls it. Shapes are left out: mostly buttons and frames.
_DRAWN = {"pic": "picture", "graphicFrame": "chart", "sparkline": "sparkline"}
#: Structures of rich values that are pictures (MS-XLSX §2.3.6.1): placed in the cell, or by ``IMAGE()``.
_IN_CELL = frozenset({"_localImage", "_webimage"})
_SAVE_AGAIN = "open it in a spreadsheet program and save it again as an ordinary .xlsx"


class XlsxBook(Book):
    """A workbook that is open, whose sheets are read one by one.

    Raises
    ------
    TableError
        If the workbook cannot be read; the message says what to do.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _opened(path, "the file") as archive:
            if archive.find("[Content_Types].xml") is None:
                open_document = archive.find("mimetype") is not None
                other = "an OpenDocument file: save it as .xlsx" if open_document else "some other zip archive"
                raise TableError(f"the file is not a workbook but {other}")
            part = _workbook_part(archive)
            if part.endswith(".bin"):
                raise TableError("the file is a binary workbook (.xlsb) under another name: rename it to .xlsb")
            root = read_tree(archive, part)
            if root is None or root.tag != "workbook":
                raise TableError("the file is not a workbook but another document, or it has lost its list of sheets")
            relations = read_relations(archive, part)
            names = [sheet.get("name", "") for sheet in root.iterfind("sheets/sheet")]
            listed = [
                (one.kind, SheetPart(sheet.get("name", ""), sheet.get("state", "visible") == "visible", one.target))
                for sheet in root.iterfind("sheets/sheet")
                if (one := relations.get(sheet.get("id", ""))) is not None
            ]
            sheets = [part for kind, part in listed if kind == "worksheet" and archive.find(part.part)]
        charts = [part.name for kind, part in listed if kind == "chartsheet" and part.visible]
        properties = root.find("workbookPr")
        self._date1904 = properties is not None and properties.get("date1904") in _TRUE
        defined = []
        for element in root.iterfind("definedNames/definedName"):
            scope, name = element.get("localSheetId", ""), element.get("name", "")
            own = names[int(scope)] if scope.isdecimal() and len(scope) < 7 and int(scope) < len(names) else None
            hidden = element.get("hidden") in _TRUE or name.startswith(_GIVEN)
            defined.append(DefinedName(name.removeprefix(_GIVEN), (element.text or "").strip(), own, hidden))
        super().__init__(sheets, defined, charts)

    def tables(self) -> list[TableObject]:
        """Read the table objects of all sheets."""
        with _opened(self.path, "a table object") as archive:
            return [
                table
                for sheet in self.sheets
                for relation in read_relations(archive, sheet.part).values()
                if (table := _table_object(archive, relation, sheet.name)) is not None
            ]

    def load(self, part: SheetPart) -> Sheet:
        """Read one sheet."""
        with _opened(self.path, f"sheet {part.name!r}") as archive:
            name = archive.find(part.part) or part.part
            # Counted piece by piece before anything as large as the sheet is made of it.
            stored, tail = 0, b""
            with archive.open(name) as stream:
                while chunk := stream.read(2**20):
                    chunk = tail + chunk
                    end_of_tags = chunk.rfind(b"<")
                    tail = chunk[end_of_tags:][-64:] if end_of_tags >= 0 else b""
                    stored += len(_CELL.findall(chunk, 0, max(end_of_tags, 0)))
            if stored > MAX_STORED:
                raise TableError(
                    f"sheet {part.name!r} stores {stored:,} cells, more than the {MAX_STORED:,} that are read: "
                    f"save the part to show as a workbook of its own"
                )
            xml = transitional(archive.read(name))
            end, root = _SHEET_DATA.search(xml), _ROOT.search(xml)
            if end is None or root is None:
                raise ValueError("it has no cells")
            around = _read_surroundings(archive, part, xml[: root.end()] + xml[end.end() :], xml)
            shared = {one.kind: one.target for one in read_relations(archive, _workbook_part(archive)).values()}
            tree = read_tree(archive, shared.get("styles", ""))
            cells = xml[: end.end()] + b"</%sworksheet>" % (root[1] or b"")
            copy = copy_sheet(
                cells,
                {
                    kind: archive.read(found)
                    for kind in ("styles", "theme", "sharedStrings")
                    if (found := archive.find(shared.get(kind, ""))) is not None
                },
            )
            worksheet = _load(copy, data_only=True)
            formulas = _load(copy, data_only=False) if _FORMULA.search(xml) else None
            styles = SheetStyles(tree, read_tree(archive, shared.get("theme", "")), date1904=self._date1904)
            # Not by rows: openpyxl would make a cell of every place up to the last one.
            addresses = _ADDRESS.findall(cells)
            columns = {letters: column_number(letters.decode()) for letters in {address[0] for address in addresses}}
            places = {(int(row), columns[letters]): style for letters, row, style in addresses}
            if len(addresses) < len(_CELL.findall(cells)):
                if worksheet.max_row * worksheet.max_column > MAX_STORED:
                    raise ValueError("its cells have no addresses")
                # Of openpyxl's own number of its style, which is dearer to ask for.
                every = product(range(1, worksheet.max_row + 1), range(1, worksheet.max_column + 1))
                places = {at: b"%d" % worksheet.cell(*at).style_id for at in every}
            return _sheet(self.path, part, places, worksheet, formulas, styles, around)


@contextmanager
def _opened(path: Path, what: str) -> Iterator[Archive]:
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


def _workbook_part(archive: Archive) -> str:
    relations = read_relations(archive, "").values()
    return next((relation.target for relation in relations if relation.kind == "officeDocument"), "xl/workbook.xml")


def _load(copy: bytes, data_only: bool) -> Worksheet:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_workbook(io.BytesIO(copy), data_only=data_only, rich_text=True, keep_links=False).worksheets[0]


@dataclass
class Surroundings:
    """What a sheet's XML says around its cells."""

    merged: list[Box]
    filters: list[Box]
    links: list[tuple[Box, str]] = field(default_factory=list)
    tables: list[TableObject] = field(default_factory=list)
    #: What is drawn over it, ``picture`` or ``chart``, and the cell that its upper left corner is in.
    drawn: list[tuple[str, Position]] = field(default_factory=list)
    conditional: list[Box] = field(default_factory=list)
    pictured: set[Position] = field(default_factory=set)

    def notes(self, box: Box | None) -> list[str]:
        """Say what a range of the sheet, or all of it, has that is not shown."""
        coloured = any(box is None or box.intersect(area) for area in self.conditional)
        notes = ["Colours of conditional formatting are not shown"] if coloured else []
        kinds = [kind for kind, at in self.drawn if box is None or box.intersect(Box(*at, *at))]
        if not kinds:
            return notes
        counted = [(kinds.count(kind), kind) for kind in _DRAWN.values() if kind in kinds]
        listed = " and ".join(f"{count} {kind}{'s' if count > 1 else ''}" for count, kind in counted)
        return [f"{listed} of the sheet {'are' if len(kinds) > 1 else 'is'} not shown", *notes]


def _read_surroundings(archive: Archive, part: SheetPart, outside: bytes, xml: bytes) -> Surroundings:
    """Read what stands around the cells of a sheet, and in the parts that it refers to."""
    root, relations = parse_tree(outside, part.part), read_relations(archive, part.part)
    found = Surroundings(
        merged=[_range(merged) for merged in root.iterfind("mergeCells/mergeCell")],
        filters=[_range(filter) for filter in root.findall("autoFilter[@ref]")],
    )
    # Newer rules, and the small charts in cells, stand in the part for later versions.
    later = "extLst/ext/conditionalFormattings/conditionalFormatting/sqref"
    ranges = [one.get("sqref", "") for one in root.iterfind("conditionalFormatting")]
    for areas in (*ranges, *(one.text or "" for one in root.iterfind(later))):
        found.conditional += [parse_range(area) for area in areas.split()[:100] if is_range(area)]
    for spark in root.iterfind("extLst/ext/sparklineGroups/sparklineGroup/sparklines/sparkline/sqref"):
        if is_range(spark.text or ""):
            found.drawn.append(("sparkline", parse_range(spark.text or "")[:2]))
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
            found.drawn += [(_DRAWN[child.tag], at) for child in anchor.iter() if child.tag in _DRAWN]
    pictures = _picture_numbers(archive)
    if pictures:
        boxes = (parse_range(one[1].decode()) for one in _METADATA.finditer(xml) if int(one[2]) in pictures)
        found.pictured = {box[:2] for box in boxes}
        found.drawn += [("picture", at) for at in sorted(found.pictured)]
    return found


def _table_object(archive: Archive, relation: Relation, sheet: str) -> TableObject | None:
    """Read a table object; ``None`` where the relation is to something else."""
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


def _picture_numbers(archive: Archive) -> set[int]:
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
    places: dict[Position, bytes],
    worksheet: Worksheet,
    formulas: Worksheet | None,
    styles: SheetStyles,
    around: Surroundings,
) -> Sheet:
    """Make the sheet of openpyxl's, of the one that was read with formulas, and of what stands around its cells."""
    cells: Cells = {}
    lacking: list[Position] = []
    zeros = worksheet.sheet_view.showZeros is not False
    sides: dict[Position, Sides] = {}
    for at, number in places.items():
        cell = worksheet.cell(*at)
        style = styles.style(number, cell)
        if style.sides:
            sides[at] = style.sides
        written = formulas.cell(*at) if formulas is not None else None
        formula: Any = written.value if written is not None and written.data_type == "f" else None
        source = str(getattr(formula, "text", None) or formula or "")
        if cell.value is not None:
            shown = styles.cell(cell, style)
        elif formula is not None and cell.data_type != "str":
            # A formula whose result is the empty text says so by its type; this one was never calculated.
            shown = styles.text(style, source)
            lacking.append(at)
        else:
            continue
        if at in around.pictured:
            shown = EMPTY._replace(look=shown.look)
        elif shown.kind == "text" and not shown.text.strip():
            continue
        if not zeros and shown.kind == "number" and shown.value == 0:
            shown = shown._replace(text="")
        if source and (match := _HYPERLINK.match(source)):
            shown = shown._replace(href=safe_link(match[1]))
        cells.setdefault(at[0], {})[at[1]] = shown
    problems = []
    if not _link(cells, around.links):
        lost = f"sheet {part.name!r}: its links lie over each other too often to be shown: link single cells"
        problems.append(Problem("table", lost, path))

    def report_lacking(rows: set[int], columns: set[int]) -> list[Problem]:
        missing = [at for at in lacking if at[0] in rows and at[1] in columns]
        if not missing:
            return []
        first, count = cell_name(*min(missing)), len(missing)
        what = f"the formula in {first} has" if count == 1 else f"{count} formulas (from {first} on) have"
        message = (
            f"sheet {part.name!r}: {what} no stored value, so that the formula itself is shown: "
            f"open the workbook in a spreadsheet program and save it once"
        )
        return [Problem("table", message, path)]

    # Borders of empty cells count in rows that hold something, if other cells have some: some workbooks have millions.
    bordered = any(at[1] in cells.get(at[0], ()) for at in sides)
    last = max((at[1] for at in places), default=0)
    pane = worksheet.sheet_view.pane
    # In a pane that is only split, these are lengths in points. topLeftCell would not do: it is where the
    # rest was scrolled to when the workbook was saved.
    frozen = pane if pane is not None and pane.state in {"frozen", "frozenSplit"} else None
    return Sheet(
        path,
        part.name,
        cells,
        problems=problems,
        merged=around.merged,
        hidden_rows={number for number, row in worksheet.row_dimensions.items() if row.hidden},
        hidden_columns={
            number
            for column in worksheet.column_dimensions.values()
            if column.hidden
            for number in range(column.min or 1, min(column.max or 1, last) + 1)
        },
        frozen_rows=int(frozen.ySplit or 0) if frozen else 0,
        frozen_columns=int(frozen.xSplit or 0) if frozen else 0,
        header_boxes=[*(table.box for table in around.tables if table.header_rows), *around.filters],
        label_boxes=[table.box for table in around.tables if table.first_column],
        borders={at: drawn for at, drawn in sides.items() if at[0] in cells} if bordered else {},
        late_problems=report_lacking,
        notes=around.notes,
    )


def _link(cells: Cells, links: list[tuple[Box, str]]) -> bool:
    """Give cells their links, row by row: a range may be a million rows long. If there are too many, none has any."""
    linked: dict[Position, str] = {}
    filled = sorted(cells)
    left = 4 * sum(map(len, cells.values())) + 1_000
    for box, target in links:
        for row in filled[bisect_left(filled, box.top) : bisect_right(filled, box.bottom)]:
            columns = cells[row] if box.left < box.right else {box.left} & cells[row].keys()
            linked.update(((row, at), target) for at in columns if box.left <= at <= box.right)
            left -= 1 + len(columns)
            # Ranges that lie over each other by the thousand are nobody's work, and would never end.
            if left < 0:
                return False
    for (row, at), target in linked.items():
        cells[row][at] = cells[row][at]._replace(href=target)
    return True

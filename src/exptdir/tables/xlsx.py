"""Workbooks (``.xlsx``, ``.xlsm``), whose cells and styles openpyxl reads (ECMA-376 part 1, §18.3 and §18.8).

openpyxl is given a copy with one sheet's cells and what they need, and yields them row by row. It would stop at charts
and rules that it does not know, make an object of each cell of a merged or linked range, and find no sheet in a
workbook saved as *Strict Open XML*. What surrounds the cells (merged, linked and hidden ranges, filters, table objects,
drawings) is a few lines of XML, read here.
"""

from __future__ import annotations

import io
import re
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from xml.etree.ElementTree import Element

from exptdir.errors import TableError
from exptdir.record.problem import Problem
from exptdir.tables.archive import (
    Archive,
    Relation,
    copy_sheet,
    open_archive,
    parse_tree,
    picture_numbers,
    read_relations,
    read_tree,
    transitional,
    without_rest,
)
from exptdir.tables.cells import SheetStyles, StoredCell, unescape
from exptdir.tables.grid import Cells, Position, Sheet, Sides
from exptdir.tables.model import EMPTY, safe_link
from exptdir.tables.names import DefinedName, SheetPart, TableObject
from exptdir.tables.ranges import MAX_COLUMN, MAX_ROW, Box, cell_name, is_range, parse_range
from exptdir.tables.read import Book

#: Cells that a sheet may store, empty ones with a format included.
MAX_STORED = 2_000_000
#: Places that are gone through in a sheet: openpyxl yields all that lie left of a cell.
_MAX_PLACES = 100_000_000
_TRUE = frozenset({"1", "true"})
#: What names have in front that programs give (§18.2.5): ``_xlnm.Print_Area``.
_GIVEN = "_xlnm."
_ROOT = re.compile(rb"<(\w+:)?worksheet\b[^<>]*>")
_ROW = re.compile(rb"<(?:\w+:)?row\b([^<>]*)>")
_ROW_NUMBER = re.compile(rb"""(?<![^\s])r=["']([0-9]{1,7})["']""")
_HIDDEN_ROW = re.compile(rb"""(?<![^\s])(?:hidden=["'](?:1|true)["']|ht="0")""")
_HYPERLINK = re.compile(r'=\s*HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)
#: A cell whose value has metadata: its address and the metadata's number, counted from 1, in either order.
_METADATA = re.compile(rb'<(?:\w+:)?c (?=[^<>]*\br="([A-Z]{1,3}[0-9]{1,7})")(?=[^<>]*\bvm="([0-9]{1,9})")')
#: What is drawn in an anchor (§20.5.2), and how a reader calls it. Shapes are left out: mostly buttons and frames.
_DRAWN = {"pic": "picture", "graphicFrame": "chart", "sparkline": "sparkline"}
_SAVE_AGAIN = "open it in a spreadsheet program and save it again as an ordinary .xlsx"


class XlsxBook(Book):
    """A workbook that is open, whose sheets are read one by one.

    Raises TableError if the workbook cannot be read; the message says what to do.
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
        self._unsure = root.find("calcPr[@fullCalcOnLoad='1']") is not None
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
            xml = transitional(archive.read(archive.find(part.part) or part.part))
            root = _ROOT.search(xml)
            prefix = root[1] or b"" if root else b""
            begin = xml.find(b"<%ssheetData" % prefix)
            if root is None or begin < 0:
                raise ValueError("it has no cells")
            end = xml.index(b">", max(begin, xml.rfind(b"</%ssheetData" % prefix))) + 1
            cells = without_rest(xml[begin:end], prefix)
            stored = cells.count(b"<%sc " % prefix) + cells.count(b"<%sc>" % prefix)
            if stored > MAX_STORED:
                raise TableError(
                    f"sheet {part.name!r} stores {stored:,} cells, more than the {MAX_STORED:,} that are read: "
                    f"save the part to show as a workbook of its own"
                )
            around = _read_surroundings(archive, self.path, part, xml[:begin] + xml[end:], cells)
            shared = {one.kind: one.target for one in read_relations(archive, _workbook_part(archive)).values()}
            names = ((kind, archive.find(shared.get(kind, ""))) for kind in ("styles", "sharedStrings"))
            parts = {kind: archive.read(name) for kind, name in names if name is not None}
            tree = read_tree(archive, shared.get("styles", ""))
            styles = SheetStyles(tree, read_tree(archive, shared.get("theme", "")), date1904=self._date1904)

            def filled(plain: Element | None = None) -> Sheet:
                copy = copy_sheet(xml[: root.end()], prefix, cells, parts, plain)
                return _fill(around, copy, stored, styles, unsure=self._unsure)

            try:
                return filled()
            except (ValueError, TypeError, LookupError, SyntaxError):
                # openpyxl refuses all looks for a single one that it does not know.
                sheet = filled(Element("styleSheet") if tree is None else tree)
            lost = f"sheet {part.name!r}: its fonts, colours and borders cannot be read, and are not shown"
            return replace(sheet, problems=[*sheet.problems, Problem("table", f"{lost}: {_SAVE_AGAIN}", self.path)])


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


def _rows(copy: bytes, *, data_only: bool) -> Iterator[Iterable[StoredCell]]:
    """Yield the rows of a copy, with openpyxl's cells."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = load_workbook(io.BytesIO(copy), read_only=True, data_only=data_only, rich_text=True, keep_links=False)
    book.worksheets[0].reset_dimensions()
    places = 0
    for number, row in enumerate(book.worksheets[0].iter_rows(), start=1):
        places += len(row)
        if places > _MAX_PLACES or number > MAX_ROW:
            raise ValueError("its cells lie too far from each other")
        yield row


@dataclass
class Surroundings:
    """What a sheet's XML says around its cells: the sheet without them, and what they get; whether noughts show."""

    sheet: Sheet
    links: list[tuple[Box, str]] = field(default_factory=list)
    pictured: set[Position] = field(default_factory=set)
    zeros: bool = True


def _notes(drawn: Sequence[tuple[str, Position]], conditional: Sequence[Box], box: Box | None) -> list[str]:
    """Say what a range of a sheet, or all of it, has that is not shown: what is drawn over it, and where."""
    notes = []
    if kinds := [kind for kind, at in drawn if box is None or box.intersect(Box(*at, *at))]:
        counted = [(kinds.count(kind), kind) for kind in _DRAWN.values() if kind in kinds]
        listed = " and ".join(f"{count} {kind}{'s' if count > 1 else ''}" for count, kind in counted)
        notes.append(f"{listed} of the sheet {'are' if len(kinds) > 1 else 'is'} not shown")
    if any(box is None or box.intersect(area) for area in conditional):
        notes.append("Colours of conditional formatting are not shown")
    return notes


def _read_surroundings(archive: Archive, path: Path, part: SheetPart, outside: bytes, cells: bytes) -> Surroundings:
    """Read what stands around the cells of a sheet, in the parts that it refers to, and in its rows' own tags."""
    root, relations = parse_tree(outside, part.part), read_relations(archive, part.part)
    # Newer rules, and the small charts in cells, stand in the part for later versions.
    later = "extLst/ext/conditionalFormattings/conditionalFormatting/sqref"
    ranges = [one.get("sqref", "") for one in root.iterfind("conditionalFormatting")]
    ranges += [one.text or "" for one in root.iterfind(later)]
    conditional = [parse_range(area) for areas in ranges for area in areas.split()[:100] if is_range(area)]
    sparks = root.iterfind("extLst/ext/sparklineGroups/sparklineGroup/sparklines/sparkline/sqref")
    drawn = [("sparkline", parse_range(one.text or "")[:2]) for one in sparks if is_range(one.text or "")]
    tables = [table for one in relations.values() if (table := _table_object(archive, one, part.name)) is not None]
    filters = [_range(filter) for filter in root.findall("autoFilter[@ref]")]
    sheet = Sheet(
        path,
        part.name,
        {},
        merged=[_range(merged) for merged in root.iterfind("mergeCells/mergeCell")],
        header_boxes=[*(table.box for table in tables if table.header_rows), *filters],
        label_boxes=[table.box for table in tables if table.first_column],
        notes=partial(_notes, drawn, conditional),
    )
    found = Surroundings(sheet)
    for link in root.iterfind("hyperlinks/hyperlink"):
        relation = relations.get(link.get("id", ""))
        if relation is not None and (target := safe_link(relation.target)) is not None:
            found.links.append((_range(link), target))
    for relation in relations.values():
        drawing = read_tree(archive, relation.target) if relation.kind == "drawing" else None
        for anchor in drawing if drawing is not None else ():
            row, column = anchor.findtext("from/row", ""), anchor.findtext("from/col", "")
            at = (int(row) + 1 if row.isdecimal() else 1, int(column) + 1 if column.isdecimal() else 1)
            drawn += [(_DRAWN[child.tag], at) for child in anchor.iter() if child.tag in _DRAWN]
    if pictures := picture_numbers(archive):
        boxes = (parse_range(one[1].decode()) for one in _METADATA.finditer(cells) if int(one[2]) in pictures)
        found.pictured = {box[:2] for box in boxes}
        drawn += [("picture", at) for at in sorted(found.pictured)]
    if (view := root.find("sheetViews/sheetView")) is not None:
        found.zeros = view.get("showZeros") not in {"0", "false"}
        # In a pane that is only split, these are lengths in points. topLeftCell would not do: it is where the
        # rest was scrolled to when the workbook was saved.
        if (pane := view.find("pane")) is not None and pane.get("state") in {"frozen", "frozenSplit"}:
            sheet.frozen_rows, sheet.frozen_columns = (int(float(pane.get(key) or 0)) for key in ("ySplit", "xSplit"))
    sheet.hidden_rows, sheet.hidden_columns = _hidden(root, cells)
    return found


def _hidden(root: Element, cells: bytes) -> tuple[set[int], set[int]]:
    """Return the rows and columns of a sheet that are hidden."""
    rows, columns, number = set[int](), set[int](), 0
    for row in _ROW.findall(cells) if b" hidden=" in cells or b' ht="0"' in cells else ():
        number = int(given[1]) if (given := _ROW_NUMBER.search(row)) else number + 1
        if _HIDDEN_ROW.search(row):
            rows.add(number)
    for column in root.iterfind("cols/col"):
        if column.get("hidden") in _TRUE or column.get("width") == "0":
            first = int(column.get("min", "1"))
            columns.update(range(first, min(int(column.get("max", first)), MAX_COLUMN) + 1))
    return rows, columns


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


def _read_cells(
    copy: bytes, styles: SheetStyles, zeros: bool
) -> tuple[Cells, dict[Position, Sides], list[Position], list[Position], int]:
    """Return the cells of a copy that hold something, the borders, formulas, those without a value, and all cells.

    Of all there is only the number. With *zeros*, cells show theirs.
    """
    from openpyxl.cell.read_only import EMPTY_CELL

    formulas: dict[Position, str] = {}
    # What formulas make of their cells is stored as well: they themselves are only told of.
    if any(tag in copy for tag in (b"<f>", b"<f ", b"<f/", b":f>", b":f ", b":f/")):
        for cell in chain.from_iterable(_rows(copy, data_only=False)):
            if cell.data_type == "f":
                formulas[cell.row, cell.column] = str(getattr(cell.value, "text", None) or cell.value)
    cells, sides, lacking, stored = Cells(), dict[Position, Sides](), list[Position](), 0
    for cell in chain.from_iterable(_rows(copy, data_only=True)):
        if cell is EMPTY_CELL:
            continue
        stored += 1
        at, style = (cell.row, cell.column), styles.style(cell)
        formula = formulas.get(at)
        if style.sides:
            sides[at] = style.sides
        if cell.value is not None:
            shown = styles.cell(cell, style)
        elif formula is not None and cell.data_type != "str":
            # A formula whose result is the empty text says so by its type; this one was never calculated.
            shown = styles.text(style, formula)
            lacking.append(at)
        else:
            continue
        if shown.kind == "text" and not shown.text.strip():
            continue
        if not zeros and shown.kind == "number" and shown.value == 0:
            shown = shown._replace(text="")
        if formula is not None and (match := _HYPERLINK.match(formula)):
            shown = shown._replace(href=safe_link(match[1]))
        cells.setdefault(at[0], {})[at[1]] = shown
    return cells, sides, list(formulas), lacking, stored


def _fill(around: Surroundings, copy: bytes, stored: int, styles: SheetStyles, *, unsure: bool) -> Sheet:
    """Give a sheet its cells, so many of which the copy has, and what is said around them; formulas may be unsure."""
    sheet, problems = around.sheet, list[Problem]()
    sheet.cells, sides, formulas, lacking, found = _read_cells(copy, styles, around.zeros)
    cells = sheet.cells
    # Programs that calculate nothing write noughts.
    noughts = formulas if unsure and all(cells.get(row, {}).get(at, EMPTY).value == 0 for row, at in formulas) else []
    if max(cells, default=0) > MAX_ROW:
        raise ValueError("a cell lies beyond the last row")
    for row, column in around.pictured:
        if column in cells.get(row, ()):
            cells[row][column] = EMPTY._replace(look=cells[row][column].look)
    if not _link(cells, around.links):
        lost = f"sheet {sheet.name!r}: its links lie over each other too often to be shown: link single cells"
        problems.append(Problem("table", lost, sheet.path))
    if found < stored:
        lost = f"sheet {sheet.name!r}: {stored - found:,} of its cells stand twice or out of order, and are not shown"
        problems.append(Problem("table", f"{lost}: {_SAVE_AGAIN}", sheet.path))

    def report_lacking(rows: set[int], columns: set[int], _titles: set[int]) -> list[Problem]:
        found, shown = [], "no stored value, so that the formula itself is shown"
        for which, why in ((lacking, shown), (noughts, "a nought that may never have been calculated")):
            if missing := [at for at in which if at[0] in rows and at[1] in columns]:
                first, count = cell_name(*min(missing)), len(missing)
                what = f"the formula in {first} has" if count == 1 else f"{count} formulas (from {first} on) have"
                message = f"{what} {why}: open the workbook in a spreadsheet program and save it once"
                found.append(Problem("table", f"sheet {sheet.name!r}: {message}", sheet.path))
        return found

    sheet.problems, sheet.late_problems = problems, report_lacking
    # Borders of empty cells count in rows that hold something, if other cells have some: some workbooks have millions.
    if any(at[1] in cells.get(at[0], ()) for at in sides):
        sheet.borders = {at: drawn for at, drawn in sides.items() if at[0] in cells}
    return sheet


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

"""What stands around the cells of a sheet: merged and linked ranges, filters, table objects, what is drawn over it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from exptdir.errors import TableError
from exptdir.tables.archive import Relation, parse_tree, read_relations, read_tree
from exptdir.tables.cells import unescape
from exptdir.tables.grid import Position
from exptdir.tables.model import safe_link
from exptdir.tables.names import SheetPart, TableObject
from exptdir.tables.ranges import Box, is_range, parse_range

_TRUE = frozenset({"1", "true"})
#: A cell whose value has metadata: its address and the metadata's number, counted from 1, in either order.
_METADATA = re.compile(rb'<(?:\w+:)?c (?=[^<>]*\br="([A-Z]{1,3}[0-9]{1,7})")(?=[^<>]*\bvm="([0-9]{1,9})")')
#: What is drawn in an anchor (§20.5.2), and how a reader calls it. Shapes are left out: mostly buttons and frames.
_DRAWN = {"pic": "picture", "graphicFrame": "chart"}
#: Structures of rich values that are pictures (MS-XLSX §2.3.6.1): placed in the cell, or by ``IMAGE()``.
_IN_CELL = frozenset({"_localImage", "_webimage"})


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


def read_table_object(archive: zipfile.ZipFile, relation: Relation, sheet: str) -> TableObject | None:
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


def read_surroundings(archive: zipfile.ZipFile, part: SheetPart, outside: bytes, xml: bytes) -> Surroundings:
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
        if (table := read_table_object(archive, relation, part.name)) is not None:
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


def notes_on(around: Surroundings, box: Box | None) -> list[str]:
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

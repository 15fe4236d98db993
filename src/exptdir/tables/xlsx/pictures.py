"""Pictures of a sheet, which a table cannot show: they are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar
from xml.etree.ElementTree import Element

from exptdir.tables.grid import Position
from exptdir.tables.parts import Package

#: What is drawn in an anchor (ECMA-376 part 1, §20.5.2), and how a reader calls it. Shapes are left out: they
#: are mostly buttons and frames.
_KINDS = {"pic": "picture", "graphicFrame": "chart"}
#: Structures of rich values that are pictures (MS-XLSX §2.3.6.1): placed in the cell, or by ``IMAGE()``.
_IN_CELL = frozenset({"_localImage", "_webimage"})
_RICH = "xl/richData/"

_Item = TypeVar("_Item")


class Drawn(NamedTuple):
    """Something drawn over a sheet: ``picture`` or ``chart``, and the cell that its upper left corner is in."""

    kind: str
    at: Position


def read_drawings(package: Package, part: str) -> list[Drawn]:
    """Return what is drawn over a sheet.

    Parameters
    ----------
    package
        The workbook.
    part
        The part that holds the sheet.
    """
    drawn = []
    for relation in package.relations(part):
        root = package.tree(relation.target) if relation.kind == "drawing" else None
        for anchor in root if root is not None else ():
            at = _corner(anchor)
            drawn += [Drawn(_KINDS[child.tag], at) for child in anchor.iter() if child.tag in _KINDS]
    return drawn


def pictures_in_cells(package: Package, metadata: str | None, marked: Mapping[Position, int]) -> set[Position]:
    """Return the cells that hold a picture; a program that knows none shows an error in them.

    Parameters
    ----------
    package
        The workbook.
    metadata
        Name of the part with the metadata of values.
    marked
        Cells whose value has metadata, and their number, counted from 1.
    """
    if not marked or metadata is None:
        return set()
    pictures = _picture_numbers(package, metadata)
    return {at for at, number in marked.items() if number in pictures}


def count_pictures(kinds: list[str]) -> str | None:
    """Return the note that says how many pictures and charts are missing, ``None`` if there are none."""
    counted = [(kinds.count(kind), kind) for kind in _KINDS.values() if kind in kinds]
    if not counted:
        return None
    listed = " and ".join(f"{count} {kind}{'s' if count > 1 else ''}" for count, kind in counted)
    many = sum(count for count, _ in counted) > 1
    return f"{listed} of the sheet {'are' if many else 'is'} not shown"


def _corner(anchor: Element) -> Position:
    row, column = anchor.findtext("from/row", ""), anchor.findtext("from/col", "")
    return (int(row) + 1 if row.isdecimal() else 1, int(column) + 1 if column.isdecimal() else 1)


def _picture_numbers(package: Package, metadata: str) -> set[int]:
    """Follow a value's metadata to its structure: value → block → rich value → kind of structure."""
    root = package.tree(metadata)
    values, structures = package.tree(f"{_RICH}rdrichvalue.xml"), package.tree(f"{_RICH}rdrichvaluestructure.xml")
    if root is None or values is None or structures is None:
        return set()
    kinds = [structure.get("t") for structure in structures.iter("s")]
    is_picture = [_get(kinds, value.get("s")) in _IN_CELL for value in values.iter("rv")]
    blocks = [block.get("i") for block in root.findall("futureMetadata[@name='XLRICHVALUE']/bk//rvb")]
    return {
        number
        for number, record in enumerate(root.findall("valueMetadata/bk/rc"), start=1)
        if _get(is_picture, _get(blocks, record.get("v")))
    }


def _get(items: Sequence[_Item], number: str | None) -> _Item | None:
    at = int(number) if number and number.isdecimal() and len(number) < 10 else len(items)
    return items[at] if at < len(items) else None

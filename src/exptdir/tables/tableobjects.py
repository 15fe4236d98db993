"""Table objects of a workbook (ECMA-376 part 1, §18.5), and references to parts of them (§18.17.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import NamedTuple
from xml.etree.ElementTree import Element

from exptdir.errors import TableError
from exptdir.tables.parts import Package, unescape
from exptdir.tables.ranges import Box, parse_range

#: One bracketed item; an apostrophe takes the meaning off the next character.
_ITEM = re.compile(r"\s*\[((?:[^\[\]']|'.)*)\]\s*", re.DOTALL)
_QUOTED = re.compile(r"'(.)", re.DOTALL)
_TRUE = frozenset({"1", "true"})
_PARTS = {"#all", "#data", "#headers", "#totals"}


class TableObject(NamedTuple):
    """A table that the author has made of a range.

    Parameters
    ----------
    name
        Its name.
    sheet
        The sheet that it is on.
    box
        Its cells, header and totals included.
    header_rows, totals_rows
        How many of its rows are that: 0 or 1.
    columns
        Names of its columns.
    first_column
        Whether its first column is set off from the others.
    """

    name: str
    sheet: str
    box: Box
    header_rows: int
    totals_rows: int
    columns: tuple[str, ...]
    first_column: bool


def read_table_objects(package: Package, part: str, sheet: str) -> Iterator[TableObject]:
    """Yield the table objects of a sheet.

    Parameters
    ----------
    package
        The workbook.
    part, sheet
        The part that holds the sheet, and the sheet's name.

    Raises
    ------
    TableError
        If the range of one is none.
    """
    for relation in package.relations(part):
        root = package.tree(relation.target) if relation.kind == "table" else None
        if root is not None:
            yield _table_object(root, sheet)


def select_part(table: TableObject, reference: str) -> tuple[Box, int]:
    """Find what a structured reference means.

    Parameters
    ----------
    table
        The table.
    reference
        What follows its name: nothing, ``[x]``, ``[[x]:[y]]``, ``[#All]``, ``[[#Data],[x]]`` …

    Returns
    -------
    box, header_rows
        The cells, and how many rows of them are headers. Where no part is named these are the header and the
        data: a spreadsheet means the data alone, but who reads a table wants to know what its columns are.

    Raises
    ------
    TableError
        If it is no such reference, or one to what the table has not.
    """
    names, first, last = _parse(table, reference)
    top, bottom = table.box.top + table.header_rows, table.box.bottom - table.totals_rows
    spans = {
        "#headers": (table.box.top, top - 1),
        "#data": (top, bottom),
        "#totals": (bottom + 1, table.box.bottom),
        "#all": (table.box.top, table.box.bottom),
    }
    chosen = sorted(spans[name] for name in names or {"#headers", "#data"})
    filled = [span for span in chosen if span[0] <= span[1]]
    if not filled or (len(filled) == 2 and filled[0][1] + 1 < filled[1][0]):
        raise TableError(f"the table {table.name!r} has no rows that {reference!r} means")
    box = Box(filled[0][0], table.box.left + first, filled[-1][1], table.box.left + last)
    headers = table.header_rows if box.top == table.box.top and box.bottom >= top else 0
    return box, headers


def _table_object(root: Element, sheet: str) -> TableObject:
    style = root.find("tableStyleInfo")
    return TableObject(
        name=root.get("displayName") or root.get("name") or "",
        sheet=sheet,
        box=parse_range(root.get("ref", "")),
        header_rows=int(root.get("headerRowCount", "1") != "0"),
        totals_rows=int(root.get("totalsRowCount", "0") not in {"", "0"}),
        columns=tuple(unescape(column.get("name", "")) for column in root.iterfind("tableColumns/tableColumn")),
        first_column=style is not None and style.get("showFirstColumn") in _TRUE,
    )


def _parse(table: TableObject, reference: str) -> tuple[set[str], int, int]:
    """Return the parts that a reference names, and the first and last column."""
    if not reference.strip():
        return set(), 0, table.box.right - table.box.left
    parts: set[str] = set()
    columns: list[int] = []
    for text, separator in _items(table, reference):
        if text.lower() in _PARTS and separator != ":":
            parts.add(text.lower())
        elif columns and separator != ":":
            raise TableError(f"{reference!r} names columns apart from each other: pick them by 'columns'")
        else:
            columns.append(_column(table, _QUOTED.sub(r"\1", text)))
    if len(columns) > 2:
        raise _not_a_reference(table, reference)
    columns = sorted(columns) or [0, table.box.right - table.box.left]
    return parts, columns[0], columns[-1]


def _items(table: TableObject, reference: str) -> list[tuple[str, str]]:
    """Return what stands in the brackets, each with the separator in front of it."""
    whole = _ITEM.fullmatch(reference)
    if whole is not None:
        return [(whole[1].strip() if whole[1].strip().startswith("#") else whole[1], "")]
    inner = reference.strip()
    if not (inner.startswith("[") and inner.endswith("]")):
        raise _not_a_reference(table, reference)
    inner, at, separator, items = inner[1:-1], 0, "", []
    while match := _ITEM.match(inner, at):
        items.append((match[1], separator))
        separator, at = inner[match.end() : match.end() + 1], match.end() + 1
        if separator not in {",", ":"}:
            break
    if separator or not items:
        raise _not_a_reference(table, reference)
    return items


def _not_a_reference(table: TableObject, reference: str) -> TableError:
    if "@" in reference or "#this row" in reference.lower():
        return TableError(f"{reference!r} means one row of a formula's own: name the cells")
    name = table.name
    ways = f"{name}[column], {name}[[first]:[last]] or {name}[#All]"
    return TableError(f"{reference!r} is not a part of a table: write {ways}")


def _column(table: TableObject, name: str) -> int:
    for key in (str, _folded):
        keys = [key(column) for column in table.columns]
        if key(name) in keys:
            return keys.index(key(name))
    if name.strip().startswith("@") or name.strip().lower() == "#this row":
        raise _not_a_reference(table, f"[{name}]")
    nearest = get_close_matches(name, table.columns, n=5, cutoff=0.4) or table.columns[:10]
    raise TableError(f"the table {table.name!r} has no column {name!r}: it has {', '.join(map(repr, nearest))}")


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()

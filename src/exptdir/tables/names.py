"""What authors call parts of a workbook: sheets, ranges, defined names, table objects (ECMA-376 part 1, §18.17.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exptdir.errors import TableError
from exptdir.record.problem import listed, shortened
from exptdir.tables.ranges import Area, Box, is_range, parse_range

#: ``Sheet1!…`` or ``'My sheet'!…``; in quotes, an apostrophe is written twice.
_PLACE = re.compile(r"\s*+(?:'((?:[^']|'')+)'|([^'!]+))!(.*)", re.DOTALL)
#: A name (§18.17.2.5) and, of a table, the part in brackets.
_NAME = re.compile(r"\s*+([^\W\d][\w.?\\]*+|\\[\w.?\\]*+)\s*+(\[.*\])?\s*+", re.DOTALL)
_CONSTANT = re.compile(r'[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?%?|".*"|TRUE|FALSE|\{.*\}', re.DOTALL)
#: How many sheets a message lists.
_SHEETS = 40
#: How much of a name's formula counts: no place of cells is longer.
_LONGEST = 1000
#: How many names may refer to each other in a row.
_DEEPEST = 8
#: One bracketed item; an apostrophe takes the meaning off the next character.
_ITEM = re.compile(r"\s*\[((?:[^\[\]']|'.)*)\]\s*", re.DOTALL)
_QUOTED = re.compile(r"'(.)", re.DOTALL)
_TABLE_PARTS = {"#all", "#data", "#headers", "#totals"}


class SheetPart(NamedTuple):
    """A sheet: its name, whether its tab is shown, and the part that holds it."""

    name: str
    visible: bool
    part: str


class DefinedName(NamedTuple):
    """A name for cells: the name, the formula, the sheet that alone knows it, and whether no author gave it."""

    name: str
    formula: str
    sheet: str | None
    hidden: bool


class TableObject(NamedTuple):
    """A table that the author has made of a range."""

    name: str
    sheet: str
    #: Its cells, header and totals included.
    box: Box
    #: How many of its rows are that: 0 or 1.
    header_rows: int
    totals_rows: int
    #: Names of its columns.
    columns: tuple[str, ...]
    #: Whether its first column is set off from the others.
    first_column: bool


@dataclass(frozen=True)
class Names:
    """Finds what authors ask for in one workbook; its table objects are read only where nothing else has the name."""

    sheets: Sequence[SheetPart]
    names: Sequence[DefinedName]
    tables: Callable[[], Sequence[TableObject]]

    def resolve(self, sheet: str | None, cells: str) -> Area:
        """Find a part of the workbook.

        *sheet* is the name or place of a sheet; by default the one that *cells* names, or else the first visible one.
        *cells* are a range (``B2:F20``, ``Sheet1!B2:``), a defined name, or a table object or a part of one
        (``Table1[[x]:[y]]``). Raises TableError if there is none, or if it is on another sheet.
        """
        given = choose_sheet(self.sheets, sheet).name if sheet is not None else None
        # A name of a table's column may hold an exclamation mark.
        named, rest = (None, cells) if _NAME.fullmatch(cells) else _split(cells)
        if named is None:
            return self._named(given, cells, cells)
        found = choose_sheet(self.sheets, named).name
        _check_sheet(cells, given, found)
        return self._named(found, rest, cells)

    def _named(self, sheet: str | None, text: str, asked: str, depth: int = 0) -> Area:
        """Find what is no longer preceded by a sheet."""
        if is_range(text):
            return Area(sheet or choose_sheet(self.sheets, None).name, parse_range(text), None, asked)
        match = _NAME.fullmatch(text)
        if match is None:
            # No range either: the error says what one is.
            return Area("", parse_range(text), None, asked)
        name, part = match[1], match[2] or ""
        # The given sheet's own name, the workbook's, or that of the first sheet with one.
        same = [one for one in self.names if one.name.casefold() == name.casefold() and not part]
        defined = min(same, key=lambda one: (one.sheet != sheet, one.sheet is not None), default=None)
        if defined is not None:
            _check_sheet(name, sheet if defined.sheet else None, defined.sheet)
            # Find the cells that a defined name stands for.
            formula = defined.formula.removeprefix("=")[:_LONGEST]
            target, cells = _split(formula)
            on = find_sheet(self.sheets, target) if target is not None else None
            # LibreOffice may write the sheet at both corners.
            cells = re.sub(r":\$?(?:'(?:[^']|'')+'|[^'!,():]+)!", ":", cells) if on else cells
            if on is not None and is_range(cells):
                _check_sheet(asked, sheet, on.name)
                return Area(on.name, parse_range(cells), None, asked)
            if target is None and defined.sheet is not None and is_range(cells):
                return Area(defined.sheet, parse_range(cells), None, asked)
            if target is None and _NAME.fullmatch(cells) and not _CONSTANT.fullmatch(cells) and depth < _DEEPEST:
                return self._named(defined.sheet or sheet, cells, asked, depth + 1)
            raise TableError(f"the name {defined.name!r} {_why(formula)}")
        table = next((table for table in self.tables() if table.name.casefold() == name.casefold()), None)
        if table is None:
            raise self._unknown(name, asked)
        _check_sheet(asked, sheet, table.sheet)
        box, headers = select_part(table, part)
        return Area(table.sheet, box, headers, asked)

    def _unknown(self, name: str, asked: str) -> TableError:
        defined = [one.name for one in self.names if not one.hidden and "!" in one.formula and "#" not in one.formula]
        names = list(dict.fromkeys([*defined, *(table.name for table in self.tables())]))
        if not names:
            return TableError(
                f"{asked!r} is not a range of cells: write B2:F20, B2: (from there on), B:F (columns) or B2; "
                f"the workbook has no names and no table objects"
            )
        return TableError(
            f"the workbook has no name or table {asked!r}, and it is not a range: its names are {listed(name, names)}"
        )


def _split(text: str) -> tuple[str | None, str]:
    """Return the sheet in front of a range or a name, if there is one, and the rest."""
    match = _PLACE.fullmatch(text)
    return ((match[1] or "").replace("''", "'") or match[2], match[3]) if match else (None, text)


def _check_sheet(asked: str, given: str | None, found: str | None) -> None:
    if given not in {None, found}:
        raise TableError(f"{asked!r} is on the sheet {found!r}, not on {given!r}: leave the sheet out")


def _why(formula: str) -> str:
    """Say why a defined name stands for no range of cells."""
    if "#REF!" in formula:
        return "stands for cells that were deleted (#REF!): define it anew in the spreadsheet program"
    if formula.startswith("#"):
        return f"stands for an error ({shortened(formula)}): define it anew in the spreadsheet program"
    if _CONSTANT.fullmatch(formula):
        return f"stands for a constant ({shortened(formula)}), not for cells"
    if re.match(r"'?(?:[^'!]*[\\/])?\[[^\]]+\]", formula):
        return f"stands for cells of another workbook ({shortened(formula)}): show that workbook"
    corners = re.findall(r"(?:'(?:[^']|'')+'|[^'!,()]+)![^,()]+", formula)
    if len(corners) > 1 and ",".join(corners) == formula.strip("()"):
        return f"stands for {len(corners)} ranges ({shortened(formula)}): ask for them one by one"
    return f"stands for a formula ({shortened(formula)}), not for a range of cells: name the range"


def choose_sheet(sheets: Sequence[SheetPart], wanted: str | None) -> SheetPart:
    """Return the sheet that an author means, which may be a hidden one if it is named; else the error lists them.

    *wanted* is a name, or a place among the visible sheets counted from 1; by default the first visible sheet. A sheet
    whose name is the digits comes first.
    """
    visible = [sheet for sheet in sheets if sheet.visible]
    if not visible and (wanted is None or not sheets):
        raise TableError("the workbook has no visible sheet with cells: show one in the spreadsheet program")
    if wanted is None:
        return visible[0]
    named = find_sheet(sheets, wanted)
    if named is not None:
        return named
    if re.fullmatch("[1-9][0-9]{0,4}", wanted.strip()) and int(wanted) <= len(visible):
        return visible[int(wanted) - 1]
    names = listed(wanted, [sheet.name for sheet in visible], _SHEETS)
    raise TableError(f"the workbook has no sheet {wanted!r}: its sheets are {names}")


def find_sheet(sheets: Sequence[SheetPart], name: str) -> SheetPart | None:
    """Return the sheet of a name, the one in the same case first, blanks around it left aside."""
    exact = [sheet for sheet in sheets if sheet.name == name]
    folded = name.strip().casefold()
    return next(iter(exact or [sheet for sheet in sheets if sheet.name.strip().casefold() == folded]), None)


def select_part(table: TableObject, reference: str) -> tuple[Box, int]:
    """Find what a structured reference means.

    The *reference* is what follows its name: nothing, ``[x]``, ``[[x]:[y]]``, ``[#All]``, ``[[#Data],[x]]`` … Returned
    are the cells, and how many rows of them are headers. Where no part is named these are the header and the data: a
    spreadsheet means the data alone, but who reads a table wants to know what its columns are.

    Raises TableError if it is no such reference, or one to what the table has not.
    """
    names: set[str] = set()
    columns: list[int] = []
    for text, separator in _items(table, reference) if reference.strip() else ():
        if text.lower() in _TABLE_PARTS and separator != ":":
            names.add(text.lower())
        elif columns and separator != ":":
            raise TableError(f"{reference!r} names columns apart from each other: pick them by 'columns'")
        else:
            columns.append(_column(table, _QUOTED.sub(r"\1", text)))
    if len(columns) > 2:
        raise _not_a_reference(table, reference)
    columns = sorted(columns) or [0, table.box.right - table.box.left]
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
    box = Box(filled[0][0], table.box.left + columns[0], filled[-1][1], table.box.left + columns[-1])
    headers = table.header_rows if box.top == table.box.top and box.bottom >= top else 0
    return box, headers


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
    ways = f"{table.name}[column], {table.name}[[first]:[last]] or {table.name}[#All]"
    return TableError(f"{reference!r} is not a part of a table: write {ways}")


def _column(table: TableObject, name: str) -> int:
    if name in table.columns:
        return table.columns.index(name)
    folded = [" ".join(column.split()).casefold() for column in table.columns]
    if (wanted := " ".join(name.split()).casefold()) in folded:
        return folded.index(wanted)
    if name.strip().startswith("@") or name.strip().lower() == "#this row":
        raise _not_a_reference(table, f"[{name}]")
    raise TableError(f"the table {table.name!r} has no column {name!r}: it has {listed(name, table.columns)}")

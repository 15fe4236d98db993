"""What authors call parts of a workbook: ranges, defined names, table objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from exptdir.errors import TableError
from exptdir.tables.manifest import DefinedName, SheetPart, choose_sheet, find_sheet
from exptdir.tables.ranges import Area, is_range, parse_range
from exptdir.tables.tableobjects import TableObject, select_part

#: ``Sheet1!…`` or ``'My sheet'!…``; in quotes, an apostrophe is written twice.
_PLACE = re.compile(r"\s*(?:'((?:[^']|'')+)'|([^'!]+))!(.*)", re.DOTALL)
#: A name (§18.17.2.5) and, of a table, the part in brackets.
_NAME = re.compile(r"\s*([^\W\d][\w.?\\]*|\\[\w.?\\]*)\s*(\[.*\])?\s*", re.DOTALL)
_CONSTANT = re.compile(r'[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?%?|".*"|TRUE|FALSE|\{.*\}', re.DOTALL)
#: How many names a message lists.
_LISTED = 8
#: How much of a name's formula counts: no place of cells is longer.
_LONGEST = 1000
#: How many names may refer to each other in a row.
_DEEPEST = 8


@dataclass(frozen=True)
class Names:
    """Finds what authors ask for in one workbook.

    Parameters
    ----------
    sheets
        Its sheets.
    names
        Its defined names.
    tables
        Returns its table objects; asked only where nothing else has the name.
    """

    sheets: Sequence[SheetPart]
    names: Sequence[DefinedName]
    tables: Callable[[], Sequence[TableObject]]

    def resolve(self, sheet: str | None, cells: str) -> Area:
        """Find a part of the workbook.

        Parameters
        ----------
        sheet
            Name or place of a sheet; by default the one that *cells* names, or else the first visible one.
        cells
            A range (``B2:F20``, ``Sheet1!B2:``), a defined name, or a table object or a part of one
            (``Table1[[x]:[y]]``).

        Returns
        -------
        Area
            Its sheet and cells.

        Raises
        ------
        TableError
            If there is none, or if it is on another sheet.
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
        defined = self._defined(sheet, name) if not part else None
        if defined is not None:
            return self._formula(sheet, defined, asked, depth)
        table = next((table for table in self.tables() if table.name.casefold() == name.casefold()), None)
        if table is None:
            raise self._unknown(name, asked)
        _check_sheet(asked, sheet, table.sheet)
        box, headers = select_part(table, part)
        return Area(table.sheet, box, headers, asked)

    def _defined(self, sheet: str | None, name: str) -> DefinedName | None:
        """Return the defined name: the given sheet's own, the workbook's, or that of the first sheet with one."""
        same = [defined for defined in self.names if defined.name.casefold() == name.casefold()]
        for scope in (sheet, None):
            for defined in same:
                if defined.sheet == scope:
                    return defined
        if same and sheet is not None:
            _check_sheet(name, sheet, same[0].sheet)
        return same[0] if same else None

    def _formula(self, sheet: str | None, defined: DefinedName, asked: str, depth: int) -> Area:
        """Find the cells that a defined name stands for."""
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

    def _unknown(self, name: str, asked: str) -> TableError:
        defined = [one.name for one in self.names if not one.hidden and "!" in one.formula and "#" not in one.formula]
        names = list(dict.fromkeys([*defined, *(table.name for table in self.tables())]))
        if not names:
            return TableError(
                f"{asked!r} is not a range of cells: write B2:F20, B2: (from there on), B:F (columns) or B2; "
                f"the workbook has no names and no table objects"
            )
        by_folded = {known.casefold(): known for known in names}
        nearest = [by_folded[near] for near in get_close_matches(name.casefold(), by_folded, n=_LISTED, cutoff=0.5)]
        listed = ", ".join(map(repr, nearest or names[:_LISTED]))
        start = "the nearest names are" if nearest else "its names are"
        return TableError(f"the workbook has no name or table {asked!r}, and it is not a range: {start} {listed}")


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
        return f"stands for an error ({_short(formula)}): define it anew in the spreadsheet program"
    if _CONSTANT.fullmatch(formula):
        return f"stands for a constant ({_short(formula)}), not for cells"
    if re.match(r"'?(?:[^'!]*[\\/])?\[[^\]]+\]", formula):
        return f"stands for cells of another workbook ({_short(formula)}): show that workbook"
    corners = re.findall(r"(?:'(?:[^']|'')+'|[^'!,()]+)![^,()]+", formula)
    if len(corners) > 1 and ",".join(corners) == formula.strip("()"):
        return f"stands for {len(corners)} ranges ({_short(formula)}): ask for them one by one"
    return f"stands for a formula ({_short(formula)}), not for a range of cells: name the range"


def _short(formula: str) -> str:
    return formula if len(formula) <= 60 else formula[:59] + "…"

"""The list of a workbook's sheets and names (ECMA-376 part 1, §18.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple
from xml.etree.ElementTree import Element

from exptdir.errors import TableError
from exptdir.tables.parts import Package

#: Where the list is in almost all workbooks; the package itself says so.
_USUAL = "xl/workbook.xml"
_TRUE = frozenset({"1", "true"})
#: What names have in front that programs give (§18.2.5): ``_xlnm.Print_Area``.
_GIVEN = "_xlnm."


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


@dataclass(frozen=True)
class Manifest:
    """What a workbook says about itself.

    Parameters
    ----------
    sheets
        Its sheets with cells, in the order of their tabs.
    names
        Its defined names.
    date1904
        Whether its dates count from 1904.
    parts
        The parts that all sheets share, by kind: ``styles``, ``theme``, ``sharedStrings`` …
    """

    sheets: tuple[SheetPart, ...]
    names: tuple[DefinedName, ...]
    date1904: bool
    parts: dict[str, str]


def read_manifest(package: Package) -> Manifest:
    """Read the list of sheets and names.

    Parameters
    ----------
    package
        The workbook.

    Returns
    -------
    Manifest
        What it says.

    Raises
    ------
    TableError
        If the package holds something else.
    """
    roots = [relation.target for relation in package.relations("") if relation.kind == "officeDocument"]
    part = roots[0] if roots else _USUAL
    if part.endswith(".bin"):
        raise TableError("the file is a binary workbook (.xlsb) under another name: save it as .xlsx")
    root = package.tree(part)
    if root is None or root.tag != "workbook":
        raise TableError("the file is not a workbook but another document, or it has lost its list of sheets")
    relations = package.relations(part)
    targets = {relation.id: relation for relation in relations}
    listed = root.findall("sheets/sheet")
    sheets = []
    for sheet in listed:
        relation = targets.get(sheet.get("id", ""))
        if relation is not None and relation.kind == "worksheet" and relation.target in package:
            visible = sheet.get("state", "visible") == "visible"
            sheets.append(SheetPart(sheet.get("name", ""), visible, relation.target))
    properties = root.find("workbookPr")
    return Manifest(
        sheets=tuple(sheets),
        names=tuple(_names(root, [sheet.get("name", "") for sheet in listed])),
        date1904=properties is not None and properties.get("date1904") in _TRUE,
        parts={relation.kind: relation.target for relation in relations},
    )


def choose_sheet(sheets: Sequence[SheetPart], wanted: str | None) -> SheetPart:
    """Return the sheet that an author means.

    Parameters
    ----------
    sheets
        The sheets of the workbook.
    wanted
        A name, or a place among the visible sheets counted from 1; by default the first visible sheet. A sheet
        whose name is the digits comes first.

    Returns
    -------
    SheetPart
        The sheet, which may be a hidden one if it is named.

    Raises
    ------
    TableError
        If there is none; the message names the nearest.
    """
    visible = [sheet for sheet in sheets if sheet.visible]
    if not visible and (wanted is None or not sheets):
        raise TableError("the workbook has no visible sheet with cells: show one in the spreadsheet program")
    if wanted is None:
        return visible[0]
    named = find_sheet(sheets, wanted)
    if named is not None:
        return named
    folded = wanted.strip()
    if re.fullmatch("[1-9][0-9]{0,4}", folded) and int(folded) <= len(visible):
        return visible[int(folded) - 1]
    names = [sheet.name for sheet in visible]
    nearest = get_close_matches(wanted, names, n=len(names), cutoff=0.4)
    ordered = nearest + [name for name in names if name not in nearest]
    listed = ", ".join(map(repr, ordered))
    raise TableError(f"the workbook has no sheet {wanted!r}: its sheets are {listed}")


def find_sheet(sheets: Sequence[SheetPart], name: str) -> SheetPart | None:
    """Return the sheet of a name, the one in the same case first, blanks around it left aside."""
    exact = [sheet for sheet in sheets if sheet.name == name]
    folded = name.strip().casefold()
    return next(iter(exact or [sheet for sheet in sheets if sheet.name.strip().casefold() == folded]), None)


def _names(root: Element, sheets: list[str]) -> list[DefinedName]:
    names = []
    for element in root.iterfind("definedNames/definedName"):
        scope = element.get("localSheetId", "")
        at = int(scope) if scope.isdecimal() and len(scope) < 7 else len(sheets)
        names.append(
            DefinedName(
                name=element.get("name", "").removeprefix(_GIVEN),
                formula=(element.text or "").strip(),
                sheet=sheets[at] if at < len(sheets) else None,
                hidden=element.get("hidden") in _TRUE or element.get("name", "").startswith(_GIVEN),
            )
        )
    return names

"""OpenDocument spreadsheets (``.ods``, ``.fods``): cells hold their texts as a person sees them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import ExpatError

from exptdir.errors import TableError
from exptdir.tables.books import Book
from exptdir.tables.cells import sheet_of_cells
from exptdir.tables.grid import Sheet
from exptdir.tables.manifest import DefinedName, SheetPart
from exptdir.tables.ods.model import OdsDocument, OdsTable
from exptdir.tables.ods.odf import Key
from exptdir.tables.ods.xml import parse_document
from exptdir.tables.package import DAMAGED, MAX_UNPACKED, open_archive
from exptdir.tables.parts import Package
from exptdir.tables.ranges import Box, parse_range

_BROKEN = (*DAMAGED, ExpatError, ParseError)
#: ``$Sheet1.$A$1`` or, where the sheet has been named before, ``.$C$5`` (§18.3.1 of part 4).
_CORNER = r"(?:\$?(?:'((?:[^']|'')*)'|([^.':]*)))?\.(\$?[A-Za-z]{1,3}\$?[0-9]{1,7})"
_PLACE = re.compile(rf"{_CORNER}(?::{_CORNER})?\Z")
_MANIFEST = "META-INF/manifest.xml"
_FROZEN = "2"
#: Longest count of rows or columns.
_DIGITS = 7


def open_ods(path: Path) -> Book:
    """Open an OpenDocument spreadsheet and read all of it.

    Parameters
    ----------
    path
        The file, packed (``.ods``) or flat (``.fods``).

    Returns
    -------
    Book
        Its sheets.

    Raises
    ------
    TableError
        If it is protected by a password, damaged, no spreadsheet, or would unpack past the bounds.
    """
    document, panes = OdsDocument(), {}
    try:
        if path.suffix.lower() == ".fods":
            _check_flat(path)
            with path.open("rb") as stream:
                parse_document(stream, document)
        else:
            panes = _read_packed(path, document)
    except _BROKEN as error:
        reason = ([*str(error).splitlines(), ""][0] or type(error).__name__)[:120]
        raise TableError(
            f"the file is damaged ({reason}): open it in a spreadsheet program and save it again"
        ) from error
    tables = {table.name: table for table in document.tables}
    sheets = [SheetPart(table.name, not _hidden(document, table), table.name) for table in tables.values()]
    names = [
        DefinedName(name, formula, None, False)
        for name, address in document.names
        if (formula := _formula(address)) is not None
    ]
    headers = [place for _, address in document.databases if (place := _place(address)) is not None]
    return Book(sheets, names, lambda part: _sheet(path, tables[part.name], panes, headers))


def _check_flat(path: Path) -> None:
    if path.stat().st_size > MAX_UNPACKED:
        raise TableError("the file is too large: save the part to show as a file of its own")


def _read_packed(path: Path, document: OdsDocument) -> dict[str, tuple[int, int]]:
    """Read a packed document; return the frozen rows and columns of its sheets."""
    _check_protection(path)
    with open_archive(path) as archive:
        package = Package(archive)
        if "content.xml" not in package:
            advice = "rename it to .xlsx" if "[Content_Types].xml" in package else "put a good copy in its place"
            raise TableError(f"the file is no OpenDocument spreadsheet: {advice}")
        for part in ("styles.xml", "content.xml"):
            if part in package:
                with package.open(part) as stream:
                    parse_document(stream, document)
        if not document.tables:
            raise TableError("the file is an OpenDocument file without sheets: save the table as a spreadsheet")
        settings = package.tree("settings.xml")
    return _panes(settings) if settings is not None else {}


def _check_protection(path: Path) -> None:
    """Say of an encrypted document that it is one, before its parts are found to be no XML (part 2, §3.4)."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_MANIFEST) as stream:
            manifest = stream.read(2**20)
    except DAMAGED:
        return
    if b"encryption-data" in manifest or b"encrypted-key" in manifest:
        raise TableError("the file is protected by a password: save it without one")


def _panes(settings: Element) -> dict[str, tuple[int, int]]:
    """Read how many rows and columns of each sheet stay in place when it is scrolled, from a view's settings."""
    panes = {}
    for entry in settings.iter("config-item-map-entry"):
        items = {item.get("name"): (item.text or "").strip() for item in entry.findall("config-item")}
        name = entry.get("name")
        if name is not None and "VerticalSplitMode" in items:
            panes[name] = (_frozen(items, "Vertical"), _frozen(items, "Horizontal"))
    return panes


def _frozen(items: dict[str | None, str], direction: str) -> int:
    count = items.get(f"{direction}SplitPosition", "")
    frozen = items.get(f"{direction}SplitMode") == _FROZEN and count.isdecimal() and len(count) <= _DIGITS
    return int(count) if frozen else 0


def _hidden(document: OdsDocument, table: OdsTable) -> bool:
    return document.styles.all_of(Key("table", table.style)).get("table:display") == "false"


def _sheet(
    path: Path, table: OdsTable, panes: dict[str, tuple[int, int]], headers: Sequence[tuple[str, Box]]
) -> Sheet:
    frozen_rows, frozen_columns = panes.get(table.name, (0, 0))
    last = max(table.cells.rows, default=0)
    return replace(
        sheet_of_cells(path, table.name, table.cells),
        merged=table.merged,
        hidden_rows={row for rows in table.hidden_rows for row in range(rows.start, min(rows.stop, last + 1))},
        hidden_columns=set(chain.from_iterable(table.hidden_columns)),
        frozen_rows=frozen_rows or table.header_rows,
        frozen_columns=frozen_columns or table.header_columns,
        header_boxes=[box for name, box in headers if name == table.name],
    )


def _place(address: str) -> tuple[str, Box] | None:
    """Read the address of a range, as the sheet's name and the cells."""
    match = _PLACE.match(address.strip())
    if match is None:
        return None
    quoted, free, first, *_, last = match.groups()
    sheet = quoted.replace("''", "'") if quoted is not None else free or ""
    try:
        return sheet, parse_range(f"{first}:{last}" if last else first)
    except TableError:
        return None


def _formula(address: str) -> str | None:
    """Write the address of a range as workbooks do."""
    place = _place(address)
    if place is None:
        return None
    quoted = place[0].replace("'", "''")
    return f"'{quoted}'!{place[1]}"

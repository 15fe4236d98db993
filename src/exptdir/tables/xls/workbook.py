"""Old workbooks (``.xls``, [MS-XLS]), which xlrd reads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from exptdir.errors import TableError
from exptdir.tables.books import Book
from exptdir.tables.cellrows import CellRows
from exptdir.tables.cells import number_cell, sheet_of_cells
from exptdir.tables.collection import collection_paused
from exptdir.tables.grid import Sheet
from exptdir.tables.manifest import DefinedName, SheetPart
from exptdir.tables.model import PLAIN, Cell, Look, TextRun, plain, safe_link
from exptdir.tables.numfmt.builtin import BUILT_IN
from exptdir.tables.ranges import Box
from exptdir.tables.xls.stream import check_stream

#: xlrd's objects: what describes their types lacks some of what is needed here.
XlrdBook = Any
XlrdSheet = Any

#: Largest file that is opened, in bytes: a full sheet of 65,536 rows of 20 columns takes about a third of it.
MAX_SIZE = 64 * 2**20

_ALIGN = {1: "left", 2: "center", 3: "right", 6: "center"}
_VALIGN = {0: "top", 1: "middle"}
_SCRIPT: dict[int, Literal["sub", "super"]] = {1: "super", 2: "sub"}
#: Built-in formats that follow the language of the program, and one that xlrd spells differently.
_OURS = frozenset({14, 22, 47})
#: Kinds of cells in xlrd (``XL_CELL_TEXT`` …).
_TEXT, _NUMBER, _DATE, _TRUTH, _ERROR = 1, 2, 3, 4, 5


def open_xls(path: Path) -> Book:
    """Open an old workbook.

    Parameters
    ----------
    path
        The file, with the suffix and the first bytes of one.

    Returns
    -------
    Book
        Its sheets, to be read one by one.

    Raises
    ------
    TableError
        If it is protected by a password, damaged or too large.
    """
    import xlrd

    size = path.stat().st_size
    if size > MAX_SIZE:
        raise TableError(f"the workbook is {size // 2**20} MiB, more than is read of an .xls: save it as .xlsx")
    data = path.read_bytes()
    with _contained():
        check_stream(data)
        book: XlrdBook = xlrd.open_workbook(
            file_contents=data, formatting_info=True, on_demand=True, ragged_rows=True, logfile=_Silence()
        )
        sheets = [
            SheetPart(name, visibility == 0, str(number))
            for number, (name, visibility) in enumerate(
                zip(book.sheet_names(), book._sheet_visibility, strict=False)
            )
        ]
        names = _names(book)
    return Book(sheets, names, lambda part: _load(path, book, part))


class _Silence(io.TextIOBase):
    """Takes what xlrd says about oddities in a file, which is much and meant for its makers."""

    def write(self, text: str, /) -> int:
        return len(text)


@contextmanager
def _contained() -> Iterator[None]:
    """Turn whatever xlrd ends in into a message: a damaged file was seen to end in any exception there is."""
    try:
        with redirect_stdout(_Silence()):
            yield
    except TableError:
        raise
    except Exception as error:
        if "encrypted" in str(error).lower():
            raise TableError("the workbook is protected by a password: save it without one") from None
        raise TableError(
            f"the workbook is damaged ({_first_line(error)}): open it in a spreadsheet program and save it as .xlsx"
        ) from error


def _first_line(error: Exception) -> str:
    return ([*str(error).splitlines(), ""][0] or type(error).__name__)[:120]


def _names(book: XlrdBook) -> list[DefinedName]:
    names = []
    for name in book.name_obj_list:
        if not (name.macro or name.builtin or name.binary) and name.result is not None:
            formula = str(name.result.text or "")
            scope = book.sheet_names()[name.scope] if 0 <= name.scope < book.nsheets else None
            names.append(DefinedName(name.name, formula, scope, bool(name.hidden)))
    return names


def _load(path: Path, book: XlrdBook, part: SheetPart) -> Sheet:
    with _contained():
        number = int(part.part)
        found = book.sheet_by_index(number)
        with collection_paused():
            sheet = _read(path, part.name, _Styles(book), found)
        book.unload_sheet(number)
    return sheet


def _read(path: Path, name: str, styles: _Styles, found: XlrdSheet) -> Sheet:
    known: dict[tuple[int, object, int], Cell | None] = {}
    cells: CellRows[Cell] = CellRows()
    for at in range(found.nrows):
        row = {}
        raw = zip(found.row_types(at), found.row_values(at), found._cell_xf_indexes[at], strict=True)
        for column, key in enumerate(raw):
            if key not in known:
                known[key] = styles.cell(*key)
            if (cell := known[key]) is not None:
                row[column + 1] = cell
        cells.put_row(at + 1, row)
    _add_runs(cells, styles, found)
    _add_links(cells, found)
    return replace(
        sheet_of_cells(path, name, cells),
        merged=[Box(top + 1, left + 1, bottom, right) for top, bottom, left, right in found.merged_cells],
        hidden_rows={at + 1 for at, row in found.rowinfo_map.items() if row.hidden},
        hidden_columns={at + 1 for at, column in found.colinfo_map.items() if column.hidden},
        frozen_rows=found.horz_split_pos if found.panes_are_frozen else 0,
        frozen_columns=found.vert_split_pos if found.panes_are_frozen else 0,
    )


def _add_runs(cells: CellRows[Cell], styles: _Styles, found: XlrdSheet) -> None:
    for (row, column), starts in found.rich_text_runlist_map.items():
        cell = cells.rows.get(row + 1, {}).get(column + 1)
        if cell is None or cell.kind != "text" or "\r" in str(cell.value):
            continue
        cuts = [(0, None), *starts, (len(cell.text), None)]
        runs = tuple(
            TextRun(cell.text[start:end], styles.run_look(font, cell.look))
            for (start, font), (end, _) in pairwise(cuts)
            if start < end
        )
        if any(run.look != cell.look for run in runs):
            cells.rows[row + 1][column + 1] = cell._replace(runs=runs)


def _add_links(cells: CellRows[Cell], found: XlrdSheet) -> None:
    for (row, column), link in found.hyperlink_map.items():
        cell = cells.rows.get(row + 1, {}).get(column + 1)
        if cell is None or link.type != "url" or not isinstance(link.url_or_path, str):
            continue
        target = safe_link(link.url_or_path + (f"#{link.textmark}" if link.textmark else ""))
        cells.rows[row + 1][column + 1] = cell._replace(href=target)


@dataclass
class _Styles:
    """Makes cells under the styles of a workbook."""

    book: XlrdBook

    def cell(self, kind: int, value: Any, style: int) -> Cell | None:
        """Return a cell, ``None`` if nobody would see anything in it."""
        from xlrd import error_text_from_code

        code, look = self._style(style)
        if kind in {_NUMBER, _DATE}:
            return number_cell(value, code, date1904=bool(self.book.datemode), look=look)
        if kind == _TEXT:
            text = plain(value)
            return Cell(text, text, "text", look) if text.strip() else None
        if kind == _TRUTH:
            return Cell("TRUE" if value else "FALSE", bool(value), "bool", look)
        if kind == _ERROR:
            text = error_text_from_code.get(value, "#ERROR!")
            return Cell(text, text, "error", look)
        return None

    def run_look(self, font: int | None, cell: Look) -> Look:
        """Return the look of a part of a cell's text."""
        if font is None:
            return cell
        return self._font(font)._replace(align=cell.align, valign=cell.valign, fill=cell.fill)

    def _style(self, number: int) -> tuple[str, Look]:
        if not 0 <= number < len(self.book.xf_list):
            return "General", PLAIN
        style = self.book.xf_list[number]
        fill = style.background
        colour = self._colour(fill.pattern_colour_index) if fill.fill_pattern == 1 else None
        look = self._font(style.font_index)._replace(
            align=_ALIGN.get(style.alignment.hor_align),
            valign=_VALIGN.get(style.alignment.vert_align),
            fill=colour if colour != "ffffff" else None,
        )
        key = style.format_key
        given = self.book.format_map.get(key)
        if key in _OURS or given is None:
            return BUILT_IN.get(key, "General"), look
        return given.format_str or "General", look

    def _font(self, number: int) -> Look:
        if not 0 <= number < len(self.book.font_list):
            return PLAIN
        font = self.book.font_list[number]
        ink = self._colour(font.colour_index)
        return Look(
            bold=font.weight >= 600,
            italic=bool(font.italic),
            strike=bool(font.struck_out),
            script=_SCRIPT.get(font.escapement),
            ink=ink if ink != "000000" else None,
        )

    def _colour(self, index: int) -> str | None:
        colour = self.book.colour_map.get(index)
        return "{:02x}{:02x}{:02x}".format(*colour) if colour else None

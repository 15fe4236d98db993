"""Cells as they are shown: values under their number formats, with the looks that a workbook gives them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from xml.etree.ElementTree import Element

from exptdir.tables.colours import Colours, blend
from exptdir.tables.model import PLAIN, Cell, Look, TextRun, plain
from exptdir.tables.numfmt import number_format, to_serial
from exptdir.tables.numfmt.builtin import BUILT_IN
from exptdir.tables.rules import NO_EDGES, Edges

if TYPE_CHECKING:
    from exptdir.tables.grid import CellRows, Position

#: A cell of openpyxl's. What describes its types lacks the number of its format.
StoredCell = Any

#: Characters that a cell can hold; a damaged or hostile workbook may store more.
LONGEST = 32_767
_SCRIPT: dict[str | None, Literal["sub", "super"]] = {"subscript": "sub", "superscript": "super"}
_ALIGN = {"left": "left", "right": "right", "center": "center", "centerContinuous": "center"}
_VALIGN = {"top": "top", "center": "middle"}
#: How much of a fill is its pattern's colour, by the patterns' names (§18.18.55); the rest is its background. The
#: standard only draws them: these are the shares that LibreOffice makes of them.
_DENSITY = {
    "darkGray": 0.75,
    "mediumGray": 0.5,
    "lightGray": 0.25,
    "gray125": 0.125,
    "gray0625": 0.0625,
    **dict.fromkeys(("darkHorizontal", "darkVertical", "darkDown", "darkUp", "darkGrid"), 0.5),
    "darkTrellis": 0.75,
    **dict.fromkeys(("lightHorizontal", "lightVertical", "lightDown", "lightUp"), 0.25),
    "lightGrid": 0.4375,
    "lightTrellis": 0.375,
}
#: Colours of a link in the theme (see §20.1.6.2): a page has its own.
_LINKS = frozenset({10, 11})
#: An escape of any character but half a surrogate pair, which is none.
_ESCAPED = re.compile("_x(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})_")


def unescape(text: str) -> str:
    """Return a text without the escapes of what XML cannot hold: a line feed is ``_x000A_`` (part 1, §22.9.2.19)."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def value_cell(value: object, code: str = "General", *, date1904: bool = False, look: Look = PLAIN) -> Cell:
    """Return the cell of a value.

    Parameters
    ----------
    value
        A truth value, a number, a text, or a date, time or duration.
    code
        Its format code.
    date1904
        Which date system the days are counted in.
    look
        How the cell looks.

    Returns
    -------
    Cell
        A number under a code that shows dates is a date.
    """
    format = number_format(code, date1904)
    colour = format.colour(value) if format.coloured else None
    if colour is not None:
        # Black is the page's own ink.
        look = look._replace(ink=colour if colour != "000000" else None)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE", value, "bool", look)
    if isinstance(value, str):
        text = plain(value[:LONGEST])
        shown = plain(format.text(text)) if format.for_texts else text
        return Cell(text if shown == text else shown.strip(), value[:LONGEST], "text", look)
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        serial = to_serial(value, date1904)
        shown = value.isoformat() if code == "General" and isinstance(value, dt.date) else format.exact(serial).strip()
        return Cell(plain(shown), value, "date", look)
    if not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
        return Cell(plain(str(value)), str(value), "text", look)
    text, date = plain(format.number(value).strip()), format.moment(value) if format.dated else None
    if date is not None:
        return Cell(text, date, "date", look)
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return Cell(text, int(value) if whole else value, "number", look)


class SheetStyles:
    """What the styles of a workbook make of the cells that openpyxl has read.

    Parameters
    ----------
    styles, theme
        Roots of these parts: number formats, the palette, the colours of the theme. openpyxl knows a number format
        by its number, in quotation marks.
    date1904
        Which date system the days are counted in.
    """

    def __init__(self, styles: Element | None, theme: Element | None, *, date1904: bool) -> None:
        self._colours = Colours(styles, theme)
        formats = styles.iterfind("numFmts/numFmt") if styles is not None else ()
        # A program may write its own code even under a number that is built in.
        self._codes = {str(number): code for number, code in BUILT_IN.items()} | {
            entry.get("numFmtId", ""): entry.get("formatCode", "") for entry in formats
        }
        self._date1904 = date1904
        # Asking openpyxl for a font or a border makes an object each time: all cells of a style share the answer.
        self._styles: dict[int, tuple[str, Look]] = {}
        self._edges: dict[int, Edges] = {}
        self._texts: dict[tuple[int, str], Cell] = {}

    def cell(self, stored: StoredCell) -> Cell:
        """Make a cell of one that holds a value."""
        code, look = self._style(stored)
        value: Any = stored.value
        if stored.data_type == "e":
            return Cell(plain(str(value)), str(value), "error", look)
        if isinstance(value, list | tuple):
            return self._rich(stored, value)
        if isinstance(value, str):
            return self.text(stored, value)
        return value_cell(value, code, date1904=self._date1904, look=look)

    def text(self, stored: StoredCell, text: str) -> Cell:
        """Make a cell of a text; equal ones are made once."""
        key = stored.style_id, text
        if key not in self._texts:
            code, look = self._style(stored)
            self._texts[key] = value_cell(unescape(text[:LONGEST]), code, look=look)
        return self._texts[key]

    def borders(self, stored: Mapping[Position, StoredCell], cells: CellRows[Cell]) -> dict[Position, Edges]:
        """Return the borders of the cells that have any, if one of those that hold something has.

        Empty cells count in rows that hold something: some workbooks have millions of others.
        """
        found = {}
        for at, cell in stored.items():
            number = cell.style_id
            if number not in self._edges:
                border = cell.border
                drawn = {
                    side
                    for side in ("top", "right", "end", "bottom", "left", "start")
                    if (line := getattr(border, side, None)) is not None and line.style not in {None, "none"}
                }
                # Texts that run from right to left call the left side the start.
                self._edges[number] = Edges(
                    "top" in drawn, bool(drawn & {"right", "end"}), "bottom" in drawn, bool(drawn & {"left", "start"})
                )
            if self._edges[number] != NO_EDGES:
                found[at] = self._edges[number]
        used = cells.rows
        if not any(at[1] in used.get(at[0], ()) for at in found):
            return {}
        return {at: edges for at, edges in found.items() if at[0] in used}

    def _style(self, stored: StoredCell) -> tuple[str, Look]:
        number = stored.style_id
        if number not in self._styles:
            fill, place = stored.fill, stored.alignment
            paint = self._paint(fill) if fill is not None and fill.tagname == "patternFill" else None
            look = self._font(stored.font)._replace(
                align=_ALIGN.get(place.horizontal or ""),
                valign=_VALIGN.get(place.vertical or ""),
                fill=paint if paint != "ffffff" else None,
            )
            self._styles[number] = self._codes.get(stored.number_format.strip('"'), "General"), look
        return self._styles[number]

    def _rich(self, stored: StoredCell, parts: list[Any] | tuple[Any, ...]) -> Cell:
        """Make a cell of a text whose parts look different; those of one look are joined."""
        cell = self.text(stored, "".join(str(part) for part in parts))
        runs: list[TextRun] = []
        for part in parts:
            font = getattr(part, "font", None)
            look = cell.look
            if font is not None:
                # Such a part has nothing of the cell's font; alignment and fill hold for all of the cell.
                look = self._font(font)._replace(align=look.align, valign=look.valign, fill=look.fill)
            text = plain(unescape(part if isinstance(part, str) else part.text))
            if runs and runs[-1].look == look:
                text = runs.pop().text + text
            if text:
                runs.append(TextRun(text, look))
        # A number format may have changed the text.
        if "".join(run.text for run in runs) != cell.text or all(run.look == cell.look for run in runs):
            return cell
        return cell._replace(runs=tuple(runs))

    def _font(self, font: Any) -> Look:
        colour = font.color
        ink = self._colour(colour)
        if ink == "000000" or (colour is not None and colour.type == "theme" and colour.theme in _LINKS):
            ink = None
        return Look(
            bold=bool(font.b),
            italic=bool(font.i),
            strike=bool(font.strike),
            script=_SCRIPT.get(font.vertAlign),
            ink=ink,
        )

    def _paint(self, fill: Any) -> str | None:
        front = self._colour(fill.fgColor)
        if fill.patternType == "solid":
            return front
        if fill.patternType not in _DENSITY:
            return None
        return blend(front or "000000", self._colour(fill.bgColor) or "ffffff", _DENSITY[fill.patternType])

    def _colour(self, colour: Any) -> str | None:
        if colour is None:
            return None
        return self._colours.hexadecimal({colour.type: str(colour.value), "tint": str(colour.tint or 0)})

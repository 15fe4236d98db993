"""Cells as they are shown: values under their number formats, with the looks and colours that a workbook gives them.

Source of the colours: ECMA-376 part 1, §18.8.3, §18.8.19, §18.8.27, §20.1.6.2.
"""

from __future__ import annotations

import colorsys
import datetime as dt
import re
from collections.abc import Iterable
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from xml.etree.ElementTree import Element

from exptdir.tables.model import PLAIN, Cell, Look, TextRun, plain
from exptdir.tables.numfmt import NumberFormat, number_format, to_serial
from exptdir.tables.numfmt.sections import PALETTE, built_in_codes

if TYPE_CHECKING:
    from exptdir.tables.grid import Sides

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
    **{"darkGray": 0.75, "mediumGray": 0.5, "lightGray": 0.25, "gray125": 0.125, "gray0625": 0.0625},
    **dict.fromkeys(("darkHorizontal", "darkVertical", "darkDown", "darkUp", "darkGrid"), 0.5),
    **dict.fromkeys(("lightHorizontal", "lightVertical", "lightDown", "lightUp"), 0.25),
    **{"darkTrellis": 0.75, "lightGrid": 0.4375, "lightTrellis": 0.375},
}
_MOMENTS = (dt.date, dt.time, dt.timedelta)
#: Colours of a link in the theme (see §20.1.6.2): a page has its own.
_LINKS = frozenset({10, 11})
#: The order in which cells count the colours of a theme; the theme itself has each pair the other way round
#: (dk1, lt1, dk2, lt2), and the standard does not say so.
_THEME_ORDER = ("lt1", "dk1", "lt2", "dk2", *(f"accent{number}" for number in range(1, 7)), "hlink", "folHlink")
_HEX = re.compile("(?:[0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})")
#: An escape of any character but half a surrogate pair, which is none.
_ESCAPED = re.compile("_x(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})_")


def unescape(text: str) -> str:
    """Return a text without the escapes of what XML cannot hold: a line feed is ``_x000A_`` (part 1, §22.9.2.19)."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def value_cell(value: object, format: NumberFormat, look: Look = PLAIN) -> Cell:
    """Return the cell of a truth value, a number, a text, or a date, time or duration.

    A number under a format that shows dates is a date.
    """
    if format.coloured and (colour := format.colour(value)) is not None:
        # Black is the page's own ink.
        look = look._replace(ink=colour if colour != "000000" else None)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value):
        text = plain(format.number(value).strip())
        if format.dated and (date := format.moment(value)) is not None:
            return Cell(text, date, "date", look)
        whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
        return Cell(text, int(value) if whole else value, "number", look)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE", value, "bool", look)
    if isinstance(value, str):
        text = plain(value[:LONGEST])
        shown = plain(format.text(text))
        return Cell(text if shown == text else shown.strip(), value[:LONGEST], "text", look)
    if isinstance(value, _MOMENTS):
        if format.code == "General" and isinstance(value, dt.date):
            return Cell(value.isoformat(), value, "date", look)
        return Cell(plain(format.number(to_serial(value, format.date1904)).strip()), value, "date", look)
    return Cell(plain(str(value)), str(value), "text", look)


class Style(NamedTuple):
    """What cells of one style share: their number format, their look, and the sides with a border."""

    format: NumberFormat
    look: Look
    sides: Sides


class SheetStyles:
    """What the styles of a workbook make of the cells that openpyxl has read.

    *styles* and *theme* are the roots of these parts: number formats, the palette, the colours of the theme; *date1904*
    tells the date system. openpyxl knows a number format by its number, in quotation marks.
    """

    def __init__(self, styles: Element | None, theme: Element | None, *, date1904: bool) -> None:
        self._colours = Colours(styles, theme)
        formats = styles.iterfind("numFmts/numFmt") if styles is not None else ()
        # A program may write its own code even under a number that is built in.
        self._codes = {str(number): code for number, code in built_in_codes().items()} | {
            entry.get("numFmtId", ""): entry.get("formatCode", "") for entry in formats
        }
        self._date1904 = date1904
        # Asking openpyxl for a font or a border makes an object each time: all cells of a style share the answer.
        self._styles: dict[int, Style] = {}
        self._texts: dict[tuple[int, str], Cell] = {}

    def cell(self, stored: StoredCell, style: Style) -> Cell:
        """Make a cell of one that holds a value."""
        value: Any = stored.value
        if stored.data_type == "e":
            return Cell(plain(str(value)), str(value), "error", style.look)
        if isinstance(value, list):
            return self._rich(style, value)
        if isinstance(value, str):
            return self.text(style, value)
        return value_cell(value, style.format, style.look)

    def text(self, style: Style, text: str) -> Cell:
        """Make a cell of a text; equal ones are made once."""
        # Styles are kept, so that their identity will do: all that one says would be hashed for every text.
        key = id(style), text
        found = self._texts.get(key)
        if found is None:
            found = self._texts[key] = value_cell(unescape(text[:LONGEST]), style.format, style.look)
        return found

    def style(self, stored: StoredCell) -> Style:
        """Return the style of a stored cell."""
        # The workbook keeps one array for each style.
        number = id(stored.style_array)
        if number not in self._styles:
            fill, place, paint = stored.fill, stored.alignment, None
            if fill is not None and fill.tagname == "patternFill":
                paint = self._colour(fill.fgColor)
                if fill.patternType != "solid":
                    share, back = _DENSITY.get(fill.patternType), self._colour(fill.bgColor)
                    paint = blend(paint or "000000", back or "ffffff", share) if share is not None else None
            look = self._font(stored.font)._replace(
                align=_ALIGN.get(place.horizontal or ""),
                valign=_VALIGN.get(place.vertical or ""),
                fill=paint if paint != "ffffff" else None,
            )
            # Texts that run from right to left call the left side the start.
            names = {**{side: side for side in ("top", "bottom", "left", "right")}, "start": "left", "end": "right"}
            sides = frozenset(
                name
                for side, name in names.items()
                if (line := getattr(stored.border, side, None)) is not None and line.style not in {None, "none"}
            )
            code = self._codes.get(stored.number_format.strip('"'), "General")
            self._styles[number] = Style(number_format(code, self._date1904), look, sides)
        return self._styles[number]

    def _rich(self, style: Style, parts: list[Any]) -> Cell:
        """Make a cell of a text whose parts look different; those of one look are joined."""
        cell = self.text(style, "".join(str(part) for part in parts))
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

    def _colour(self, colour: Any) -> str | None:
        if colour is None:
            return None
        return self._colours.hexadecimal(colour.type, str(colour.value), colour.tint or 0.0)


class Colours:
    """What the colours of one workbook stand for; its styles may replace the palette."""

    def __init__(self, styles: Element | None = None, theme: Element | None = None) -> None:
        own = styles.findall("colors/indexedColors/rgbColor") if styles is not None else []
        self._palette = [_six(entry.get("rgb")) for entry in own] or [*PALETTE[:8], *PALETTE]
        scheme = theme.find("themeElements/clrScheme") if theme is not None else None
        # A colour of the system is written with what it last was.
        first = [next(iter(scheme.findall(f"{name}/*")), None) for name in _THEME_ORDER] if scheme is not None else []
        self._theme = [_six(one.get("lastClr") or one.get("val")) if one is not None else None for one in first]

    def hexadecimal(self, kind: str, value: str, tint: float = 0.0) -> str | None:
        """Return what a colour stands for; ``None`` where the program chooses.

        Its kind is ``rgb``, ``indexed``, ``theme`` or ``auto``.
        """
        found = _six(value) if kind == "rgb" else None
        colours = {"theme": self._theme, "indexed": self._palette}.get(kind, [])
        if value.isdecimal() and len(value) < 4 and int(value) < len(colours):
            found = colours[int(value)]
        tint = max(-1.0, min(1.0, tint))  # in this order, "nan" is 1
        if found is None or not tint:
            return found
        # The formula of §18.8.19, with the lightness from 0 to 1.
        hue, light, saturation = colorsys.rgb_to_hls(*_parts(found))
        light = light * (1 + tint) if tint < 0 else light * (1 - tint) + tint
        return _joined(colorsys.hls_to_rgb(hue, light, saturation))


def blend(front: str, back: str, share: float) -> str:
    """Return the colour between two others, *share* of it the front one's."""
    pairs = zip(_parts(front), _parts(back), strict=True)
    return _joined(share * one + (1 - share) * other for one, other in pairs)


def _six(text: str | None) -> str | None:
    match = _HEX.fullmatch(text or "")
    return match[1].lower() if match else None


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(colour)
    return red / 255, green / 255, blue / 255


def _joined(parts: Iterable[float]) -> str:
    return "".join(f"{min(max(round(part * 255), 0), 255):02x}" for part in parts)

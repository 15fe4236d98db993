"""Styles of a workbook (ECMA-376 part 1, §18.8): what a cell's style number says about its look and number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from xml.etree.ElementTree import Element

from exptdir.tables.model import Look
from exptdir.tables.numfmt.builtin import BUILT_IN
from exptdir.tables.rules import NO_EDGES, Edges
from exptdir.tables.xlsx.colours import Colours, blend
from exptdir.tables.xlsx.runs import Properties
from exptdir.tables.xlsx.stored import Style

_OFF = frozenset({"0", "false", "off"})
_SCRIPT: dict[str, Literal["sub", "super"]] = {"subscript": "sub", "superscript": "super"}
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
_LINKS = frozenset({"10", "11"})


class Stylesheet:
    """The styles of one workbook, looked up by the numbers that cells have.

    Parameters
    ----------
    root
        Root of the part ``styles.xml``, namespaces removed; ``None`` if there is none.
    theme
        Root of the theme.
    """

    def __init__(self, root: Element | None = None, theme: Element | None = None) -> None:
        root = Element("styleSheet") if root is None else root
        self._colours = Colours(root, theme)
        self._formats = root.findall("cellXfs/xf")
        self._fonts = root.findall("fonts/font")
        self._fills = root.findall("fills/fill")
        self._edges = [_edges(border) for border in root.findall("borders/border")]
        self._codes = {
            _number(entry.get("numFmtId")): entry.get("formatCode", "")
            for entry in root.findall("numFmts/numFmt")
        }
        #: Numbers of the styles with a border.
        self.bordered = frozenset(
            number for number in range(len(self._formats)) if self.edges(number) != NO_EDGES
        )

    def style(self, number: int) -> Style:
        """Return what a style says about a cell; a number that no style has means the default."""
        if not 0 <= number < len(self._formats):
            return Style()
        given = self._formats[number]
        font = _pick(self._fonts, given.get("fontId"))
        look = self._font({child.tag: child.attrib for child in font} if font is not None else {})
        fill = self._fill(_pick(self._fills, given.get("fillId")))
        alignment = given.find("alignment")
        place = alignment.attrib if alignment is not None else {}
        return Style(
            self._code(_number(given.get("numFmtId"))),
            look._replace(
                align=_ALIGN.get(place.get("horizontal", "")),
                valign=_VALIGN.get(place.get("vertical", "")),
                fill=fill if fill != "ffffff" else None,
            ),
        )

    def edges(self, number: int) -> Edges:
        """Return the borders of a style."""
        if not 0 <= number < len(self._formats):
            return NO_EDGES
        border = _number(self._formats[number].get("borderId"))
        return self._edges[border] if border < len(self._edges) else NO_EDGES

    def run_look(self, properties: Properties, cell: Look) -> Look:
        """Return the look of a part of a cell's text.

        Parameters
        ----------
        properties
            What its ``rPr`` holds (§18.4.7): attributes by element. Such a part has nothing of the cell's font.
        cell
            The look of the cell, whose alignment and fill hold for all of it.
        """
        return self._font(properties)._replace(align=cell.align, valign=cell.valign, fill=cell.fill)

    def _font(self, properties: Properties) -> Look:
        colour = properties.get("color")
        ink = self._colours.hexadecimal(colour)
        if ink == "000000" or (colour is not None and colour.get("theme") in _LINKS):
            ink = None
        return Look(
            bold=_on(properties, "b"),
            italic=_on(properties, "i"),
            strike=_on(properties, "strike"),
            script=_SCRIPT.get(properties.get("vertAlign", {}).get("val", "")),
            ink=ink,
        )

    def _fill(self, fill: Element | None) -> str | None:
        pattern = fill.find("patternFill") if fill is not None else None
        if pattern is None:
            return None
        kind = pattern.get("patternType", "none")
        front = self._colours.hexadecimal(_attributes(pattern, "fgColor"))
        if kind == "solid":
            return front
        if kind not in _DENSITY:
            return None
        back = self._colours.hexadecimal(_attributes(pattern, "bgColor"))
        return blend(front or "000000", back or "ffffff", _DENSITY[kind])

    def _code(self, number: int) -> str:
        # A program may write its own code even under a number that is built in.
        return self._codes.get(number) or BUILT_IN.get(number, "General")


def _on(properties: Properties, name: str) -> bool:
    return name in properties and properties[name].get("val") not in _OFF


def _attributes(parent: Element, name: str) -> Mapping[str, str] | None:
    child = parent.find(name)
    return child.attrib if child is not None else None


def _pick(elements: list[Element], number: str | None) -> Element | None:
    at = _number(number)
    return elements[at] if at < len(elements) else None


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _edges(border: Element) -> Edges:
    drawn = {side.tag for side in border if side.get("style", "none") != "none"}
    # Texts that run from right to left call the left side the start.
    return Edges("top" in drawn, bool(drawn & {"right", "end"}), "bottom" in drawn, bool(drawn & {"left", "start"}))

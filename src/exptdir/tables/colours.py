"""Colours of a workbook: palette, theme, tint, and those of format codes.

Source: ECMA-376 part 1, §18.8.3, §18.8.19, §18.8.27, §18.8.31, §20.1.6.2.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element

#: The palette of §18.8.27, from index 8 on; the first eight are the same as the next.
PALETTE = tuple(
    colour
    for row in (
        "000000 ffffff ff0000 00ff00 0000ff ffff00 ff00ff 00ffff",
        "800000 008000 000080 808000 800080 008080 c0c0c0 808080",
        "9999ff 993366 ffffcc ccffff 660066 ff8080 0066cc ccccff",
        "000080 ff00ff ffff00 00ffff 800080 800000 008080 0000ff",
        "00ccff ccffff ccffcc ffff99 99ccff ff99cc cc99ff ffcc99",
        "3366ff 33cccc 99cc00 ffcc00 ff9900 ff6600 666699 969696",
        "003366 339966 003300 333300 993300 993366 333399 333333",
    )
    for colour in row.split()
)
#: The colours that a section of a format code can name (§18.8.31); ``[Color1]`` to ``[Color56]`` are the palette.
_NAMED = {
    "black": "000000",
    "blue": "0000ff",
    "cyan": "00ffff",
    "green": "00ff00",
    "magenta": "ff00ff",
    "red": "ff0000",
    "white": "ffffff",
    "yellow": "ffff00",
}
_NUMBERED = re.compile("color ?([0-9]{1,2})", re.IGNORECASE)
#: The order in which cells count the colours of a theme; the theme itself has each pair the other way round
#: (dk1, lt1, dk2, lt2), and the standard does not say so.
_THEME_ORDER = ("lt1", "dk1", "lt2", "dk2", *(f"accent{number}" for number in range(1, 7)), "hlink", "folHlink")
_HEX = re.compile("(?:[0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})")


class Colours:
    """What the colours of one workbook stand for.

    Parameters
    ----------
    styles
        Root of its styles, which may replace the palette.
    theme
        Root of its theme.
    """

    def __init__(self, styles: Element | None = None, theme: Element | None = None) -> None:
        own = styles.findall("colors/indexedColors/rgbColor") if styles is not None else []
        self._palette = [_six(entry.get("rgb")) for entry in own] or [*PALETTE[:8], *PALETTE]
        scheme = theme.find("themeElements/clrScheme") if theme is not None else None
        # A colour of the system is written with what it last was.
        first = [next(iter(scheme.findall(f"{name}/*")), None) for name in _THEME_ORDER] if scheme is not None else []
        self._theme = [_six(one.get("lastClr") or one.get("val")) if one is not None else None for one in first]

    def hexadecimal(self, colour: Mapping[str, str] | None) -> str | None:
        """Return what a ``color`` element stands for.

        Parameters
        ----------
        colour
            Its attributes: one of ``rgb``, ``indexed``, ``theme``, ``auto``, and perhaps ``tint``.

        Returns
        -------
        str or None
            Six lower-case hexadecimal digits; ``None`` where the program chooses.
        """
        if colour is None:
            return None
        found = _six(colour.get("rgb"))
        for key, colours in (("theme", self._theme), ("indexed", self._palette)):
            number = colour.get(key, "")
            if found is None and number.isdecimal() and len(number) < 4 and int(number) < len(colours):
                found = colours[int(number)]
        try:
            tint = max(-1.0, min(1.0, float(colour.get("tint") or 0)))  # in this order, "nan" is 1
        except ValueError:
            tint = 0.0
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


def section_colour(name: str) -> str | None:
    """Return the colour that is named in brackets, as six hexadecimal digits; ``None`` if it is none."""
    if match := _NUMBERED.fullmatch(name):
        number = int(match[1])
        return PALETTE[number - 1] if 1 <= number <= len(PALETTE) else None
    return _NAMED.get(name.lower())

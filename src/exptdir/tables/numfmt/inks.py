"""The colours that a section of a format code can name (ECMA-376 part 1, §18.8.31)."""

from __future__ import annotations

import re

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
#: ``[Color1]`` to ``[Color56]``: the palette of §18.8.27 from index 8 on.
_PALETTE = (
    *("000000", "ffffff", "ff0000", "00ff00", "0000ff", "ffff00", "ff00ff", "00ffff"),
    *("800000", "008000", "000080", "808000", "800080", "008080", "c0c0c0", "808080"),
    *("9999ff", "993366", "ffffcc", "ccffff", "660066", "ff8080", "0066cc", "ccccff"),
    *("000080", "ff00ff", "ffff00", "00ffff", "800080", "800000", "008080", "0000ff"),
    *("00ccff", "ccffff", "ccffcc", "ffff99", "99ccff", "ff99cc", "cc99ff", "ffcc99"),
    *("3366ff", "33cccc", "99cc00", "ffcc00", "ff9900", "ff6600", "666699", "969696"),
    *("003366", "339966", "003300", "333300", "993300", "993366", "333399", "333333"),
)
_NUMBERED = re.compile("color ?([0-9]{1,2})", re.IGNORECASE)


def section_colour(name: str) -> str | None:
    """Return the colour that is named in brackets, as six hexadecimal digits; ``None`` if it is none."""
    if match := _NUMBERED.fullmatch(name):
        number = int(match[1])
        return _PALETTE[number - 1] if 1 <= number <= len(_PALETTE) else None
    return _NAMED.get(name.lower())

"""Names and styles of OpenDocument files (OASIS OpenDocument 1.3, part 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from exptdir.tables.model import PLAIN, Look

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
#: Prefixes by namespace, as files usually write them.
_PREFIXES = {
    f"{_OASIS}office:1.0": "office",
    f"{_OASIS}table:1.0": "table",
    f"{_OASIS}text:1.0": "text",
    f"{_OASIS}style:1.0": "style",
    f"{_OASIS}drawing:1.0": "draw",
    f"{_OASIS}xsl-fo-compatible:1.0": "fo",
    f"{_OASIS}config:1.0": "config",
    "http://www.w3.org/1999/xlink": "xlink",
    "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0": "calcext",
}
#: Attribute of a style that names the format of its numbers; without one, or under ``N0``, it is General.
NUMBER_STYLE = "style:data-style-name"
_GENERAL = "N0"
#: Styles that may be the parent of one another in a row.
_DEEPEST = 32
_COLOUR = re.compile("#([0-9a-fA-F]{6})")
_ALIGN = {"start": "left", "left": "left", "end": "right", "right": "right", "center": "center"}

Attributes = dict[str, str]


class Names(dict[str, str]):
    """Names of elements and attributes with their usual prefixes, from what expat calls them."""

    def __missing__(self, name: str) -> str:
        """Work a name out, once."""
        space, _, local = name.rpartition(" ")
        self[name] = shown = f"{_PREFIXES.get(space, space)}:{local}"
        return shown

    def all(self, attributes: Attributes) -> Attributes:
        """Return attributes under their usual names."""
        return {self[name]: value for name, value in attributes.items()}


class Key(NamedTuple):
    """What a style is known by."""

    family: str
    name: str


@dataclass
class Styles:
    """Styles of a document (§16).

    Parameters
    ----------
    parents
        The style that each inherits from.
    properties
        What each says itself; a style without a name is the default of its family.
    """

    parents: dict[Key, str] = field(default_factory=dict)
    properties: dict[Key, Attributes] = field(default_factory=dict)
    _looks: dict[tuple[Key, Look], Look] = field(default_factory=dict)

    def look(self, family: str, name: str, base: Look = PLAIN) -> Look:
        """Return the look that a style gives.

        Parameters
        ----------
        family
            ``table-cell`` or ``text``.
        name
            The style.
        base
            The look of what is around it.
        """
        key = Key(family, name)
        if (key, base) not in self._looks:
            self._looks[key, base] = _look(self.all_of(key), base)
        return self._looks[key, base]

    def is_general(self, name: str) -> bool:
        """Tell whether cells of a style show numbers as they come."""
        return self.all_of(Key("table-cell", name)).get(NUMBER_STYLE, _GENERAL) == _GENERAL

    def all_of(self, key: Key) -> Attributes:
        """Return what a style says, what it inherits included."""
        chain: list[Attributes] = []
        name: str | None = key.name
        while name is not None and len(chain) < _DEEPEST:
            chain.append(self.properties.get(Key(key.family, name), {}))
            name = self.parents.get(Key(key.family, name), "" if name else None)
        said: Attributes = {}
        for properties in reversed(chain):
            said |= properties
        return said


def _look(said: Attributes, base: Look) -> Look:
    look = base._replace(
        bold=_weight(said["fo:font-weight"]) if "fo:font-weight" in said else base.bold,
        italic=said["fo:font-style"] != "normal" if "fo:font-style" in said else base.italic,
        strike=_struck(said, base.strike),
        script=_script(said["style:text-position"]) if "style:text-position" in said else base.script,
    )
    if "fo:color" in said:
        ink = _colour(said["fo:color"])
        automatic = said.get("style:use-window-font-color") == "true"
        look = look._replace(ink=None if automatic or ink == "000000" else ink)
    if "fo:background-color" in said:
        fill = _colour(said["fo:background-color"])
        look = look._replace(fill=fill if fill != "ffffff" else None)
    fixed = said.get("style:text-align-source") != "value-type"
    vertical = said.get("style:vertical-align")
    return look._replace(
        align=_ALIGN.get(said.get("fo:text-align", "")) if fixed else None,
        valign=vertical if vertical in {"top", "middle"} else None,
    )


def _weight(text: str) -> bool:
    return text == "bold" or (text.isdecimal() and len(text) < 5 and int(text) >= 600)


def _struck(said: Attributes, base: bool) -> bool:
    for name in ("style:text-line-through-style", "style:text-line-through-type"):
        if name in said:
            return said[name] != "none"
    return base


def _script(position: str) -> Literal["sub", "super"] | None:
    """Read ``super 58%``, ``sub 58%`` or ``-33% 58%``."""
    raised = position.split()[0] if position.split() else ""
    if raised in {"super", "sub"}:
        return "super" if raised == "super" else "sub"
    try:
        height = float(raised.rstrip("%"))
    except ValueError:
        return None
    return "super" if height > 0 else "sub" if height < 0 else None


def _colour(text: str) -> str | None:
    match = _COLOUR.fullmatch(text.strip())
    return match[1].lower() if match else None

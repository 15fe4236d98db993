"""Parts of a text as workbooks store them (ECMA-376 part 1, §18.4.4, §18.4.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

#: What a font, or a part of a text, says of itself: the attributes of each element by the element's name.
Properties = Mapping[str, Mapping[str, str]]


class Run(NamedTuple):
    """A part of a text; without properties of its own it looks like the cell."""

    text: str
    properties: Properties | None

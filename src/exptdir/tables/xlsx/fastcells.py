"""Cells of a worksheet in their usual forms, as :mod:`.fastxml` finds them, to what they say."""

from __future__ import annotations

import re

from exptdir.tables.cellrows import RawCell
from exptdir.tables.ranges import MAX_COLUMN, column_number

_ATTRIBUTES = re.compile(r'(?:\s+s="([0-9]{1,9})")?(?:\s+t="([a-zA-Z]{1,9})")?\s*')
#: What follows the tag of a cell that has more than a value.
_CONTENT = re.compile(
    r"""<is><t(?:\ xml:space="preserve")?>(?P<inline>[^<]+)</t></is></c>
    |
    <f(?:\s+[A-Za-z0-9]{1,9}="[^"<>&]*")*\s*(?:/>|>(?P<formula>[^<]*)</f>)
    (?:<v>(?P<value>[^<]*)</v>|<v\ ?/>)?</c>""",
    re.VERBOSE,
)
_REFERENCE = re.compile("&([^;&]{0,10};?)")
_NAMED = {"amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'"}
_NUMBERED = re.compile("#(?:([0-9]{1,7})|x([0-9A-Fa-f]{1,6}));")
#: Code points that XML 1.0 allows (§2.2).
_ALLOWED = (range(9, 11), range(13, 14), range(32, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))


class OtherwiseError(Exception):
    """A cell is written in a way that only a parser knows."""


class _Columns(dict[str, int]):
    """Numbers of columns by their letters."""

    def __missing__(self, letters: str) -> int:
        """Work a column out once."""
        number = column_number(letters)
        if number > MAX_COLUMN:
            raise OtherwiseError
        self[letters] = number
        return number


class _Kinds(dict[str, tuple[int, str]]):
    """Style and type of a cell by its attributes after the address."""

    def __missing__(self, attributes: str) -> tuple[int, str]:
        """Read attributes once."""
        match = _ATTRIBUTES.fullmatch(attributes)
        if match is None:
            raise OtherwiseError
        kind = self[attributes] = int(match[1] or 0), match[2] or "n"
        return kind


class _Empty(dict[str, bool]):
    """Attributes of cells that hold nothing; all that matters is that they are well-formed."""

    def __missing__(self, attributes: str) -> bool:
        """Check attributes once."""
        if _ATTRIBUTES.fullmatch(attributes.removesuffix("/")) is None:
            raise OtherwiseError
        self[attributes] = False
        return False


#: Letters of the column, attributes after the address, value, other content, and what is no cell.
Found = tuple[str, str, str, str, str]


class CellReader:
    """Makes cells of what the expression in :mod:`.fastxml` finds of them."""

    def __init__(self) -> None:
        self._columns, self._kinds, self._empty = _Columns(), _Kinds(), _Empty()

    @property
    def types(self) -> set[str]:
        """The types of the cells that were read."""
        return {kind for _, kind in self._kinds.values()}

    def read(self, found: list[Found]) -> dict[int, RawCell]:
        """Return the cells of a row that hold something, by column.

        Parameters
        ----------
        found
            What was found of the row's cells, without references to characters.

        Returns
        -------
        dict
            The cells.

        Raises
        ------
        OtherwiseError
            If one of them has to be read by a parser.
        """
        columns, kinds, empty = self._columns, self._kinds, self._empty
        # In this innermost loop of all reading, the constructor of a named tuple would take as long as the rest.
        make = tuple.__new__
        return {
            columns[letters]: make(RawCell, (*kinds[attributes], value, None))
            if value
            else self._other(attributes, other)
            for letters, attributes, value, other, _ in found
            if value or other or empty[attributes]
        }

    def read_with_references(self, found: list[Found]) -> dict[int, RawCell]:
        """Do as :meth:`read` does, where there are references such as ``&amp;``."""
        cells = self.read(found)
        return {
            column: cell._replace(stored=_resolved(cell.stored), formula=_resolved(cell.formula))
            for column, cell in cells.items()
        }

    def _other(self, attributes: str, content: str) -> RawCell:
        if content.startswith("<is><t>"):
            # Up to the end tags, the expression lets nothing but text follow.
            return RawCell(*self._kinds[attributes], content[7 : -len("</t></is></c>")], None)
        match = _CONTENT.fullmatch(content)
        if match is None:
            raise OtherwiseError
        stored = match["value"] or match["inline"] or None
        formula = "=" + (match["formula"] or "") if content.startswith("<f") else None
        return RawCell(*self._kinds[attributes], stored, formula)


def _resolved(text: str | None) -> str | None:
    return _REFERENCE.sub(_character, text) if text and "&" in text else text


def _character(reference: re.Match[str]) -> str:
    """Return the character that a reference means (XML 1.0, §4.1 and §4.6)."""
    if (named := _NAMED.get(reference[1])) is not None:
        return named
    number = _NUMBERED.fullmatch(reference[1])
    code = (int(number[1]) if number[1] else int(number[2], 16)) if number else 0
    if not any(code in allowed for allowed in _ALLOWED):
        raise OtherwiseError
    return chr(code)

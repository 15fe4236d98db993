"""From what a workbook stores for a cell to the cell as it is shown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from .grid import Position
from .model import PLAIN, Cell, CellKind, Look, plain, safe_link
from .numfmt import as_moment, format_value, to_serial
from .ranges import Box
from .sheetxml import RawCell

#: How XML-unfriendly characters are written in texts (ECMA-376 part 1, §22.9.2.19): a line feed is
#: ``_x000A_``.
_ESCAPED = re.compile("_x00([01][0-9A-Fa-f])_")
#: That of the largest float.
_LARGEST_EXPONENT = 308
_HYPERLINK = re.compile(r'=\s*HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Style:
    """What a cell's style says, as far as a table shows it."""

    code: str = "General"
    look: Look = PLAIN


@dataclass
class CellMaker:
    """Makes cells of one sheet.

    Parameters
    ----------
    strings
        The workbook's shared strings.
    style
        Looks a style up by its number.
    date1904
        Whether dates count from 1904.
    links
        Ranges with a link.
    without_value
        Formulas without a stored value, of those cells that were made.
    """

    strings: Sequence[str]
    style: Callable[[int], Style]
    date1904: bool
    links: Sequence[tuple[Box, str]]
    without_value: set[Position] = field(default_factory=set)
    _styles: dict[int, Style] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put the links of single cells where they are found at once: a sheet may have thousands."""
        self._wide_links = [(box, target) for box, target in self.links if box[:2] != box[2:]]
        self._cell_links = {box[:2]: target for box, target in self.links if box[:2] == box[2:]}

    def holds_something(self, raw: RawCell) -> bool:
        """Tell whether a person sees more than blanks, or would under another number format."""
        if raw.stored is None:
            return raw.formula is not None
        return bool(self._text(raw).strip())

    def make(self, at: Position, raw: RawCell) -> Cell:
        """Make the cell at a position."""
        style = self._styles.get(raw.style)
        if style is None:
            style = self._styles[raw.style] = self.style(raw.style)
        if raw.stored is None:
            self.without_value.add(at)
        text, value, kind = self._shown(raw, style)
        return Cell(
            text=plain(text),
            value=value,
            kind=kind,
            look=style.look,
            href=self._link(at, raw),
        )

    def _shown(self, raw: RawCell, style: Style) -> tuple[str, object, CellKind]:
        if raw.stored is None:
            return raw.formula or "", raw.formula, "text"
        if raw.type == "n":
            return self._number(raw.stored, style)
        if raw.type == "b":
            truth = raw.stored.strip() in {"1", "true"}
            return format_value(truth, style.code), truth, "bool"
        if raw.type == "e":
            return raw.stored, raw.stored, "error"
        if raw.type == "d":
            return self._iso_date(raw.stored, style)
        text = self._text(raw)
        shown = format_value(text, style.code)
        return (text if shown == text else shown.strip()), text, "text"

    def _text(self, raw: RawCell) -> str:
        text = raw.stored or ""
        if raw.type == "s":
            text = self.strings[int(text)]
        elif raw.type not in {"str", "inlineStr"}:
            return text
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)

    def _number(self, stored: str, style: Style) -> tuple[str, object, CellKind]:
        try:
            exact = Decimal(stored.strip())
        except InvalidOperation:
            return stored, stored, "text"
        if not exact.is_finite() or abs(exact.adjusted()) > _LARGEST_EXPONENT:
            return stored, stored, "text"
        value = int(exact) if stored.strip().lstrip("-").isdecimal() else float(exact)
        text = format_value(exact, style.code, date1904=self.date1904).strip()
        moment = as_moment(value, style.code, date1904=self.date1904)
        return (text, value, "number") if moment is None else (text, moment, "date")

    def _iso_date(self, stored: str, style: Style) -> tuple[str, object, CellKind]:
        try:
            moment = dt.datetime.fromisoformat(stored.strip())
        except ValueError:
            return stored, stored, "text"
        text = format_value(to_serial(moment, self.date1904), style.code, date1904=self.date1904).strip()
        return (stored if style.code == "General" else text), moment, "date"

    def _link(self, at: Position, raw: RawCell) -> str | None:
        if at in self._cell_links:
            return self._cell_links[at]
        for box, target in self._wide_links:
            if box.top <= at[0] <= box.bottom and box.left <= at[1] <= box.right:
                return target
        if raw.formula and (match := _HYPERLINK.match(raw.formula)):
            return safe_link(match[1])
        return None

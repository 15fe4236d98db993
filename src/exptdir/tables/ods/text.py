"""What a cell of an OpenDocument spreadsheet shows, and the value behind it (OpenDocument 1.3, part 3, §6, §19.387)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from exptdir.tables.choice.compare import iso_moment
from exptdir.tables.model import EMPTY, Cell, CellKind, Look, TextRun, plain, safe_link
from exptdir.tables.numfmt import format_value
from exptdir.tables.ods.odf import Attributes, Styles

_BLANKS = re.compile("[ \t\r\n]+")
#: Blanks that one element may stand for.
_MOST_BLANKS = 1_000
#: Characters from which a General number may be shown shorter than it is written.
_GENERAL_WIDTH = 10
_DURATION = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?)?\Z", re.ASCII)


class CellText:
    """Collects the text of one cell after the other: paragraphs, parts with a look of their own, a link."""

    def __init__(self, styles: Styles) -> None:
        self.styles = styles
        self.begin()

    def begin(self) -> None:
        """Begin a cell."""
        self.parts: list[tuple[str, tuple[str, ...]]] = []
        self.link: str | None = None
        self._spans: tuple[str, ...] = ()
        self._inside = 0
        self._paragraphs = 0

    def start(self, name: str, attributes: Attributes) -> None:
        """Take the start of an element in the cell."""
        if name in {"text:p", "text:h"}:
            if self._paragraphs and not self._inside:
                self.parts.append(("\n", ()))
            self._paragraphs += 1
            self._inside += 1
        elif name == "text:span":
            self._spans += (attributes.get("text:style-name", ""),)
        elif name == "text:a":
            self.link = self.link or attributes.get("xlink:href")
        elif name == "text:s":
            count = attributes.get("text:c", "1")
            self._add(" " * min(int(count) if count.isdecimal() and len(count) < 9 else 1, _MOST_BLANKS))
        elif name in {"text:tab", "text:line-break"}:
            self._add("\t" if name == "text:tab" else "\n")

    def end(self, name: str) -> None:
        """Take the end of an element in the cell."""
        if name in {"text:p", "text:h"}:
            self._inside -= 1
        elif name == "text:span":
            self._spans = self._spans[:-1]

    def characters(self, data: str) -> None:
        """Take text; runs of blanks count as one, and as none where a line begins (§6.1.2)."""
        if self._inside:
            text = _BLANKS.sub(" ", data)
            begins = not self.parts or self.parts[-1][0].endswith((" ", "\n"))
            self._add(text.removeprefix(" ") if begins else text)

    def _add(self, text: str) -> None:
        if text and self._inside:
            self.parts.append((text, self._spans))

    def text(self) -> str:
        """Return the text of the cell."""
        return plain("".join(text for text, _ in self.parts))

    def runs(self, look: Look) -> tuple[TextRun, ...]:
        """Return the parts of the text if they look different; *look* is that of the cell."""
        runs: list[TextRun] = []
        for text, spans in self.parts:
            inner = look
            for span in spans:
                inner = self.styles.look("text", span, inner)
            inner = inner._replace(align=look.align, valign=look.valign, fill=look.fill)
            if runs and runs[-1].look == inner:
                runs[-1] = TextRun(runs[-1].text + plain(text), inner)
            else:
                runs.append(TextRun(plain(text), inner))
        return tuple(runs) if any(run.look != look for run in runs) else ()


def make_cell(attributes: Attributes, text: CellText, style: Callable[[], str]) -> Cell:
    """Return the cell that attributes and text make.

    Parameters
    ----------
    attributes
        Those of the cell's element.
    text
        What is in it.
    style
        Returns the name of the cell's style; asked only where the cell holds something.

    Returns
    -------
    Cell
        The cell; :data:`~exptdir.tables.model.EMPTY` where nobody would see anything.
    """
    if not text.parts and "office:value-type" not in attributes:
        return EMPTY
    shown = text.text()
    value, kind = _value(attributes, shown)
    if not shown.strip():
        # A document made by a program may have values without the texts that a person would see.
        shown = plain(str(value)) if value is not None and text.parts == [] else ""
        if not shown.strip():
            return EMPTY
    named = style()
    look = text.styles.look("table-cell", named)
    if kind == "number" and len(shown) > _GENERAL_WIDTH and text.styles.is_general(named):
        # Written with all digits, which no program shows.
        shown = format_value(value, "General")
    return Cell(shown, value, kind, look, href=safe_link(text.link), runs=text.runs(look))


def _value(attributes: Attributes, shown: str) -> tuple[Any, CellKind]:
    kind = attributes.get("office:value-type", "string")
    if attributes.get("calcext:value-type") == "error":
        return shown, "error"
    if kind in {"float", "percentage", "currency"}:
        return _number(attributes.get("office:value", ""), shown)
    if kind == "boolean":
        return attributes.get("office:boolean-value") == "true", "bool"
    if kind == "date":
        moment = iso_moment(attributes.get("office:date-value", ""))
        return (moment, "date") if moment is not None else (shown, "text")
    if kind == "time":
        duration = _duration(attributes.get("office:time-value", ""))
        return (duration, "date") if duration is not None else (shown, "text")
    return shown or plain(attributes.get("office:string-value", "")), "text"


def _number(text: str, shown: str) -> tuple[Any, CellKind]:
    try:
        number = float(text)
    except ValueError:
        return shown, "text"
    if number - number != 0:
        return shown, "text"
    return (int(number) if number.is_integer() and abs(number) < 2**53 else number), "number"


def _duration(text: str) -> dt.timedelta | None:
    match = _DURATION.match(text)
    if match is None:
        return None
    sign, *counts, fraction = match.groups()
    days, hours, minutes, seconds = (int(count[:12]) if count else 0 for count in counts)
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        duration = dt.timedelta(days, seconds, micro, minutes=minutes, hours=hours)
    except OverflowError:
        return None
    return -duration if sign else duration

"""The model of a table: cells as a person sees them, in a rectangle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from exptdir.record.problem import Problem

CellKind = Literal["empty", "text", "number", "date", "bool", "error"]

#: Schemes that a link in a cell may have: none of them runs code or reads files in the reader's browser.
_LINK = re.compile(r"(?:https?|ftp)://[^\s\x00-\x1f]+\Z|mailto:[^\s\x00-\x1f]+\Z", re.IGNORECASE)
#: What programs write for numbers that are missing or not finite.
_MISSING = frozenset(
    {"nan", "na", "n/a", "#n/a", "n.a.", "nd", "n.d.", "inf", "+inf", "-inf", "infinity", "-infinity", "null", "none"}
    | {"-", "–", "—", "−", "∞", "+∞", "-∞", "−∞", "−inf", "n.s."}
)
#: What makes a number with a decimal point of one with a decimal comma: nothing is left that sets thousands apart.
WITH_POINT = str.maketrans(",", ".", ".'’\u202f\xa0")
#: Characters that neither HTML nor LaTeX can hold.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class Look(NamedTuple):
    """How a cell, or a part of its text, looks; cells of one style share one.

    The colours of the text (*ink*) and of what is behind it (*fill*) are six lower-case hexadecimal digits
    (``c00000``). ``None`` is what the page does by itself: its colours, the alignment of the cell's kind, the bottom.
    """

    bold: bool = False
    italic: bool = False
    strike: bool = False
    script: Literal["sub", "super"] | None = None
    align: str | None = None
    valign: str | None = None
    ink: str | None = None
    fill: str | None = None


#: The look of a cell that nobody has formatted.
PLAIN = Look()


class TextRun(NamedTuple):
    """A part of a cell's text that looks unlike the rest, or is a link of its own."""

    text: str
    look: Look
    href: str | None = None


class Cell(NamedTuple):
    """One cell as it is shown."""

    #: What a person sees in the spreadsheet; line breaks are ``\n``.
    text: str
    #: What lies behind it: ``None``, a text, a number, a truth value or a date.
    value: object
    #: What sort of value that is, for alignment and sorting.
    kind: CellKind
    look: Look = PLAIN
    rowspan: int = 1
    colspan: int = 1
    #: Whether another cell's span hides this one.
    covered: bool = False
    #: Target of the cell's link, if it is one that can be shown safely.
    href: str | None = None
    #: The parts of a text with several looks, which together make *text*; empty where it has only one.
    runs: tuple[TextRun, ...] = ()


#: The cell that holds nothing.
EMPTY = Cell("", None, "empty")
#: The cell that a merged neighbour hides.
COVERED = Cell("", None, "empty", covered=True)


@dataclass(frozen=True)
class Table:
    """A rectangle of cells."""

    #: The rows, all of the same length, headers included.
    rows: tuple[tuple[Cell, ...], ...]
    header_rows: int
    header_columns: int
    path: Path
    #: Name of the sheet, ``None`` for a delimited file.
    sheet: str | None = None
    #: What is doubtful about the file, of kind ``table``.
    problems: tuple[Problem, ...] = ()
    #: The letters of the columns in the file (``A``, ``B``, ``D``), as some may be left out; empty where the columns
    #: are those from ``A`` on.
    letters: tuple[str, ...] = ()
    #: Rows and columns of the table, counted from 0, after which a line runs through all of it.
    rules_below: frozenset[int] = frozenset()
    rules_right: frozenset[int] = frozenset()
    #: How many rows a limit has cut off.
    omitted: int = 0
    #: What a reader should know and nobody has to mend, such as pictures that are not shown.
    notes: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Number of rows, headers included."""
        return len(self.rows)

    @property
    def n_columns(self) -> int:
        """Number of columns, headers included."""
        return len(self.rows[0]) if self.rows else 0


def is_missing(cell: Cell) -> bool:
    """Tell whether a cell says that there is no number, or none that is finite."""
    return cell.text.strip().lower() in _MISSING


def safe_link(target: str | None) -> str | None:
    """Return an address without the blanks around it if a page may carry it: http, https, ftp or mailto."""
    target = (target or "").strip()
    return target if _LINK.match(target) else None


def plain(text: str) -> str:
    """Return a text with ``\\n`` for every line break and without characters that no page can hold."""
    if text.isprintable():
        return text
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))

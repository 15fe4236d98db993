"""The model of a table: cells as a person sees them, in a rectangle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exptdir.record.problem import Problem

CellKind = Literal["empty", "text", "number", "date", "bool", "error"]

#: Schemes that a link in a cell may have: none of them runs code or reads files in the reader's browser.
_LINK = re.compile(r"(?:https?|ftp)://[^\s\x00-\x1f]+\Z|mailto:[^\s\x00-\x1f]+\Z", re.IGNORECASE)
#: Characters that neither HTML nor LaTeX can hold.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it is shown.

    Parameters
    ----------
    text
        What a person sees in the spreadsheet; line breaks are ``\\n``.
    value
        What lies behind it: ``None``, a text, a number, a truth value or a date.
    kind
        What sort of value that is, for alignment and sorting.
    align
        ``left``, ``center`` or ``right`` where the workbook says so, otherwise ``None``.
    bold, italic
        Font of the whole cell.
    rowspan, colspan
        Rows and columns that the cell covers.
    covered
        Whether another cell's span hides this one.
    href
        Target of the cell's link, if it is one that can be shown safely.
    """

    text: str
    value: object
    kind: CellKind
    align: str | None = None
    bold: bool = False
    italic: bool = False
    rowspan: int = 1
    colspan: int = 1
    covered: bool = False
    href: str | None = None


#: The cell that holds nothing.
EMPTY = Cell("", None, "empty")
#: The cell that a merged neighbour hides.
COVERED = Cell("", None, "empty", covered=True)


@dataclass(frozen=True)
class Table:
    """A rectangle of cells.

    Parameters
    ----------
    rows
        The rows, all of the same length.
    header_rows, header_columns
        How many rows on top and columns on the left are headers.
    path
        The file.
    sheet
        Name of the sheet, ``None`` for a delimited file.
    problems
        What is doubtful about the file, of kind ``table``.
    """

    rows: tuple[tuple[Cell, ...], ...]
    header_rows: int
    header_columns: int
    path: Path
    sheet: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def n_rows(self) -> int:
        """Number of rows, headers included."""
        return len(self.rows)

    @property
    def n_columns(self) -> int:
        """Number of columns, headers included."""
        return len(self.rows[0]) if self.rows else 0


def safe_link(target: str | None) -> str | None:
    """Return a link's target if a page may carry it.

    Parameters
    ----------
    target
        Address as the workbook gives it.

    Returns
    -------
    str or None
        The address, if its scheme is http, https, ftp or mailto.
    """
    target = (target or "").strip()
    return target if _LINK.match(target) else None


def plain(text: str) -> str:
    """Return a text with ``\\n`` for every line break and without characters that no page can hold."""
    if text.isprintable():
        return text
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))

"""Columns of text that stand below one another in a terminal, whatever the script."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence

import click

#: The colours of statuses by what they mean.
STATUS_COLOURS = {"open": "yellow", "done": "green", "dropped": "bright_black"}

Style = Callable[[str], str]


def width(text: str) -> int:
    """Return the number of cells that a text takes in a terminal."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, cells: int) -> str:
    """Shorten a text to so many cells."""
    if width(text) <= cells:
        return text
    kept, used = "", 1
    for character in text:
        used += _cells(character)
        if used > cells:
            break
        kept += character
    return kept + "…"


def columns(rows: Sequence[Sequence[str]], styles: Sequence[Style | None], flexible: int) -> Iterable[str]:
    """Lay out rows.

    Parameters
    ----------
    rows
        Cells of equal number.
    styles
        For each column what dresses a cell once its width is known.
    flexible
        The column that is cut where a terminal is too narrow.
    """
    if not rows:
        return
    upright = list(zip(*rows, strict=True))
    widths = [_widest(texts) for texts in upright]
    dressed = click.get_current_context().color
    if not (sys.stdout.isatty() if dressed is None else dressed):
        # click would take it off again, at some cost for ten thousand rows.
        styles = [None] * len(styles)
    if sys.stdout.isatty():
        room = shutil.get_terminal_size().columns - sum(widths) - 2 * (len(widths) - 1) + widths[flexible]
        widths[flexible] = min(widths[flexible], max(room, 20))
    laid_out = (_column(*each) for each in zip(upright, widths, styles, strict=True))
    yield from ("  ".join(row).rstrip() for row in zip(*laid_out, strict=True))


def _narrow(texts: Sequence[str]) -> bool:
    """Tell whether each character takes one cell; asked of all texts at once, as there may be ten thousand."""
    return all(_cells(character) == 1 for character in set("".join(texts)))


def _widest(texts: Sequence[str]) -> int:
    return max(map(len if _narrow(texts) else width, texts), default=0)


def _column(texts: Sequence[str], cells: int, style: Style | None) -> list[str]:
    if style is None and _narrow(texts) and _widest(texts) <= cells:
        return [text.ljust(cells) for text in texts]
    return [_cell(text, cells, style) for text in texts]


def _cell(text: str, cells: int, style: Style | None) -> str:
    shown = cut(text, cells)
    gap = " " * (cells - width(shown))
    return (style(shown) if style is not None and shown else shown) + gap


def dim(text: str) -> str:
    """Dress what matters less."""
    return click.style(text, dim=True)


def bold(text: str) -> str:
    """Dress what matters most."""
    return click.style(text, bold=True)

"""The lines of a text, whatever they end with."""

from __future__ import annotations

import re

_END = re.compile(r"\r\n|\r|\n")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def split_lines(text: str) -> list[str]:
    """Split a text at ``\\n``, ``\\r\\n`` and ``\\r``; the lines keep their ends."""
    return _LINE.findall(text)


def bare_lines(text: str) -> list[str]:
    """Split a text likewise, without the ends; a last line that ends has an empty one behind it."""
    return _END.split(text) if "\r" in text else text.split("\n")


def line_end(text: str) -> str:
    """Return the line end that a text uses: that of its first line, else ``\\n``."""
    found = _END.search(text)
    return found[0] if found else "\n"

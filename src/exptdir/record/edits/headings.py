"""The headings of a log with what stands right above them, and how one of the same style is written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from exptdir.record.lines import bare_lines
from exptdir.record.outline import Heading, outline

_RST_TARGET = re.compile(r"\.\. _[^:]+:\s*$|\.\. \[|__ ")
_MD_TARGET = re.compile(r" {0,3}\([^)\n]+\)=\s*$")


def headings_with_targets(text: str, suffix: str) -> list[Heading]:
    """Find the headings of a log and its updates, in file order; explicit targets right above one belong to it.

    Parameters
    ----------
    text
        The log.
    suffix
        ``.rst`` or ``.md``.
    """
    markdown = suffix.lower() == ".md"
    lines, target = bare_lines(text), _MD_TARGET if markdown else _RST_TARGET
    return [_with_targets(heading, lines, target) for heading in outline(text, markdown=markdown)]


def _with_targets(heading: Heading, lines: list[str], target: re.Pattern[str]) -> Heading:
    start = heading.start
    at = start - 1
    while at >= 0 and (not lines[at].strip() or target.match(lines[at])):
        start = at if lines[at].strip() else start
        at -= 1
    return heading._replace(start=start)


def columns(text: str) -> int:
    """Count the columns that a text takes on a terminal, which is what docutils asks of a line below it."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def write_heading(title: str, like: Heading, others: Sequence[Heading]) -> list[str]:
    """Write a heading as another one is written.

    Parameters
    ----------
    title
        The title.
    like
        The heading whose level and marks it gets.
    others
        Headings of the same style, which tell how long its lines are.

    Returns
    -------
    list of str
        Its lines.
    """
    if like.mark == "#":
        return ["#" * like.level + " " + title]
    rule = like.mark * _length(title, like, others)
    lines = [like.indent + title, rule]
    return [rule, *lines] if like.over else lines


def _length(title: str, like: Heading, others: Sequence[Heading]) -> int:
    least = columns(title) + 2 * len(like.indent)
    beyond = {other.length - columns(other.title) for other in others}
    if len(beyond) == 1 and 0 <= (more := beyond.pop()) <= 4:
        return columns(title) + more
    lengths = {other.length for other in others}
    return max(least, like.length) if len(lengths) == 1 else least

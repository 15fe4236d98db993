"""The headings of a page: its title, what stands right above them, and how one of the same style is written."""

from __future__ import annotations

import re
from collections.abc import Sequence

from exptdir.record.files import bare_lines
from exptdir.record.markup.blocks import Blocks, Heading
from exptdir.record.markup.rst import columns

__all__ = ["Heading", "columns", "plain_title", "with_targets", "write_heading"]

_MARKED = re.compile(r"[*_`\[\\]")
#: Roles and links with and without a title of their own, code, emphasis, escapes.
_INLINE = (
    (re.compile(r"(?:\{[\w:.+-]+\}|:[\w:.+-]{1,80}:)?(`+)([^`<]*[^`<\s])(?:\s*<[^`<>]*>)?\1(?:__?(?!\w))?"), r"\2"),
    (re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)"), r"\1"),
    (re.compile(r"(\*\*|(?<!\w)__|\*|(?<!\w)_)(?=\S)([^*_]*[^*_\s])\1"), r"\2"),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
)
_RST_TARGET = re.compile(r"\.\. _[^:]+:\s*$|\.\. \[|__ ")
_MD_TARGET = re.compile(r" {0,3}\([^)\n]+\)=\s*$")


def plain_title(title: str) -> str:
    """Take the markup within a title off, as far as it may stand around a date or a whole title."""
    if not _MARKED.search(title):
        return title
    for pattern, text in _INLINE:
        title = pattern.sub(text, title[:1000])
    return " ".join(title.split())


def with_targets(blocks: Blocks, *, markdown: bool) -> list[Heading]:
    """Return the headings and updates of a log, in file order; explicit targets right above one belong to it."""
    lines, target = bare_lines(blocks.text), _MD_TARGET if markdown else _RST_TARGET
    found = []
    for heading in blocks.headings:
        start, at = heading.start, heading.start - 1
        while at >= 0 and (not lines[at].strip() or target.match(lines[at])):
            start = at if lines[at].strip() else start
            at -= 1
        found.append(heading._replace(start=start))
    return found


def write_heading(title: str, like: Heading, others: Sequence[Heading]) -> list[str]:
    """Write a heading as another one is written, in lines; *others* of the same style tell how long its rules are."""
    if like.mark == "#":
        return ["#" * like.level + " " + title]
    length = columns(title) + 2 * len(like.indent)
    beyond, lengths = {other.length - columns(other.title) for other in others}, {other.length for other in others}
    if len(beyond) == 1 and 0 <= min(beyond) <= 4:
        length = columns(title) + beyond.pop()
    elif len(lengths) == 1:
        length = max(length, like.length)
    rule = like.mark * length
    lines = [like.indent + title, rule]
    return [rule, *lines] if like.over else lines

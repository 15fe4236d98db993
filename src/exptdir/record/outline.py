"""The headings of a log, with the style in which each is written, read without docutils."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from exptdir.record.lines import bare_lines

_ATX = re.compile(r" {0,3}(?P<marks>#{1,6})(?:[ \t]+(?P<text>.*?))?(?:[ \t]+#+)?[ \t]*")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,}|:{3,})(.*)")
_MD_BLOCK = re.compile(r"[ \t]*(?:>|[-*+][ \t]|\d+[.)][ \t]|\||%|\([^)]*\)=[ \t]*$)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_RULE = re.compile(r"([!-/:-@\[-`{-~])\1*")
_UPDATE = re.compile(r"[ \t]*\.\.[ \t]+update::[ \t]+(.*)")
_UPDATE_FENCE = re.compile(r"[ \t]*\{update\}[ \t]+(.*)")


class Heading(NamedTuple):
    """A section's title, or an ``update``.

    Parameters
    ----------
    start, end
        Its first line and the line after its last, counted from 0.
    level
        1 for the first style of the file (``#`` in Markdown), and so on; 0 for an ``update``.
    title
        The text.
    mark
        The character of the line below, or ``#``; empty for an ``update``.
    over
        Whether there is a line above, too.
    length
        Length of the line below; 0 for ``#``.
    indent
        White space before the title.
    """

    start: int
    end: int
    level: int
    title: str
    mark: str = ""
    over: bool = False
    length: int = 0
    indent: str = ""

    @property
    def line(self) -> int:
        """1-based line of its text."""
        return self.start + 1 + self.over


def outline(text: str, *, markdown: bool) -> list[Heading]:
    """Find the headings of a document and its updates, in order.

    Parameters
    ----------
    text
        The document, with whatever line ends.
    markdown
        Whether it is Markdown; else it is reStructuredText.
    """
    if not markdown:
        return list(_restructured(bare_lines(text)))
    if "<!--" in text:
        text = _COMMENT.sub(lambda comment: re.sub(r"[^\r\n]", " ", comment[0]), text)
    return list(_markdown(bare_lines(text)))


def _restructured(lines: list[str]) -> Iterator[Heading]:
    styles: list[tuple[str, bool]] = []
    at, blank = 0, True
    while at < len(lines):
        line = lines[at]
        update = _UPDATE.fullmatch(line) if "update" in line else None
        if update is not None:
            yield Heading(at, at + 1, 0, update[1].strip())
        found = _rst_heading(lines, at) if blank and update is None else None
        if found is None:
            # Nothing needs a blank line after a comment, a target or a directive without content.
            blank = not line.strip() or line.startswith(".. ")
            at += 1
            continue
        style = (found.mark, found.over)
        if style not in styles:
            styles.append(style)
        yield found._replace(level=styles.index(style) + 1)
        at, blank = found.end, True


def _rst_heading(lines: list[str], at: int) -> Heading | None:
    over = _rule(lines, at)
    if over:
        title = lines[at + 1] if at + 1 < len(lines) else ""
        if not title.strip() or _rule(lines, at + 1) or _rule(lines, at + 2) != over:
            return None
        indent = title[: len(title) - len(title.lstrip())]
        return Heading(at, at + 3, 0, title.strip(), over[0], True, len(over), indent)
    line = lines[at].rstrip()
    if not line or line[0].isspace() or line.startswith(".. "):
        return None
    under = _rule(lines, at + 1)
    return Heading(at, at + 2, 0, line, under[0], False, len(under)) if under and _long(under, line) else None


def _long(under: str, line: str) -> bool:
    return len(under) >= min(4, len(line))


def _rule(lines: list[str], at: int) -> str:
    line = lines[at].rstrip() if at < len(lines) else ""
    return line if _RULE.fullmatch(line) else ""


def _markdown(lines: list[str]) -> Iterator[Heading]:
    paragraph, fence = -1, ""
    for at in range(_front_matter_end(lines), len(lines)):
        line = lines[at]
        if fence:
            closes = line.strip().startswith(fence) and not line.strip().strip(fence[0])
            fence = "" if closes else fence
        elif (opened := _FENCE.match(line)) and not (opened[1][0] == "`" and "`" in opened[2]):
            fence, paragraph = opened[1], -1
            if update := _UPDATE_FENCE.match(opened[2]):
                yield Heading(at, at + 1, 0, update[1].strip())
        elif atx := _ATX.fullmatch(line):
            yield Heading(at, at + 1, len(atx["marks"]), (atx["text"] or "").strip(), "#")
            paragraph = -1
        elif paragraph >= 0 and (setext := _SETEXT.fullmatch(line)):
            title = " ".join(part.strip() for part in lines[paragraph:at])
            rule = setext[1]
            yield Heading(paragraph, at + 1, 1 if rule[0] == "=" else 2, title, rule[0], False, len(rule))
            paragraph = -1
        else:
            paragraph = _paragraph(line, paragraph, at)


def _paragraph(line: str, began: int, at: int) -> int:
    """Return the line on which the paragraph around a line began; -1 where it is in none."""
    if not line.strip() or _MD_BLOCK.match(line):
        return -1
    if began >= 0:
        return began
    return -1 if line.startswith(("    ", "\t")) else at


def _front_matter_end(lines: list[str]) -> int:
    if not lines or lines[0].rstrip() != "---":
        return 0
    return next((at for at, line in enumerate(lines[1:], 2) if line.rstrip() in {"---", "..."}), 0)

"""The headings of a log, with the style in which each is written, without docutils."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from exptdir.record.edits.source import split_lines

_RULE = re.compile(r"([!-/:-@\[-`{-~])\1*")
_ATX = re.compile(r" {0,3}(?P<marks>#{1,6})(?P<gap>[ \t]+)(?P<text>.*?)(?P<closing>[ \t]+#+)?[ \t]*")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,}|:{3,})(.*)")
_MD_BLOCK = re.compile(r"[ \t]*(?:>|[-*+][ \t]|\d+[.)][ \t]|\||<!--|%|\([^)]*\)=[ \t]*$)")
_RST_TARGET = re.compile(r"\.\. _[^:]+:\s*$|\.\. \[|__ ")
_MD_TARGET = re.compile(r" {0,3}\([^)\n]+\)=\s*$")


@dataclass(frozen=True)
class Heading:
    """One heading.

    Parameters
    ----------
    start, end
        Its first line and the line after its last, counted from 0; explicit targets right above belong to it.
    text
        The title.
    level
        1 for the first style of the file (``#`` in Markdown), and so on.
    mark
        The character of the line below, or ``#``.
    over
        Whether there is a line above, too.
    length
        Length of the line below; 0 for ``#``.
    indent
        White space before the title.
    """

    start: int
    end: int
    text: str
    level: int
    mark: str
    over: bool = False
    length: int = 0
    indent: str = ""


def outline(text: str, suffix: str) -> list[Heading]:
    """Find the headings of a log, in file order.

    Parameters
    ----------
    text
        The log.
    suffix
        ``.rst`` or ``.md``.
    """
    lines = [line.rstrip("\r\n") for line in split_lines(text)]
    markdown = suffix.lower() == ".md"
    found = _markdown(lines) if markdown else _restructured(lines)
    target = _MD_TARGET if markdown else _RST_TARGET
    return [_with_targets(heading, lines, target) for heading in found]


def _with_targets(heading: Heading, lines: list[str], target: re.Pattern[str]) -> Heading:
    start = heading.start
    at = start - 1
    while at >= 0 and (not lines[at].strip() or target.match(lines[at])):
        start = at if lines[at].strip() else start
        at -= 1
    return replace(heading, start=start)


def _restructured(lines: list[str]) -> Iterator[Heading]:
    styles: list[tuple[str, bool]] = []
    at, blank = 0, True
    while at < len(lines):
        found = _rst_heading(lines, at) if blank else None
        if found is None:
            # Nothing needs a blank line after a comment, a target or a directive without content.
            blank = not lines[at].strip() or lines[at].startswith(".. ")
            at += 1
            continue
        style = (found.mark, found.over)
        if style not in styles:
            styles.append(style)
        yield replace(found, level=styles.index(style) + 1)
        at, blank = found.end, True


def _rst_heading(lines: list[str], at: int) -> Heading | None:
    over = _rule(lines, at)
    if over:
        title = lines[at + 1] if at + 1 < len(lines) else ""
        if not title.strip() or _rule(lines, at + 1) or _rule(lines, at + 2) != over:
            return None
        indent = title[: len(title) - len(title.lstrip())]
        return Heading(at, at + 3, title.strip(), 0, over[0], True, len(over), indent)
    line, under = lines[at].rstrip(), _rule(lines, at + 1)
    if not under or not line or line[0].isspace() or line.startswith(".. "):
        return None
    return Heading(at, at + 2, line, 0, under[0], False, len(under)) if len(under) >= min(4, len(line)) else None


def _rule(lines: list[str], at: int) -> str:
    line = lines[at].rstrip() if at < len(lines) else ""
    return line if _RULE.fullmatch(line) else ""


def _markdown(lines: list[str]) -> Iterator[Heading]:
    at, paragraph, fence = _front_matter_end(lines), -1, ""
    while at < len(lines):
        line = lines[at]
        opened = _FENCE.match(line)
        if fence:
            closes = line.strip().startswith(fence) and not line.strip().strip(fence[0])
            fence = "" if closes else fence
        elif opened and not ("`" in opened[1] and "`" in opened[2]):
            fence, paragraph = opened[1], -1
        elif atx := _ATX.fullmatch(line):
            yield Heading(at, at + 1, atx["text"], len(atx["marks"]), "#")
            paragraph = -1
        elif paragraph >= 0 and (setext := _SETEXT.fullmatch(line)):
            title = " ".join(part.strip() for part in lines[paragraph:at])
            rule = setext[1]
            yield Heading(paragraph, at + 1, title, 1 if rule[0] == "=" else 2, rule[0], False, len(rule))
            paragraph = -1
        else:
            paragraph = _paragraph(line, paragraph, at)
        at += 1


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
    return next((n for n, line in enumerate(lines[1:], 2) if line.rstrip() in {"---", "..."}), 0)

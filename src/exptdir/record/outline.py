"""The headings of a log, and which of them are entries, read without docutils."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from exptdir.record.dates import (
    DateContext,
    TitleDate,
    heading_year,
    infer_direction,
    infer_order,
    parse_title_date,
    update_date,
)

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,}|:{3,})(.*)")
_RULE = re.compile(r"([!-/:-@\[-`{-~])\1*")
_UPDATE = re.compile(r"[ \t]*\.\.[ \t]+update::[ \t]+(.*)")
_UPDATE_FENCE = re.compile(r"\{update\}[ \t]+(.*)")


@dataclass(frozen=True)
class Heading:
    """A section's title, or an ``update``.

    Parameters
    ----------
    line
        1-based line of its text.
    level
        1 for the outermost; 0 for an ``update``.
    title
        The text.
    """

    line: int
    level: int
    title: str


@dataclass(frozen=True)
class DatedHeading:
    """An entry: its heading, its day and which of that day it is; without a day where the date is in doubt."""

    heading: Heading
    day: date | None
    n: int
    rest: str
    problem: str | None = None


def outline(text: str, *, markdown: bool) -> list[Heading]:
    """Find the headings of a document and its updates, in order.

    Parameters
    ----------
    text
        The document, with line ends ``\\n``.
    markdown
        Whether it is Markdown; else it is reStructuredText.
    """
    lines = text.split("\n")
    return list(_markdown(lines) if markdown else _rst(lines))


def entries(text: str, *, markdown: bool, order: str = "", begun: date | None = None) -> list[DatedHeading]:
    """Find the entries of a log.

    Parameters
    ----------
    text
        The log, with line ends ``\\n``.
    markdown
        Whether it is Markdown; else it is reStructuredText.
    order
        The setting ``exptdir_date_order``.
    begun
        The day on which the experiment began.
    """
    headings = outline(text, markdown=markdown)
    first = next((heading for heading in headings if heading.level), None)
    body = [heading for heading in headings if heading is not first or _is_dated(heading)]
    titles = [heading.title for heading in body]
    evidence = infer_order(titles).order
    newest_first = infer_direction(titles, order=order or evidence)
    context = DateContext(order=order, evidence=evidence, newest_first=newest_first, begun=begun)
    found: list[DatedHeading] = []
    years: list[tuple[int, int]] = []
    of_day: Counter[date] = Counter()
    for heading in body:
        years = [(level, year) for level, year in years if not heading.level or level < heading.level]
        context = replace(context, heading=years[-1][1] if years else None)
        dated = _date_of(heading, context)
        year = heading_year(heading.title) if heading.level else None
        if year is not None:
            years.append((heading.level, year))
        if dated is None:
            continue
        if dated.date is not None:
            of_day[dated.date] += 1
            context = replace(context, previous=dated.date)
        n = of_day[dated.date] if dated.date is not None else 0
        found.append(DatedHeading(heading, dated.date, n, dated.rest, dated.problem))
    return found


def _date_of(heading: Heading, context: DateContext) -> TitleDate | None:
    return parse_title_date(heading.title, context=context) if heading.level else update_date(heading.title, context)


def _is_dated(heading: Heading) -> bool:
    return parse_title_date(heading.title, context=DateContext()) is not None


def _front_matter(lines: list[str]) -> int:
    if not lines or lines[0].rstrip() != "---":
        return 0
    return next((at for at, line in enumerate(lines[1:], 2) if line.rstrip() in ("---", "...")), 0)


def _markdown(lines: list[str]) -> Iterator[Heading]:
    fence, before = "", ""
    for at, line in enumerate(lines[_front_matter(lines) :], _front_matter(lines) + 1):
        fenced = _FENCE.fullmatch(line)
        if fenced is not None:
            mark = fenced[1]
            update = _UPDATE_FENCE.match(fenced[2])
            if not fence and update is not None:
                yield Heading(at, 0, update[1].strip())
            if mark[0] != ":" or "{" in fenced[2] or fence.startswith(":"):
                closes = fence and mark.startswith(fence) and not fenced[2].strip()
                fence = "" if closes else (fence or mark)
            before = ""
        elif not fence:
            atx = _ATX.fullmatch(line)
            rule = _SETEXT.fullmatch(line) if before else None
            if atx is not None and atx[2]:
                yield Heading(at, len(atx[1]), atx[2].strip())
            elif rule is not None:
                yield Heading(at - 1, 1 if rule[1][0] == "=" else 2, before.strip())
            plain = atx is None and rule is None and not line.startswith(("    ", "\t", ">", "- ", "* ", "|"))
            before = line if plain and line.strip() else ""


def _rst(lines: list[str]) -> Iterator[Heading]:
    styles: list[str] = []
    at, blank = 0, True
    while at < len(lines):
        update = _UPDATE.fullmatch(lines[at])
        found = _rst_title(lines, at) if blank and update is None else None
        if update is not None:
            yield Heading(at + 1, 0, update[1].strip())
        if found is None:
            blank = not lines[at].strip() or lines[at].startswith(".. ")
            at += 1
            continue
        style, line, title, at = found
        if style not in styles:
            styles.append(style)
        yield Heading(line, styles.index(style) + 1, title)
        blank = True


def _rst_title(lines: list[str], at: int) -> tuple[str, int, str, int] | None:
    """Return the style of a title, its line, its text and the index of the line after."""
    line = lines[at].rstrip()
    following = [text.rstrip() for text in lines[at + 1 : at + 3]]
    if _RULE.fullmatch(line):
        if len(following) == 2 and following[1] == line and following[0].strip() and not _RULE.fullmatch(following[0]):
            return line[0] * 2, at + 2, following[0].strip(), at + 3
        return None
    rule = following[0] if following else ""
    titled = line and not line[0].isspace() and not line.startswith(".. ") and _RULE.fullmatch(rule)
    return (rule[0], at + 1, line, at + 2) if titled and len(rule) >= min(4, len(line)) else None

"""Which titles of a log make their sections entries; commands and pages ask here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from exptdir.record.dates import (
    DateContext,
    TitleDate,
    heading_year,
    infer_direction,
    infer_order,
    parse_title_date,
    update_date,
)
from exptdir.record.dates.forms import REACH, date_at_start
from exptdir.record.markup.blocks import MARKDOWN, RST, Blocks, Heading, columns, plain_title

Title = TypeVar("Title")

#: A line that is not much longer than a date, perhaps in emphasis.
_OWN_LINE = re.compile(rf"(\*\*?|__?|)([^\s*_][^*_]{{3,{REACH}}})\1[:.]?")


class DatedTitle(NamedTuple, Generic[Title]):
    """An entry of a log: its title, or which it is."""

    heading: Title
    #: Its day; ``None`` where the date is in doubt.
    day: date | None
    #: Which entry of that day it is.
    n: int
    found: TitleDate
    #: The title around it that names a year.
    year: Title | None = None

    @property
    def rest(self) -> str:
        """The title without the date."""
        return self.found.rest

    @property
    def problem(self) -> str | None:
        """What the author should know of the date."""
        return self.found.problem


DatedHeading = DatedTitle[Heading]


def date_titles(
    titles: Sequence[tuple[str, int]], page: int | None, *, order: str = "", begun: date | None = None
) -> list[DatedTitle[int]]:
    """Find the entries of a log by its titles.

    *titles* are text and level of each section's title, in file order, and of each ``update``, whose level is 0; *page*
    is which of them is that of the page, which is no entry. *order* is the setting ``exptdir_date_order``.
    """
    texts = [text for at, (text, _) in enumerate(titles) if at != page]
    evidence = infer_order(texts)
    newest_first = infer_direction(texts, order=order or evidence.order)
    file = DateContext(order=order, evidence=evidence.order, newest_first=newest_first, begun=begun)
    found: list[DatedTitle[int]] = []
    around: list[tuple[int, int, int]] = []
    of_day: Counter[date] = Counter()
    previous: date | None = None
    for at, (text, level) in enumerate(titles):
        around = [outer for outer in around if not level or outer[0] < level]
        inside, year = around[-1][1:] if around else (None, None)
        context = replace(file, heading=year, previous=previous)
        dated = None
        if at != page:
            dated = parse_title_date(text, context=context) if level else update_date(text, context)
        if level and (own := heading_year(text)) is not None:
            around.append((level, at, own))
        if dated is not None and dated.date is not None:
            of_day[dated.date] += 1
            previous = dated.date
            if text in evidence.contradictions and not dated.problem:
                message = f"“{text}” has day and month in another order than dates before it in this file"
                dated = replace(dated, problem=message)
        if dated is not None:
            found.append(DatedTitle(at, dated.date, of_day[dated.date] if dated.date else 0, dated, inside))
    return found


def entries(
    blocks: Blocks,
    headings: Sequence[Heading] | None = None,
    *,
    order: str = "",
    begun: date | None = None,
    stated: str | None = None,
) -> list[DatedHeading]:
    """Find the entries of a log; *headings* are its own, where something has been done to them.

    *stated* is the experiment's title, where it is a fact; the others are as for :func:`date_titles`.
    """
    headings = blocks.headings if headings is None else headings
    titles = [(plain_title(heading.title), heading.level) for heading in headings]
    found = date_titles(titles, page_title(headings, stated), order=order, begun=begun)
    return [
        DatedTitle(headings[at], day, n, dated, None if year is None else headings[year])
        for at, day, n, dated, year in found
    ]


def page_title(headings: Sequence[Heading], stated: str | None = None) -> int | None:
    """Return which of the headings is the title of the page: the first, unless that is none."""
    first = next((at for at, heading in enumerate(headings) if heading.level and heading.title), None)
    if first is None:
        return None
    top = headings[first]
    beside = any(0 < heading.level <= top.level for heading in headings[first + 1 :])
    # Only in Markdown a heading tells by itself that one above it is missing.
    deep = top.level > 1
    return first if is_page_title(plain_title(top.title), stated, beside=beside, deep=deep) else None


def dates_in_no_heading(blocks: Blocks) -> tuple[int, str] | None:
    """Find dates on lines of their own, in a log without entries: the line of the first, and what should be there.

    One alone counts where it stands in emphasis and its year is written.
    """
    found, sure, titles = list[tuple[int, str]](), False, {heading.line for heading in blocks.headings}
    for number, text in blocks.lines():
        begins = blocks.starts[number] and blocks.kinds[number] in {MARKDOWN, RST} and number + 1 not in titles
        line = _OWN_LINE.fullmatch(text.rstrip()) if begins else None
        written = date_at_start(line[2]) if line else None
        if line and written and written.sure and written.readings and (line[1] or not written.rest):
            found.append((number, line[2].rstrip(":. ")))
            sure = sure or (bool(line[1]) and all(year for year, _, _ in written.readings.values()))
    if len(found) < 2 and not sure:
        return None
    at, title = found[0]
    instead = f"write “## {title}”" if blocks.kinds[at] == MARKDOWN else f"put “{'-' * columns(title)}” below"
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return at + 1, f"“{title}”{more} is no heading, so this log has no entries; {instead}"


def is_page_title(first: str, stated: str | None, *, beside: bool, deep: bool) -> bool:
    """Tell whether a log's first title is that of its page, and not that of a section or an entry.

    *stated* is the experiment's title, where it is a fact. The first may have others *beside* it on its level, or be
    *deep*: of a lower level than a page's title.
    """
    dated = parse_title_date(first, context=DateContext()) is not None
    if stated is not None and first != stated:
        return not (beside or deep or dated)
    return not (dated and (beside or deep))

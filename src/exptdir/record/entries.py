"""Which titles of a log make their sections entries; commands and pages ask here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from exptdir.record.dates import (
    DateContext,
    TitleDate,
    heading_year,
    infer_direction,
    infer_order,
    parse_title_date,
    update_date,
)
from exptdir.record.markup.blocks import Blocks, Heading


class DatedTitle(NamedTuple):
    """An entry among the titles of a log.

    Parameters
    ----------
    day
        Its day; ``None`` where the date is in doubt.
    n
        Which entry of that day it is.
    found
        How the date is written.
    year
        Which title around it names a year.
    """

    at: int
    day: date | None
    n: int
    found: TitleDate
    year: int | None = None


@dataclass(frozen=True)
class DatedHeading:
    """An entry among the headings of a log: as :class:`DatedTitle`, with headings in place of their numbers."""

    heading: Heading
    day: date | None
    n: int
    found: TitleDate
    year: Heading | None = None

    @property
    def rest(self) -> str:
        """The title without the date."""
        return self.found.rest

    @property
    def problem(self) -> str | None:
        """What the author should know of the date."""
        return self.found.problem


def date_titles(
    titles: Sequence[tuple[str, int]], page: int | None, *, order: str = "", begun: date | None = None
) -> tuple[list[DatedTitle], tuple[str, ...]]:
    """Find the entries of a log by its titles.

    Parameters
    ----------
    titles
        Text and level of each section's title, in file order, and of each ``update``, whose level is 0.
    page
        Which of them is that of the page, which is no entry.
    order
        The setting ``exptdir_date_order``.
    begun
        The day on which the experiment began.

    Returns
    -------
    tuple
        The entries, and the titles whose day and month are in another order than those before.
    """
    texts = [text for at, (text, _) in enumerate(titles) if at != page]
    evidence = infer_order(texts)
    newest_first = infer_direction(texts, order=order or evidence.order)
    found: list[DatedTitle] = []
    around: list[tuple[int, int, int]] = []
    of_day: Counter[date] = Counter()
    previous: date | None = None
    for at, (text, level) in enumerate(titles):
        around = [outer for outer in around if not level or outer[0] < level]
        inside, year = around[-1][1:] if around else (None, None)
        context = DateContext(
            order=order,
            evidence=evidence.order,
            newest_first=newest_first,
            begun=begun,
            heading=year,
            previous=previous,
        )
        dated = None
        if at != page:
            dated = parse_title_date(text, context=context) if level else update_date(text, context)
        if level and (own := heading_year(text)) is not None:
            around.append((level, at, own))
        if dated is not None and dated.date is not None:
            of_day[dated.date] += 1
            previous = dated.date
        if dated is not None:
            found.append(DatedTitle(at, dated.date, of_day[dated.date] if dated.date else 0, dated, inside))
    return found, evidence.contradictions


def entries(
    blocks: Blocks, headings: Sequence[Heading] | None = None, *, order: str = "", begun: date | None = None
) -> list[DatedHeading]:
    """Find the entries of a log.

    Parameters
    ----------
    headings
        Its headings, where something has been done to them.
    order, begun
        As for :func:`date_titles`.
    """
    headings = blocks.headings if headings is None else headings
    titles = [(heading.title, heading.level) for heading in headings]
    found, _ = date_titles(titles, page_title(titles), order=order, begun=begun)
    return [
        DatedHeading(headings[at], day, n, dated, None if year is None else headings[year])
        for at, day, n, dated, year in found
    ]


def page_title(titles: Sequence[tuple[str, int]]) -> int | None:
    """Return which title is that of the page; the first, unless it is dated and others stand beside it.

    Parameters
    ----------
    titles
        As for :func:`date_titles`.
    """
    first = next((at for at, (_, level) in enumerate(titles) if level), None)
    if first is None:
        return None
    text, top = titles[first]
    beside = any(0 < level <= top for _, level in titles[first + 1 :])
    dated = beside and parse_title_date(text, context=DateContext()) is not None
    return None if dated else first

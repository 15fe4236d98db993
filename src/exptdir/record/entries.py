"""Which headings of a log make their sections entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
from exptdir.record.markup.blocks import Blocks, Heading


@dataclass(frozen=True)
class DatedHeading:
    """An entry.

    Parameters
    ----------
    heading
        The heading.
    day
        Its day; ``None`` where the date is in doubt.
    n
        Which entry of that day it is.
    found
        How the date is written.
    year
        The heading around it that names a year.
    """

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


def entries(blocks: Blocks, *, order: str = "", begun: date | None = None) -> list[DatedHeading]:
    """Find the entries of a log.

    Parameters
    ----------
    blocks
        The log.
    order
        The setting ``exptdir_date_order``.
    begun
        The day on which the experiment began.
    """
    return entries_among(blocks.headings, order=order, begun=begun)


def entries_among(headings: Sequence[Heading], *, order: str = "", begun: date | None = None) -> list[DatedHeading]:
    """Find the entries among the headings of a log; the first is the page's title unless it has a date.

    Parameters
    ----------
    headings
        The headings and updates, in file order.
    order, begun
        As for :func:`entries`.
    """
    first = next((heading for heading in headings if heading.level), None)
    body = [heading for heading in headings if heading is not first or _is_dated(heading)]
    titles = [heading.title for heading in body]
    evidence = infer_order(titles).order
    newest_first = infer_direction(titles, order=order or evidence)
    context = DateContext(order=order, evidence=evidence, newest_first=newest_first, begun=begun)
    found: list[DatedHeading] = []
    years: list[tuple[Heading, int]] = []
    of_day: Counter[date] = Counter()
    for heading in body:
        if heading.level:
            years = [(above, year) for above, year in years if above.level < heading.level]
        around = years[-1] if years else None
        context = replace(context, heading=around[1] if around else None)
        dated = _date_of(heading, context)
        year = heading_year(heading.title) if heading.level else None
        if year is not None:
            years.append((heading, year))
        if dated is None:
            continue
        if dated.date is not None:
            of_day[dated.date] += 1
            context = replace(context, previous=dated.date)
        n = of_day[dated.date] if dated.date is not None else 0
        found.append(DatedHeading(heading, dated.date, n, dated, around[0] if around else None))
    return found


def _date_of(heading: Heading, context: DateContext) -> TitleDate | None:
    return parse_title_date(heading.title, context=context) if heading.level else update_date(heading.title, context)


def _is_dated(heading: Heading) -> bool:
    return parse_title_date(heading.title, context=DateContext()) is not None

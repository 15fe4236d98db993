"""The dated headings of a log, and how a heading of the same style is written."""

from __future__ import annotations

import unicodedata
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
)
from exptdir.record.edits.outline import Heading, outline


@dataclass(frozen=True)
class Dated:
    """A heading that makes its section an entry.

    Parameters
    ----------
    heading
        The heading.
    day
        Its day.
    found
        How the date is written.
    year
        The heading around it that names a year.
    """

    heading: Heading
    day: date
    found: TitleDate
    year: Heading | None


def dated_headings(text: str, suffix: str, order: str = "", begun: date | None = None) -> list[Dated]:
    """Find the entries of a log among its headings; the first heading is the page's title, never an entry.

    Parameters
    ----------
    text
        The log.
    suffix
        ``.rst`` or ``.md``.
    order
        The setting ``exptdir_date_order``.
    begun
        The day on which the experiment began.
    """
    headings = outline(text, suffix)
    titles = [heading.text for heading in headings[1:]]
    evidence = infer_order(titles).order
    forward = infer_direction(titles, order=order or evidence)
    context = DateContext(order=order, evidence=evidence, newest_first=forward, begun=begun)
    found, around = [], list[Heading]()
    for heading in headings[1:]:
        around = [other for other in around if other.level < heading.level]
        year = next((other for other in reversed(around) if heading_year(other.text)), None)
        context = replace(context, heading=heading_year(year.text) if year else None)
        title = parse_title_date(heading.text, context=context)
        if title is not None and title.date is not None:
            context = replace(context, previous=title.date)
            found.append(Dated(heading, title.date, title, year))
        around.append(heading)
    return found


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
    beyond = {other.length - columns(other.text) for other in others}
    if len(beyond) == 1 and 0 <= (more := beyond.pop()) <= 4:
        return columns(title) + more
    lengths = {other.length for other in others}
    return max(least, like.length) if len(lengths) == 1 else least

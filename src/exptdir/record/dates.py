"""Dates as people write them: in the titles of entries, in directives, in references and in metadata.

A title is dated when it begins with a date, or ends with a full one after a clear separator. What is only
perhaps a date, or leaves day, month or year open, comes back as a :class:`TitleDate` without a day and with a
message for the author.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from exptdir.record.dates_order import OrderEvidence, choose, infer_direction, infer_order, wanted
from exptdir.record.dates_stamp import Stamp, stamp_at_start, stamps_at_end
from exptdir.record.dates_words import MONTHS, YEAR_WORDS, weekday_name
from exptdir.record.dates_years import DateContext, infer_year

__all__ = [
    "DateContext",
    "OrderEvidence",
    "TitleDate",
    "heading_year",
    "infer_direction",
    "infer_order",
    "parse_date",
    "parse_title_date",
    "update_date",
]

_ISO = re.compile(r"([0-9]{4})(?:([-/])([0-9]{2})\2([0-9]{2})|\.([0-9]{1,2})\.([0-9]{1,2}))")
_HEADING = re.compile(
    r"(?:(?P<before>[^\W\d_]{1,20})\.?\s{1,4})?(?P<year>19[7-9][0-9]|20[0-9]{2}|2100)(?P<after>.{0,24})"
)
_AFTER_YEAR = re.compile(
    r"\s?年(?:\s?[0-9]{1,2}\s?月)?|\s{1,4}(?P<word>[^\W\d_]{1,20})|-(?P<month>0[1-9]|1[0-2])"
)
_NO_YEAR = "the year of “{}” cannot be told from its surroundings; write it out"


@dataclass(frozen=True)
class TitleDate:
    """The date of an entry.

    Parameters
    ----------
    date
        The day; ``None`` when it cannot be told.
    written
        The date exactly as the author wrote it.
    rest
        The title without the date and without what separates the two.
    precision
        What the date names; always ``day`` so far.
    guessed_year
        Whether the year is not written but follows from the surroundings.
    problem
        A message for the author.
    """

    date: date | None
    written: str
    rest: str
    precision: str = "day"
    guessed_year: bool = False
    problem: str | None = None


def parse_title_date(title: str, *, context: DateContext) -> TitleDate | None:
    """Find the date that makes a section an entry.

    Parameters
    ----------
    title
        The section's title.
    context
        What is known about the place.

    Returns
    -------
    TitleDate or None
        ``None`` when the title is not dated. Without a ``date``, but with a ``problem``, when it may be.
    """
    title = title.strip()
    stamp = stamp_at_start(title)
    if stamp is not None:
        return _decide(stamp, context)
    ends = stamps_at_end(title)
    if len(ends) == 2:
        both = f"“{ends[1].written}” and “{ends[0].written}”"
        message = f"the title ends in two dates, {both}; begin it with the one that counts"
        return TitleDate(None, ends[0].written, ends[0].rest, problem=message)
    return _decide(ends[0], context) if ends else None


def update_date(argument: str, context: DateContext) -> TitleDate:
    """Read the argument of an ``update`` directive, which must be a date.

    Parameters
    ----------
    argument
        What the author wrote.
    context
        What is known about the place.

    Returns
    -------
    TitleDate
        With a ``problem`` and without a ``date`` when the argument is none.
    """
    found = parse_title_date(argument, context=context)
    if found is None:
        written = argument.strip()
        shown = written if len(written) <= 60 else written[:60] + "…"
        return TitleDate(None, written, "", problem=f"“{shown}” is not a date such as 2024-07-02")
    return found


def parse_date(text: str) -> date | None:
    """Read a date in one of the strict forms ``YYYY-MM-DD``, ``YYYY/MM/DD`` and ``YYYY.M.D``.

    Parameters
    ----------
    text
        The date and nothing else.

    Returns
    -------
    datetime.date or None
        ``None`` for every other text, and for days that are not on the calendar.
    """
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[3] or found[5]), int(found[4] or found[6]))
    except ValueError:
        return None


def heading_year(title: str) -> int | None:
    """Tell the year of a heading that covers the entries below it: ``2024``, ``May 2024``, ``2024年``.

    Parameters
    ----------
    title
        The heading.

    Returns
    -------
    int or None
        ``None`` when the heading is anything else, ``2023/24`` included, which is two years.
    """
    found = _HEADING.fullmatch(title.strip())
    if found is None or not _belongs(found["before"]):
        return None
    year = int(found["year"])
    if not found["after"]:
        return year
    after = _AFTER_YEAR.fullmatch(found["after"])
    if after is None or found["before"] or not _belongs(after["word"]):
        return None
    two_years = after["month"] and int(after["month"]) == (year + 1) % 100
    return None if two_years else year


def _belongs(word: str | None) -> bool:
    return word is None or word.lower() in YEAR_WORDS or word.lower() in MONTHS


def _decide(stamp: Stamp, context: DateContext) -> TitleDate:
    if not stamp.readings:
        return _unsure(stamp, f"there is no such day as “{stamp.written}”")
    if not stamp.sure:
        message = f"“{stamp.written}” may be a date; write the year in full, or a colon after it if it is one"
        return _unsure(stamp, message)
    order = choose(stamp, context)
    if order is None:
        return _unsure(stamp, _ambiguity(stamp))
    year, month, day = stamp.readings[order]
    guessed = year is None
    if year is None:
        year = infer_year(month, day, context, stamp.weekday)
    if year is None:
        return _unsure(stamp, _NO_YEAR.format(stamp.written))
    try:
        found = date(year, month, day)
    except ValueError:
        return _unsure(stamp, f"there is no such day as “{stamp.written}” in {year}")
    problem = _contradiction(stamp, order, found, context) or _wrong_weekday(stamp, found)
    return TitleDate(found, stamp.written, stamp.rest, guessed_year=guessed, problem=problem)


def _unsure(stamp: Stamp, problem: str) -> TitleDate:
    return TitleDate(None, stamp.written, stamp.rest, problem=problem)


def _ambiguity(stamp: Stamp) -> str:
    shown = [
        f"day {day} of month {month}" if year is None else date(year, month, day).isoformat()
        for year, month, day in stamp.readings.values()
    ]
    return f"“{stamp.written}” can mean {' or '.join(shown)}; say which with exptdir_date_order"


def _contradiction(stamp: Stamp, order: str, found: date, context: DateContext) -> str | None:
    settled = len(set(stamp.readings.values())) == 1 and len(stamp.readings) > 1
    if not context.order or not stamp.open_order or settled or order == wanted(stamp, context.order):
        return None
    only = f"“{stamp.written}” can only be {found.isoformat()}"
    return f"{only}, which contradicts exptdir_date_order = {context.order!r}"


def _wrong_weekday(stamp: Stamp, found: date) -> str | None:
    if stamp.weekday is None or found.weekday() == stamp.weekday:
        return None
    right, wrong = weekday_name(found.weekday()), weekday_name(stamp.weekday)
    return f"“{stamp.written}” is {found.isoformat()}, a {right}, not a {wrong}"

"""Dates as people write them: in the titles of entries, in directives, in references and in metadata.

A title is dated when it begins with a date, or ends with a full one after a clear separator. What is only
perhaps a date, or leaves day, month or year open, comes back as a :class:`TitleDate` without a day and with a
message for the author.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from exptdir.record.dates.context import (
    DateContext,
    choose,
    infer_year,
    order_for,
)
from exptdir.record.dates.forms import MONTHS, YEAR_WORDS, weekday_name
from exptdir.record.dates.readings import WrittenDate, date_at_start, dates_at_end

_ISO = re.compile(r"([0-9]{4})(?:([-/])([0-9]{2})\2([0-9]{2})|\.([0-9]{1,2})\.([0-9]{1,2}))")
_HEADING = re.compile(
    r"(?:(?P<before>[^\W\d_]{1,20})\.?\s{1,4})?(?P<year>19[7-9][0-9]|20[0-9]{2}|2100)(?P<after>.{0,24})"
)
_AFTER_YEAR = re.compile(r"\s?年(?:\s?[0-9]{1,2}\s?月)?|\s{1,4}(?P<word>[^\W\d_]{1,20})|-(?P<month>0[1-9]|1[0-2])")
#: Dates at the beginning of a directory's name: the year first, the year last.
_NAME_YEAR_FIRST = re.compile(r"([0-9]{4})(?:([-_.]?)([0-9]{2})\2([0-9]{2})|_m([0-9]{2})_d([0-9]{2}))(?![0-9])")
_NAME_YEAR_LAST = re.compile(r"([0-9]{2})([-_.]?)([0-9]{2})\2((?:19|20)[0-9]{2})(?![0-9])")
_NO_YEAR = "the year of “{}” cannot be told from its surroundings; write it out"


@dataclass(frozen=True)
class TitleDate:
    """The date of an entry."""

    date: date | None
    written: str
    rest: str
    problem: str | None = None


def parse_title_date(title: str, *, context: DateContext) -> TitleDate | None:
    """Find the date that makes a section an entry; ``None`` when the title is not dated.

    What may be a date comes without a ``date`` and with a ``problem``.
    """
    title = title.strip()
    written = date_at_start(title)
    if written is not None:
        return _decide(written, context)
    ends = dates_at_end(title)
    if len(ends) == 2:
        both = f"“{ends[1].written}” and “{ends[0].written}”"
        message = f"the title ends in two dates, {both}; begin it with the one that counts"
        return TitleDate(None, ends[0].written, ends[0].rest, problem=message)
    return _decide(ends[0], context) if ends else None


def update_date(argument: str, context: DateContext) -> TitleDate:
    """Read the argument of an ``update`` directive, which must be a date: any other is a problem."""
    found = parse_title_date(argument, context=context)
    if found is None:
        written = argument.strip()
        shown = written if len(written) <= 60 else written[:60] + "…"
        return TitleDate(None, written, "", problem=f"“{shown}” is not a date such as 2024-07-02")
    return found


def parse_date(text: str) -> date | None:
    """Read a date in one of the strict forms ``YYYY-MM-DD``, ``YYYY/MM/DD`` and ``YYYY.M.D``.

    ``None`` for every other text, and for days that are not on the calendar.
    """
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[3] or found[5]), int(found[4] or found[6]))
    except ValueError:
        return None


def days_of_name(name: str) -> list[date]:
    """Return the days that the beginning of a directory's name can mean: two where day and month are in doubt.

    ``20210920_x``, ``2021.09.20-x``, ``2021_m09_d20``, ``20092021-x`` and ``05-06-2021`` begin with one.
    """
    readings: list[tuple[str, str, str]] = []
    if first := _NAME_YEAR_FIRST.match(name):
        year, month, day = first[1], first[3] or first[5], first[4] or first[6]
        readings = [(year, month, day), (year, day, month)]
    if last := _NAME_YEAR_LAST.match(name):
        readings += [(last[4], last[3], last[1]), (last[4], last[1], last[3])]
    days = []
    for year, month, day in readings:
        with suppress(ValueError):
            days.append(date(int(year), int(month), int(day)))
    days = [day for day in dict.fromkeys(days) if 1970 <= day.year <= 2100]
    # With the year first, the month is second wherever there is such a day.
    return days[:1] if first and days and days[0].strftime("%m") == (first[3] or first[5]) else days


def heading_year(title: str) -> int | None:
    """Tell the year of a heading that covers the entries below it: ``2024``, ``May 2024``, ``2024年``.

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


def _decide(written: WrittenDate, context: DateContext) -> TitleDate:
    if not written.readings:
        return _unsure(written, f"there is no such day as “{written.written}”")
    if not written.sure:
        message = f"“{written.written}” may be a date; write the year in full, or a colon after it if it is one"
        return _unsure(written, message)
    order = choose(written, context)
    if order is None:
        shown = [
            f"day {day} of month {month}" if year is None else date(year, month, day).isoformat()
            for year, month, day in written.readings.values()
        ]
        message = f"“{written.written}” can mean {' or '.join(shown)}; say which with exptdir_date_order"
        return _unsure(written, message)
    stated, month, day = written.readings[order]
    year = stated if stated is not None else infer_year(month, day, context, written.weekday)
    if year is None:
        return _unsure(written, _NO_YEAR.format(written.written))
    try:
        found = date(year, month, day)
    except ValueError:
        return _unsure(written, f"there is no such day as “{written.written}” in {year}")
    problem = None
    settled = len(set(written.readings.values())) == 1 and len(written.readings) > 1
    if context.order and written.open_order and not settled and order != order_for(written, context.order):
        only = f"“{written.written}” can only be {found.isoformat()}"
        problem = f"{only}, which contradicts exptdir_date_order = {context.order!r}"
    elif written.weekday is not None and found.weekday() != written.weekday:
        right, wrong = weekday_name(found.weekday()), weekday_name(written.weekday)
        problem = f"“{written.written}” is {found.isoformat()}, a {right}, not a {wrong}"
    return TitleDate(found, written.written, written.rest, problem=problem)


def _unsure(written: WrittenDate, problem: str) -> TitleDate:
    return TitleDate(None, written.written, written.rest, problem=problem)

"""Dates as people write them: in the titles of entries, in directives, in references and in metadata.

A title is dated when it begins with a date, or ends with a full one after a clear separator. What may be a date, or
leaves day, month or year open, comes back as a :class:`TitleDate` without a day and with a message for the author.

The year of a date that was written without one can be told by three things, of which the first that does wins:

1. a heading above the entry that names a year (``heading``);
2. the entry before (``previous``): of the days with the written month and day, one lies ahead of it in the direction
   of the file and one behind.

   - The one ahead wins if it is at most half a year away: 28 December is followed by 3 January of the next year in a
     file that runs forward, 3 January by 28 December of the year before in one that runs backward.
   - The one behind wins up to a month back, since entries are now and then out of order; but across New Year only when
     a weekday leaves no day ahead.
   - The one ahead wins within the same year also when it is further away, unless a slip across New Year explains it.
   - Everything else is reported.

   Where the direction is unknown, the nearest day wins within two months, or within half a year and in the same year;
3. the day on which the experiment began (``begun``), which stands for an entry before the first.

A weekday beside the date takes the years out of the choice in which it falls on another day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from exptdir.record.dates.forms import MONTHS, YEAR_WORDS, WrittenDate, date_at_start, dates_at_end, weekday_name

_ISO = re.compile(r"([0-9]{4})(?:([-/])([0-9]{2})\2([0-9]{2})|\.([0-9]{1,2})\.([0-9]{1,2}))")
_HEADING = re.compile(
    r"(?:(?P<before>[^\W\d_]{1,20})\.?\s{1,4})?(?P<year>19[7-9][0-9]|20[0-9]{2}|2100)(?P<after>.{0,24})"
)
_AFTER_YEAR = re.compile(r"\s?年(?:\s?[0-9]{1,2}\s?月)?|\s{1,4}(?P<word>[^\W\d_]{1,20})|-(?P<month>0[1-9]|1[0-2])")
#: Dates at the beginning of a directory's name: the year first, the year last.
_NAME_YEAR_FIRST = re.compile(
    r"([0-9]{4})(?:([-_.])([0-9]{1,2})\2([0-9]{1,2})|_m([0-9]{2})_d([0-9]{2})|([0-9]{2})([0-9]{2}))(?![0-9])"
)
_NAME_YEAR_LAST = re.compile(r"([0-9]{2})([-_.]?)([0-9]{2})\2((?:19|20)[0-9]{2})(?![0-9])")
_NO_YEAR = "the year of “{}” cannot be told from its surroundings; write it out"

_HALF_YEAR, _TWO_MONTHS, _MONTH = 183, 62, 31


@dataclass(frozen=True)
class DateContext:
    """What is known about the place where a date is written."""

    #: The setting ``exptdir_date_order``: ``YMD``, ``DMY``, ``MDY``, or empty for not said.
    order: str = ""
    #: The dated entry before this one in the file.
    previous: date | None = None
    #: The order that other dates of the same file prove, see :func:`exptdir.record.dates.infer_order`.
    evidence: str = ""
    #: The year that an enclosing heading names; it wins over all else.
    heading: int | None = None
    begun: date | None = None
    #: The direction of the file, see :func:`exptdir.record.dates.infer_direction`; ``None`` if unknown.
    newest_first: bool | None = None


def infer_year(month: int, day: int, context: DateContext, weekday: int | None = None) -> int | None:
    """Find the year of a day that was written without one; ``None`` when it cannot be told.

    *weekday* was written beside it, Monday = 0.
    """
    if context.heading is not None:
        return context.heading
    if context.previous is not None:
        return _near(month, day, context.previous, context.newest_first, weekday)
    if context.begun is not None:
        return _near(month, day, context.begun, None if context.newest_first else False, weekday)
    return None


def _near(month: int, day: int, anchor: date, newest_first: bool | None, weekday: int | None) -> int | None:
    days = []
    for year in (anchor.year - 1, anchor.year, anchor.year + 1):
        with suppress(ValueError):
            days.append(date(year, month, day))
    days = [found for found in days if weekday is None or found.weekday() == weekday]
    if newest_first is None:
        near = min(days, key=lambda found: abs((found - anchor).days), default=anchor)
        gap = abs((near - anchor).days)
        sure = gap <= _TWO_MONTHS or (gap <= _HALF_YEAR and near.year == anchor.year)
        return near.year if days and sure else None
    later = min((found for found in days if found >= anchor), default=None)
    earlier = max((found for found in days if found <= anchor), default=None)
    return _onward(earlier, later, anchor) if newest_first else _onward(later, earlier, anchor)


def _onward(ahead: date | None, behind: date | None, anchor: date) -> int | None:
    if ahead is not None and abs((ahead - anchor).days) <= _HALF_YEAR:
        return ahead.year
    slip = behind is not None and abs((behind - anchor).days) <= _MONTH
    if slip and behind is not None and (behind.year == anchor.year or ahead is None):
        return behind.year
    if not slip and ahead is not None and ahead.year == anchor.year:
        return ahead.year
    return None


@dataclass(frozen=True)
class OrderEvidence:
    """What the dates of one file say about the order in which its author writes day and month."""

    #: The order that numbers above 12 prove; empty when nothing does, or when they contradict each other.
    order: str = ""
    contradictions: tuple[str, ...] = ()


def infer_order(titles: Iterable[str]) -> OrderEvidence:
    """Find the order of day and month that the dates of one file prove; only numbers above 12 count as proof."""
    proofs: list[tuple[str, str]] = []
    for title in titles:
        written = date_at_start(title.strip())
        if written is not None and written.sure and written.open_order and len(written.readings) == 1:
            proofs.append((next(iter(written.readings)), title))
    if not proofs:
        return OrderEvidence()
    first = proofs[0][0]
    others = tuple(title for order, title in proofs if order != first)
    return OrderEvidence("" if others else first, others)


def infer_direction(titles: Iterable[str], *, order: str = "") -> bool | None:
    """Tell whether the entries of one file stand newest first; ``None`` when the dates do not say.

    Years count where two neighbours have them; twice as many steps must go one way as the other.
    """
    context = DateContext(order=order)
    forward = backward = 0
    before: tuple[int | None, int, int] | None = None
    for title in titles:
        title = title.strip()
        written = date_at_start(title) or next(iter(dates_at_end(title)), None)
        reading = choose(written, context) if written is not None and written.sure else None
        if written is None or reading is None:
            continue
        day = written.readings[reading]
        if before is not None:
            years = (before[0], day[0]) if before[0] and day[0] else (0, 0)
            old, new = (years[0], *before[1:]), (years[1], *day[1:])
            forward, backward = forward + (new > old), backward + (new < old)
        before = day
    if forward == backward or min(forward, backward) * 2 > max(forward, backward):
        return None
    return backward > forward


def order_for(written: WrittenDate, order: str) -> str:
    """Translate a stated order for one date: without a year, ``YMD`` can only mean the month first."""
    yearless = all(year is None for year, _, _ in written.readings.values())
    return "MDY" if order == "YMD" and yearless else order


def choose(written: WrittenDate, context: DateContext) -> str | None:
    """Choose the reading of a date: the only one, or that of the setting, the file's evidence, or convention.

    ``None`` when nothing decides.
    """
    readings = written.readings
    if not readings:
        return None
    if len(set(readings.values())) == 1:
        return next(iter(readings))
    for order in (order_for(written, context.order), order_for(written, context.evidence)):
        # A file of "5/21/2024" says little about its "06.05.2024", which by convention has the day first.
        against_convention = written.dotted and order == "MDY" and order != context.order
        if order in readings:
            return None if against_convention else order
    return "DMY" if written.dotted and "DMY" in readings else None


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
    if found := _ISO.fullmatch(text):
        with suppress(ValueError):
            return date(int(found[1]), int(found[3] or found[5]), int(found[4] or found[6]))
    return None


def days_of_name(name: str, order: str = "") -> list[date]:
    """Return the days that the beginning of a directory's name can mean: two where day and month are in doubt.

    *order* is the setting ``exptdir_date_order``, which leaves none in doubt.

    ``20210920_x``, ``2021.09.20-x``, ``2021_m09_d20``, ``20092021-x`` and ``05-06-2021`` begin with one.
    """
    readings: list[tuple[str, str, str]] = []
    if first := _NAME_YEAR_FIRST.match(name):
        year, month, day = first[1], first[3] or first[5] or first[7], first[4] or first[6] or first[8]
        readings = [(year, month, day), (year, day, month)]
    if last := _NAME_YEAR_LAST.match(name):
        readings += [(last[4], last[3], last[1]), (last[4], last[1], last[3])]
    days = []
    for year, month, day in readings:
        with suppress(ValueError):
            days.append(date(int(year), int(month), int(day)))
    days = [day for day in dict.fromkeys(days) if 1970 <= day.year <= 2100]
    if last and len(days) > 1 and order in {"DMY", "MDY"}:
        return days[:1] if order == "DMY" else days[1:]
    # With the year first, the month is second wherever there is such a day.
    return days[:1] if first and days and days[0].month == int(readings[0][1]) else days


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

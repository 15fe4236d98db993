"""What the place of a date tells: its year, day first or month first, newest first or oldest first.

The year of a date that was written without one can be told by four things, of which the first that does wins:

1. a heading above the entry that names a year (``heading``);
2. the entry before (``previous``): of the days with the written month and day, one lies ahead of it in the
   direction of the file and one behind.

   - The one ahead wins if it is at most half a year away: 28 December is followed by 3 January of the next
     year in a file that runs forward, 3 January by 28 December of the year before in one that runs backward.
   - The one behind wins up to a month back, since entries are now and then out of order; but across New Year
     only when a weekday leaves no day ahead.
   - The one ahead wins within the same year also when it is further away, unless a slip across New Year
     explains the date as well.
   - Everything else is reported.

   Where the direction of the file is unknown, the nearest day wins if it is within two months, or within half
   a year and in the same year;
3. the day on which the experiment began (``begun``), which stands for an entry before the first;
4. a year that is merely likely (``year``).

A weekday beside the date takes the years out of the choice in which it falls on another day.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from exptdir.record.dates.readings import WrittenDate, date_at_start, dates_at_end

_HALF_YEAR, _TWO_MONTHS, _MONTH = 183, 62, 31


@dataclass(frozen=True)
class DateContext:
    """What is known about the place where a date is written."""

    #: The setting ``exptdir_date_order``: ``YMD``, ``DMY``, ``MDY``, or empty for not said.
    order: str = ""
    #: The likely year of dates without one, used when nothing better is known.
    year: int | None = None
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
        forward = None if context.newest_first else False
        return _near(month, day, context.begun, forward, weekday)
    return context.year


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

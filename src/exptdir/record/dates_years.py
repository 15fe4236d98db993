"""The year of a date that was written without one.

Four things can tell it, the first that does wins:

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

from dataclasses import dataclass
from datetime import date

_HALF_YEAR, _TWO_MONTHS, _MONTH = 183, 62, 31


@dataclass(frozen=True)
class DateContext:
    """What is known about the place where a date is written.

    Parameters
    ----------
    order
        The setting ``exptdir_date_order``: ``YMD``, ``DMY``, ``MDY``, or empty for not said.
    year
        The likely year of dates without one, used when nothing better is known.
    previous
        The dated entry before this one in the file.
    evidence
        The order that other dates of the same file prove, see :func:`exptdir.record.dates.infer_order`.
    heading
        The year that an enclosing heading names; it wins over all else.
    begun
        The day on which the experiment began.
    newest_first
        The direction of the file, see :func:`exptdir.record.dates.infer_direction`; ``None`` if unknown.
    """

    order: str = ""
    year: int | None = None
    previous: date | None = None
    evidence: str = ""
    heading: int | None = None
    begun: date | None = None
    newest_first: bool | None = None


def infer_year(month: int, day: int, context: DateContext, weekday: int | None = None) -> int | None:
    """Find the year of a day that was written without one.

    Parameters
    ----------
    month, day
        The day as written.
    context
        What is known about the place.
    weekday
        The weekday that was written beside it, Monday = 0.

    Returns
    -------
    int or None
        ``None`` when the year cannot be told.
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
    days = _candidates(month, day, anchor.year, weekday)
    later = min((d for d in days if d >= anchor), default=None)
    earlier = max((d for d in days if d <= anchor), default=None)
    if newest_first is None:
        return _nearest(later, earlier, anchor)
    return _onward(earlier, later, anchor) if newest_first else _onward(later, earlier, anchor)


def _candidates(month: int, day: int, year: int, weekday: int | None) -> list[date]:
    days = []
    for candidate in (year - 1, year, year + 1):
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if weekday is None or found.weekday() == weekday:
            days.append(found)
    return days


def _onward(ahead: date | None, behind: date | None, anchor: date) -> int | None:
    if ahead is not None and abs((ahead - anchor).days) <= _HALF_YEAR:
        return ahead.year
    slip = behind is not None and abs((behind - anchor).days) <= _MONTH
    if slip and behind is not None and (behind.year == anchor.year or ahead is None):
        return behind.year
    if not slip and ahead is not None and ahead.year == anchor.year:
        return ahead.year
    return None


def _nearest(later: date | None, earlier: date | None, anchor: date) -> int | None:
    days = [d for d in (later, earlier) if d is not None]
    if not days:
        return None
    nearest = min(days, key=lambda d: abs((d - anchor).days))
    gap = abs((nearest - anchor).days)
    if gap <= _TWO_MONTHS or (gap <= _HALF_YEAR and nearest.year == anchor.year):
        return nearest.year
    return None

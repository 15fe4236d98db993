"""Dates and times from floats, where whole seconds are shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from .dateparts import DAY, Moment
from .dates import DAYS_TO_1904, END, LEAP_BUG, date_layout
from .sections import Section

#: The exact way rounds to this part of a second before anything else (see :mod:`.dates`).
_TICKS = 100_000
#: Days up to which a float means a time to well below that.
_CERTAIN = 80_000
#: How near, in ticks, to the middle between two a time may be.
_DOUBT = 0.2
_EPOCH = dt.date(1899, 12, 30).toordinal()


def fast_date(section: Section, date1904: bool) -> Callable[[float], str | None] | None:
    """Return a function that shows serial numbers under a section, ``None`` in its place or from it if unsure."""
    layout = date_layout(section)
    if layout.decimals:
        return None
    offset = DAYS_TO_1904 if date1904 else 0

    def date(serial: float) -> str | None:
        if not 0 <= serial < END - 1 - offset:
            return None
        elapsed = _seconds(serial)
        if elapsed is None:
            return None
        day, second = divmod(elapsed + offset * DAY, DAY)
        if not layout.calendar:
            return layout.show(Moment(1900, 1, 0, 0, second, elapsed))
        if day in {0, LEAP_BUG}:
            return None
        date = dt.date.fromordinal(_EPOCH + day + (day < LEAP_BUG))
        return layout.show(Moment(date.year, date.month, date.day, (day - 1) % 7, second, elapsed))

    return date


def _seconds(serial: float) -> int | None:
    """Return the whole seconds of a serial number, rounded as the exact way does."""
    whole = int(serial)
    if whole == serial:
        return whole * DAY
    ticks = serial * (DAY * _TICKS)
    if whole >= _CERTAIN or abs(ticks % 1 - 0.5) < _DOUBT:
        return None
    return (int(ticks + 0.5) + _TICKS // 2) // _TICKS

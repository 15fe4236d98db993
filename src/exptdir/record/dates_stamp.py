"""Reading dates off a text: a :class:`Stamp` holds every day that the written numbers can mean.

Nothing is decided here that needs more than the text itself; :mod:`exptdir.record.dates` chooses among the
readings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from exptdir.record.dates_forms import (
    BOUNDARY,
    END_FORMS,
    FORMS,
    MAY_END,
    MAY_START,
    REACH,
    SEPARATOR,
    SKIP,
    Form,
    at_end,
    at_start,
)
from exptdir.record.dates_words import MONTHS, WEEKDAYS

_LEAP_YEAR = 2000


@dataclass(frozen=True)
class Stamp:
    """A date as it stands in a text, with every day that it can mean.

    Parameters
    ----------
    written
        The date exactly as the author wrote it, with weekday and time, without brackets around it.
    rest
        The text without the date and without what separated the two.
    readings
        The days that exist on the calendar: order (``YMD``, ``DMY``, ``MDY``) → year (``None`` if it is not
        written), month, day.
    sure
        Whether the text around it makes it a date for certain.
    open_order
        Whether the form itself leaves the order of the numbers open.
    dotted
        Whether the numbers are separated by points, which by convention means the day first.
    weekday
        The weekday that was written beside it, Monday = 0.
    """

    written: str
    rest: str
    readings: dict[str, tuple[int | None, int, int]]
    sure: bool = True
    open_order: bool = False
    dotted: bool = False
    weekday: int | None = None


# One title is asked for several times: for the order of its file, for its direction, and for itself.
@lru_cache(maxsize=1024)
def stamp_at_start(title: str) -> Stamp | None:
    """Read the date with which a text begins.

    Parameters
    ----------
    title
        The text, without white space around it.

    Returns
    -------
    Stamp or None
        ``None`` when the text does not begin with anything that could be a date.
    """
    if not MAY_START.match(title):
        return None
    for form in FORMS:
        found = at_start(form).match(title, 0, REACH)
        if found is None:
            continue
        sure = _follows(form, found, title[found.end() : found.end() + REACH])
        if sure is None:
            continue
        skipped = SKIP.match(title, found.end(), found.end() + REACH)
        rest = title[skipped.end() if skipped else found.end() :].lstrip()
        stamp = _stamp(found, rest, sure)
        if stamp is not None:
            return stamp
    return None


@lru_cache(maxsize=1024)
def stamps_at_end(title: str) -> tuple[Stamp, ...]:
    """Read the full date with which a text ends, after a clear separator.

    Parameters
    ----------
    title
        The text, without white space around it.

    Returns
    -------
    tuple of Stamp
        Empty, or the date; a second one when the text before it ends in a date too, so that neither can be
        trusted.
    """
    found: list[Stamp] = []
    while len(found) < 2 and MAY_END.search(title, start := max(0, len(title) - REACH)):
        stamp = next((stamp for form in END_FORMS if (stamp := _ending(at_end(form), title, start))), None)
        if stamp is None:
            stamp = stamp_at_start(title) if found else None
            if stamp is not None and not stamp.rest:
                found.append(stamp)
            break
        found.append(stamp)
        title = stamp.rest
    return tuple(found)


def _ending(pattern: re.Pattern[str], title: str, start: int) -> Stamp | None:
    found = pattern.search(title, start)
    return None if found is None else _stamp(found, title[: found.start()].rstrip(), True)


def _follows(form: Form, found: re.Match[str], after: str) -> bool | None:
    """Say whether what follows makes the match a date: yes, perhaps (False), or no (None)."""
    if not BOUNDARY.match(after):
        return None
    if form.tail == "any" or SEPARATOR.match(after):
        return True
    if any(found[group] for group in ("open", "time", "before", "after", "enclosed")):
        return True
    return _spaced(form, found, after)


def _spaced(form: Form, found: re.Match[str], after: str) -> bool | None:
    if form.tail == "separator" or not after[:1].isspace():
        return None
    if form.tail == "capital" and found["month"][:1].isupper():
        first = after.lstrip()[:1]
        return first.isalpha() and not first.islower()
    return False


def _stamp(found: re.Match[str], rest: str, sure: bool) -> Stamp | None:
    groups = found.groupdict()
    possible = _possible(groups)
    readings = {order: day for order, day in possible.items() if _exists(*day)}
    full_year = bool(groups.get("year"))
    if not readings and not any(_looks_like_a_day(m, d, full_year) for _, m, d in possible.values()):
        return None
    weekday = (groups["before"] or groups["after"] or groups["enclosed"] or "").lower()
    return Stamp(
        written=found["written"],
        rest=rest,
        readings=readings,
        sure=sure,
        open_order="a" in groups,
        dotted=groups.get("s") == ".",
        weekday=WEEKDAYS.get(weekday),
    )


def _possible(groups: dict[str, str | None]) -> dict[str, tuple[int | None, int, int]]:
    year = int(groups.get("year") or 0) or None
    first, second, short = groups.get("a"), groups.get("b"), groups.get("short")
    if first is None or second is None:
        word = groups.get("month")
        month = MONTHS[word.lower()] if word else int(groups["m"] or 0)
        return {"YMD": (year, month, int(groups["d"] or 0))}
    a, b = int(first), int(second)
    if short is None:
        return {"DMY": (year, b, a), "MDY": (year, a, b)}
    full = _full_year(int(short))
    possible: dict[str, tuple[int | None, int, int]] = {"DMY": (full, b, a), "MDY": (full, a, b)}
    if len(first) == 2:
        possible["YMD"] = (_full_year(a), b, int(short))
    return possible


def _full_year(short: int) -> int:
    return short + (2000 if short < 70 else 1900)


def _exists(year: int | None, month: int, day: int) -> bool:
    try:
        date(_LEAP_YEAR if year is None else year, month, day)
    except ValueError:
        return False
    return True


def _looks_like_a_day(month: int, day: int, full_year: bool) -> bool:
    """Tell the 31st of February, a slip of the pen, from numbers that merely stand together."""
    return max(month, day) <= 31 if full_year else 1 <= month <= 12 and 1 <= day <= 31

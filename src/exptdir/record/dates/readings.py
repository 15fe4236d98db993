"""Reading dates off a text: a :class:`WrittenDate` holds every day that the written numbers can mean.

Nothing is decided here that needs more than the text itself; :mod:`exptdir.record.dates` chooses among the
readings.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from exptdir.record.dates.forms import (
    BOUNDARY,
    END_FORMS,
    FORMS,
    MAY_END,
    MAY_START,
    MONTHS,
    REACH,
    SEPARATOR,
    SKIP,
    WEEKDAYS,
    Form,
    at_end,
    at_start,
)

_LEAP_YEAR = 2000


@dataclass(frozen=True)
class WrittenDate:
    """A date as it stands in a text, with every day that it can mean."""

    #: The date exactly as the author wrote it, with weekday and time, without brackets around it.
    written: str
    #: The text without the date and without what separated the two.
    rest: str
    #: The days that exist on the calendar: order (``YMD``, ``DMY``, ``MDY``) → year (``None`` if it is not written),
    #: month, day.
    readings: dict[str, tuple[int | None, int, int]]
    #: Whether the text around it makes it a date for certain.
    sure: bool = True
    #: Whether the form itself leaves the order of the numbers open.
    open_order: bool = False
    #: Whether the numbers are separated by points, which by convention means the day first.
    dotted: bool = False
    weekday: int | None = None


# One title is asked for several times: for the order of its file, for its direction, and for itself.
@lru_cache(maxsize=1024)
def date_at_start(title: str) -> WrittenDate | None:
    """Read the date with which a text, without white space around it, begins; ``None`` where nothing could be one."""
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
        written = _written(found, rest, sure)
        if written is not None:
            return written
    return None


@lru_cache(maxsize=1024)
def dates_at_end(title: str) -> tuple[WrittenDate, ...]:
    """Read the full date with which a text ends, after a clear separator.

    There is a second one when the text before it ends in a date too, so that neither can be trusted.
    """
    found: list[WrittenDate] = []
    while len(found) < 2 and MAY_END.search(title, start := max(0, len(title) - REACH)):
        ends = (match for form in END_FORMS if (match := at_end(form).search(title, start)))
        written = next(filter(None, (_written(match, title[: match.start()].rstrip(), True) for match in ends)), None)
        if written is None:
            written = date_at_start(title) if found else None
            if written is not None and not written.rest:
                found.append(written)
            break
        found.append(written)
        title = written.rest
    return tuple(found)


def _follows(form: Form, found: re.Match[str], after: str) -> bool | None:
    """Say whether what follows makes the match a date: yes, perhaps (False), or no (None)."""
    if not BOUNDARY.match(after):
        return None
    if form.tail == "any" or SEPARATOR.match(after):
        return True
    if any(found[group] for group in ("open", "time", "before", "after", "enclosed")):
        return True
    if form.tail == "separator" or not after[:1].isspace():
        return None
    first = after.lstrip()[:1]
    # "May 21 Begun" is one; "may 21 samples" and "March 3 samples" only perhaps.
    return form.tail == "capital" and found["month"][:1].isupper() and first.isalpha() and not first.islower()


def _written(found: re.Match[str], rest: str, sure: bool) -> WrittenDate | None:
    groups = found.groupdict()
    possible = _possible(groups)
    readings = {}
    for order, (year, month, day) in possible.items():
        with suppress(ValueError):
            date(_LEAP_YEAR if year is None else year, month, day)
            readings[order] = (year, month, day)
    if not readings and not any(
        # The 31st of February is a slip of the pen; other numbers merely stand together.
        max(month, day) <= 31 if groups.get("year") else 1 <= month <= 12 and 1 <= day <= 31
        for _, month, day in possible.values()
    ):
        return None
    weekday = (groups["before"] or groups["after"] or groups["enclosed"] or "").lower()
    return WrittenDate(
        written=found["written"],
        rest=rest,
        readings=readings,
        sure=sure,
        open_order="a" in groups,
        dotted=groups.get("s") == ".",
        weekday=WEEKDAYS.get(weekday),
    )


def _possible(groups: dict[str, str | None]) -> dict[str, tuple[int | None, int, int]]:
    """Return what the numbers say in each order, whether there is such a day or not."""
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

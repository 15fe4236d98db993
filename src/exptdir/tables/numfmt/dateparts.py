"""The parts of a date and time and the text that each token of a section shows of them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from .sections import Token

#: Seconds of a day.
DAY = 86400
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


class Moment(NamedTuple):
    """A date with its time of day, and the seconds that have elapsed since day 0."""

    year: int
    month: int
    day: int
    weekday: int
    second_of_day: Decimal | int
    elapsed: Decimal | int


Part = Callable[[Moment], str]


def part_of(token: Token, noon: bool) -> str | Part:
    """Return what a token shows, or a function that says so for each moment.

    Parameters
    ----------
    token
        The token.
    noon
        Whether hours count to 12.

    Returns
    -------
    str or callable
        A text where the token shows the same for every moment.
    """
    if token.kind == "elapsed":
        return partial(_elapsed, token)
    if token.kind == "ampm":
        return partial(_half, token)
    if token.kind == "subsecond":
        return partial(_subsecond, token)
    if token.kind == "date":
        return partial(_DATE_PARTS[token.source[0]], len(token.source), noon)
    return token.shown or (token.source if token.kind == "digit" else "")


def _elapsed(token: Token, moment: Moment) -> str:
    unit = {"h": 3600, "m": 60, "s": 1}[token.source[0]]
    return str(int(moment.elapsed // unit)).zfill(len(token.source))


def _half(token: Token, moment: Moment) -> str:
    half = int(moment.second_of_day >= DAY // 2)
    return token.source.split("/")[half] if len(token.source) == 3 else ("AM", "PM")[half]


def _subsecond(token: Token, moment: Moment) -> str:
    places = len(token.source) - 1
    fraction = f"{moment.second_of_day % 1:f}".partition(".")[2]
    return "." + fraction[:places].ljust(places, "0")


def _name(names: tuple[str, ...], at: int, length: int) -> str:
    return names[at][:3] if length == 3 else names[at][0] if length == 5 else names[at]


def _month(length: int, _: bool, moment: Moment) -> str:
    return str(moment.month).zfill(length) if length < 3 else _name(_MONTHS, moment.month - 1, length)


def _day(length: int, _: bool, moment: Moment) -> str:
    return str(moment.day).zfill(length) if length < 3 else _name(_WEEKDAYS, moment.weekday, min(length, 4))


def _hour(length: int, noon: bool, moment: Moment) -> str:
    hour = int(moment.second_of_day // 3600)
    return str((hour - 1) % 12 + 1 if noon else hour).zfill(min(length, 2))


def _year(length: int, _: bool, moment: Moment) -> str:
    return f"{moment.year % 100:02d}" if length < 3 else f"{moment.year:04d}"


def _buddhist_year(length: int, noon: bool, moment: Moment) -> str:
    return _year(length, noon, moment._replace(year=moment.year + 543))


def _minute(length: int, _: bool, moment: Moment) -> str:
    return str(int(moment.second_of_day // 60 % 60)).zfill(min(length, 2))


def _second(length: int, _: bool, moment: Moment) -> str:
    return str(int(moment.second_of_day % 60)).zfill(min(length, 2))


_DATE_PARTS: dict[str, Callable[[int, bool, Moment], str]] = {
    "y": _year,
    "b": _buddhist_year,
    "m": _month,
    "d": _day,
    "h": _hour,
    "M": _minute,
    "s": _second,
}

"""Dates, times and durations: serial numbers (ECMA-376 part 1, §18.17.4) and how a section shows them."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from .sections import ERAS, FormatToken, Section

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


#: What a cell shows whose number is no date: negative, or after 31 December 9999.
SHOWN_OUT_OF_RANGE = "########"
#: First serial number after 31 December 9999 in the 1900 system.
END = 2958466
#: Days from the beginning of the 1900 system to that of the 1904 system.
DAYS_TO_1904 = 1462
#: The 1900 system counts a 29 February 1900 that never was, as Lotus 1-2-3 did.
LEAP_BUG = 60
#: Decimals of a second that are told apart; a code may ask for hundreds, and gets noughts.
MAX_DECIMALS = 9
_PRECISE = Context(prec=60, rounding=ROUND_HALF_UP)
_EPOCH = dt.datetime(1899, 12, 30)

#: What is a month unless it stands next to hours or seconds.
_MONTH_NUMBERS = (FormatToken("date", "m"), FormatToken("date", "mm"))


def to_serial(value: dt.date | dt.time | dt.timedelta, date1904: bool = False) -> Decimal:
    """Return the number that a spreadsheet stores for a date, a time or a duration: days and fraction of a day."""
    if isinstance(value, dt.time):
        value = dt.timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
        )
    if isinstance(value, dt.timedelta):
        return _days(value)
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    serial = _days(value.replace(tzinfo=None) - _EPOCH)
    if date1904:
        return serial - DAYS_TO_1904
    return serial if serial > LEAP_BUG else serial - 1


def moment(layout: DateLayout, serial: float, date1904: bool) -> dt.datetime | dt.timedelta | None:
    """Return what a serial number means under a section with parts of a date.

    A duration if the section shows only hours, minutes and seconds, otherwise date and time; ``None`` outside the years
    1900 to 9999 and for the 29 February 1900 that never was.
    """
    days = serial + (DAYS_TO_1904 if date1904 else 0)
    if not layout.calendar:
        return dt.timedelta(days=serial) if abs(serial) < END else None
    if not 1 <= days < END or int(days) == LEAP_BUG:
        return None
    return _EPOCH + dt.timedelta(days=days + (days < LEAP_BUG))


@lru_cache(maxsize=4096)
def render_date(layout: DateLayout, serial: Decimal, date1904: bool) -> str:
    """Show a serial number under a section with parts of a date; ``########`` where it is none."""
    shown = serial if layout.calendar else abs(serial)
    days = shown + (DAYS_TO_1904 if date1904 else 0)
    if (serial < 0 and not date1904) or not 0 <= days < END:
        return SHOWN_OUT_OF_RANGE
    # Rounded to what is shown of a second, so that no 60 seconds appear.
    elapsed = _seconds(shown, layout.decimals)
    day, second = divmod(_seconds(days, layout.decimals), DAY)
    number = int(day)
    if number >= END:
        return SHOWN_OUT_OF_RANGE
    weekday = (number - 1) % 7
    if number in {0, LEAP_BUG}:
        moment = Moment(1900, 2 if number else 1, 29 if number else 0, weekday, second, elapsed)
    else:
        date = _EPOCH + dt.timedelta(days=number + (number < LEAP_BUG))
        moment = Moment(date.year, date.month, date.day, weekday, second, elapsed)
    text = "".join(layout.part(token, moment) for token in layout.tokens)
    return "-" + text if serial < 0 and not layout.calendar else text


class DateLayout:
    """What a section shows of a moment."""

    def __init__(self, section: Section) -> None:
        # Mark ``m`` next to hours or seconds as minutes (``M``); make one token of ``.00`` after seconds.
        marked: list[FormatToken] = []
        for token in section.tokens:
            source = token.source.lower() if token.kind == "date" else token.source
            before = next((part for part in reversed(marked) if part.kind in {"date", "elapsed"}), None)
            if token.kind == "date" and source in {"m", "mm"} and before and before.source[0] == "h":
                source = source.upper()
            elif token.kind in {"date", "elapsed"} and source[0] == "s" and before in _MONTH_NUMBERS:
                marked[len(marked) - 1 - marked[::-1].index(before)] = FormatToken("date", before.source.upper())
            if token.kind == "digit" and marked and marked[-1].kind in {"point", "subsecond"}:
                dots = "" if marked[-1].kind == "subsecond" else "."
                marked[-1] = FormatToken("subsecond", (dots or marked[-1].source) + token.source)
            else:
                marked.append(FormatToken(token.kind, source))
        self.tokens = tuple(marked)
        self._noon = any(token.kind == "ampm" for token in marked)
        self._language = section.language
        self.calendar = any(token.kind == "date" and token.source[0] in "ymdbaeg" for token in marked)
        decimals = max((len(token.source) - 1 for token in marked if token.kind == "subsecond"), default=0)
        self.decimals = min(decimals, MAX_DECIMALS)

    def part(self, token: FormatToken, moment: Moment) -> str:
        """Return what a token shows of a moment."""
        letter, length = token.source[:1], len(token.source)
        if token.kind == "elapsed":
            return str(int(moment.elapsed // {"h": 3600, "m": 60, "s": 1}[letter])).zfill(length)
        if token.kind == "ampm":
            half = int(moment.second_of_day >= DAY // 2)
            return token.source.split("/")[half] if length == 3 else ("AM", "PM")[half]
        if token.kind == "subsecond":
            return "." + f"{moment.second_of_day % 1:f}".partition(".")[2][: length - 1].ljust(length - 1, "0")
        if token.kind != "date":
            return token.shown or (token.source if token.kind == "digit" else "")
        if letter in "yb":
            year = moment.year + (543 if letter == "b" else 0)
            return f"{year % 100:02d}" if length < 3 else f"{year:04d}"
        if letter in "eg":
            eras, day = ERAS[self._language[:5]].split(), f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
            era = next((one for one in eras if one[:10] <= day), eras[-1])
            since = str(moment.year - int(era[:4]) + 1).zfill(min(length, 2))
            return since if letter == "e" else era[10:].split("|")[min(length, 3) - 1]
        if letter in "mda" and length > 2:
            return _names(letter, self._language, length)[moment.month - 1 if letter == "m" else moment.weekday]
        hour = int(moment.second_of_day // 3600)
        number = {
            "m": moment.month,
            "d": moment.day,
            "h": (hour - 1) % 12 + 1 if self._noon else hour,
            "M": int(moment.second_of_day // 60 % 60),
            "s": int(moment.second_of_day % 60),
        }[letter]
        return str(number).zfill(min(length, 2))


@lru_cache(maxsize=64)
def _names(letter: str, language: str, length: int) -> tuple[str, ...]:
    """Return the names of months or days in a language, in the form that a code of so many such letters means."""
    what, english = ("months", _MONTHS) if letter == "m" else ("days", _WEEKDAYS)
    named = english
    # Three times ``a`` is the sign of the day in languages that have one.
    narrow = letter == "a" and length == 3 and language[:2] in {"ja", "zh", "ko"}
    length = length if letter == "m" else min(length, 4)
    if language and not language.startswith("en"):
        from babel import Locale, UnknownLocaleError

        try:
            forms = getattr(Locale.parse(language.rstrip("+")), what)["format" if "+" in language else "stand-alone"]
            found = forms["narrow" if narrow else "abbreviated" if length == 3 else "wide"]
        except (UnknownLocaleError, ValueError, KeyError):
            found = {}
        # Babel counts months from 1, and days from Monday on 0.
        order = range(1, 13) if what == "months" else (6, *range(6))
        if found:
            named = tuple(found[at].rstrip(".") if found[at].count(".") == 1 else found[at] for at in order)
    if length == 5:
        return tuple(name[0] for name in named)
    return tuple(name[:3] for name in named) if length == 3 and named is english else named


def _days(duration: dt.timedelta) -> Decimal:
    seconds = duration.days * DAY + duration.seconds + Decimal(duration.microseconds).scaleb(-6)
    return _PRECISE.divide(Decimal(seconds), Decimal(DAY))


def _seconds(days: Decimal, decimals: int) -> Decimal:
    seconds = _PRECISE.multiply(days, Decimal(DAY))
    # A float holds a day of this century to about a microsecond: what lies below is noise.
    return seconds.quantize(Decimal("1e-5"), context=_PRECISE).quantize(Decimal(1).scaleb(-decimals), context=_PRECISE)

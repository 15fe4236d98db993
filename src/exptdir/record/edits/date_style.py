"""Writes a date in the form that another date has; no kept library knows how an author writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import permutations

_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+|[\W_]+")
_TIME = re.compile(r"[\sT@,]*[0-9]{1,2}[:.h][0-9]{2}(?::[0-9]{2})?(?:\s?[ap]m)?", re.IGNORECASE)
# Each language and length in a row of its own.
_MONTHS = (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mar apr may june july aug sept oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ene feb mar abr may jun jul ago sept oct nov dic",
)
_WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday",
    "mon tue wed thu fri sat sun",
    "mon tues wed thurs fri sat sun",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "mo di mi do fr sa so",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lunes martes miércoles jueves viernes sábado domingo",
    "周一 周二 周三 周四 周五 周六 周日",
    "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
    "月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日",
    "月 火 水 木 金 土 日",
)


def restyle(written: str, day: date, new: date, padded: bool | None) -> Iterator[str]:
    """Write a date as another one, of a *day*, is written: every text of that form, as day and month may look alike.

    *padded* says whether the author writes 05 for 5; ``None`` where no date says.
    """
    tokens: list[str] = _TOKEN.findall(written)
    compact = {day.strftime(form): new.strftime(form) for form in ("%Y%m%d", "%y%m%d")}
    if any(token in compact for token in tokens):
        yield "".join(compact.get(token, token) for token in tokens)
        return
    month_at = next((n for n, t in enumerate(tokens) if _month_word(t, day.month, day.month)), None)
    digits = [n for n, token in enumerate(tokens) if token.isdecimal()]
    roles = "YD" if month_at is not None else "YMD"
    seen = set()
    for count in (len(roles), len(roles) - 1):
        for places in permutations(digits, count):
            assigned = dict(zip(places, roles[-count:], strict=True))
            text = _rewrite(tokens, assigned, month_at, day, new, padded)
            if text is not None and text not in seen:
                seen.add(text)
                yield text
        if seen:
            return


def pads(dates: Iterable[str]) -> bool | None:
    """Tell whether an author writes a nought before days and months below ten."""
    text = " | ".join(dates)
    if re.search(r"(?<![0-9:])0[1-9](?![0-9:])", text):
        return True
    return False if re.search(r"(?<![0-9:])[1-9](?![0-9:])", text) else None


def _rewrite(
    tokens: list[str], assigned: dict[int, str], month_at: int | None, day: date, new: date, padded: bool | None
) -> str | None:
    if padded is None:
        padded = month_at is None
    last = max([*assigned, -1 if month_at is None else month_at])
    parts = []
    for place, token in enumerate(tokens):
        if place in assigned:
            parts.append(_number(token, assigned[place], day, new, padded))
        elif token.isdecimal():
            # Numbers that are not of the date are left out with all behind them if they can only be a time.
            if place < last or not _TIME.fullmatch("".join(tokens[last + 1 :])):
                return None
            parts = parts[: last + 1]
            break
        elif place == month_at:
            parts.append(_month_word(token, day.month, new.month))
        else:
            parts.append(_word(token, tokens[place - 1] if place else "", new))
    return None if None in parts else "".join(part for part in parts if part)


def _number(token: str, role: str, day: date, new: date, padded: bool) -> str | None:
    if role == "Y":
        forms = {4: "%Y", 2: "%y"}
        form = forms.get(len(token))
        return new.strftime(form) if form and day.strftime(form) == token else None
    old, value = (day.month, new.month) if role == "M" else (day.day, new.day)
    if int(token) != old or len(token) > 2:
        return None
    padded = token[0] == "0" or (len(token) == 2 and padded)
    return f"{value:02}" if padded else str(value)


def _word(token: str, before: str, new: date) -> str:
    if before.isdecimal() and token.lower() in {"st", "nd", "rd", "th"}:
        return "th" if new.day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(new.day % 10, "th")
    if before.isdecimal() and token in "年月日":
        return token
    for row in _WEEKDAYS:
        words = row.split()
        if token.lower() in words:
            return _like(token, words.index(token.lower()), new.weekday(), _WEEKDAYS) or token
    return token


def _month_word(written: str, month: int, wanted: int) -> str | None:
    return _like(written, month - 1, wanted - 1, _MONTHS)


def _like(written: str, known: int, wanted: int, rows: tuple[str, ...]) -> str | None:
    """Name a month or a weekday as another one is named; ``None`` where that is no known name of *known*."""
    for row in rows:
        words = row.split()
        if words[known] == written.lower():
            if written.isupper() and len(written) > 1:
                return words[wanted].upper()
            return words[wanted].title() if written[:1].isupper() else words[wanted]
    return None

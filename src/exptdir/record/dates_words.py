"""The names of months and weekdays by which dates are recognised."""

from __future__ import annotations

_MONTH_WORDS = (
    "january jan januar jänner jän janvier janv enero ene",
    "february feb februar février fevrier févr febrero",
    "march mar märz maerz mrz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août aout agosto ago",
    "september sept sep septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre decembre déc diciembre dic",
)

# The French and Spanish short forms are left out: "mar" would be a month here and a Tuesday there.
_WEEKDAY_WORDS = (
    "monday mon montag mo lundi lunes 周一 星期一 月曜日 月",
    "tuesday tues tue dienstag di mardi martes 周二 星期二 火曜日 火",
    "wednesday wed mittwoch mi mercredi miércoles 周三 星期三 水曜日 水",
    "thursday thurs thur thu donnerstag do jeudi jueves 周四 星期四 木曜日 木",
    "friday fri freitag fr vendredi viernes 周五 星期五 金曜日 金",
    "saturday sat samstag sonnabend sa samedi sábado 周六 星期六 土曜日 土",
    "sunday sun sonntag so dimanche domingo 周日 周天 星期日 星期天 日曜日 日",
)


def _table(rows: tuple[str, ...], first: int) -> dict[str, int]:
    return {word: number for number, row in enumerate(rows, first) for word in row.split()}


#: Name or abbreviation in lower case → month, January = 1.
MONTHS = _table(_MONTH_WORDS, 1)

#: Name or abbreviation in lower case → weekday, Monday = 0.
WEEKDAYS = _table(_WEEKDAY_WORDS, 0)

#: Words that may stand beside a year in a heading that covers the entries below it ("Notes 2024").
YEAR_WORDS = frozenset(
    word
    for row in (
        "notes log logs journal diary notebook entries experiments year",
        "notizen tagebuch laborbuch jahr",
        "cahier diario",
    )
    for word in row.split()
)


def weekday_name(number: int) -> str:
    """Name a weekday in English, for messages.

    Parameters
    ----------
    number
        Monday = 0.

    Returns
    -------
    str
        ``Monday`` and so on.
    """
    return _WEEKDAY_WORDS[number].split()[0].title()

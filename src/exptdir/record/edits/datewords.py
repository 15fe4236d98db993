"""Names of months and weekdays, each language and length in a row of its own, to write a date as others are."""

from __future__ import annotations

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


def month_word(written: str, month: int, wanted: int) -> str | None:
    """Name a month as another one is named.

    Parameters
    ----------
    written
        The name of the other month.
    month
        The other month, January = 1.
    wanted
        The month to name.

    Returns
    -------
    str or None
        ``None`` where *written* is no known name of *month*.
    """
    return _like(written, month - 1, wanted - 1, _MONTHS)


def weekday_word(written: str, wanted: int) -> str | None:
    """Name a weekday (Monday = 0) as another one is named; ``None`` where that is no known name."""
    for row in _WEEKDAYS:
        words = row.split()
        if written.lower() in words:
            return _like(written, words.index(written.lower()), wanted, _WEEKDAYS)
    return None


def _like(written: str, known: int, wanted: int, rows: tuple[str, ...]) -> str | None:
    for row in rows:
        words = row.split()
        if words[known] == written.lower():
            return _in_case(words[wanted], written)
    return None


def _in_case(word: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word.title() if like[:1].isupper() else word

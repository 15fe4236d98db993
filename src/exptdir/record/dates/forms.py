"""The forms in which people write dates, as one table, and the names of months and weekdays in them.

The table only recognises; what the numbers mean is worked out in :mod:`exptdir.record.dates.readings`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

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
    """Name a weekday in English, for messages; Monday = 0."""
    return _WEEKDAY_WORDS[number].split()[0].title()


#: Longest beginning (or end) of a title in which a date is looked for; it bounds the work on a hostile title.
REACH = 160

_YEAR = r"(?:(?:19|20)[0-9]{2}|2100)"
_DAY = r"[0-9]{1,2}"
_ORDINAL = r"(?:st|nd|rd|th|er|\.|º)?"
#: What stands between the days of a range, of which the first counts: "May 24--27, 2024".
_TO = r"\s?(?:-{1,3}|[–—]|\bto\b|\bbis\b)\s?"
_TO_DAY = rf"(?:{_TO}{_DAY}{_ORDINAL})?"


def _words(table: dict[str, int]) -> str:
    return "|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))


_MONTH = rf"(?P<month>{_words(MONTHS)})(?![^\W\d_])\.?"
_ANY_MONTH = rf"(?:{_words(MONTHS)})(?![^\W\d_])\.?"
_WEEKDAY = rf"(?:{_words(WEEKDAYS)})(?![a-z])"
_CLOCK = r"[0-2]?[0-9][:：][0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
_TIME = (
    rf"(?:(?:T|,?\s{{1,4}}(?:at\s)?)(?P<time>{_CLOCK})(?:\s?[-–]\s?{_CLOCK})?"
    r"(?:\s?[ap]\.?m\b\.?)?(?:\s?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2})(?![0-9A-Za-z]))?(?![0-9A-Za-z]))?"
)
# "2024-05-21 Sun exposure" is no Sunday: a bare weekday after the date must be followed by what ends a date.
_WEEKDAY_AFTER = (
    rf"(?:\s{{0,4}}[(（](?P<enclosed>{_WEEKDAY})\.?[)）]|,?\s{{0,4}}(?P<after>{_WEEKDAY})\.?"
    r"(?=\s*(?:$|[-–—:：,，;|>)\]）】](?!\w)|[0-2]?[0-9]:[0-5])))?"
)


@dataclass(frozen=True)
class Form:
    """One way of writing a date."""

    #: Regular expression with the groups ``year``, ``m`` and ``d`` (or ``month``), or ``a`` and ``b`` where the order
    #: of day and month is open.
    core: str
    #: What must follow at the beginning of a title: ``any`` (the mere end of a word), ``separator`` (otherwise it is no
    #: date), ``unsure`` (a separator; the author is asked where only a space stands) or ``capital`` (the same, but a
    #: space before a capital letter will do).
    tail: str = "any"
    #: Whether the form is trusted at the end of a title as well.
    at_end: bool = False


FORMS: tuple[Form, ...] = (
    Form(
        rf"(?P<year>{_YEAR})(?P<s>[-/.])(?P<m>{_DAY})(?P=s)(?P<d>{_DAY})(?:{_TO}{_YEAR}(?P=s){_DAY}(?P=s){_DAY})?",
        at_end=True,
    ),
    Form(rf"(?P<year>{_YEAR})\s?年\s?(?P<m>{_DAY})\s?月\s?(?P<d>{_DAY})\s?[日号號]", at_end=True),
    Form(rf"(?P<m>{_DAY})\s?月\s?(?P<d>{_DAY})\s?[日号號]"),
    Form(r"(?P<year>(?:19[7-9]|20[0-9])[0-9]|2100)(?P<m>[0-9]{2})(?P<d>[0-9]{2})"),
    Form(rf"(?P<year>{_YEAR})[- /,]\s?{_MONTH}[- /]\s?(?P<d>{_DAY}){_ORDINAL}", at_end=True),
    Form(
        rf"(?P<d>{_DAY}){_ORDINAL}\s{_MONTH}{_TO}{_DAY}{_ORDINAL}\s{_ANY_MONTH}(?:,?\s)(?P<year>{_YEAR})",
        at_end=True,
    ),
    Form(
        rf"(?P<d>{_DAY}){_ORDINAL}{_TO_DAY}(?:\s(?:of|de))?[-\s/]{{0,2}}{_MONTH}"
        rf"(?:,?\s(?:de\s|del\s)?|[-/])(?P<year>{_YEAR})",
        at_end=True,
    ),
    Form(
        rf"{_MONTH},?[-\s]{{0,2}}(?P<d>{_DAY}){_ORDINAL}(?:{_TO}(?:{_ANY_MONTH}\s)?{_DAY}{_ORDINAL})?"
        rf"(?:,\s?|\s|-)(?P<year>{_YEAR})",
        at_end=True,
    ),
    Form(rf"{_MONTH},?[-\s]{{1,2}}(?P<d>{_DAY}){_ORDINAL}{_TO}{_DAY}{_ORDINAL}", tail="separator"),
    Form(rf"(?P<d>{_DAY}){_ORDINAL}{_TO}{_DAY}{_ORDINAL}\s{_MONTH}", tail="separator"),
    # As people write it who put the day first: 24.–27.05.2024, 24.05.–27.05.2024.
    Form(rf"(?P<d>{_DAY})\.{_TO}{_DAY}\.(?P<m>{_DAY})\.(?P<year>{_YEAR})"),
    Form(rf"(?P<d>{_DAY})\.(?P<m>{_DAY})\.{_TO}{_DAY}\.{_DAY}\.(?P<year>{_YEAR})"),
    Form(rf"(?P<d>{_DAY}){_ORDINAL}(?:\s(?:of|de))?[-\s]{{1,2}}{_MONTH}", tail="capital"),
    Form(rf"{_MONTH},?[-\s]{{1,2}}(?P<d>{_DAY}){_ORDINAL}", tail="capital"),
    Form(rf"(?P<a>{_DAY})(?P<s>[-/.])(?P<b>{_DAY})(?P=s)(?P<year>{_YEAR})(?:{_TO}{_DAY}(?P=s){_DAY}(?P=s){_YEAR})?"),
    Form(rf"(?P<a>{_DAY})(?P<s>/)(?P<b>{_DAY})/(?P<short>[0-9]{{2}})", tail="unsure"),
    Form(rf"(?P<a>{_DAY})(?P<s>-)(?P<b>{_DAY})-(?P<short>[0-9]{{2}})", tail="separator"),
    # Without the nought it would be the number of a section: 10.11.12.
    Form(r"(?=[0-9.]*(?:^|\.|\b)0)(?P<a>[0-9]{2})(?P<s>\.)(?P<b>[0-9]{2})\.(?P<short>[0-9]{2})", "separator"),
    Form(rf"(?P<a>{_DAY})(?P<s>/)(?P<b>{_DAY})", tail="separator"),
)

_OPEN, _CLOSE = r"(?P<open>[<\[(（【])?", r"(?(open)\s?[>\])）】])"
_BODY = (
    rf"{_OPEN}(?P<written>(?:(?P<before>{_WEEKDAY})[.,，]?\s{{1,4}})?%s(?![0-9])"
    rf"{_WEEKDAY_AFTER}{_TIME}){_CLOSE}"
)
_DASH = r"(?:\s+-{1,3}\s+|\s*(?:---?(?!-)|[–—])\s*)"
_LEAD = rf"(?:{_DASH}|\s*[:：,，]\s*|\s*(?=[<\[(（【]))"

#: Forms that are trusted at the end of a title. At the beginning what follows a day and a dash may be the title.
END_FORMS = (
    *(form for form in FORMS if form.at_end),
    Form(rf"(?P<year>{_YEAR})(?P<s>[-/.])(?P<m>{_DAY})(?P=s)(?P<d>{_DAY})\s?(?:--|–)\s?(?:{_DAY}(?P=s))?{_DAY}"),
)
_BRACKETS = r"[<\[(（【]?"
#: What a title must begin with, and hold at its end, to be worth a closer look: "More" only begins like a weekday.
MAY_START = re.compile(
    rf"{_BRACKETS}(?:[0-9]|(?:{_words(MONTHS)}|{_words(WEEKDAYS)})(?![a-z])(?=[^0-9]{{0,{REACH}}}[0-9]))", re.IGNORECASE
)
MAY_END = re.compile(_YEAR)


# Compiled when first needed: all of them take longer to compile than a small record takes to scan.
@cache
def at_start(form: Form) -> re.Pattern[str]:
    """Return the pattern of a form at the beginning of a title."""
    return re.compile(_BODY % form.core, re.IGNORECASE)


@cache
def at_end(form: Form) -> re.Pattern[str]:
    """Return the pattern of a form at the end of a title, with the separator in front of it."""
    return re.compile(rf"{_LEAD}{_BODY % form.core}\s*$", re.IGNORECASE)


BOUNDARY = re.compile(r"(?![A-Za-z0-9%]|[./][0-9])")
SEPARATOR = re.compile(r"\s*$|\s*[:：](?![0-9])|\s+-{1,3}\s|\s*(?:---?|[–—])(?![-0-9])|\s*[(（,，;|]|-{1,3}\s")
SKIP = re.compile(r"(?:-{1,3}|\s*-{1,3}(?=\s|$)|\s*[–—:：,，;|_])?\s*")

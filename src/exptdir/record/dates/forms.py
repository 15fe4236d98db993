"""The forms in which people write dates, as one table, and what the numbers in them can mean.

A :class:`WrittenDate` holds every day that the written numbers can mean. Nothing is decided here that needs more than
the text itself; :mod:`exptdir.record.dates` chooses among the readings.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

#: The names of months, each language and length in a row of its own.
MONTH_ROWS = (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mar apr may june july aug sept oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jan feb märz apr mai jun jul aug sep okt nov dez",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ene feb mar abr may jun jul ago sept oct nov dic",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
)
# The French and Spanish short forms are left out: "mar" would be a month here and a Tuesday there.
WEEKDAY_ROWS = (
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
    "월요일 화요일 수요일 목요일 금요일 토요일 일요일",
    "월 화 수 목 금 토 일",
)


def _numbers(rows: tuple[str, ...], first: int) -> dict[str, int]:
    return {word: number for row in rows for number, word in enumerate(row.split(), first)}


#: Name or abbreviation in lower case → month, January = 1; some are only read.
MONTHS = _numbers(MONTH_ROWS, 1) | {"jänner": 1, "jän": 1, "fevrier": 2, "maerz": 3, "mrz": 3, "aout": 8}
MONTHS |= {"setiembre": 9, "decembre": 12, "januari": 1, "februari": 2, "maart": 3, "mei": 5, "augustus": 8}
#: Name or abbreviation in lower case → weekday, Monday = 0.
WEEKDAYS = _numbers(WEEKDAY_ROWS, 0) | {"thur": 3, "sonnabend": 5, "周天": 6, "星期天": 6}

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
    return WEEKDAY_ROWS[0].split()[number].title()


#: Longest beginning (or end) of a title in which a date is looked for; it bounds the work on a hostile title.
REACH = 160

_YEAR = r"(?:(?:19|20)[0-9]{2}|2100)"
_DAY = r"[0-9]{1,2}"
_ORDINAL = r"(?:st|nd|rd|th|er|\.|º)?"
#: What stands between the days of a range, of which the first counts: "May 24--27, 2024".
_TO = r"\s?(?:-{1,3}|[–—～~]|(?<=[0-9.日])/|\b(?:to|and|bis|und)\b|&|\.\.)\s?"


def _words(table: dict[str, int]) -> str:
    return "|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))


_MONTH = rf"(?P<month>{_words(MONTHS)})(?![^\W\d_])\.?"
_ANY_MONTH, _LAST_MONTH = _MONTH.replace("?P<month>", "?:"), _MONTH.replace("<month>", "<last>")
_WEEKDAY = rf"(?:{_words(WEEKDAYS)})(?![a-z])"
_TO_DAY = rf"(?:{_TO}(?:{_WEEKDAY}[.,]?\s)?{_DAY}{_ORDINAL})?"
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
    # "2024-05-24 - 2" may as well be called "2", and "2024-05-24 -- 27 tubes" is.
    Form(
        rf"(?P<year>{_YEAR})(?P<s>[-/.])(?P<m>{_DAY})(?P=s)(?P<d>{_DAY})(?:{_TO}{_YEAR}(?P=s){_DAY}(?P=s){_DAY}"
        rf"|(?!\s?-(?!-)){_TO}(?:{_DAY}(?P=s))?{_DAY}(?=\s*(?:$|[:,;>)\]])))?",
        at_end=True,
    ),
    Form(
        rf"(?P<year>{_YEAR})\s?[年년]\s?(?P<m>{_DAY})\s?[月월]\s?(?P<d>{_DAY})\s?[日号號일]"
        rf"(?:{_TO}(?:{_DAY}\s?[月월]\s?)?{_DAY}\s?[日号號일])?",
        at_end=True,
    ),
    Form(rf"(?P<m>{_DAY})\s?[月월]\s?(?P<d>{_DAY})\s?[日号號일]"),
    Form(r"(?P<year>(?:19[7-9]|20[0-9])[0-9]|2100)(?P<m>[0-9]{2})(?P<d>[0-9]{2})"),
    Form(rf"(?P<year>{_YEAR})[- /,]\s?{_MONTH}[- /]\s?(?P<d>{_DAY}){_ORDINAL}", at_end=True),
    Form(
        rf"(?P<d>{_DAY}){_ORDINAL}\s{_MONTH}{_TO}{_DAY}{_ORDINAL}\s{_LAST_MONTH}(?:,?\s)(?P<year>{_YEAR})", at_end=True
    ),
    Form(
        rf"(?P<d>{_DAY}){_ORDINAL}{_TO_DAY}(?:\s(?:of|de))?[-\s/]{{0,2}}{_MONTH}"
        rf"(?:,?\s(?:de\s|del\s)?|[-/])(?P<year>{_YEAR})(?:{_TO}{_DAY}{_ORDINAL}\s{_ANY_MONTH},?\s{_YEAR})?",
        at_end=True,
    ),
    Form(
        rf"{_MONTH},?[-\s]{{0,2}}(?P<d>{_DAY}){_ORDINAL}(?:{_TO}(?:{_LAST_MONTH}\s)?{_DAY}{_ORDINAL})?"
        rf"(?:,\s?|\s|-)(?P<year>{_YEAR})(?:{_TO}{_ANY_MONTH}\s{_DAY}{_ORDINAL},?\s{_YEAR})?",
        at_end=True,
    ),
    Form(rf"{_MONTH},?[-\s]{{1,2}}(?P<d>{_DAY}){_ORDINAL}{_TO}(?:{_ANY_MONTH}\s)?{_DAY}{_ORDINAL}", "separator"),
    Form(rf"(?P<d>{_DAY}){_ORDINAL}{_TO}{_DAY}{_ORDINAL}\s{_MONTH}", tail="separator"),
    Form(rf"(?P<d>{_DAY}){_ORDINAL}\s{_MONTH}{_TO}{_DAY}{_ORDINAL}\s{_ANY_MONTH}", tail="separator"),
    # As people write it who put the day first: 24.–27.05.2024, 24.05.–27.05.2024.
    Form(rf"(?P<d>{_DAY})\.{_TO}{_DAY}\.(?P<m>{_DAY})\.(?P<year>{_YEAR})", at_end=True),
    Form(rf"(?P<d>{_DAY})\.(?P<m>{_DAY})\.{_TO}{_DAY}\.(?P<n>{_DAY})\.(?P<year>{_YEAR})", at_end=True),
    Form(rf"(?P<d>{_DAY}){_ORDINAL}(?:\s(?:of|de))?[-\s]{{1,2}}{_MONTH}", tail="capital"),
    Form(rf"{_MONTH},?[-\s]{{1,2}}(?P<d>{_DAY}){_ORDINAL}", tail="capital"),
    Form(rf"(?P<a>{_DAY})(?P<s>[-/.])(?P<b>{_DAY})(?P=s)(?P<year>{_YEAR})(?:{_TO}{_DAY}(?P=s){_DAY}(?P=s){_YEAR})?"),
    Form(rf"(?P<a>{_DAY})(?P<s>\.)\s(?P<b>{_DAY})\.\s(?P<year>{_YEAR})"),
    Form(rf"(?P<a>{_DAY})(?P<s>/)(?P<b>{_DAY})/(?P<short>[0-9]{{2}})", tail="unsure"),
    Form(rf"(?P<a>{_DAY})(?P<s>-)(?P<b>{_DAY})-(?P<short>[0-9]{{2}})", tail="separator"),
    # Without the nought it would be the number of a section: 10.11.12.
    Form(r"(?=[0-9.]*(?:^|\.|\b)0)(?P<a>[0-9]{2})(?P<s>\.)(?P<b>[0-9]{2})\.(?P<short>[0-9]{2})", "separator"),
    Form(rf"(?P<a>{_DAY})(?P<s>/)(?P<b>{_DAY})", tail="separator"),
)

_OPEN, _CLOSE = r"(?P<open>[<\[(（【]{1,2})?", r"(?(open)\s?[>\])）】]{1,2})"
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
_BRACKETS = r"[<\[(（【]{0,2}"
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

_LEAP_YEAR = 2000


@dataclass(frozen=True)
class WrittenDate:
    """A date as it stands in a text, with every day that it can mean."""

    #: The date exactly as the author wrote it, with weekday and time, without brackets around it.
    written: str
    #: The text without the date and without what separated the two.
    rest: str
    #: The days that exist on the calendar: order (``YMD``, …) → year (``None`` if it is not written), month, day.
    readings: dict[str, tuple[int | None, int, int]]
    #: Whether the text around it makes it a date for certain.
    sure: bool = True
    #: Whether the form itself leaves the order of the numbers open.
    open_order: bool = False
    #: Whether the numbers are separated by points, which by convention means the day first.
    dotted: bool = False
    weekday: int | None = None


# One title is asked for several times: for the order of its file, its direction and itself; so are rows of some years.
@lru_cache(maxsize=8192)
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
        last, word = groups.get("n"), groups.get("last")
        if year and (MONTHS[word.lower()] if word else int(last or 12)) < month:
            # A range across New Year is written with the year of its last day.
            year -= 1
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

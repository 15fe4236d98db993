"""Number formats: the text that a spreadsheet shows for a value under a format code.

Source: ECMA-376 part 1, §18.8.30 (``numFmt``, the built-in codes) and §18.8.31 (``numFmts``, the syntax of a
code); §18.17.4 for the two date systems. What the standard leaves open (the width of ``General``, which
sections take off the minus sign) follows what Excel and LibreOffice were seen to show. Colours, column widths
and the separators of locales other than English are outside its scope.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from .dates import moment, render_date, to_serial
from .digits import general, render_number
from .sections import Kind, choose, parse, text_section

#: Beyond any float; only a damaged workbook holds such numbers.
_LARGEST_EXPONENT = 400

__all__ = ["as_moment", "format_value", "to_serial"]


def format_value(value: object, code: str, *, date1904: bool = False) -> str:
    """Show a value as a spreadsheet would.

    Parameters
    ----------
    value
        ``None``, a truth value, a number, a text, or a date, time or duration.
    code
        Format code with up to four sections, such as ``#,##0.00;[Red]-#,##0.00``.
    date1904
        Whether day 0 of the workbook is 1 January 1904 instead of the eve of 1900.

    Returns
    -------
    str
        The text in the cell, with the blanks that ``_x`` and ``?`` leave and without what ``*x`` fills. Never
        raises: a code that follows no rule is shown as far as it can be read.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return _format_text(value, code)
    number = _as_decimal(value, date1904)
    if number is None:
        return str(value)
    return _format_number(number, code, date1904)


def as_moment(value: float, code: str, *, date1904: bool = False) -> dt.datetime | dt.timedelta | None:
    """Return what a number means if its format code shows a date or a time.

    Parameters
    ----------
    value
        The number, in days.
    code
        Format code.
    date1904
        Which date system.

    Returns
    -------
    datetime.datetime, datetime.timedelta or None
        Date and time where the code shows a year, month or day, and a duration where it shows only hours,
        minutes or seconds; ``None`` for other codes and for numbers that are no date.
    """
    sections = parse(code)
    if all(section.kind is not Kind.DATE for section in sections):
        return None
    section, _ = choose(sections, Decimal(repr(value)))
    if section is None or section.kind is not Kind.DATE:
        return None
    return moment(section, value, date1904)


def _format_text(value: str, code: str) -> str:
    section = text_section(parse(code))
    if section is None:
        return value
    return "".join(value if token.kind == "text" else token.shown for token in section.tokens)


def _format_number(number: Decimal, code: str, date1904: bool) -> str:
    section, absolute = choose(parse(code), number)
    if section is None:
        return general(number)
    if section.kind is Kind.TEXT:
        return "".join(general(number) if token.kind == "text" else token.shown for token in section.tokens)
    if section.kind is Kind.DATE:
        return render_date(section, number, date1904)
    return render_number(section, abs(number) if absolute else number)


def _as_decimal(value: object, date1904: bool) -> Decimal | None:
    """Return the number behind a value, ``None`` where it is not finite or not a number."""
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        return to_serial(value, date1904)
    if not isinstance(value, int | float | Decimal):
        return None
    # repr() of a float is the shortest text that means it: 1.005 rounds as a person expects, not as its
    # binary does.
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite() or (number and abs(number.adjusted()) > _LARGEST_EXPONENT):
        return None
    return number

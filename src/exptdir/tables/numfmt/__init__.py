"""Number formats: the text that a spreadsheet shows for a value under a format code.

Source: ECMA-376 part 1, §18.8.30 (``numFmt``, the built-in codes) and §18.8.31 (``numFmts``, the syntax of a
code); §18.17.4 for the two date systems. What the standard leaves open (the width of ``General``, which
sections take off the minus sign) follows what Excel and LibreOffice were seen to show. Colours, column widths
and the separators of locales other than English are outside its scope.
"""

from __future__ import annotations

import datetime as dt

from .dates import to_serial
from .format import NumberFormat, as_decimal, number_format

__all__ = ["NumberFormat", "as_moment", "format_colour", "format_value", "number_format", "to_serial"]


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
        return number_format(code).text(value)
    number = as_decimal(value, date1904)
    if number is None:
        return str(value)
    return number_format(code, date1904).exact(number)


def as_moment(value: float, code: str, *, date1904: bool = False) -> dt.datetime | dt.timedelta | None:
    """Return what a number means if its format code shows a date or a time.

    Parameters
    ----------
    value
        The number, in days.
    date1904
        Which date system.

    Returns
    -------
    datetime.datetime, datetime.timedelta or None
        Date and time where the code shows a year, month or day, and a duration where it shows only hours,
        minutes or seconds; ``None`` for other codes and for numbers that are no date.
    """
    return number_format(code, date1904).moment(value)


def format_colour(value: object, code: str) -> str | None:
    """Return the colour in which a format code shows a value.

    Parameters
    ----------
    value
        The value; only numbers and texts are coloured by their format.
    code
        Format code, such as ``0.00;[Red]-0.00``.

    Returns
    -------
    str or None
        Six lower-case hexadecimal digits, ``None`` where the code says nothing.
    """
    return number_format(code, False).colour(value)

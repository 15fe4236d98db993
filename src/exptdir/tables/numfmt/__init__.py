"""Number formats: the text that a spreadsheet shows for a value under a format code.

Source: ECMA-376 part 1, §18.8.30 (``numFmt``, the built-in codes) and §18.8.31 (``numFmts``, the syntax of a
code); §18.17.4 for the two date systems. What the standard leaves open (the width of ``General``, which
sections take off the minus sign) follows what Excel and LibreOffice were seen to show. Column widths and the separators
of locales other than English are outside its scope.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache

from .dates import moment, render_date, to_serial
from .digits import general, render_number
from .sections import Kind, choose, parse, text_section

__all__ = ["NumberFormat", "format_value", "number_format", "to_serial"]

#: Beyond any float; only a damaged workbook holds such numbers.
_LARGEST_EXPONENT = 400
#: Characters that a cell can hold; a code may repeat a text a thousand times.
_LONGEST = 32_767 * 2


class NumberFormat:
    """A format code made ready for use: read once, applied to many values.

    Parameters
    ----------
    code
        Format code with up to four sections, such as ``#,##0.00;[Red]-#,##0.00``.
    date1904
        Whether day 0 of the workbook is 1 January 1904 instead of the eve of 1900.

    Attributes
    ----------
    dated
        Whether it shows some numbers as dates or times.
    """

    def __init__(self, code: str, date1904: bool) -> None:
        self._date1904 = date1904
        self._sections = parse(code)
        self._text = text_section(self._sections)
        self.dated = any(section.kind is Kind.DATE for section in self._sections)
        self._coloured = any(section.colour for section in self._sections)

    def number(self, value: float | Decimal) -> str:
        """Show a finite number, one that is a :class:`Decimal` with all its digits."""
        # repr() is the shortest text that means a float: 1.005 rounds as a person expects, not as its binary does.
        number = value if isinstance(value, Decimal) else Decimal(repr(value))
        section, absolute = choose(self._sections, number)
        if section is None:
            return general(number)
        if section.kind is Kind.TEXT:
            return "".join(general(number) if token.kind == "text" else token.shown for token in section.tokens)
        if section.kind is Kind.DATE:
            return render_date(section, number, self._date1904)
        return render_number(section, abs(number) if absolute else number)

    def text(self, value: str) -> str:
        """Show a text."""
        if self._text is None or len(self._text.tokens) * len(value) > _LONGEST:
            return value
        return "".join(value if token.kind in {"text", "general"} else token.shown for token in self._text.tokens)

    def moment(self, value: float) -> dt.datetime | dt.timedelta | None:
        """Return what a number, in days, means if it is shown as a date or a time.

        Date and time where the code shows a year, month or day, and a duration where it shows only hours, minutes or
        seconds; ``None`` for other codes and for numbers that are no date.
        """
        section = choose(self._sections, Decimal(repr(value)))[0] if self.dated else None
        return moment(section, value, self._date1904) if section and section.kind is Kind.DATE else None

    def colour(self, value: object) -> str | None:
        """Return the colour that the format gives a number or a text, as six lower-case hexadecimal digits."""
        if not self._coloured or value is None or isinstance(value, bool):
            return None
        if isinstance(value, str):
            return self._text.colour if self._text else None
        number = as_decimal(value, self._date1904)
        section = None if number is None else choose(self._sections, number)[0]
        return section.colour if section else None


@lru_cache(maxsize=512)
def number_format(code: str, date1904: bool = False) -> NumberFormat:
    """Return a format code made ready for use."""
    return NumberFormat(code, date1904)


def format_value(value: object, code: str, *, date1904: bool = False) -> str:
    """Show a value as a spreadsheet would.

    Parameters
    ----------
    value
        ``None``, a truth value, a number, a text, or a date, time or duration.

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
    return str(value) if number is None else number_format(code, date1904).number(number)


def as_decimal(value: object, date1904: bool) -> Decimal | None:
    """Return the number behind a value, ``None`` where it is not finite or not a number."""
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        return to_serial(value, date1904)
    if not isinstance(value, int | float | Decimal):
        return None
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite() or (number and abs(number.adjusted()) > _LARGEST_EXPONENT):
        return None
    return number

"""A format code made ready for use: read once, applied to many values."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache

from .dates import moment, render_date, to_serial
from .digits import general, render_number
from .sections import Kind, choose, numeric_sections, parse, text_section

#: Beyond any float; only a damaged workbook holds such numbers.
_LARGEST_EXPONENT = 400
#: Characters that a cell can hold; a code may repeat a text a thousand times.
_LONGEST = 32_767 * 2


class NumberFormat:
    """What a format code does with values.

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
    coloured
        Whether it shows some values in colours of its own.
    for_texts
        Whether it has a section for texts.
    """

    def __init__(self, code: str, date1904: bool) -> None:
        self._date1904 = date1904
        self._sections = parse(code)
        self._text = text_section(self._sections)
        self.dated = any(section.kind is Kind.DATE for section in self._sections)
        self.coloured = any(section.colour for section in self._sections)
        self.for_texts = self._text is not None
        numeric = numeric_sections(self._sections)
        self._only = numeric[0][0] if len(numeric) == 1 and numeric[0][1] is None else None

    def number(self, value: float, stored: str | None = None) -> str:
        """Show a finite number.

        Parameters
        ----------
        stored
            How it is written where it comes from; by default the shortest text that means it.

        Returns
        -------
        str
            The text.
        """
        return self.exact(Decimal(repr(value) if stored is None else stored))

    def exact(self, number: Decimal) -> str:
        """Show a number with all its digits."""
        section, absolute = choose(self._sections, number)
        if section is None:
            return general(number)
        if section.kind is Kind.TEXT:
            shown = (general(number) if token.kind == "text" else token.shown for token in section.tokens)
            return "".join(shown)
        if section.kind is Kind.DATE:
            return render_date(section, number, self._date1904)
        return render_number(section, abs(number) if absolute else number)

    def text(self, value: str) -> str:
        """Show a text."""
        if self._text is None or len(self._text.tokens) * len(value) > _LONGEST:
            return value
        return "".join(value if token.kind in {"text", "general"} else token.shown for token in self._text.tokens)

    def moment(self, value: float) -> dt.datetime | dt.timedelta | None:
        """Return what a number that is shown as a date or a time means (see :func:`.as_moment`)."""
        section = (self._only or choose(self._sections, Decimal(repr(value)))[0]) if self.dated else None
        if section is None or section.kind is not Kind.DATE:
            return None
        return moment(section, value, self._date1904)

    def colour(self, value: object) -> str | None:
        """Return the colour in which a value is shown (see :func:`.format_colour`)."""
        if not self.coloured or value is None or isinstance(value, bool):
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


def as_decimal(value: object, date1904: bool) -> Decimal | None:
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

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

from .dates import DateLayout, moment, render_date, to_serial
from .digits import DigitLayout, general
from .sections import Section, numeric_sections, parse, text_section

__all__ = ["NumberFormat", "as_decimal", "number_format", "to_serial"]

#: Beyond any float; only a damaged workbook holds such numbers.
_LARGEST_EXPONENT = 400
#: Characters that a cell can hold; a code may repeat a text a thousand times.
_LONGEST = 32_767 * 2


class NumberFormat:
    """A format code made ready for use: read once, applied to many values.

    The *code* has up to four sections, such as ``#,##0.00;[Red]-#,##0.00``; *date1904* tells whether day 0 of the
    workbook is 1 January 1904 instead of the eve of 1900.
    """

    def __init__(self, code: str, date1904: bool) -> None:
        self.code, self.date1904 = code, date1904
        sections = parse(code)
        self._text = text_section(sections)
        self._numeric = [
            (*one, DateLayout(one[0]) if one[0].kind == "date" else DigitLayout(one[0].tokens))
            for one in numeric_sections(sections)
        ]
        #: Whether it shows some numbers as dates or times, and whether it gives some numbers or texts a colour.
        self.dated = any(section.kind == "date" for section in sections)
        self.coloured = any(section.colour for section in sections)

    def number(self, value: float | Decimal) -> str:
        """Show a finite number, one that is a :class:`Decimal` with all its digits."""
        # repr() is the shortest text that means a float: 1.005 rounds as a person expects, not as its binary does.
        number = value if isinstance(value, Decimal) else Decimal(repr(value))
        section, unsigned, layout = self._choose(number)
        if section is None or layout is None:
            return general(number)
        if isinstance(layout, DateLayout):
            return render_date(layout, number, self.date1904)
        if section.kind == "number":
            return layout.number(abs(number) if unsigned else number)
        return "".join(general(number) if token.kind == "text" else token.shown for token in section.tokens)

    def _choose(self, number: Decimal) -> tuple[Section | None, bool, DateLayout | DigitLayout | None]:
        """Return the section that shows a number, whether it does so without a sign, and what goes where in it."""
        for section, condition, unsigned, layout in self._numeric:
            if condition is None or condition.holds(number):
                return section, unsigned, layout
        return None, False, None

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
        layout = self._choose(Decimal(repr(value)))[2] if self.dated else None
        return moment(layout, value, self.date1904) if isinstance(layout, DateLayout) else None

    def colour(self, value: object) -> str | None:
        """Return the colour that the format gives a number or a text, as six lower-case hexadecimal digits."""
        if not self.coloured or value is None or isinstance(value, bool):
            return None
        if isinstance(value, str):
            return self._text.colour if self._text else None
        number = as_decimal(value, self.date1904)
        section = None if number is None else self._choose(number)[0]
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
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite() or (number and abs(number.adjusted()) > _LARGEST_EXPONENT):
        return None
    return number

"""Cells of one style: numbers, dates and texts under its number format."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from exptdir.tables.memo import Memo
from exptdir.tables.model import Cell, Look, plain
from exptdir.tables.numfmt import number_format, to_serial
from exptdir.tables.numfmt.fast import Fixed, fast_general, fixed_format

#: That of the largest float.
_LARGEST_EXPONENT = 308
#: Sizes between which a float is sure to hold a number.
_SMALLEST, _LARGEST = 1e-300, 1e300
#: Makes a named tuple without its own constructor, which would take longer than all the rest.
_make = tuple.__new__
#: The ink that is the page's own.
_BLACK = "000000"


class StyledCells:
    """Makes cells under a number format.

    Parameters
    ----------
    code
        The format code.
    look
        The look that they share, but for what the code says of their colour.
    date1904
        Whether dates count from 1904.
    """

    def __init__(self, code: str, look: Look, date1904: bool) -> None:
        self._date1904 = date1904
        self._format = number_format(code, date1904)
        self._code = code
        self._inks: dict[str, Look] = {}
        self.look = look

    def numbers(self) -> Callable[[str], Cell]:
        """Return the fastest function that does the same as :meth:`number`."""
        if fixed := fixed_format(self._code):
            return self._fixed_numbers(fixed)
        if self._code == "General":
            return self._general_numbers()
        # What takes longer to show than to look up is remembered.
        return Memo(self.number).__getitem__

    def _fixed_numbers(self, fixed: Fixed) -> Callable[[str], Cell]:
        otherwise, look = self.number, self.look
        spec, unit = fixed

        def number(stored: str) -> Cell:
            try:
                value = float(stored) if "." in stored else int(stored)
                units = abs(value) * unit
            except (ValueError, OverflowError):
                return otherwise(stored)
            # Nearer to the middle, or with more digits, a float may be wrong; below a half, the sign goes.
            if 0.5 < units < 1e10 and abs(units % 1 - 0.5) > 1e-4:
                return _make(Cell, (f"{value:{spec}}", value, "number", look, 1, 1, False, None, ()))
            return otherwise(stored)

        return number

    def _general_numbers(self) -> Callable[[str], Cell]:
        otherwise, look = self.number, self.look

        def number(stored: str) -> Cell:
            if "." in stored and "E" not in stored and "e" not in stored:
                try:
                    value = float(stored)
                except ValueError:
                    return otherwise(stored)
                shown = fast_general(value)
                if shown is not None:
                    return _make(Cell, (shown, value, "number", look, 1, 1, False, None, ()))
            return otherwise(stored)

        return number

    def number(self, stored: str) -> Cell:
        """Make a cell of a stored number; what is none is shown as it is stored."""
        try:
            value = float(stored)
        except ValueError:
            return Cell(plain(stored), stored, "text", self.look)
        if not _SMALLEST < abs(value) < _LARGEST:
            return self._unusual(stored.strip())
        shown = self._format.number(value, stored)
        if "." not in stored and (whole := stored.strip()).lstrip("-").isdecimal():
            value = int(whole)
        return self._cell(shown, value)

    def text(self, text: str) -> Cell:
        """Make a cell of a text."""
        if not self._format.for_texts:
            return _make(Cell, (plain(text), text, "text", self.look, 1, 1, False, None, ()))
        shown = self._format.text(text)
        return Cell(plain(text if shown == text else shown.strip()), text, "text", self._look(text))

    def iso_date(self, stored: str) -> Cell:
        """Make a cell of a date written as in ISO 8601 (ECMA-376 part 1, §18.17.4)."""
        try:
            moment = dt.datetime.fromisoformat(stored.strip())
        except ValueError:
            return Cell(plain(stored), stored, "text", self.look)
        shown = stored if self._code == "General" else self._format.exact(to_serial(moment, self._date1904)).strip()
        return Cell(plain(shown), moment, "date", self._look(moment))

    def _unusual(self, stored: str) -> Cell:
        """Make a cell of zero, of a number that no float holds, or of what is no number."""
        exact = Decimal(stored)
        if not exact.is_finite() or abs(exact.adjusted()) > _LARGEST_EXPONENT:
            return Cell(plain(stored), stored, "text", self.look)
        whole = stored.lstrip("-").isdecimal()
        return self._cell(self._format.exact(exact), int(exact) if whole else float(exact))

    def _cell(self, shown: str, value: float) -> Cell:
        moment = self._format.moment(value)
        if moment is not None:
            return Cell(plain(shown.strip()), moment, "date", self._look(value))
        return Cell(plain(shown.strip()), value, "number", self._look(value))

    def _look(self, value: object) -> Look:
        colour = self._format.colour(value)
        if colour is None:
            return self.look
        if colour not in self._inks:
            self._inks[colour] = self.look._replace(ink=colour if colour != _BLACK else None)
        return self._inks[colour]

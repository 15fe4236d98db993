"""Exact decimals, rounded as spreadsheets round them, and the format ``General``."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

#: Room for the largest float (309 digits before the point) with as many decimals or percent signs as a code can
#: have.
EXACT = Context(prec=4000, rounding=ROUND_HALF_UP, Emin=-9999, Emax=9999)
#: Spreadsheets know numbers to 15 significant digits and round from those, so that 0.285 * 100 shows as 29.
FIFTEEN = Context(prec=15, rounding=ROUND_HALF_UP)
#: Characters, without the sign, that ``General`` may take.
GENERAL_WIDTH = 11


def general(value: Decimal) -> str:
    """Show a number as ``General`` does.

    Parameters
    ----------
    value
        The number.

    Returns
    -------
    str
        All its digits if they fit into eleven characters; otherwise as many decimals as do, or six
        significant digits and an exponent where the number is too large or, below 0.0001, too small for that.
    """
    number = FIFTEEN.plus(value)
    sign, size = "-" if number < 0 else "", abs(number)
    whole = f"{size.normalize(EXACT):f}"
    if len(whole) <= GENERAL_WIDTH:
        return sign + whole if size else "0"
    exponent = size.adjusted()
    if -4 <= exponent < GENERAL_WIDTH:
        places = GENERAL_WIDTH - 2 - max(exponent, 0)
        rounded = _trim(f"{round_to(size, max(places, 0)):f}")
        if len(rounded) <= GENERAL_WIDTH:
            return sign + rounded
    return sign + _scientific(size)


@lru_cache(maxsize=512)
def _step(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def round_to(value: Decimal, places: int) -> Decimal:
    """Round to a number of decimals, halves away from zero."""
    return value.quantize(_step(places), context=EXACT)


def _trim(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _scientific(size: Decimal) -> str:
    exponent = size.adjusted()
    mantissa = round_to(size.scaleb(-exponent, EXACT), 5)
    if mantissa >= 10:
        mantissa, exponent = mantissa / 10, exponent + 1
    return f"{_trim(f'{mantissa:f}')}E{'-' if exponent < 0 else '+'}{abs(exponent):02d}"

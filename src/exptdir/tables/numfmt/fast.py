"""The usual formats, shown from floats many times faster than with exact decimals.

``'%.2f' % x`` rounds what a float means in binary, a spreadsheet the fifteen digits that a person sees. The two
differ only where a number is, up to the fifteenth digit, halfway between two that can be shown. Each function
here finds that out first and then returns ``None``: the exact way has to answer. It does so too for formats and
numbers that are rarely seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from .digits import layout_of
from .fastdates import fast_date
from .general import GENERAL_WIDTH
from .sections import Kind, Section, numeric_sections, parse

Fast = Callable[[float], str | None]

#: How near to the middle a number may be, in units of itself: half a unit of the fifteenth digit is at most 5e-15.
_DOUBT = 1e-14
#: Largest number of decimals that a float can have a say in.
_PLACES = 12
_FIXED = re.compile(r"(#,##)?0(?:\.(0{1,12}))?(%)?")


def fast_format(code: str, date1904: bool) -> Fast | None:
    """Return a function that shows numbers under a code.

    Parameters
    ----------
    code
        Format code.
    date1904
        Which date system.

    Returns
    -------
    callable or None
        Given a number between 1e-300 and 1e300 in size, or 0, it returns the same text as the exact way, or
        ``None`` if it is not sure; ``None`` in its place means that it would never be.
    """
    numeric = numeric_sections(parse(code))
    if any(section.condition for section, _ in numeric) or not numeric:
        return None
    by_sign = len(numeric) > 1
    shown = [_section(section, date1904, signed=at != 1) for at, (section, _) in enumerate(numeric)]
    if not by_sign:
        return shown[0]
    positive, negative = shown[0] or _unsure, shown[1] or _unsure
    return _by_sign(positive, negative, (shown[2] if len(shown) > 2 else positive) or _unsure)


class Fixed(NamedTuple):
    """A format with a fixed number of decimals, for whoever applies it himself.

    Parameters
    ----------
    spec
        The same for Python's own formatting.
    unit
        What makes the last decimal that is shown a one.
    """

    spec: str
    unit: float


def fixed_format(code: str) -> Fixed | None:
    """Return the format that a code such as ``#,##0.00`` or ``0.0%`` is, ``None`` for others."""
    match = _FIXED.fullmatch(code)
    if match is None:
        return None
    places, percent = len(match[2] or ""), bool(match[3])
    spec = f"{',' * bool(match[1])}.{places}{'%' if percent else 'f'}"
    return Fixed(spec, 10.0 ** (places + 2 * percent))


def _by_sign(positive: Fast, negative: Fast, zero: Fast) -> Fast:
    return lambda x: positive(x) if x > 0 else negative(-x) if x < 0 else zero(x)


def _unsure(_: float) -> None:
    return None


def _section(section: Section, date1904: bool, *, signed: bool) -> Fast | None:
    if section.kind is Kind.DATE:
        return fast_date(section, date1904) if signed else None
    if section.kind is Kind.TEXT:
        return fast_general if signed and len(section.tokens) == 1 else None
    layout = layout_of(section)
    if layout.general:
        return fast_general if len(section.tokens) == 1 else None
    if layout.scientific is not None:
        return _scientific(layout.scientific)
    if layout.simple is None or len(layout.decimals) > _PLACES or layout.percents > 1:
        return None
    before, after = layout.simple
    return _fixed(before, after, len(layout.decimals), 100.0**layout.percents, layout.grouped)


def _fixed(before: str, after: str, places: int, scale: float, grouped: bool) -> Fast:
    unit = scale * 10.0**places
    spec = f",.{places}f"
    template = f"{before.replace('%', '%%')}%.{places}f{after.replace('%', '%%')}"

    def fixed(x: float) -> str | None:
        size = abs(x)
        units = size * unit
        if not abs(units % 1 - 0.5) > units * _DOUBT:
            return None
        shown = f"{before}{size * scale:{spec}}{after}" if grouped else template % (size * scale)
        return "-" + shown if x < 0 and units > 0.5 else shown

    return fixed


def fast_general(x: float) -> str | None:
    """Show a number under ``General`` (see :func:`.general.general`), ``None`` where that takes exact decimals."""
    size = abs(x)
    if not 1e-4 <= size < 1e9:
        # A number with so many digits is shown with all of them, or not by a float.
        shown = f"{x:.15g}"
        return shown if "e" not in shown and len(shown) - (x < 0) <= GENERAL_WIDTH else None
    places = GENERAL_WIDTH - 1 - (1 if size < 10 else len(str(int(size))))
    units = size * 10.0**places
    if not abs(units % 1 - 0.5) > units * _DOUBT:
        return None
    return f"{x:.{places}f}".rstrip("0").rstrip(".")


def _scientific(places: int) -> Fast:
    tail, middle = 14 - places, 5 * 10 ** (13 - places)

    def scientific(x: float) -> str | None:
        digits = f"{x:.14e}"
        if len(digits) > 20 + (x < 0) or abs(int(digits[-4 - tail : -4]) - middle) <= 2:
            return None
        return f"{x:.{places}E}"

    return scientific if places < 12 else _unsure

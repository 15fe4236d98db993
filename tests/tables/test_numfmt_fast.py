"""Number formats from floats: the same text as from exact decimals, always."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exptdir.tables.numfmt import number_format
from exptdir.tables.numfmt.fast import fast_format

NUMBER_CODES = [
    *("General", "0", "0.0", "0.00", "0.000000", "#,##0", "#,##0.00", "0%", "0.0%", "0.00E+00", "0E+00"),
    *("#,##0.00;[Red]-#,##0.00", '0.0" µM"', '"$"#,##0.00_);("$"#,##0.00)', "+0.0;-0.0;0", "@", "#,##0_);(#,##0)"),
    '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)',
]
DATE_CODES = [
    *("yyyy-mm-dd", "d/m/yyyy", "h:mm", "[h]:mm:ss", "m/d/yy h:mm AM/PM", "dddd, mmmm d", "yyyy-mm-dd;@"),
    *("yyyy-mm-dd hh:mm:ss", "[mm]:ss", "d-mmm-yy"),
]
#: Halfway, or nearly, between two numbers with few decimals.
TIES = st.builds(
    lambda whole, places, off: (whole + 0.5) / 10**places + off,
    st.integers(-(10**7), 10**7),
    st.integers(0, 9),
    st.sampled_from([0.0, 1e-16, -1e-16, 1e-15, -1e-15, 1e-13, -1e-13]),
)
NUMBERS = st.one_of(TIES, st.integers(-(10**15) + 1, 10**15 - 1), st.floats(-1e15, 1e15), st.floats(-1.0, 1.0))


def usual(value: float) -> bool:
    """Tell whether a number is of the sizes that the fast way is asked for."""
    return 1e-300 < abs(value) < 1e300


@given(NUMBERS.filter(usual), st.sampled_from(NUMBER_CODES))
@example(1.005, "0.00")
@example(0.285, "0%")
@example(2.5, "0")
@example(-0.004999999999999999, "0.00")
@example(99999999999.5, "General")
@example(9.9999999999999, "0.00E+00")
@example(1e14 + 0.5, "0")
@example(1e299, "0.00%")
def test_numbers_are_the_same_as_from_decimals(value: float, code: str) -> None:
    ready = number_format(code)
    assert ready.number(value) == ready.exact(Decimal(repr(value)))


@given(NUMBERS.filter(usual), st.integers(15, 20))
def test_more_digits_than_a_person_sees_make_no_difference(value: float, digits: int) -> None:
    stored = f"{value:.{digits}g}"
    for code in ("General", "0.00", "#,##0.000", "0.0%", "0.000E+00"):
        ready = number_format(code)
        assert ready.number(float(stored), stored) == ready.exact(Decimal(stored))


SECONDS = st.builds(
    lambda day, second, off: day + (second + off) / 86400,
    st.integers(0, 90_000),
    st.integers(0, 86400),
    st.sampled_from([0.0, 0.0, 0.5, 0.4999999, 0.499995, 0.1]),
)


@given(st.one_of(st.floats(1e-9, 3e6), SECONDS, st.integers(1, 2958465)), st.sampled_from(DATE_CODES), st.booleans())
@example(44762.999999999, "yyyy-mm-dd hh:mm:ss", False)
@example(60, "yyyy-mm-dd", False)
@example(60, "yyyy-mm-dd", True)
@example(0.75, "h:mm", False)
@example(2958465.9999999, "yyyy-mm-dd", False)
def test_dates_are_the_same_as_from_decimals(serial: float, code: str, date1904: bool) -> None:
    if not serial:
        return
    ready = number_format(code, date1904)
    assert ready.number(serial) == ready.exact(Decimal(repr(serial)))


@pytest.mark.parametrize("code", ["General", "0.00", "#,##0", "0.0%", "0.00E+00", "yyyy-mm-dd", "[h]:mm:ss"])
def test_what_is_usual_is_not_left_to_decimals(code: str) -> None:
    fast = fast_format(code, False)
    assert fast is not None
    numbers = [number / 7 + 1 for number in range(1000)]
    assert sum(fast(number) is None for number in numbers) < (400 if code in {"[h]:mm:ss", "yyyy-mm-dd"} else 20)


@pytest.mark.parametrize("code", ["# ?/?", "[>5]0;0.0", "0.0?", "000.0", "mm:ss.0", "##0.0E+0", "0,,"])
def test_what_is_rare_is_left_to_decimals(code: str) -> None:
    fast = fast_format(code, False)
    assert fast is None or fast(12.25) is None

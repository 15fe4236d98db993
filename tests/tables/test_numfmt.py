"""Number formats: what a person sees for a value under a code."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exptdir.tables.numfmt import number_format
from tests.tables.making import format_value

NOON_20_JULY_2022 = 44762.5
ACCOUNTING = '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)'

NUMBERS = [
    (0, "General", "0"),
    (-0.0, "General", "0"),
    (42, "General", "42"),
    (0.35714285714285715, "General", "0.357142857"),
    (0.1 + 0.2, "General", "0.3"),
    (1234567.891234, "General", "1234567.891"),
    (12345678901, "General", "12345678901"),
    (12345678901.5, "General", "12345678902"),
    (123456789012, "General", "1.23457E+11"),
    (99999999999.5, "General", "1E+11"),
    (0.00001, "General", "0.00001"),
    (0.000123456789, "General", "0.000123457"),
    (1.23456789e-5, "General", "1.23457E-05"),
    (-1.5e-10, "General", "-1.5E-10"),
    (1e300, "General", "1E+300"),
    (0.35714285714285715, "0.00", "0.36"),
    (1.005, "0.00", "1.01"),
    (2.5, "0", "3"),
    (-2.5, "0", "-3"),
    (0.285, "0%", "29%"),
    (-0.001, "0.00", "0.00"),
    (1e20, "0", "100000000000000000000"),
    (1234567.5, "#,##0", "1,234,568"),
    (999, "#,##0", "999"),
    (1234567, "#,###,###.00", "1,234,567.00"),
    (12, "0,000", "0,012"),
    (1234567, "0,,", "1"),
    (1234, "0.0,", "1.2"),
    (0.125, "0.00%", "12.50%"),
    (5, "#.##", "5."),
    (0.5, "#.0#", ".5"),
    (0.5, "0.0??", "0.5  "),
    (12345.678, "0.00E+00", "1.23E+04"),
    (0.00001, "0.00E-00", "1.00E-05"),
    (9.999, "0.0E+0", "1.0E+1"),
    (12345, "##0.0E+0", "12.3E+3"),
    (999960, "##0.0E+0", "1.0E+6"),
    (0, "0.00E+00", "0.00E+00"),
    (5.25, "# ?/?", "5 1/4"),
    (-1.25, "# ?/?", "-1 1/4"),
    (0.3, "?/?", "1/3"),
    (1.33, "# ?/16", "1 5/16"),
    (0.75, "# ??/100", " 75/100"),
    (3, "# ?/?", "3    "),
    (0, "# ?/?", "0    "),
    (5551234567, "(###) ###-####", "(555) 123-4567"),
    (12, "000", "012"),
    (1.5, '0.0" µM"', "1.5 µM"),
    (1.5, "0.0\\x", "1.5x"),
    (3, 'General" runs"', "3 runs"),
    (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
    (-5, '"$"#,##0', "-$5"),
    (-5, '"$"#,##0_);[Red]("$"#,##0)', "($5)"),
    (-5, "0.0;", ""),
    (0, "0;-0;", ""),
    (7, ";;;", ""),
    (0, '0;-0;"none"', "none"),
    (-7, "0;(0)", "(7)"),
    (150, '[>100]"high";[<5]"low";0', "high"),
    (2, '[>100]"high";[<5]"low";0', "low"),
    (50, '[>100]"high";[<5]"low";0', "50"),
    (-1, "[>100]0;[<-5]0.0;0.00", "-1.00"),
    (-9, "[>100]0;[<-5]0.0;0.00", "9.0"),
    (3, "[<1]0;[>5]0", "3"),
    (1.5, "[Red]0.0", "1.5"),
    (1.5, "[Color12]0.0", "1.5"),
    (-1234.5, ACCOUNTING, " (1,234.50)"),
    (0, ACCOUNTING, " -   "),
    (1.5, "@", "1.5"),
    (1.5, "", "1.5"),
    (0, "?/?", "0/1"),
    (1, "0 0/0", "1 0/1"),
    (1.5, "0." + "0" * 100_000, "1.5" + "0" * 997),
]

DATES = [
    (NOON_20_JULY_2022, "yyyy-mm-dd hh:mm", "2022-07-20 12:00"),
    (NOON_20_JULY_2022, "dddd, mmmm d, yyyy", "Wednesday, July 20, 2022"),
    (NOON_20_JULY_2022, "ddd d-mmm-yy", "Wed 20-Jul-22"),
    (NOON_20_JULY_2022, "mmmmm", "J"),
    (NOON_20_JULY_2022, "YYYY/MM/DD", "2022/07/20"),
    (NOON_20_JULY_2022, "[$-409]d\\.m\\.yyyy;@", "20.7.2022"),
    (0.75, "h:mm AM/PM", "6:00 PM"),
    (0.0, "h AM/PM", "12 AM"),
    (0.25, "h:mm a/p", "6:00 a"),
    (0.1, "mm:ss.0", "24:00.0"),
    (1.5, "[h]:mm:ss", "36:00:00"),
    (1.5, "[mm]:ss", "2160:00"),
    (-0.0625, "[h]:mm", "########"),
    (0.5, 'h" h "m" min"', "12 h 0 min"),
    (44762.999999999, "h:mm:ss", "0:00:00"),
    (44762.999999999, "yyyy-mm-dd h:mm:ss", "2022-07-21 0:00:00"),
    (12.3456, "h:mm:ss", "8:17:40"),
    (12.3456, "hh:mm:ss.000", "08:17:39.840"),
    (0.5 + 59.4 / 86400, "h:mm", "12:00"),
    (1, "ddd yyyy-mm-dd", "Sun 1900-01-01"),
    (59, "yyyy-mm-dd", "1900-02-28"),
    (60, "yyyy-mm-dd", "1900-02-29"),
    (61, "yyyy-mm-dd", "1900-03-01"),
    (-1, "yyyy-mm-dd", "########"),
    (2958466, "yyyy", "########"),
    (NOON_20_JULY_2022, "[$-F800]dddd, mmmm dd, yyyy", "Wednesday, July 20, 2022"),
    (NOON_20_JULY_2022, "[$-F400]h:mm:ss", "12:00:00 PM"),
    # Years of eras, where languages have them (MS-OE376, 18.8.31), and none elsewhere.
    (NOON_20_JULY_2022, "[$-411]e/m/d", "4/7/20"),
    (NOON_20_JULY_2022, "[$-409]e/m/d", "2022/7/20"),
    (NOON_20_JULY_2022, '[$-411]ggge"年"m"月"d"日";@', "令和4年7月20日"),
    (NOON_20_JULY_2022, "[$-ja-JP]gee\\.mm\\.dd", "R04.07.20"),
    (32515, "[$-411]ggge.m.d", "昭和64.1.7"),
    (32516, "[$-411]gge.m.d", "平1.1.8"),
    (2, "[$-411]ge.m.d", "M33.1.2"),
    (NOON_20_JULY_2022, '[$-404]gge"年"m"月";@', "民國111年7月"),
    # Days of the week, which languages that have a sign for each write by that.
    (NOON_20_JULY_2022, "aaa d", "Wed 20"),
    (NOON_20_JULY_2022, "[$-804]aaaa;@", "星期三"),
    (NOON_20_JULY_2022, "[$-411]m/d(aaa)", "7/20(水)"),
    (NOON_20_JULY_2022, "[$-412]aaaa", "수요일"),
    # Months as beside a day, and abbreviations with points in them.
    (NOON_20_JULY_2022, '[$-FC19]d mmmm yyyy "г.";@', "20 июля 2022 г."),
    (NOON_20_JULY_2022, "[$-419]mmmm yyyy", "июль 2022"),
    (NOON_20_JULY_2022, "[$-41E]d mmm", "20 ก.ค."),
    (NOON_20_JULY_2022, "d/m/bbbb", "20/7/2565"),
]


@pytest.mark.parametrize(("value", "code", "shown"), NUMBERS)
def test_numbers(value: float, code: str, shown: str) -> None:
    assert format_value(value, code) == shown


@pytest.mark.parametrize(("value", "code", "shown"), DATES)
def test_dates_and_times(value: float, code: str, shown: str) -> None:
    assert format_value(value, code) == shown


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        ("cnn", "General", "cnn"),
        ("cnn", "0.00", "cnn"),
        ("cnn", '0;0;0;"<"@">"', "<cnn>"),
        ("cnn", '"model "@', "model cnn"),
        ("cnn", "0;-0;0;", ""),
        (True, "0.00", "TRUE"),
        (False, "General", "FALSE"),
        (None, "0.00", ""),
        (dt.datetime(2022, 7, 20, 12), "yyyy-mm-dd h:mm", "2022-07-20 12:00"),
        (dt.date(1900, 1, 1), "d/m/yyyy", "1/1/1900"),
        (dt.time(13, 5), "h:mm", "13:05"),
        (dt.timedelta(hours=30), "[h]:mm", "30:00"),
        (float("nan"), "0.00", "nan"),
    ],
)
def test_other_values(value: object, code: str, shown: str) -> None:
    assert format_value(value, code) == shown


def test_the_1904_system_counts_from_another_day() -> None:
    assert format_value(0, "yyyy-mm-dd", date1904=True) == "1904-01-01"
    assert format_value(NOON_20_JULY_2022 - 1462, "yyyy-mm-dd", date1904=True) == "2022-07-20"
    assert format_value(dt.date(2022, 7, 20), "yyyy-mm-dd", date1904=True) == "2022-07-20"


@pytest.mark.parametrize(
    ("value", "code", "colour"),
    [
        (-1.5, "0.0;[Red]-0.0", "ff0000"),
        (1.5, "0.0;[Red]-0.0", None),
        (0, "[Blue]0;[Red]-0;[Color10]0", "008000"),
        ("cnn", "0;0;0;[Magenta]@", "ff00ff"),
        (7, "[Color57]0", None),
        (True, "[Red]0", None),
        (7, "[>5][Green]0;0", "00ff00"),
        (dt.date(2022, 7, 20), "[Cyan]yyyy", "00ffff"),
    ],
)
def test_a_section_may_have_a_colour(value: object, code: str, colour: str | None) -> None:
    assert number_format(code).colour(value) == colour


def test_a_text_is_not_repeated_without_bounds() -> None:
    assert len(format_value("x" * 30_000, "@" * 900)) == 30_000


def test_what_a_number_means_follows_its_format() -> None:
    assert number_format("d/m/yy").moment(NOON_20_JULY_2022) == dt.datetime(2022, 7, 20, 12)
    assert number_format("[h]:mm").moment(1.5) == dt.timedelta(hours=36)
    assert number_format('0.0 "day"').moment(1.5) is None
    assert number_format("yyyy").moment(-3) is None


@given(
    st.one_of(st.floats(), st.integers(), st.text(max_size=10), st.booleans()),
    st.one_of(
        st.text(max_size=30),
        st.text(alphabet='0#?.,%@EGenral/ ;-+$_*\\"[]<>=1ymdhsAPM:()', max_size=40),
    ),
)
def test_no_code_and_no_value_raises(value: object, code: str) -> None:
    assert isinstance(format_value(value, code), str)


@given(st.floats(min_value=-1e9, max_value=1e9), st.integers(min_value=1, max_value=6))
def test_fixed_decimals_are_within_half_a_unit(value: float, places: int) -> None:
    shown = format_value(value, "0." + "0" * places)
    assert len(shown.partition(".")[2]) == places
    assert abs(float(shown) - value) <= 0.5000001 * 10**-places + abs(value) * 1e-14


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_general_never_takes_more_than_eleven_characters(value: float) -> None:
    assert len(format_value(value, "General").lstrip("-")) <= 12  # 1.23457E+100 has a third digit of exponent


def test_more_decimals_of_a_second_than_there_are_are_noughts() -> None:
    assert format_value(0.5, "s." + "0" * 100) == "0." + "0" * 100
    assert format_value(1.5 / 86_400, "ss." + "0" * 200).startswith("01.5000")


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (dt.date(2024, 3, 5), "[$-407]d. mmmm yyyy", "5. März 2024"),
        (dt.date(2024, 3, 5), "[$-407]dddd", "Dienstag"),
        (dt.date(2024, 3, 5), "[$-de-DE]d. mmmm yyyy;@", "5. März 2024"),
        (dt.date(2024, 3, 5), "[$-x-sysdate]mmmm", "March"),
        (dt.date(2024, 3, 5), "[$-en-GB]d mmmm", "5 March"),
        (dt.date(2024, 3, 5), "[$-sr-Latn-RS]mmmm", "mart"),
        (5, "0.00 [$€-de-DE]", "5.00 €"),
        (dt.date(2024, 3, 5), "[$-40C]dddd d mmmm", "mardi 5 mars"),
        (dt.date(2024, 3, 5), "[$-409]mmmm", "March"),
        (dt.date(2024, 3, 5), "[$-FFFF]mmm", "Mar"),
        (5, "[$€-407]0.00", "€5.00"),
        (1.23456789e100, "General", "1.2346E+100"),
        (1.23456789e-120, "General", "1.2346E-120"),
        ("text", "0;-0;0;General", "text"),
        (3.14159, "# ???/???", "3  16/113"),
        (0.3, "?/??", "3/10"),
    ],
)
def test_what_excel_shows_where_others_differ(value: object, code: str, shown: str) -> None:
    assert format_value(value, code) == shown


def test_negative_durations_are_shown_in_the_system_that_has_them() -> None:
    assert format_value(-0.0625, "[h]:mm") == "########"
    assert format_value(-0.0625, "[h]:mm", date1904=True) == format_value(-0.0625, "h:mm", date1904=True) == "-1:30"

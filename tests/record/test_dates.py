"""Dates in titles, directives, references and metadata."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exptdir.record.dates import (
    DateContext,
    heading_year,
    infer_direction,
    infer_order,
    parse_date,
    parse_title_date,
    update_date,
)
from exptdir.record.dates.forms import MAY_START
from tests.limits import ending

DAY = date(2024, 5, 21)
DAYS = st.dates(date(1970, 1, 1), date(2100, 12, 31))


def read(title: str, **context: object):
    return parse_title_date(title, context=DateContext(**context))


@pytest.mark.parametrize(
    ("title", "written", "rest"),
    [
        ("2024/05/21: First try", "2024/05/21", "First try"),
        ("2024-05-21", "2024-05-21", ""),
        ("  2024.5.21 — First try ", "2024.5.21", "First try"),
        ("20240521 First try", "20240521", "First try"),
        ("20240521", "20240521", ""),
        ("2024-05-21 13:40", "2024-05-21 13:40", ""),
        ("2024-05-21T13:40:05 First", "2024-05-21T13:40:05", "First"),
        ("2024-05-21 03:05:02.377685-05:00 | x", "2024-05-21 03:05:02.377685-05:00", "x"),
        ("2024-05-21 1:40 pm: x", "2024-05-21 1:40 pm", "x"),
        ("21 May 2024", "21 May 2024", ""),
        ("21st of May, 2024", "21st of May, 2024", ""),
        ("21-May-2024 - x", "21-May-2024", "x"),
        ("May 21, 2024", "May 21, 2024", ""),
        ("May 21st 2024 first", "May 21st 2024", "first"),
        ("2024 May 21: x", "2024 May 21", "x"),
        ("Tue, May 21 2024", "Tue, May 21 2024", ""),
        ("Tuesday 21.05.2024: x", "Tuesday 21.05.2024", "x"),
        ("2024-05-21 (Tue): x", "2024-05-21 (Tue)", "x"),
        ("2024-05-21 Sun exposure", "2024-05-21", "Sun exposure"),
        ("<2024-05-21 Tue> x", "2024-05-21 Tue", "x"),
        ("[2024-05-21 Tue 10:00-11:00]", "2024-05-21 Tue 10:00-11:00", ""),
        ("(2024/05/21) x", "2024/05/21", "x"),
        ("5/21/2024 x", "5/21/2024", "x"),
        ("21.05.2024", "21.05.2024", ""),
        ("21. 5. 2024 Kinetik", "21. 5. 2024", "Kinetik"),
        ("[[2024-05-21]] tuned", "2024-05-21", "tuned"),
        ("21-05-2024 x", "21-05-2024", "x"),
        ("5/21/24", "5/21/24", ""),
        ("5/21/24: x", "5/21/24", "x"),
        ("21.05.24: x", "21.05.24", "x"),
        ("2024年5月21日 実験", "2024年5月21日", "実験"),
        ("2024年5月21日（火） 実験", "2024年5月21日（火）", "実験"),
        ("21. Mai 2024: x", "21. Mai 2024", "x"),
        ("21 mai 2024 - x", "21 mai 2024", "x"),
        ("21 de mayo de 2024", "21 de mayo de 2024", ""),
        ("2024-05-21: -PNK", "2024-05-21", "-PNK"),
        ("2024-05-21-slug", "2024-05-21", "slug"),
        ("2024/05/21 - 2024/05/23: x", "2024/05/21 - 2024/05/23", "x"),
    ],
)
def test_full_dates_at_the_beginning(title: str, written: str, rest: str) -> None:
    found = read(title)
    assert found is not None
    assert (found.date, found.written, found.rest) == (DAY, written, rest)
    assert found.problem is None


@pytest.mark.parametrize("separator", [" --- ", " -- ", " - ", "—", " — ", "–", ": ", ", ", "---"])
@pytest.mark.parametrize("written", ["2024/05/21", "2024-05-21", "May 21, 2024", "21 May 2024", "Tue, 21 May 2024"])
def test_full_dates_at_the_end(separator: str, written: str) -> None:
    found = read(f"Gel, stained{separator}{written}")
    assert found is not None
    assert (found.date, found.written, found.rest) == (DAY, written, "Gel, stained")


@pytest.mark.parametrize("title", ["Gel (2024/05/21)", "Gel <2024-05-21 Tue>", "Gel [May 21, 2024]"])
def test_dates_in_brackets_at_the_end(title: str) -> None:
    found = read(title)
    assert found is not None
    assert (found.date, found.rest) == (DAY, "Gel")


@pytest.mark.parametrize(
    "title",
    [
        "",
        "1AAY",
        "v0.3",
        "3/4 of the data",
        "10/20 split",
        "3/4:1 mixture",
        "1/2–3/4 dilution",
        "6/28 x",
        "2024 results",
        "5.2 Setup",
        "1.2.3 Section",
        "10.11.12 Section",
        "10.11.12",
        "1.2.2024.5",
        "2024.5.21.3",
        "100-200 nm",
        "2-3 weeks",
        "May results",
        "May 2024",
        "1 Marker gene",
        "Step 3/4",
        "50/50: x",
        "0/1",
        "16/16",
        "60/20/20 split",
        "20249999 x",
        "20240521x",
        "202405211 x",
        "2048-32-16 network",
        "2024-05-21st",
        "Gel 2020/11/04",
        "Gel --- 5/21/2024",
        "Gel --- 6/28",
        "T4 ligase --- RNA (M0204)",
        "4 --- T4 RNA Ligase (2050A)",
        "2024-05",
    ],
)
def test_what_is_no_date(title: str) -> None:
    assert read(title, heading=2024, order="MDY") is None


@pytest.mark.parametrize(
    ("title", "month", "day", "rest"),
    [
        ("6/28", 6, 28, ""),
        ("6/28: x", 6, 28, "x"),
        ("6/28 - x", 6, 28, "x"),
        ("6/28 — x", 6, 28, "x"),
        ("6/28, x", 6, 28, "x"),
        ("6/28 (Fri): x", 6, 28, "x"),
        ("Fri 6/28", 6, 28, ""),
        ("28/6: x", 6, 28, "x"),
        ("11月17日 x", 11, 17, "x"),
        ("11月17日", 11, 17, ""),
        ("21 May", 5, 21, ""),
        ("May 21: x", 5, 21, "x"),
        ("May 21 First try", 5, 21, "First try"),
        ("March, 5th 19:57", 3, 5, ""),
        ("2/29: leap", 2, 29, "leap"),
    ],
)
def test_dates_without_a_year(title: str, month: int, day: int, rest: str) -> None:
    found = read(title, heading=2024)
    assert found is not None
    assert (found.date, found.rest) == (date(2024, month, day), rest)
    assert found.problem is None


def test_without_any_year_it_is_reported() -> None:
    found = read("6/28: x")
    assert found is not None
    assert (found.date, found.written) == (None, "6/28")
    assert "year of “6/28”" in (found.problem or "")


@pytest.mark.parametrize("title", ["2 Jun kinase mutants", "May 21 added dropout", "5 Dec 10 mM", "10/20/30 split"])
def test_what_may_be_a_date_is_reported(title: str) -> None:
    found = read(title, heading=2024)
    assert found is not None
    assert found.date is None
    assert "may be a date" in (found.problem or "")


@pytest.mark.parametrize(
    "title",
    [
        "2024/02/31",
        "2023-02-29: x",
        "31/02/2024",
        "2/30: x",
        "April 31, 2024",
        "Gel --- 2024/02/31",
        "2024-00-10",
    ],
)
def test_days_that_do_not_exist(title: str) -> None:
    found = read(title, heading=2024)
    assert found is not None
    assert found.date is None
    assert "no such day" in (found.problem or "")


def test_leap_day_in_a_common_year() -> None:
    found = read("2/29: x", heading=2023)
    assert found is not None
    assert (found.date, found.problem) == (None, "there is no such day as “2/29” in 2023")


def test_two_dates_at_the_end() -> None:
    found = read("Gel --- 2020/11/04 : 2020/11/06")
    assert found is not None
    assert found.date is None
    assert "two dates, “2020/11/04” and “2020/11/06”" in (found.problem or "")


def test_weekday_that_is_wrong() -> None:
    found = read("Mon, May 21 2024")
    assert found is not None
    assert (found.date, found.problem) == (
        DAY,
        "“Mon, May 21 2024” is 2024-05-21, a Tuesday, not a Monday",
    )


# --- day and month


@pytest.mark.parametrize(
    ("title", "order", "evidence", "expected"),
    [
        ("5/6/2024", "DMY", "", date(2024, 6, 5)),
        ("5/6/2024", "MDY", "", date(2024, 5, 6)),
        ("5/6/2024", "", "DMY", date(2024, 6, 5)),
        ("5/6/2024", "MDY", "DMY", date(2024, 5, 6)),
        ("5/6/2024", "", "", None),
        ("5/6/2024", "YMD", "", None),
        ("5/5/2024", "", "", date(2024, 5, 5)),
        ("5-6-2024", "", "", None),
        ("5.6.2024", "", "", date(2024, 6, 5)),
        ("5.6.2024", "MDY", "", date(2024, 5, 6)),
        ("5.6.2024", "", "MDY", None),
        ("05/06/24", "YMD", "", date(2005, 6, 24)),
        ("05/06/24", "", "", None),
        ("24-05-21", "", "", None),
        ("24-05-21", "YMD", "", DAY),
        ("5/6: x", "YMD", "", date(2024, 5, 6)),
        ("5/6: x", "DMY", "", date(2024, 6, 5)),
        ("5/6: x", "", "", None),
    ],
)
def test_order(title: str, order: str, evidence: str, expected: date | None) -> None:
    found = read(title, order=order, evidence=evidence, heading=2024)
    assert found is not None
    assert found.date == expected
    assert (found.problem is None) == (expected is not None)


def test_ambiguity_names_the_readings_and_the_setting() -> None:
    found = read("5/6/2024: x")
    assert found is not None
    assert found.problem == "“5/6/2024” can mean 2024-06-05 or 2024-05-06; say which with exptdir_date_order"
    found = read("5/6: x", heading=2024)
    assert found is not None
    assert "day 5 of month 6 or day 6 of month 5" in (found.problem or "")


@pytest.mark.parametrize(
    ("title", "order", "contradicts"),
    [
        ("5/21/2024", "DMY", True),
        ("21/5/2024", "MDY", True),
        ("5/21/2024", "MDY", False),
        ("5/21: x", "DMY", True),
        ("5/21: x", "YMD", False),
        ("5/5/2024", "YMD", False),
        ("2024-05-21", "DMY", False),
        ("May 21, 2024", "DMY", False),
    ],
)
def test_contradiction_of_the_setting(title: str, order: str, contradicts: bool) -> None:
    found = read(title, order=order, heading=2024)
    assert found is not None
    assert found.date is not None
    assert ("contradicts exptdir_date_order" in (found.problem or "")) is contradicts


def test_order_evidence() -> None:
    assert infer_order([]).order == ""
    assert infer_order(["5/6/2024", "Notes", "2024-05-21", "May 21, 2024"]).order == ""
    assert infer_order(["5/6/2024", "5/21/2024: x"]).order == "MDY"
    assert infer_order(["5.6.2024", "21.5.2024"]).order == "DMY"
    assert infer_order(["4/13", "3/4 of the data", "25/4 of it"]).order == "MDY"
    both = infer_order(["5/21/2024: x", "5/6/2024", "22/5/2024: y"])
    assert (both.order, both.contradictions) == ("", ("22/5/2024: y",))


# --- years


@pytest.mark.parametrize(
    ("written", "previous", "newest_first", "year"),
    [
        ("1/3", date(2023, 12, 28), False, 2024),
        ("12/28", date(2024, 1, 3), True, 2023),
        ("12/28", date(2024, 1, 3), False, None),
        ("1/3", date(2023, 12, 28), True, None),
        ("1/3", date(2023, 12, 28), None, 2024),
        ("12/28", date(2024, 1, 3), None, 2023),
        ("5/20", DAY, False, 2024),
        ("5/22", DAY, False, 2024),
        ("5/21", DAY, False, 2024),
        ("5/20", DAY, True, 2024),
        ("5/22", DAY, True, 2024),
        ("11/30", DAY, False, 2024),
        ("12/20", date(2024, 3, 10), False, 2024),
        ("1/10", date(2024, 7, 15), False, 2025),
        ("2/10", date(2024, 7, 15), False, None),
        ("3/5", date(2024, 11, 20), None, None),
        ("8/10", date(2024, 4, 13), None, 2024),
        ("2/29", date(2023, 12, 28), False, 2024),
        ("2/29", date(2025, 12, 28), False, None),
        ("1/3 Wed", date(2023, 12, 28), False, 2024),
        ("1/3 Thu", date(2023, 12, 28), False, None),
        ("12/28 Thu", date(2024, 1, 3), False, 2023),
    ],
)
def test_year_from_the_entry_before(written: str, previous: date, newest_first: bool | None, year: int | None) -> None:
    found = read(f"{written}: x", order="MDY", previous=previous, newest_first=newest_first)
    assert found is not None
    assert (found.date.year if found.date else None) == year


def test_heading_wins_over_the_entry_before_and_the_begin_counts_where_nothing_is() -> None:
    heading = read("11/13: x", heading=2022, previous=DAY)
    begun = read("1/13: x", begun=date(2023, 12, 20))
    assert heading is not None
    assert begun is not None
    assert heading.date == date(2022, 11, 13)
    assert begun.date == date(2024, 1, 13)


@given(st.lists(st.integers(1, 150), min_size=2, max_size=20), DAYS, st.booleans())
def test_years_of_a_whole_file(gaps: list[int], start: date, newest_first: bool) -> None:
    previous = start
    for gap in gaps:
        step = timedelta(days=-gap if newest_first else gap)
        if not date(1971, 1, 1) <= previous + step <= date(2099, 12, 31):
            return
        day = previous + step
        context = DateContext(order="MDY", previous=previous, newest_first=newest_first)
        found = parse_title_date(f"{day.month}/{day.day}: x", context=context)
        assert found is not None
        assert found.date == day
        previous = day


def test_direction() -> None:
    assert infer_direction(["2022/4/13", "4/17", "6/28: x", "Notes", "9/1", "1/3: x"], order="MDY") is False
    assert infer_direction(["1/3: x", "12/28: y", "11/13", "10/1"], order="MDY") is True
    assert infer_direction(["Gel --- 2024/05/21", "Gel --- 2023/12/01"]) is True
    assert infer_direction(["2023-12-28", "2024-01-03"]) is False
    assert infer_direction(["4/13", "4/20", "4/13"]) is None
    assert infer_direction(["4/13"]) is None
    assert infer_direction([]) is None


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("2024", 2024),
        (" 2024 ", 2024),
        ("May 2024", 2024),
        ("2024 May", 2024),
        ("2024年", 2024),
        ("2024年5月", 2024),
        ("Notes 2024", 2024),
        ("2024-05", 2024),
        ("2023/24", None),
        ("2023-24", None),
        ("2011-12", None),
        ("ResNet 2024", None),
        ("Step 2000", None),
        ("2024 results", None),
        ("1024", None),
        ("2024-05-21", None),
        ("May 21, 2024", None),
        ("Log of May 2024", None),
        ("", None),
    ],
)
def test_heading_year(title: str, year: int | None) -> None:
    assert heading_year(title) == year


# --- strict dates and updates


@pytest.mark.parametrize("text", ["2024-05-21", "2024/05/21", "2024.5.21", "2024.05.21"])
def test_strict_dates(text: str) -> None:
    assert parse_date(text) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "2024-5-21",
        "2024/05-21",
        "2024-02-30",
        "0000-01-01",
        "20240521",
        "24-05-21",
        " 2024-05-21",
        "2024-05-21\n",
        "",
        "x",
        "２０２４-05-21",
        "2024-05-21.2",
        "5/21/2024",
    ],
)
def test_what_is_no_strict_date(text: str) -> None:
    assert parse_date(text) is None


def test_updates() -> None:
    assert update_date("2024/07/02", DateContext()).date == date(2024, 7, 2)
    assert update_date(" Dec 6, 2017 ", DateContext()).date == date(2017, 12, 6)
    assert update_date("6/28", DateContext(previous=DAY)).date == date(2024, 6, 28)
    nothing = update_date("soon", DateContext())
    assert (nothing.date, nothing.written) == (None, "soon")
    assert nothing.problem == "“soon” is not a date such as 2024-07-02"


# --- round trips and hostile titles

FORMATS = [
    "{d:%Y/%m/%d}",
    "{d:%Y-%m-%d}",
    "{d.year}.{d.month}.{d.day}",
    "{d:%Y%m%d}",
    "{d:%Y-%m-%d %H:%M}",
    "{d:%Y-%m-%dT%H:%M:%S}",
    "{d:%Y-%m-%d %a}",
    "<{d:%Y-%m-%d %a}>",
    "{d.day} {d:%B %Y}",
    "{d.day}th of {d:%b, %Y}",
    "{d:%B} {d.day}, {d.year}",
    "{d:%a, %b} {d.day} {d.year}",
    "{d:%d.%m.%Y}",
    "{d.year}年{d.month}月{d.day}日",
]


@pytest.mark.parametrize("form", FORMATS)
@given(day=DAYS, rest=st.sampled_from(["", ": First try", " — x", " - 3 mM", " First"]))
def test_round_trip(form: str, day: date, rest: str) -> None:
    found = read(form.format(d=day) + rest)
    assert found is not None
    assert (found.date, found.problem) == (day, None)


@pytest.mark.parametrize("order", ["DMY", "MDY"])
@given(day=DAYS)
def test_numeric_round_trip(order: str, day: date) -> None:
    first, second = (day.day, day.month) if order == "DMY" else (day.month, day.day)
    found = read(f"{first}/{second}/{day.year}: x", order=order)
    assert found is not None
    assert (found.date, found.problem) == (day, None)


@given(st.text(max_size=80))
def test_nothing_is_lost(title: str) -> None:
    found = read(title, heading=2024)
    if found is not None:
        assert found.written in title
        assert found.rest in title


@pytest.mark.parametrize(
    "title",
    [
        "x" * 1000000,
        " " * 500000 + "x" * 500000,
        "1/" * 500000,
        "x" + " - " * 300000,
        "2024-05-21" + " " * 1000000 + "x",
        "Mon, " * 200000,
        "([" * 500000,
        "1" * 1000000,
        "2020/11/04 - " * 80000,
        "x, " * 300000 + "2024/05/2",
    ],
    ids=range(10),
)
def test_hostile_titles_are_quick(title: str) -> None:
    # What grows faster than the title takes many minutes for so much.
    with ending():
        read(title)
        heading_year(title)
        parse_date(title)
        infer_order([title])


@pytest.mark.parametrize(
    ("title", "rest"),
    [
        ("Gel --- May 24--27, 2024", "Gel"),
        ("May 24–27, 2024: Gel", "Gel"),
        ("May 24 to 27, 2024 Gel", "Gel"),
        ("May 24 – June 2, 2024: Gel", "Gel"),
        ("24–27 May 2024: Gel", "Gel"),
        ("24th - 27th of May 2024, Gel", "Gel"),
        ("24 May – 2 June 2024 Gel", "Gel"),
        ("Gel --- 24 May – 2 June 2024", "Gel"),
        ("2024-05-24 -- 2024-05-27: Gel", "Gel"),
        ("Gel --- 2024-05-24--2024-05-27", "Gel"),
        ("Gel: 2024-05-24--27", "Gel"),
        ("24.–27.05.2024 Gel", "Gel"),
        ("24.05.–27.05.2024: Gel", "Gel"),
        ("24.05.2024–27.05.2024: Gel", "Gel"),
        ("May 24--27: Gel", "Gel"),
        ("24–27 May: Gel", "Gel"),
        ("24 May – 2 June: Gel", "Gel"),
        ("May 24 – June 2", ""),
        ("2024/05/24 to 27", ""),
        ("2024-05-24/27", ""),
        ("2024-05-24..27: Gel", "Gel"),
        ("2024-05-24 and 2024-05-27", ""),
        ("2024年5月24日～27日", ""),
        ("24 and 25 May 2024", ""),
        ("24./25. Mai 2024", ""),
        ("May 24 & 25, 2024: Gel", "Gel"),
        ("Fri 24 – Mon 27 May 2024", ""),
        ("Gel, 24.5.–27.5.2024", "Gel"),
        ("24 May 2024 – 2 June 2024", ""),
        ("Gel --- May 24, 2024 – June 2, 2024", "Gel"),
    ],
)
def test_a_range_of_days_is_its_first_day(title: str, rest: str):
    found = parse_title_date(title, context=DateContext(heading=2024))
    assert found is not None and found.problem is None
    assert (found.date, found.rest) == (date(2024, 5, 24), rest)


@pytest.mark.parametrize("title", ["Dec 30 – Jan 2, 2024", "30 Dec – 2 Jan 2024: Gel", "Gel, 30.12.–2.1.2024"])
def test_a_range_across_new_year_begins_in_the_year_before(title: str):
    found = parse_title_date(title, context=DateContext())
    assert found is not None and found.date == date(2023, 12, 30)


@pytest.mark.parametrize("rest", ["- 3 samples", "-- 27 tubes", "- 2", "and 3 more"])
def test_a_number_behind_a_date_is_part_of_the_title(rest: str):
    found = parse_title_date(f"2024-05-24 {rest}", context=DateContext())
    assert found is not None and found.date == date(2024, 5, 24) and found.rest == rest.lstrip("- ")


@pytest.mark.parametrize("title", ["More", "Samples of the 3rd batch", "Do not", "Mo", "Sunday reading"])
def test_a_title_that_only_begins_like_a_weekday_is_not_looked_at_closely(title: str):
    assert MAY_START.match(title) is None and parse_title_date(title, context=DateContext()) is None

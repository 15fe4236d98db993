"""Number formats by column."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from exptdir.errors import TableError
from exptdir.tables import Table, apply_formats, read_table, read_text, select
from tests.tables.making import make, texts

RUNS = """run,loss,"a, b",step,when,share: all
1,0.4567,1.005,1000,2024-05-01,0.25
2,1e-7,2,2500,2024-06-12,0.5
3,,x,,,1
"""


def runs() -> Table:
    return read_text(RUNS, name="the content", path=Path("log.rst"))


def column(table: Table, at: int) -> list[str]:
    return [row[at].text for row in table.rows[1:]]


def test_rounding_all_leaves_columns_of_whole_numbers_as_they_are() -> None:
    shown = apply_formats(runs(), round="2")
    assert [column(shown, at) for at in range(4)] == [
        ["1", "2", "3"],
        ["0.46", "0.00", ""],
        ["1.01", "2.00", "x"],
        ["1000", "2500", ""],
    ]
    assert texts(shown)[0] == texts(runs())[0]
    assert shown.problems == ()


def test_rounding_by_column() -> None:
    shown = apply_formats(runs(), round='loss 3, "a, b" 1, step 0')
    assert (column(shown, 1), column(shown, 2), column(shown, 3)) == (
        ["0.457", "0.000", ""],
        ["1.0", "2.0", "x"],
        ["1000", "2500", ""],
    )


@pytest.mark.parametrize(
    ("options", "content", "cells"),
    [
        ({"round": "1"}, "a;b\n1,25;1.234,56\n2;−0,5\n", ["1,3", "1234,6", "2,0", "-0,5"]),
        ({"round": "a 2"}, "a;b\n3;0,5\n4;0,25\n", ["3,00", "0,5", "4,00", "0,25"]),
        ({"formats": 'a: #,##0.0" a.u."'}, "a;b\n1234,56;0\n", ["1.234,6 a.u.", "0"]),
        # A column with points keeps them, and commas between thousands are none of decimals.
        ({"round": "1"}, "a;b\n1.234,56;0.55\n2,5;1.25\n", ["1234,6", "0.6", "2,5", "1.3"]),
        ({"round": "1"}, 'a,b\n"1,234.56",0.55\n"2,500",1.25\n', ["1234.6", "0.6", "2500.0", "1.3"]),
    ],
)
def test_numbers_keep_their_decimal_comma(options: dict[str, str], content: str, cells: list[str]) -> None:
    shown = apply_formats(read_text(content, name="the content", path=Path("log.rst")), **options)
    assert [cell.text for row in shown.rows[1:] for cell in row] == cells


def test_formats_are_those_of_spreadsheets() -> None:
    shown = apply_formats(runs(), formats='loss: 0.0E+00\nstep: #,##0 "it"\n"share: all": 0%\nwhen: d mmm yyyy')
    assert column(shown, 1) == ["4.6E-01", "1.0E-07", ""]
    assert column(shown, 3) == ["1,000 it", "2,500 it", ""]
    assert column(shown, 4) == ["1 May 2024", "12 Jun 2024", ""]
    assert column(shown, 5) == ["25%", "50%", "100%"]


def test_a_single_format_is_for_all_numbers() -> None:
    shown = apply_formats(runs(), formats="0.000")
    assert column(shown, 0) == ["1.000", "2.000", "3.000"]
    assert column(shown, 2) == ["1.005", "2.000", "x"]
    assert column(shown, 4) == ["2024-05-01", "2024-06-12", ""]


def test_a_time_is_no_name_of_a_column() -> None:
    assert column(apply_formats(runs(), formats="h:mm"), 5) == ["6:00", "12:00", "0:00"]


def test_a_format_wins_over_rounding() -> None:
    assert column(apply_formats(runs(), round="2", formats="loss: 0.0"), 1) == ["0.5", "0.0", ""]


def test_values_stay_so_that_rows_sort_as_before() -> None:
    shown = apply_formats(runs(), round="0", formats="loss: 0")
    assert [row[1].value for row in shown.rows[1:]] == [0.4567, 1e-7, None]
    assert column(select(shown, sort="loss"), 0) == ["2", "1", "3"]


def test_a_colour_in_a_format_is_the_ink() -> None:
    shown = apply_formats(runs(), formats="step: [Red][>2000]0;[Black]0")
    assert [row[3].look.ink for row in shown.rows[1:]] == [None, "ff0000", None]


def test_a_date_is_not_shown_as_a_number() -> None:
    assert column(apply_formats(runs(), formats="when: 0.00"), 4) == ["2024-05-01", "2024-06-12", ""]


def test_a_workbook_is_formatted_by_its_values(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        sheet.append(["loss"])
        sheet.append([1 / 3])
        sheet["A2"].number_format = "0.0"

    shown = read_table(make(tmp_path, build))
    assert texts(shown) == [["loss"], ["0.3"]]
    assert texts(apply_formats(shown, round="loss 4")) == [["loss"], ["0.3333"]]


def test_a_column_without_numbers_is_reported() -> None:
    table = read_text("a,b\nx,1.5\n", name="the content", path=Path("log.rst"))
    [problem] = apply_formats(table, round="a 2").problems
    assert problem.message == "the column 'a' holds no number, so that its format does nothing"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"round": "los 2"}, "there is no column 'los': its columns are 'loss'"),
        ({"round": "two"}, r"does not say how to round: write 2 \(for all columns\), or loss 3, acc 2"),
        ({"round": "loss 2,"}, "does not say how to round"),
        ({"round": "99"}, "99 digits are more than a number has: round to 15 at most"),
        ({"round": "loss " + "9" * 5000}, "digits are more than a number has"),
        ({"formats": "los: 0.00"}, "there is no column 'los'"),
        ({"formats": "loss: 0.00\n0.0"}, "'0.0' names no column: write one line for each"),
        ({"formats": "0" * 100_000}, "is longer than 255 characters"),
    ],
)
def test_what_cannot_be_followed_is_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(TableError, match=message) as caught:
        apply_formats(runs(), **options)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("code", [".2f", "%.2f", "0.0 mM", "0.0 s", "loss", "d loss"])
def test_letters_that_would_be_shown_as_they_are_are_refused(code: str) -> None:
    with pytest.raises(TableError, match="has letters that are no part of a number"):
        apply_formats(runs(), formats=f"loss: {code}")


@pytest.mark.parametrize(
    "code", ['0.0" mM"', "0.0\\ \\s", "[Red]0.0", "[h]:mm:ss.00", "yyyy-mm-ddThh:mm", "h AM/PM", "General"]
)
def test_letters_of_formats_are_not(code: str) -> None:
    assert apply_formats(runs(), formats=f"loss: {code}").problems == ()

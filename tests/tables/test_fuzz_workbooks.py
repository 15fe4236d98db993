"""Whatever values and formats a workbook has, it is read, and shows what the formats say."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from exptdir.errors import TableError
from exptdir.tables import read_table
from tests.tables.making import format_value

CODES = st.one_of(
    st.sampled_from(["General", "0.00", "#,##0", "0.0%", "# ?/?", "yyyy-mm-dd", "[h]:mm", '0;-0;"none";"<"@">"']),
    st.text(alphabet='0#?.,%@EGenral/ ;-+$_*\\"[]<>=1ymdhsAPM:()', min_size=1, max_size=20),
)
TEXTS = st.text(max_size=20).map(lambda text: ILLEGAL_CHARACTERS_RE.sub("", text))
NUMBERS = st.one_of(st.integers(-(10**15), 10**15), st.floats(-1e12, 1e12, allow_subnormal=False))
MOMENTS = st.datetimes(dt.datetime(1901, 1, 1), dt.datetime(2100, 1, 1))
VALUES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, MOMENTS)


def written(cells: list[list[tuple[object, str]]], path: Path) -> Path:
    """Write a workbook of values with formats."""
    book = Workbook()
    for row, line in enumerate(cells, start=1):
        for column, (value, code) in enumerate(line, start=1):
            cell = book.active.cell(row, column, value)
            cell.number_format = code
            if isinstance(value, str):
                # A text that begins with an equals sign would be a formula.
                cell.data_type = "s"
    book.save(path)
    return path


@given(st.lists(st.lists(st.tuples(VALUES, CODES), min_size=1, max_size=4), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_grid_is_read_or_refused(cells: list[list[tuple[object, str]]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = written(cells, Path(directory) / "t.xlsx")
        try:
            table = read_table(path)
        except TableError as error:
            assert "empty" in str(error)
            return
    assert all(isinstance(cell.text, str) for row in table.rows for cell in row)


@given(st.lists(st.tuples(NUMBERS, CODES), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_numbers_are_shown_as_their_formats_say(cells: list[tuple[float, str]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        table = read_table(written([[*cells]], Path(directory) / "t.xlsx"), header_rows=0)
    for cell, (value, code) in zip(table.rows[0], cells, strict=True):
        assert cell.text == format_value(value, code).strip()


def test_the_colour_of_a_format_is_that_of_the_text() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = written([[(-1, "0.0;[Red]-0.0"), (1, "0.0;[Red]-0.0"), (1, "[Black]0")]], Path(directory) / "t.xlsx")
        cells = read_table(path, header_rows=0).rows[0]
    assert [cell.look.ink for cell in cells] == ["ff0000", None, None]

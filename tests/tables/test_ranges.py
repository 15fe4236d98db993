"""Ranges as authors write them."""

from __future__ import annotations

import pytest

from exptdir.errors import TableError
from exptdir.tables.ranges import (
    MAX_COLUMN,
    MAX_ROW,
    Box,
    cell_name,
    column_letters,
    column_number,
    parse_range,
)


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("B2:F20", Box(2, 2, 20, 6)),
        ("b2:f20", Box(2, 2, 20, 6)),
        ("$B$2:$F$20", Box(2, 2, 20, 6)),
        ("F20:B2", Box(2, 2, 20, 6)),
        (" B2 ", Box(2, 2, 2, 2)),
        ("B2:", Box(2, 2, MAX_ROW, MAX_COLUMN)),
        ("B:F", Box(1, 2, MAX_ROW, 6)),
        ("B:", Box(1, 2, MAX_ROW, MAX_COLUMN)),
        ("2:9", Box(2, 1, 9, MAX_COLUMN)),
        ("B2:F", Box(2, 2, MAX_ROW, 6)),
        ("AA10:AB11", Box(10, 27, 11, 28)),
    ],
)
def test_what_is_a_range(text: str, box: Box) -> None:
    assert parse_range(text) == box


@pytest.mark.parametrize(
    "text", ["", ":", "B", "7", "B2-F20", "Sheet1!B2", "B2:F20:G3", "ABCD1", "2:F", "B:9", "results"]
)
def test_what_is_not(text: str) -> None:
    with pytest.raises(TableError, match="write B2:F20"):
        parse_range(text)


@pytest.mark.parametrize("text", ["A0", "XFE1", "A1048577", "ZZZ1:ZZZ2"])
def test_what_no_sheet_has(text: str) -> None:
    with pytest.raises(TableError, match="goes beyond"):
        parse_range(text)


def test_names_of_cells() -> None:
    assert [column_letters(column) for column in (1, 26, 27, 702, 703, MAX_COLUMN)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]
    assert all(column_number(column_letters(column)) == column for column in range(1, MAX_COLUMN + 1))
    assert cell_name(20, 6) == "F20"
    assert (str(Box(2, 2, 20, 6)), str(Box(2, 2, 2, 2))) == ("B2:F20", "B2")

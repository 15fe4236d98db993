"""Addresses of single values."""

from __future__ import annotations

import pytest

from exptdir.errors import TableError
from exptdir.tables import CellReference, parse_cell_reference


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("results.xlsx!Summary!B7", ("results.xlsx", "Summary", "B7")),
        ("results.xlsx!B7", ("results.xlsx", None, "B7")),
        ("data/run 3.csv ! B7", ("data/run 3.csv", None, "B7")),
        ("r.xlsx!'My!sheet'!B7", ("r.xlsx", "My!sheet", "B7")),
        ("r.xlsx!'it''s'!B7", ("r.xlsx", "it's", "B7")),
        ("it's.csv!B2", ("it's.csv", None, "B2")),
        ("'a!b.xlsx'!B7", ("a!b.xlsx", None, "B7")),
        ("r.xlsx!best_loss", ("r.xlsx", None, "best_loss")),
        ("r.xlsx!Table1[loss]", ("r.xlsx", None, "Table1[loss]")),
    ],
)
def test_file_sheet_and_cell(text: str, parts: tuple[str, str | None, str]) -> None:
    assert parse_cell_reference(text) == CellReference(*parts)


@pytest.mark.parametrize(
    "text", ["", "B7", "r.xlsx!", "!B7", "r.xlsx!!B7", "a!b!c!d", "r.xlsx!'open!B7", "r.xlsx!''!B7", "x!" * 5000]
)
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(TableError, match=r"is not the address of a cell: write results\.xlsx!Summary!B7") as caught:
        parse_cell_reference(text)
    assert len(str(caught.value)) < 250

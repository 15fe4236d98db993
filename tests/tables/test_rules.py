"""Borders that run through the whole table part it into groups; others mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl.styles import Border, Side
from openpyxl.worksheet.worksheet import Worksheet

from exptdir.tables import Table, read_table
from tests.tables.making import fill, make

LINE = Side(style="thin")
BELOW, ABOVE = Border(bottom=LINE), Border(top=LINE)


def shown(tmp_path: Path, borders: dict[str, Border], *rows: list[object], merged: str = "") -> Table:
    def build(sheet: Worksheet) -> None:
        fill(*(rows or [[row * 10 + column for column in range(4)] for row in range(6)]))(sheet)
        for cells, border in borders.items():
            for row in sheet[cells]:
                for cell in row:
                    cell.border = border
        if merged:
            sheet.merge_cells(merged)

    return read_table(make(tmp_path, build))


@pytest.mark.parametrize("borders", [{"A2:D2": BELOW}, {"A3:D3": ABOVE}, {"A2:B2": BELOW, "C3:D3": ABOVE}])
def test_a_line_between_two_rows_however_it_is_drawn(tmp_path: Path, borders: dict[str, Border]) -> None:
    table = shown(tmp_path, borders)
    assert (table.rules_below, table.rules_right) == ({1}, frozenset())


def test_a_line_between_two_columns(tmp_path: Path) -> None:
    assert shown(tmp_path, {"A1:A6": Border(right=LINE)}).rules_right == {0}
    assert shown(tmp_path, {"D1:D6": Border(left=LINE)}).rules_right == {2}


def test_one_cell_may_lack_the_border_but_not_two(tmp_path: Path) -> None:
    assert shown(tmp_path, {"A2:C2": BELOW}).rules_below == {1}
    assert shown(tmp_path, {"A2:B2": BELOW}).rules_below == frozenset()
    assert shown(tmp_path, {"A2:A2": BELOW}, [1, 2], [3, 4], [5, 6]).rules_below == frozenset()


def test_borders_of_empty_cells_count_and_empty_columns_do_not(tmp_path: Path) -> None:
    rows = [["a", None, "c", "d"], ["e", None, None, None], ["f", None, 1, 2], ["g", None, 3, 4]]
    assert shown(tmp_path, {"A2:D2": BELOW}, *rows).rules_below == {1}
    assert shown(tmp_path, {"A2:A2": BELOW, "C2:D2": BELOW}, *rows).rules_below == {1}
    assert shown(tmp_path, {"A2:A2": BELOW}, *rows).rules_below == frozenset()


def test_a_grid_means_nothing(tmp_path: Path) -> None:
    table = shown(tmp_path, {"A1:D6": Border(top=LINE, bottom=LINE, left=LINE, right=LINE)})
    assert (table.rules_below, table.rules_right) == (frozenset(), frozenset())


def test_of_a_block_of_lines_the_ends_remain(tmp_path: Path) -> None:
    rows: list[list[object]] = [[row, row] for row in range(12)]
    assert shown(tmp_path, {"A3:B6": BELOW}, *rows).rules_below == {2, 5}


def test_the_outline_is_no_rule(tmp_path: Path) -> None:
    assert shown(tmp_path, {"A1:D1": ABOVE, "A6:D6": BELOW}).rules_below == frozenset()


def test_a_line_does_not_run_through_a_merged_cell(tmp_path: Path) -> None:
    assert shown(tmp_path, {"A2:D2": BELOW}, merged="A2:B3").rules_below == frozenset()
    assert shown(tmp_path, {"A2:D2": BELOW}, merged="A2:A3").rules_below == {1}
    assert shown(tmp_path, {"A2:D2": BELOW}, merged="A2:D2").rules_below == {1}


def test_a_line_stays_where_rows_beside_it_are_hidden(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        fill(*[[row, row] for row in range(8)])(sheet)
        for cell in sheet[4]:
            cell.border = BELOW
        sheet.row_dimensions[2].hidden = sheet.row_dimensions[5].hidden = True

    assert read_table(make(tmp_path, build)).rules_below == {2}

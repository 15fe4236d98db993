"""How many rows and columns are headers, where nobody says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table as TableObject
from openpyxl.worksheet.table import TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from exptdir.errors import TableError
from exptdir.tables import read_table, select
from exptdir.tables.xlsx import XlsxBook
from tests.tables.making import SHEET, Build, fill, make, rewrite, shown

BOLD = Font(bold=True)


@pytest.mark.parametrize(
    ("build", "headers"),
    [
        (fill(["run", "loss"], [1, 2]), 1),
        (fill([None, "loss", "acc"], ["run 1", 1, 2]), 1),
        (fill(["run", 7], [1, 2]), 0),
        (fill([1, 2], [3, 4]), 0),
        (fill(["run", "loss"]), 0),
    ],
)
def test_header_rows_are_guessed_from_texts(tmp_path: Path, build: Build, headers: int) -> None:
    assert read_table(make(tmp_path, build)).header_rows == headers


def test_header_rows_are_guessed_from_frozen_panes_tables_and_bold(tmp_path: Path) -> None:
    def numbers(sheet: Worksheet) -> None:
        fill([2020, 2021], [1, 2], [3, 4])(sheet)

    def frozen(sheet: Worksheet) -> None:
        numbers(sheet)
        sheet.freeze_panes = "B3"

    def bold(sheet: Worksheet) -> None:
        numbers(sheet)
        for cell in sheet[1]:
            cell.font = Font(bold=True)

    def table(sheet: Worksheet) -> None:
        fill(["x", "y"], [1, 2], ["a", "b"])(sheet)
        sheet.add_table(TableObject(displayName="t", ref="A1:B3"))

    shown = read_table(make(tmp_path, frozen))
    assert (shown.header_rows, shown.header_columns) == (2, 1)
    assert read_table(make(tmp_path, bold)).header_rows == 1
    assert read_table(make(tmp_path, table)).header_rows == 1
    assert read_table(make(tmp_path, numbers)).header_rows == 0


def test_a_frozen_pane_that_was_scrolled_freezes_its_rows_only(tmp_path: Path) -> None:
    path = make(tmp_path, fill(*[[row, row] for row in range(30)]))
    view = '<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A23" state="frozen"/></sheetView>'
    rewrite(path, SHEET, lambda xml: xml.replace("<sheetViews>", "<sheetViews>" + view))
    assert read_table(path).header_rows == 1


def test_header_rows_as_asked(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["a"], [1], [2]))
    assert [read_table(path, header_rows=count).header_rows for count in (0, 2, 3)] == [0, 2, 3]
    with pytest.raises(TableError, match="4 header rows were asked for"):
        read_table(path, header_rows=4)


def test_the_first_row_of_a_filter_is_a_header(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        fill([2020, "y"], [1, "a"], [2, "b"])(sheet)
        sheet.auto_filter.ref = "A1:B3"

    path = make(tmp_path, build)
    assert read_table(path).header_rows == 1
    assert read_table(path, cells="A2:B3").header_rows == 0


@pytest.mark.parametrize(
    ("rows", "bold", "headers"),
    [
        ([["gene", "treated", "control"], ["symbol", "mean", "mean"], ["a", 1, 2], ["b", 3, 4]], 2, 2),
        ([["gene", "treated", "control"], ["symbol", "mean", "mean"], ["x", "µM", "µM"], ["a", 1, 2]], 3, 3),
        # A row of data may be bold as well, and all of them.
        ([["gene", "n"], ["all", 3], ["a", 1], ["b", 2]], 2, 1),
        ([["who", "what"], ["Kim", "head"], ["Lena", "student"]], 2, 1),
        ([["gene", "n"], ["x", "n.d."], ["a", 1], ["b", 2]], 2, 1),
        ([["gene", "n"], ["x", "y"], ["a", 1], ["b", 2]], 4, 1),
    ],
)
def test_rows_of_bold_text_above_numbers_are_one_header(
    tmp_path: Path, rows: list[list[object]], bold: int, headers: int
) -> None:
    def build(sheet: Worksheet) -> None:
        fill(*rows)(sheet)
        for row in sheet.iter_rows(max_row=bold):
            for cell in row:
                cell.font = BOLD

    assert read_table(make(tmp_path, build)).header_rows == headers


def labels(bold: str, *more: str) -> Build:
    def build(sheet: Worksheet) -> None:
        fill(["run", "loss"], ["a", 1], ["b", 2])(sheet)
        for name in (bold, *more):
            for row in sheet[name]:
                for cell in row:
                    cell.font = BOLD

    return build


@pytest.mark.parametrize(
    ("build", "columns"),
    [
        (labels("A1:A3"), 1),
        (labels("A2:A3"), 1),
        (labels("A1:A2"), 0),
        (labels("B1:B3"), 0),
        (labels("A1:B3"), 0),
        (labels("A1:B1", "A2:A3"), 1),
        (fill(["run"], ["a"]), 0),
    ],
)
def test_a_first_column_that_alone_is_bold_is_a_header(tmp_path: Path, build: Build, columns: int) -> None:
    assert read_table(make(tmp_path, build)).header_columns == columns


def test_one_bold_label_is_no_header_column(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        fill(["run", "loss"], ["a", 1])(sheet)
        sheet["A2"].font = BOLD

    assert read_table(make(tmp_path, build)).header_columns == 0


def test_a_table_object_sets_its_first_column_off(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        fill(["run", "loss"], ["a", 1], ["b", 2])(sheet)
        table = TableObject(displayName="t", ref="A1:B3")
        table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showFirstColumn=True)
        sheet.add_table(table)

    assert read_table(make(tmp_path, build)).header_columns == 1


def test_headers_as_asked(tmp_path: Path) -> None:
    def frozen(sheet: Worksheet) -> None:
        fill(["a", "b"], [1, 2], [3, 4])(sheet)
        sheet.freeze_panes = "B2"

    book = XlsxBook(make(tmp_path, frozen))
    assert (shown(book).header_rows, shown(book).header_columns) == (1, 1)
    table = shown(book, header_rows=2, header_columns=0)
    assert (table.header_rows, table.header_columns) == (2, 0)
    with pytest.raises(TableError, match=r"3 header columns were asked for, but sheet 'Sheet', A1:B3, shows 2"):
        shown(book, header_columns=3)


@pytest.mark.parametrize(
    ("rows", "headers"),
    [
        ([["t", "OD"], ["min", ""], [0, 0.1], [5, 0.2]], 2),
        ([["sample", "mass", "length"], [None, "mg", "mm"], ["a", 1, 2], ["b", 3, 4]], 2),
        ([["sample", "mass"], ["[-]", "[mg/ml]"], ["a", 1.5]], 2),
        ([["name", "conc"], ["-", "µmol·m⁻² s-1"], ["a", 1]], 2),
        ([["sample", "mass", "time"], ["", "g", "s"], ["a", 1.5, "inf"], ["b", "NaN", 3]], 2),
        # No units: missing values, and texts above texts.
        ([["sample", "mass"], ["a", "n/a"], ["b", 3]], 1),
        ([["sample", "mass"], ["m", "NA"], ["b", 3]], 1),
        ([["name", "unit"], ["length", "mm"], ["mass", "mg"]], 1),
        ([["gene", "call"], ["A", "T"], ["C", "G"]], 1),
        ([["sample", "mass"], ["control", "mg"], ["b", 3]], 1),
    ],
)
def test_a_row_of_units_belongs_to_the_header(tmp_path: Path, rows: list[list[object]], headers: int) -> None:
    assert read_table(make(tmp_path, fill(*rows))).header_rows == headers


def test_a_header_of_merged_cells_is_one_header(tmp_path: Path) -> None:
    def grouped(sheet: Worksheet) -> None:
        fill(["gene", "treated", None, "control", None], [None, "a", "b", "a", "b"], ["x", 1, 2, 3, 4])(sheet)
        for area in ("A1:A2", "B1:C1", "D1:E1"):
            sheet.merge_cells(area)

    def gaps(sheet: Worksheet) -> None:
        fill([None, "treated", None, None], ["gene", "a", "b", "n"], ["x", 1, 2, 3])(sheet)
        sheet.merge_cells("B1:C1")

    def title(sheet: Worksheet) -> None:
        fill(["All results", None, None], ["gene", "a", "b"], [None, "s", "min"], ["x", 1, 2])(sheet)
        sheet.merge_cells("A1:C1")

    def merged_data(sheet: Worksheet) -> None:
        fill(["gene", "a"], ["x", 1], [None, 2])(sheet)
        sheet.merge_cells("A2:A3")

    assert read_table(make(tmp_path, grouped)).header_rows == 2
    assert read_table(make(tmp_path, gaps)).header_rows == 2
    assert read_table(make(tmp_path, title)).header_rows == 3
    assert read_table(make(tmp_path, merged_data)).header_rows == 1


@pytest.mark.parametrize(
    ("rows", "merged", "headers"),
    [
        # A title above a header, merged or not, above one of two rows, and above units.
        ([["Growth in spring", None], ["strain", "OD"], ["a", 1]], [], 2),
        ([["Growth in spring", None], ["by Kim", None], [], ["strain", "OD"], ["a", 1]], [], 4),
        ([["Growth", None, None], ["strain", "OD", "t"], [None, None, "h"], ["a", 1, 2]], [], 3),
        (
            [["All", None, None], ["gene", "treated", None], [None, "a", "b"], ["x", 1, 2]],
            ["A1:C1", "A2:A3", "B2:C2"],
            3,
        ),
        # Three rows, each merged across but the last.
        (
            [
                ["gene", "A", None, None, None],
                [None, "u", None, "v", None],
                [None, "a", "b", "a", "b"],
                ["x", 1, 2, 3, 4],
            ],
            ["A1:A3", "B1:E1", "B2:C2", "D2:E2"],
            3,
        ),
        (
            [["A", None, None, None], ["u", None, "v", None], ["a", "b", "c", "d"], [1, 2, 3, 4]],
            ["A1:D1", "A2:B2", "C2:D2"],
            3,
        ),
        # A title above what has no header, and text alone in its row above texts.
        ([["Growth in spring", None], ["a", 1], ["b", 2]], [], 0),
        ([["a", None], ["b", "c"], ["d", "e"]], [], 0),
        ([["# by Kim", None], ["# abs, 600", "nm"], ["well", "OD"], ["a", 1]], [], 3),
        # Dates or times above what was measured at them, and rows that only look alike.
        ([["strain", dt.date(2024, 3, 1), dt.date(2024, 3, 2)], ["wt", 0.1, 0.2]], [], 1),
        ([["sown", dt.date(2024, 3, 1)], ["cut", dt.date(2024, 3, 2)]], [], 0),
        ([["begun", dt.date(2024, 3, 1)], ["by", "Kim"]], [], 0),
        ([["task", dt.date(2024, 3, 1), dt.date(2024, 3, 2)], ["sow", "x", None], ["cut", None, "x"]], [], 1),
        ([["time (h)", 0, 1, 2], ["wt", 10, 20, 40], ["ko", 10, 10, 20]], [], 1),
        ([["mass (g)", 1, 2, 3], ["length (mm)", 10, 20, 40]], [], 0),
        ([["name:", "n", "m"], ["a", 1, 2], ["b", 3, 4]], [], 1),
        # Pairs above a table of two columns.
        ([["Run:", "E12"], ["Operator:", "Kim"], [None, None], ["strain", "OD"], ["a", 1], ["b", 2]], [], 4),
        ([["Run", "E12"], ["Operator", "Kim"], [None, None], ["strain", "OD"], ["a", 1], ["b", 2]], [], 4),
        ([["strain", 0, 5, 10], ["wt", 0.1, 0.2, 0.4], ["ko", 0.1, 0, None]], [], 1),
        ([["wt", 0, 5, 10], ["ko", 1, 2, 3]], [], 0),
        ([["wt", 5, 0, 10], ["ko", 0.1, 0.2, 0.3]], [], 0),
        ([["template", "-", "+", "+"], ["enzyme", "+", "-", "+"]], [], 0),
        ([["gene", "-", "+"], ["a", 1, 2]], [], 1),
        ([["brand", "price", "volume"], ["", "$", "mL"], ["x", 1.5, 2]], [], 2),
        # Gaps between names.
        ([["a", "a", None, "b", None], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]], [], 1),
        ([["a", None, "b"], [1, None, 2]], [], 1),
        ([["a", None, "n/a"], [1, 2, 3], [4, 5, 6]], [], 0),
        ([["note", None], [1, 2], [3, 4]], [], 0),
        # What is said of a whole, a word and its value in each row, and tables that only have such words.
        ([["Instrument", "NanoDrop"], ["Run date", dt.date(2024, 3, 1)], ["Temp", 37]], [], 0),
        ([["Project", "Cress"], [], [], ["Operator", "Kim"], ["Plate", 2]], [], 0),
        ([["Datum", dt.date(2024, 3, 1)], ["Temp", 37], ["pH", 7]], [], 0),
        ([["Parameter", "Wert"], ["Datum", dt.date(2024, 3, 1)], ["Temp", 37]], [], 1),
        ([["name", "type"], ["date", "datetime"], ["user", "text"]], [], 1),
        ([["Variable name", "Says"], ["date", "when it was"], ["user", "who did it"]], [], 1),
        ([["what", "share"], ["user", 0.3], ["date", 0.7]], [], 1),
        ([["user", "group"], ["Kim", "a"], ["Lena", "b"]], [], 1),
        ([["who", "what"], ["user", "a"], ["user", "b"]], [], 1),
        # Units below them, and a number that is missing.
        ([["t", "OD", None], ["min", "nm", None], [0, 0.1, "x"], [5, 0.2, None]], [], 2),
        ([["sample", None, "OD"], ["a", "x", 0.1], ["b", None, "n/a"]], [], 1),
        # A plate, and what only looks like one.
        ([[None, 1, 2, 3], ["A", 0.1, 0.2, 0.3], ["B", "x", None, 0.6]], [], 1),
        ([["<>", 1, 2, 3], ["A", 0.1, 0.2, 0.3], ["B", 0.4, 0.5, 0.6]], [], 1),
        ([[None, 2021, 2022, 2023], ["mice", 4, 5, 6]], [], 1),
        ([["a", 1, 2, 3], ["b", 4, 5, 6]], [], 0),
        ([[None, 1, 2, 4], ["A", 0.1, 0.2, 0.3]], [], 0),
        ([[None, 1, 2, 3], [5, 4, 5, 6]], [], 0),
    ],
)
def test_titles_gaps_and_plates(tmp_path: Path, rows: list[list[object]], merged: list[str], headers: int) -> None:
    def build(sheet: Worksheet) -> None:
        fill(*rows)(sheet)
        for area in merged:
            sheet.merge_cells(area)

    path = make(tmp_path, build)
    assert read_table(path).header_rows == headers
    assert read_table(path, header_rows=1).header_rows == 1


def test_units_never_sort_with_the_data(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("t,OD\nmin,nm\n5,2\n0,1\n")
    assert [row[0].text for row in select(read_table(path), sort="t").rows] == ["t", "min", "0", "5"]

"""What authors call parts of a workbook: ranges on sheets, defined names, table objects and their columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table as TableObject

from exptdir.errors import TableError
from exptdir.tables.ranges import Area, Box
from exptdir.tables.read import Book
from exptdir.tables.xlsx import XlsxBook
from tests.tables.making import rewrite, shown, texts

NAMES = {
    "losses": "Results!$B$3:$C$5",
    "quoted": "'My sheet'!$A$1",
    "columns": "Results!$B:$C",
    "rows": "Results!$3:$4",
    "both_ends": "Results!$B$3:Results!$C$4",
    "rate": "0.25",
    "word": '"cnn"',
    "deleted": "Results!#REF!",
    "grows": "OFFSET(Results!$A$1,0,0,COUNTA(Results!$A:$A),2)",
    "several": "Results!$A$1:$A$2,Results!$C$1:$C$2",
    "outside": "[1]Sheet1!$A$1",
    "other": "losses",
    "column": "Runs[loss]",
    "circle": "circle",
    "nothing": "",
    "unknown": "#NAME?",
}


@pytest.fixture
def book(tmp_path: Path) -> Book:
    made = Workbook()
    first = made.worksheets[0]
    first.title = "My sheet"
    first.append(["first", "sheet"])
    first.append([1, 2])
    results = made.create_sheet("Results")
    rows: list[list[object]] = [[], ["run", "loss", "a[1]#'s"], ["x", 0.5, 1], ["y", 0.4, 2], ["sum", 0.9, 3]]
    for row in rows:
        results.append(row)
    table = TableObject(displayName="Runs", ref="A2:C5", totalsRowCount=1)
    results.add_table(table)
    for name, formula in NAMES.items():
        made.defined_names[name] = DefinedName(name, attr_text=formula)
    results.defined_names["here"] = DefinedName("here", attr_text="Results!$A$3")
    first.defined_names["losses"] = DefinedName("losses", attr_text="'My sheet'!$B$2")
    # So does Gnumeric name the sheet: not at all.
    results.defined_names["bare"] = DefinedName("bare", attr_text="$B$3:$C$4")
    results.print_area = "A2:B4"
    path = tmp_path / "book.xlsx"
    made.save(path)
    return XlsxBook(path)


@pytest.mark.parametrize(
    ("sheet", "cells", "found"),
    [
        (None, None, ("My sheet", None)),
        (None, "A1:B2", ("My sheet", "A1:B2")),
        ("2", "B3", ("Results", "B3")),
        (None, "Results!B3:C4", ("Results", "B3:C4")),
        (None, "results!$B$3", ("Results", "B3")),
        (None, "'My sheet'!A1", ("My sheet", "A1")),
        (None, "My sheet!A1", ("My sheet", "A1")),
        ("my sheet", "'My sheet'!A1", ("My sheet", "A1")),
        (None, "quoted", ("My sheet", "A1")),
        (None, "Rows", ("Results", "A3:XFD4")),
        (None, "both_ends", ("Results", "B3:C4")),
        (None, "here", ("Results", "A3")),
        ("Results", "here", ("Results", "A3")),
        (None, "Results!here", ("Results", "A3")),
        (None, "losses", ("Results", "B3:C5")),
        ("My sheet", "losses", ("My sheet", "B2")),
        (None, "other", ("Results", "B3:C5")),
        (None, "bare", ("Results", "B3:C4")),
        (None, "Print_Area", ("Results", "A2:B4")),
        (None, "column", ("Results", "B2:B4")),
        (None, "Runs", ("Results", "A2:C4")),
        (None, "runs[#All]", ("Results", "A2:C5")),
        (None, "Runs[#Data]", ("Results", "A3:C4")),
        (None, "Runs[#Headers]", ("Results", "A2:C2")),
        (None, "Runs[#Totals]", ("Results", "A5:C5")),
        (None, "Runs[loss]", ("Results", "B2:B4")),
        (None, "Runs[ Loss ]", ("Results", "B2:B4")),
        (None, "Runs[[run]:[loss]]", ("Results", "A2:B4")),
        (None, "Runs[[loss]:[run]]", ("Results", "A2:B4")),
        (None, "Runs[[#Data],[loss]]", ("Results", "B3:B4")),
        (None, "Runs[[#Headers], [#Data], [run]:[loss]]", ("Results", "A2:B4")),
        (None, "Runs[[#Data],[#Totals],[run]]", ("Results", "A3:A5")),
        (None, "Runs[a'[1']'#''s]", ("Results", "C2:C4")),
        ("Results", "Runs", ("Results", "A2:C4")),
    ],
)
def test_what_is_found(book: Book, sheet: str | None, cells: str | None, found: tuple[str, str | None]) -> None:
    area = book.resolve(sheet, cells)
    assert (area.sheet, str(area.box) if area.box else None) == found


@pytest.mark.parametrize(
    ("sheet", "cells", "message"),
    [
        ("Results", "'My sheet'!A1", "is on the sheet 'My sheet', not on 'Results'"),
        ("My sheet", "Runs", "'Runs' is on the sheet 'Results', not on 'My sheet': leave the sheet out"),
        ("My sheet", "here", "'here' is on the sheet 'Results', not on 'My sheet'"),
        ("My sheet", "quoted!A1", "no sheet 'quoted'"),
        ("My sheet", "rows", "is on the sheet 'Results'"),
        (None, "Resuls!A1", "no sheet 'Resuls': its sheets are 'Results'"),
        (None, "rate", "'rate' stands for a constant (0.25), not for cells"),
        (None, "word", "stands for a constant"),
        (None, "deleted", "cells that were deleted (#REF!): define it anew"),
        (None, "grows", "stands for a formula (OFFSET(Results!$A$1,0,0,COUNTA(Results!$A:$A),2))"),
        (None, "several", "stands for 2 ranges (Results!$A$1:$A$2,Results!$C$1:$C$2): ask for them one by one"),
        (None, "outside", "cells of another workbook"),
        (None, "circle", "stands for a formula (circle)"),
        (None, "nothing", "stands for a formula"),
        (None, "unknown", "stands for an error (#NAME?)"),
        (None, "losess", "no name or table 'losess', and it is not a range: its names are 'losses'"),
        (None, "Run", "its names are 'Runs'"),
        (None, "xyz", "its names are 'losses', 'quoted', 'columns', 'rows', 'both_ends', 'grows', 'several'"),
        (None, "B2-F20", "'B2-F20' is not a range of cells: write B2:F20"),
        (None, "", "is not a range of cells"),
        (None, "Results!", "is not a range of cells"),
        (None, "A1048577", "goes beyond the rows"),
        (None, "Runs[los]", "the table 'Runs' has no column 'los': it has 'loss'"),
        (None, "Runs[[run],[loss]]", "names columns apart from each other"),
        (None, "Runs[@loss]", "means one row of a formula's own"),
        (None, "Runs[[#This Row],[loss]]", "means one row of a formula's own"),
        (None, "Runs[[#Headers],[#Totals]]", "has no rows"),
        (None, "Runs[]", "has no column ''"),
        (None, "Runs[[run]", "is not a part of a table: write Runs[column]"),
        (None, "Runs[[run]:]", "is not a part of a table"),
        (None, "Runs[[run]:[loss]:[run]]", "is not a part of a table"),
    ],
)
def test_what_is_not(book: Book, sheet: str | None, cells: str, message: str) -> None:
    with pytest.raises(TableError) as caught:
        book.resolve(sheet, cells)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_columns_of_a_table_are_shown_with_their_names_as_headers(book: Book) -> None:
    table = shown(book, cells="Runs[[run]:[loss]]")
    assert texts(table) == [["run", "loss"], ["x", "0.5"], ["y", "0.4"]]
    assert (table.header_rows, table.sheet) == (1, "Results")
    assert shown(book, cells="Runs[#Data]").header_rows == 0
    assert shown(book, cells="Runs", header_rows=0).header_rows == 0


def test_a_column_whose_data_are_texts_has_one_header(book: Book) -> None:
    assert shown(book, cells="Runs[[#Data],[run]]").header_rows == 0
    assert shown(book, cells="Runs[run]").header_rows == 1


def test_a_name_for_what_holds_nothing(book: Book) -> None:
    assert book.resolve(None, "Results!X9") == Area("Results", Box(9, 24, 9, 24), None, "Results!X9")
    with pytest.raises(TableError) as caught:
        shown(book, cells="Results!X9")
    assert str(caught.value) == "the range Results!X9 of sheet 'Results' holds nothing: its used cells are A2:C5"


def test_a_table_without_header_row(tmp_path: Path) -> None:
    made = Workbook()
    made.worksheets[0].append([1, 2])
    made.worksheets[0].append([3, 4])
    table = TableObject(displayName="Bare", ref="A1:B2", headerRowCount=0)
    table._initialise_columns()
    made.worksheets[0].add_table(table)
    path = tmp_path / "book.xlsx"
    made.save(path)
    table = shown(XlsxBook(path), cells="Bare")
    assert (texts(table), table.header_rows) == ([["1", "2"], ["3", "4"]], 0)


def test_a_workbook_without_names_says_what_a_range_is(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "book.xlsx")
    with pytest.raises(TableError, match=r"write B2:F20, .*the workbook has no names and no table objects"):
        XlsxBook(tmp_path / "book.xlsx").resolve(None, "results")


def test_an_absurdly_long_formula_is_named_in_short(tmp_path: Path) -> None:
    made = Workbook()
    made.defined_names["long"] = DefinedName("long", attr_text="Sheet!$A$1")
    path = tmp_path / "book.xlsx"
    made.save(path)
    rewrite(path, "xl/workbook.xml", lambda xml: xml.replace("Sheet!$A$1", "(" + "'a'!" * 100_000))
    with pytest.raises(TableError) as caught:
        XlsxBook(path).resolve(None, "long")
    assert len(str(caught.value)) < 200

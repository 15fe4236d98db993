"""Workbooks: cells are shown as the spreadsheet shows them."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from exptdir.errors import TableError
from exptdir.tables import read_table
from tests.limits import calls
from tests.tables.making import SHEET, fill, make, rewrite, texts

#: Calls that a small workbook may cost: with one for each place of its grid, or each row, it would be more.
FEW = 30_000


def test_values_are_shown_under_their_number_formats(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        for row, (value, code) in enumerate(
            [
                (5 / 14, "0.00"),
                (0.125, "0.0%"),
                (1234567, "#,##0"),
                (dt.datetime(2022, 7, 20), "yyyy-mm-dd"),
                (dt.timedelta(hours=30), "[h]:mm"),
                (True, "General"),
                ("cnn", '"<"@">"'),
                (5 / 14, "General"),
            ],
            start=1,
        ):
            sheet.cell(row, 1, value).number_format = code

    shown = read_table(make(tmp_path, build))
    assert [(cell.text, cell.kind) for (cell,) in shown.rows] == [
        ("0.36", "number"),
        ("12.5%", "number"),
        ("1,234,567", "number"),
        ("2022-07-20", "date"),
        ("30:00", "date"),
        ("TRUE", "bool"),
        ("<cnn>", "text"),
        ("0.357142857", "number"),
    ]
    values = [cell.value for (cell,) in shown.rows]
    assert values[0] == pytest.approx(5 / 14)
    assert values[3:5] == [dt.datetime(2022, 7, 20), dt.timedelta(hours=30)]
    assert values[5] is True


def test_built_in_dates_are_shown_as_programs_show_them(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        sheet["A1"], sheet["B1"] = 44762, 44762.75
        sheet["A1"].number_format, sheet["B1"].number_format = "mm-dd-yy", "m/d/yy h:mm"

    assert texts(read_table(make(tmp_path, build))) == [["7/20/2022", "7/20/2022 18:00"]]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        *[(27, "7/20/2022"), (33, "18:08:38"), (57, "7/20/2022"), (60, "44762.76"), (23, "44762.756")],
        *[(44, "$44,762.76"), (47, "08:38.4"), (22, "7/20/2022 18:08")],
    ],
)
def test_built_in_formats_by_number(tmp_path: Path, number: int, shown: str) -> None:
    path = make(tmp_path, fill([44762.756]))
    rewrite(path, "xl/styles.xml", lambda xml: re.sub('(<cellXfs.*?numFmtId=)"0"', rf'\1"{number}"', xml))
    assert texts(read_table(path)) == [[shown]]


def test_the_1904_system(tmp_path: Path) -> None:
    path = make(tmp_path, fill([dt.datetime(2022, 7, 20)]))
    rewrite(path, "xl/workbook.xml", lambda xml: re.sub(r"<workbookPr\b", '<workbookPr date1904="1"', xml))
    shown = read_table(path)
    assert shown.rows[0][0].value == dt.datetime(2026, 7, 21)
    assert shown.rows[0][0].text.startswith("2026-07-21")


def test_errors_and_stored_values_of_formulas(tmp_path: Path) -> None:
    path = make(tmp_path, fill([1, 2]))
    cells = '<c r="A2"><f>A1+B1</f><v>3</v></c><c r="B2" t="str"><f>"a"</f><v>a</v></c>'
    cells += '<c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    rewrite(path, SHEET, lambda xml: xml.replace("</sheetData>", f'<row r="2">{cells}</row></sheetData>'))
    shown = read_table(path)
    assert [(cell.text, cell.kind) for cell in shown.rows[1]] == [
        ("3", "number"),
        ("a", "text"),
        ("#DIV/0!", "error"),
    ]
    assert shown.problems == ()


def test_formulas_without_a_stored_value(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["a", "b"], [1, "=A2*2"], [2, "=A3*2"]))
    shown = read_table(path)
    assert shown.rows[1][1].text == "=A2*2"
    [problem] = shown.problems
    assert (problem.kind, problem.path) == ("table", path)
    assert "2 formulas (from B2 on)" in problem.message and "save it once" in problem.message
    assert read_table(path, cells="A1:A3").problems == ()


def test_noughts_that_a_program_wrote_for_formulas_are_doubted(tmp_path: Path) -> None:
    def made(*values: object) -> Path:
        path = make(tmp_path, fill(["a", "b"], [1, "=A2*2"], [2, "=A3*2"]))
        stored = iter(values)
        rewrite(path, SHEET, lambda xml: re.sub("</f><v ?/>|</f><v></v>", lambda _: f"</f><v>{next(stored)}</v>", xml))
        return path

    assert texts(read_table(made(0, 0))) == [["a", "b"], ["1", "0"], ["2", "0"]]
    [problem] = read_table(made(0, 0)).problems
    assert "2 formulas (from B2 on) have a nought that may never have been calculated" in problem.message
    assert read_table(made(0, 0), cells="A1:A3").problems == ()
    assert read_table(made(0, 4)).problems == ()
    # A program that calculates does not ask for it.
    path = made(0, 0)
    rewrite(path, "xl/workbook.xml", lambda xml: xml.replace(' fullCalcOnLoad="1"', ""))
    assert read_table(path).problems == ()


def test_texts_keep_line_breaks_and_lose_phonetic_hints_and_controls(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["two\nlines"]))
    rich = '<is><r><t>10 </t></r><r><t>µM</t></r><rPh sb="0" eb="1"><t>hint</t></rPh></is>'
    escaped = "<is><t>a_x000D__x000A_b_x0001_</t></is>"
    more = f'<c r="B1" t="inlineStr">{rich}</c><c r="C1" t="inlineStr">{escaped}</c>'
    rewrite(path, SHEET, lambda xml: xml.replace("</row>", more + "</row>"))
    assert texts(read_table(path)) == [["two\nlines", "10 µM", "a\nb"]]


def test_merged_cells_span_what_is_shown_of_them(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        fill(["title", None, None, "x"], [1, 2, 3, 4], [5, 6, 7, 8])(sheet)
        sheet.merge_cells("A1:C1")
        sheet.merge_cells("D2:D3")
        sheet.column_dimensions["A"].hidden = True

    shown = read_table(make(tmp_path, build))
    assert texts(shown) == [["title", "", "x"], ["2", "3", "4"], ["6", "7", ""]]
    assert (shown.rows[0][0].colspan, shown.rows[0][0].rowspan) == (2, 1)
    assert (shown.rows[1][2].colspan, shown.rows[1][2].rowspan) == (1, 2)
    assert [(r, c) for r, row in enumerate(shown.rows) for c, cell in enumerate(row) if cell.covered] == [
        (0, 1),
        (2, 2),
    ]


def test_a_merge_of_whole_columns_costs_nothing(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["a", "b"], [1, 2]))
    merge = '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    rewrite(path, SHEET, lambda xml: xml.replace("</sheetData>", "</sheetData>" + merge))
    cell = read_table(path).rows[0][0]
    assert (cell.rowspan, cell.colspan) == (2, 2)
    assert calls(lambda: read_table(path)) < FEW


def test_hidden_rows_and_columns_are_left_out(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        fill(["a", "b", "c"], [1, 2, 3], [4, 5, 6])(sheet)
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["B"].hidden = True

    path = make(tmp_path, build)
    assert texts(read_table(path)) == [["a", "c"], ["4", "6"]]
    with pytest.raises(TableError, match="are hidden"):
        read_table(path, cells="B1:B3")


def test_links_with_a_safe_scheme_only(tmp_path: Path) -> None:
    targets = [
        "https://a.example/x",
        "mailto:a@b.example",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "java\tscript:1",
    ]

    def build(sheet: Worksheet) -> None:
        sheet.append(["link"] * len(targets))
        for cell, target in zip(sheet[1], targets, strict=True):
            cell.hyperlink = target
        sheet["A2"] = '=HYPERLINK("http://b.example/y","y")'

    shown = read_table(make(tmp_path, build))
    assert [cell.href for cell in shown.rows[0]] == [targets[0], targets[1], None, None, None]
    assert shown.rows[1][0].href == "http://b.example/y"


def test_only_used_cells_are_shown_however_many_are_claimed(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        sheet["C3"], sheet["D5"] = "a", "b"
        sheet["IU65536"].font = Font(bold=True)
        sheet["A1"] = "  "

    path = make(tmp_path, build)
    assert texts(read_table(path)) == [["a", ""], ["", ""], ["", "b"]]
    assert calls(lambda: read_table(path)) < FEW


def test_used_cells_in_opposite_corners_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path, lambda sheet: (sheet.cell(1, 1, "a"), sheet.cell(1048576, 16384, "b")))
    with pytest.raises(TableError, match="name the range"):
        read_table(path)
    assert texts(read_table(path, cells="A1")) == [["a"]]


def test_ranges(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["a", "b", "c"], [1, 2, 3], [4, 5, 6]))
    assert texts(read_table(path, cells="B2:C3")) == [["2", "3"], ["5", "6"]]
    assert texts(read_table(path, cells="B2:")) == [["2", "3"], ["5", "6"]]
    assert texts(read_table(path, cells="B:B")) == [["b"], ["2"], ["5"]]
    assert texts(read_table(path, cells="C1")) == [["c"]]
    assert texts(read_table(path, cells="C3:Z99")) == [["6"]]


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    book = Workbook()
    for name, state in (("notes", "hidden"), ("Summary", "visible"), ("2022", "visible"), ("1", "visible")):
        sheet = book.create_sheet(name)
        sheet.sheet_state = state
        sheet.append([f"on {name}"])
    del book["Sheet"]
    book.active = 1
    path = tmp_path / "sheets.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, "Summary"),
        ("Summary", "Summary"),
        (" summary ", "Summary"),
        ("2", "2022"),
        ("3", "1"),
        ("1", "1"),
        ("2022", "2022"),
        ("notes", "notes"),
    ],
)
def test_sheets_by_name_and_by_place_among_the_visible(sheets: Path, wanted: str | None, found: str) -> None:
    shown = read_table(sheets, sheet=wanted)
    assert (shown.sheet, shown.rows[0][0].text) == (found, f"on {found}")


def test_importing_loads_no_heavy_library() -> None:
    heavy = ("sphinx", "docutils", "matplotlib", "openpyxl", "charset_normalizer")
    code = f"import sys, exptdir.tables; print([name for name in {heavy} if name in sys.modules])"
    source = str(Path(sys.modules["exptdir"].__file__ or "").parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert done.stdout.strip() == "[]"


def test_zeros_that_the_sheet_hides_are_blank(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        fill(["a", "b"], [0, 1], [2, 0])(sheet)
        sheet.sheet_view.showZeros = False

    assert texts(read_table(make(tmp_path, hide))) == [["a", "b"], ["", "1"], ["2", ""]]


def test_conditional_formatting_is_noted_where_it_is(tmp_path: Path) -> None:
    def rules(sheet: Worksheet) -> None:
        fill(["a", "b"], [0, 1], [2, 0])(sheet)
        sheet.conditional_formatting.add("A2:A3", CellIsRule(operator="lessThan", formula=["1"], font=Font(bold=True)))

    path = make(tmp_path, rules)
    assert read_table(path).notes == ("Colours of conditional formatting are not shown",)
    assert read_table(path, cells="B1:B3").notes == ()


def test_a_formula_whose_result_is_the_empty_text_is_an_empty_cell(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["a", "b"], [1, 2]))
    cells = '<c r="A3" t="str"><f>IF(A2=1,"","no")</f><v></v></c><c r="B3" t="str"><f>""</f></c><c r="C3"><v>3</v></c>'
    rewrite(path, SHEET, lambda xml: xml.replace("</sheetData>", f'<row r="3">{cells}</row></sheetData>'))
    shown = read_table(path)
    assert texts(shown)[2] == ["", "", "3"]
    assert shown.problems == ()


def test_cells_without_addresses_stand_one_after_the_other(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["a", "b"], [1, 2]))
    rewrite(path, SHEET, lambda xml: re.sub(r' r="[A-Z]+[0-9]+"', "", xml))
    assert texts(read_table(path)) == [["a", "b"], ["1", "2"]]


def test_rows_behind_the_last_cell_cost_nothing(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["a", "b"], [1, 2]))
    rest = "".join(f'<row r="{number}" s="1" customFormat="1" ht="15"/>' for number in range(3, 100_000))
    rewrite(path, SHEET, lambda xml: xml.replace("</sheetData>", rest + "</sheetData>"))
    assert texts(read_table(path)) == [["a", "b"], ["1", "2"]]
    assert calls(lambda: read_table(path)) < FEW


def test_a_format_in_the_far_corner_costs_nothing(tmp_path: Path) -> None:
    def corner(sheet: Worksheet) -> None:
        fill(["a", "b"], [1, 2])(sheet)
        sheet.cell(1_048_576, 16_384).font = Font(bold=True)

    path = make(tmp_path, corner)
    assert texts(read_table(path)) == [["a", "b"], ["1", "2"]]
    assert calls(lambda: read_table(path)) < FEW

"""Hidden rows, columns and sheets are left out unless they are asked for; what is left out with a note."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image as Pixels

from exptdir.tables.xlsx import XlsxBook
from tests.tables.making import SHEET, SPACE, fill, make, replace, rewrite, shown, texts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    def build(sheet: Worksheet) -> None:
        fill(["a", "b", "c"], [1, 2, 3], [4, 5, 6], [7, 8, 9])(sheet)
        sheet.row_dimensions[2].hidden = True
        sheet.row_dimensions.group(3, 3, hidden=True)
        sheet.column_dimensions["B"].hidden = True

    return make(tmp_path, build)


def test_hidden_rows_and_columns_are_shown_if_asked_for(path: Path) -> None:
    book = XlsxBook(path)
    assert texts(shown(book)) == [["a", "c"], ["7", "9"]]
    assert texts(shown(book, hidden=True)) == [["a", "b", "c"], ["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]]
    assert shown(book).letters == ("A", "C")


def test_rows_without_a_number_are_hidden_like_others(path: Path) -> None:
    rewrite(path, SHEET, lambda xml: re.sub(' r="[A-Z]*[0-9]+"', "", xml).replace('hidden="1"', "hidden='true'"))
    assert texts(shown(XlsxBook(path))) == [["a", "c"], ["7", "9"]]


def test_what_has_no_width_or_height_is_hidden(path: Path) -> None:
    rewrite(path, SHEET, lambda xml: re.sub(' width="[^"]*"', "", xml).replace('hidden="1"', 'width="0" ht="0"'))
    assert texts(shown(XlsxBook(path))) == [["a", "c"], ["7", "9"]]


def test_rows_that_a_filter_hides_are_left_out(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        fill(["kind", "n"], ["x", 1], ["y", 2])(sheet)
        sheet.auto_filter.ref = "A1:B3"
        sheet.row_dimensions[3].hidden = True

    assert texts(shown(XlsxBook(make(tmp_path, build)))) == [["kind", "n"], ["x", "1"]]


def test_hidden_sheets_are_listed_if_asked_for_and_shown_by_name(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = Workbook()
    for name, state in (("one", "visible"), ("two", "hidden"), ("three", "veryHidden")):
        sheet = book.create_sheet(name)
        sheet.append([name])
        sheet.sheet_state = state
    del book["Sheet"]
    book.save(path)
    opened = XlsxBook(path)
    assert opened.sheet_names() == ["one"]
    assert opened.sheet_names(hidden=True) == ["one", "two", "three"]
    assert texts(shown(opened, "two")) == [["two"]]


def test_a_workbook_is_read_once_however_often_it_is_asked(path: Path) -> None:
    book = XlsxBook(path)
    assert shown(book).n_rows == 2
    path.unlink()
    assert [shown(book, cells=cells).n_rows for cells in ("A1:C1", "A4:C4", "A:C")] == [1, 1, 2]
    assert shown(book, hidden=True).n_rows == 4


def test_each_range_tells_of_its_own_formulas_only(tmp_path: Path) -> None:
    book = XlsxBook(make(tmp_path, fill(["a", "b"], [1, "=A2"], [3, "=A3"], [5, 6])))
    assert "2 formulas (from B2 on)" in shown(book).problems[0].message
    assert "the formula in B3" in shown(book, cells="A3:B4").problems[0].message
    assert shown(book, cells="A4:B4").problems == ()


def draw(sheet: Worksheet, tmp_path: Path) -> None:
    fill(["a", 1], ["b", 2])(sheet)
    Pixels.new("RGB", (4, 4)).save(tmp_path / "dot.png")
    sheet.add_image(Image(tmp_path / "dot.png"), "B2")
    sheet.add_image(Image(tmp_path / "dot.png"), "H9")
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=2))
    sheet.add_chart(chart, "D2")
    sheet["A1"].comment = Comment("said aside", "somebody")


def test_pictures_and_charts_are_counted_in_a_note(tmp_path: Path) -> None:
    book = XlsxBook(make(tmp_path, lambda sheet: draw(sheet, tmp_path)))
    assert shown(book).notes == ("2 pictures and 1 chart of the sheet are not shown",)
    assert shown(book, cells="A1:B2").notes == ("1 picture of the sheet is not shown",)
    assert shown(book, cells="A1").notes == ()
    assert shown(book).problems == ()


def test_a_picture_in_a_cell_is_left_out_with_a_note(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["gel", "n"], [None, 1]))
    cells = '<c r="A3" t="e" vm="1"><v>#VALUE!</v></c><c r="B3" t="e" vm="2"><v>#VALUE!</v></c>'
    rewrite(path, SHEET, lambda xml: xml.replace("</sheetData>", f'<row r="3">{cells}</row></sheetData>'))
    rich = "http://schemas.microsoft.com/office/spreadsheetml/2017/richdata"
    blocks = "".join(f'<bk><extLst><ext><rvb xmlns="{rich}" i="{at}"/></ext></extLst></bk>' for at in (0, 1))
    metadata = (
        f'<metadata {SPACE}><metadataTypes count="1"><metadataType name="XLRICHVALUE"/></metadataTypes>'
        f'<futureMetadata name="XLRICHVALUE" count="2">{blocks}</futureMetadata>'
        f'<valueMetadata count="2"><bk><rc t="1" v="0"/></bk><bk><rc t="1" v="1"/></bk></valueMetadata></metadata>'
    )
    values = f'<rvData xmlns="{rich}"><rv s="0"><v>0</v></rv><rv s="1"><v>8</v></rv></rvData>'
    structures = f'<rvStructures xmlns="{rich}"><s t="_localImage"/><s t="_error"/></rvStructures>'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sheetMetadata"
    relation = f'<Relationship Id="meta" Type="{kind}" Target="metadata.xml"/></Relationships>'
    replace(
        path,
        {
            "xl/metadata.xml": lambda _: metadata.encode(),
            "xl/richData/rdrichvalue.xml": lambda _: values.encode(),
            "xl/richData/rdrichvaluestructure.xml": lambda _: structures.encode(),
            "xl/_rels/workbook.xml.rels": lambda data: data.replace(b"</Relationships>", relation.encode()),
        },
    )
    table = shown(XlsxBook(path))
    assert texts(table)[-1] == ["", "#VALUE!"]
    assert table.notes == ("1 picture of the sheet is not shown",)


def test_small_charts_in_cells_and_newer_conditions_are_noted(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["a", "b"], [1, 2]))
    spaces = 'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" xmlns:xm="urn:x"'
    spark = "<x14:sparkline><xm:sqref>C2</xm:sqref></x14:sparkline>"
    rules = "<x14:conditionalFormatting><xm:sqref>A2 B2</xm:sqref></x14:conditionalFormatting>"
    more = (
        f"<extLst><ext {spaces}><x14:conditionalFormattings>{rules}</x14:conditionalFormattings></ext><ext {spaces}>"
        f"<x14:sparklineGroups><x14:sparklineGroup><x14:sparklines>{spark}</x14:sparklines></x14:sparklineGroup>"
        "</x14:sparklineGroups></ext></extLst>"
    )
    rewrite(path, SHEET, lambda xml: xml.replace("</worksheet>", f"{more}</worksheet>"))
    colours = "Colours of conditional formatting are not shown"
    assert shown(XlsxBook(path)).notes == ("1 sparkline of the sheet is not shown", colours)
    assert shown(XlsxBook(path), cells="A1:B1").notes == ()

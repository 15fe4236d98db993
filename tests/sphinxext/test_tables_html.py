"""``datatable`` in a browser: what cells look like, what they are for, and what they are sorted by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import unquote

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from tests.sphinxext.building import Built, the, words
from tests.sphinxext.conftest import Build
from tests.sphinxext.workbooks import NOTES, cell, cells, one, styled

Change = Callable[[Any], None]


def shown(build: Build, change: Change, text: str = ".. datatable:: r.xlsx\n", **options: Any) -> Built:
    built = one(build, text, {"expts/1_a/r.xlsx": styled(change)}, **options)
    assert built.warnings == ""
    return built


def test_header_cells_say_what_they_are_for(build: Build):
    built = one(build, ".. datatable:: r.xlsx\n   :header-columns: 1\n")
    assert cell(built, "RMSE")["scope"] == "col"
    assert (cell(built, "CNN").name, cell(built, "CNN")["scope"]) == ("th", "row")
    assert (cell(built, "1.23").name, cell(built, "1.23").get("scope")) == ("td", None)


def test_header_cells_over_several_columns_are_for_all_of_them(build: Build):
    def change(sheet: Any) -> None:
        sheet.insert_rows(1)
        sheet["B1"] = "errors"
        sheet.merge_cells("B1:C1")

    built = shown(build, change, ".. datatable:: r.xlsx\n   :header-rows: 2\n")
    assert (cell(built, "errors")["scope"], cell(built, "errors")["colspan"]) == ("colgroup", "2")
    assert cells(built)[1] == ["model", "RMSE", "share"]


def test_cells_carry_what_they_are_sorted_by_only_where_their_text_would_not_do(build: Build):
    def change(sheet: Any) -> None:
        sheet["D1"], sheet["D2"], sheet["D3"] = "when", date(2024, 5, 1), date(2023, 12, 24)
        sheet["D2"].number_format = sheet["D3"].number_format = "d/m/yyyy"
        sheet["A4"], sheet["B4"] = "last", 1234567
        sheet["B4"].number_format = "#,##0"

    built = shown(build, change)
    orders = {words(td): td.get("data-order") for td in built.body(NOTES).select("td")}
    assert orders["1.23"] == "1.2345"
    assert orders["50.00%"] == "0.5"
    assert orders["1,234,567"] == "1234567"
    assert orders["1"] is None and orders["CNN"] is None and orders["TRUE"] is None
    assert str(orders["1/5/2024"]).startswith("2024-05-01")
    assert str(orders["24/12/2023"]).startswith("2023-12-24")


def test_fonts_are_kept(build: Build):
    def change(sheet: Any) -> None:
        sheet["A2"].font = Font(italic=True)
        sheet["B2"].font = Font(bold=True)
        sheet["C2"].font = Font(strike=True)
        sheet["B3"].font = Font(vertAlign="superscript")

    built = shown(build, change, ".. datatable:: r.xlsx\n   :header-columns: 0\n")
    assert words(the(cell(built, "CNN"), "em")) == "CNN"
    assert words(the(cell(built, "1.23"), "strong")) == "1.23"
    assert words(the(cell(built, "50.00%"), "span.exptdir-strike")) == "50.00%"
    assert words(the(cell(built, "1"), "sup")) == "1"


def test_a_header_row_that_is_bold_throughout_is_a_header_and_no_more(build: Build):
    def change(sheet: Any) -> None:
        for column in "ABC":
            sheet[f"{column}1"].font = Font(bold=True, italic=column == "A")

    built = shown(build, change)
    assert not the(built.body(NOTES), "thead").select("strong")
    assert words(the(built.body(NOTES), "thead em")) == "model"


def test_rich_text_is_kept_with_its_line_breaks(build: Build):
    def change(sheet: Any) -> None:
        low, loud = InlineFont(vertAlign="subscript"), InlineFont(b=True, color="FF0000FF")
        sheet["A2"] = CellRichText("H", TextBlock(low, "2"), "O", TextBlock(loud, " <hot>\nsecond"), " line")

    found = cell(shown(build, change), "H2O <hot>second line")
    assert words(the(found, "sub")) == "2"
    assert [words(part) for part in found.select("strong")] == ["<hot>", "second"]
    assert {part["style"] for part in found.select("span.exptdir-ink")} == {"--exptdir-ink:#0000ff"}
    assert len(found.select("br")) == 1


def test_colours_are_variables_that_the_style_sheet_makes_readable(build: Build):
    def change(sheet: Any) -> None:
        sheet["A2"].font = Font(color="FFC00000")
        sheet["A2"].fill = PatternFill("solid", fgColor="FFFFC7CE")
        sheet["B2"].fill = PatternFill("solid", fgColor="FFC6EFCE")

    built = shown(build, change)
    both, fill = cell(built, "CNN"), cell(built, "1.23")
    assert {"exptdir-ink", "exptdir-fill"} <= set(both["class"])
    assert both["style"] == "--exptdir-ink:#c00000;--exptdir-fill:#ffc7ce"
    assert "exptdir-ink" not in fill["class"]
    assert fill["style"] == "--exptdir-fill:#c6efce"
    assert not cell(built, "TRUE").get("style")


def test_alignment_is_kept(build: Build):
    def change(sheet: Any) -> None:
        sheet["A2"].alignment = Alignment(horizontal="center", vertical="top")
        sheet["B2"].alignment = Alignment(vertical="center")

    built = shown(build, change)
    assert {"text-center", "exptdir-valign-top"} <= set(cell(built, "CNN")["class"])
    assert "exptdir-valign-middle" in cell(built, "1.23")["class"]


def test_a_line_between_groups_is_kept(build: Build):
    def change(sheet: Any) -> None:
        sheet.delete_rows(4)
        for row in range(4, 8):
            sheet.append([f"m{row}", row, 0.25])
        for column in "ABC":
            sheet[f"{column}3"].border = Border(bottom=Side("thin"))

    rows = shown(build, change).body(NOTES).select("tbody tr")
    assert ["exptdir-rule-below" in row["class"] for row in rows[:3]] == [False, True, False]


def test_right_to_left_text_has_its_own_direction(build: Build):
    built = one(build, ".. datatable:: r.csv\n", {"expts/1_a/r.csv": "word,n\nשלום (12),1\ncafé,2\n"})
    assert cell(built, "שלום (12)")["dir"] == "auto"
    assert cell(built, "café").get("dir") is None


@pytest.mark.parametrize(
    ("address", "is_link"),
    [('https://example.org/?a=1&b="2"', True), ("mailto:a@example.org", True), ("javascript:alert(1)", False)],
)
def test_only_harmless_addresses_become_links(build: Build, address: str, is_link: bool):
    def change(sheet: Any) -> None:
        sheet["A2"].hyperlink = address
        sheet["A2"].style = "Normal"

    links = cell(shown(build, change), "CNN").select("a")
    assert [unquote(str(link["href"])) for link in links] == ([address] if is_link else [])


def test_markup_in_cells_is_text_wherever_it_stands(build: Build):
    def change(sheet: Any) -> None:
        sheet["A1"], sheet["A2"] = "<i>head</i>", '"><script>alert(1)</script>'
        sheet["A2"].font = Font(bold=True)

    built = shown(build, change)
    assert cells(built)[0][0] == "<i>head</i>"
    assert cells(built)[1][0] == '"><script>alert(1)</script>'
    assert not the(built.body(NOTES), "table").select("i, script")


def test_a_merged_cell_that_runs_from_the_headers_into_the_table_ends_with_the_headers(build: Build):
    def change(sheet: Any) -> None:
        sheet.merge_cells("A1:A2")

    built = shown(build, change, ".. datatable:: r.xlsx\n   :header-rows: 1\n")
    assert cell(built, "model").get("rowspan") is None
    assert cells(built)[1] == ["", "1.23", "50.00%"]


def test_every_row_has_as_many_cells_as_the_table_has_columns(build: Build):
    def change(sheet: Any) -> None:
        sheet["A4"], sheet["B4"] = "sum", "wide"
        sheet.merge_cells("B4:C4")
        sheet.merge_cells("A2:A3")

    table = the(shown(build, change).body(NOTES), "table")
    spans = [
        [(int(td.get("rowspan", 1)), int(td.get("colspan", 1))) for td in row.select("th, td")]
        for row in table.select("tr")
    ]
    assert spans == [[(1, 1)] * 3, [(2, 1), (1, 1), (1, 1)], [(1, 1), (1, 1)], [(1, 1), (1, 2)]]

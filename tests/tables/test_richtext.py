"""Texts with several looks, and the texts that the cells of a workbook share."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from exptdir.errors import TableError
from exptdir.tables import Cell, read_table
from tests.tables.making import SHEET, SPACE, fill, make, rewrite, share, texts

RICH = (
    "<si><r><t>H</t></r><r><rPr><vertAlign val='subscript'/><sz val='8'/></rPr><t>2</t></r>"
    "<r><rPr><b/><color rgb='FFC00000'/></rPr><t xml:space='preserve'>O !</t></r></si>"
)


def parts(cell: Cell) -> list[tuple[str, bool, str | None, str | None]]:
    return [(run.text, run.look.bold, run.look.script, run.look.ink) for run in cell.runs]


def test_parts_of_a_shared_text(tmp_path: Path) -> None:
    path = make(tmp_path, fill([1]))
    share(path, "<si><t>plain</t></si>" + RICH, 2)
    plain, rich = read_table(path).rows[0][1:]
    assert (plain.text, plain.runs) == ("plain", ())
    assert rich.text == "H2O !"
    assert parts(rich) == [("H", False, None, None), ("2", False, "sub", None), ("O !", True, None, "c00000")]


def test_parts_of_a_text_in_the_cell_itself(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        sheet["A1"] = CellRichText("10 ", TextBlock(InlineFont(i=True), "µM"), " each")
        sheet["B1"] = "10 µM each"

    rich, plain = read_table(make(tmp_path, build)).rows[0]
    assert rich.text == plain.text == "10 µM each"
    assert [(run.text, run.look.italic) for run in rich.runs] == [("10 ", False), ("µM", True), (" each", False)]
    assert plain.runs == ()


def test_parts_keep_the_fill_of_the_cell_but_nothing_of_its_font(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        sheet["A1"] = CellRichText("a", TextBlock(InlineFont(strike=True), "b"))
        sheet["A1"].font = Font(bold=True, color="FF0000FF")
        sheet["A1"].fill = PatternFill("solid", fgColor="FFFFFF00")

    [[cell]] = read_table(make(tmp_path, build)).rows
    first, second = cell.runs
    assert first.look == cell.look
    assert (second.look.bold, second.look.strike, second.look.ink, second.look.fill) == (False, True, None, "ffff00")


def test_parts_of_one_cell_are_not_those_of_the_next(tmp_path: Path) -> None:
    path = make(tmp_path, fill([1]))
    rich = '<c r="B1" t="inlineStr"><is><r><rPr><b/></rPr><t>{}</t></r></is></c>'
    cells = rich.format("") + '<c r="C1" t="str"><v></v></c>' + '<c r="D1" t="str" x="1"><v>d</v></c>'
    cells += rich.format("e").replace("B1", "E1") + '<c r="F1" t="str" x="1"><v>e</v></c>'
    rewrite(path, SHEET, lambda xml: xml.replace("</row>", cells + "</row>"))
    row = read_table(path).rows[0]
    assert [(cell.text, len(cell.runs)) for cell in row] == [("1", 0), ("", 0), ("", 0), ("d", 0), ("e", 1), ("e", 0)]


def test_parts_that_look_alike_are_no_parts(tmp_path: Path) -> None:
    path = make(tmp_path, fill([1]))
    share(path, "<si><r><t>one </t></r><r><rPr><sz val='11'/></rPr><t>look</t></r></si>", 1)
    cell = read_table(path).rows[0][1]
    assert (cell.text, cell.runs) == ("one look", ())


def test_parts_of_a_merged_cell(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        fill([1, 2], [3, 4])(sheet)
        sheet["A1"] = CellRichText("x", TextBlock(InlineFont(b=True), "y"))
        sheet.merge_cells("A1:B1")

    cell = read_table(make(tmp_path, build)).rows[0][0]
    assert (cell.colspan, [run.text for run in cell.runs]) == (2, ["x", "y"])


def test_a_text_that_its_number_format_changes_has_no_parts(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        sheet["A1"] = CellRichText("x", TextBlock(InlineFont(b=True), "y"))
        sheet["A1"].number_format = '"<"@">"'

    path = make(tmp_path, build)
    share(path, RICH, 1)
    rewrite(path, SHEET, lambda xml: xml.replace('<c r="B1" ', '<c r="B1" s="1" '))
    [[inline, shared]] = read_table(path).rows
    assert [(cell.text, cell.runs) for cell in (inline, shared)] == [("<xy>", ()), ("<H2O !>", ())]


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ("<si><t>a_x000A_b</t></si>", "a\nb"),
        ("<si><t>a_x005F_x000A_b</t></si>", "a_x000A_b"),
        ("<si><t>a_xD800_b_x0041_</t></si>", "a_xD800_bA"),
        ("<si><t>a &amp; b &#10; c</t></si>", "a & b \n c"),
        ("<si><t><![CDATA[a <b>]]></t></si>", "a <b>"),
        ("<si>\n <t xml:space='preserve'> a </t>\n</si>", " a "),
        ("<!-- one --><si><t>a</t></si>", "a"),
        ("<si><t>a</t><rPh sb='0' eb='1'><t>hint</t></rPh><phoneticPr fontId='1'/></si>", "a"),
        ("<si><r><t>a</t></r><r/><r><rPr/><t/></r><r><t>b</t></r></si>", "ab"),
    ],
)
def test_texts_however_they_are_written(tmp_path: Path, item: str, shown: str) -> None:
    path = make(tmp_path, fill([1]))
    share(path, item + "<si><t>next</t></si>", 2)
    assert texts(read_table(path)) == [["1", shown, "next"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_texts_in_any_encoding_and_with_a_prefix(tmp_path: Path, encoding: str) -> None:
    path = make(tmp_path, fill([1]))
    space = SPACE.replace("xmlns=", "xmlns:x=")
    items = "<x:si><x:t>größer</x:t></x:si><x:si><x:r><x:rPr><x:b/></x:rPr><x:t>fett</x:t></x:r></x:si>"
    share(path, f'<?xml version="1.0" encoding="{encoding}"?><x:sst {space}>{items}</x:sst>'.encode(encoding), 2)
    _, first, second = read_table(path).rows[0]
    assert (first.text, second.text) == ("größer", "fett")
    assert [run.look.bold for run in second.runs] == [True]


@pytest.mark.parametrize("end", ["<si><t>cut", "<si><t>a</t></si><si>", "<si><t>&none;</t></si>"])
def test_damaged_texts_are_refused(tmp_path: Path, end: str) -> None:
    path = make(tmp_path, fill([1]))
    share(path, f"<sst {SPACE}><si><t>a</t></si>{end}".encode(), 1)
    with pytest.raises(TableError, match="is damaged"):
        read_table(path)


def test_the_longest_text_and_a_formula_of_another_program(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["x" * 32_767, "=cmd|'/C calc'!A0"]))
    row = read_table(path).rows[0]
    assert (len(row[0].text), row[1].text) == (32_767, "=cmd|'/C calc'!A0")

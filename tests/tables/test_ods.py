"""OpenDocument spreadsheets. ``data/looks.ods`` was written by LibreOffice from a workbook of ours."""

from __future__ import annotations

import datetime as dt
import random
import time
import zipfile
from pathlib import Path

import pytest

from exptdir.errors import TableError
from exptdir.tables import Table, TableReader, parse_cell_reference, read_table
from tests.tables.making import texts
from tests.tables.refusing import refusal, replace

LOOKS = Path(__file__).parent / "data" / "looks.ods"
_SPACE = "urn:oasis:names:tc:opendocument:xmlns"
_HEAD = (
    f'<office:document-content xmlns:office="{_SPACE}:office:1.0" xmlns:table="{_SPACE}:table:1.0" '
    f'xmlns:text="{_SPACE}:text:1.0" xmlns:style="{_SPACE}:style:1.0" xmlns:draw="{_SPACE}:drawing:1.0" '
    f'xmlns:fo="{_SPACE}:xsl-fo-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink">'
)
CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"


def make(tmp_path: Path, rows: str, styles: str = "", after: str = "", settings: str = "<x/>") -> Path:
    """Write a spreadsheet of one sheet; *rows* are its XML."""
    content = (
        f"{_HEAD}<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        f'<table:table table:name="Sheet1">{rows}</table:table>{after}'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    path = tmp_path / "t.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", MIMETYPE)
        archive.writestr("content.xml", content)
        archive.writestr("settings.xml", settings)
    return path


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def test_a_file_of_libreoffice_is_shown_as_there() -> None:
    shown = read_table(LOOKS)
    assert texts(shown)[:4] == [
        ["run", "loss", "share", "date", "time", "note", "link"],
        ["run0", "0.36", "0.0%", "2024-05-01 10:30", "25:05", "n0", "site"],
        ["run1", "0.71", "14.3%", "2024-05-02 10:30", "26:05", "a\nb", "site"],
        ["run2", "1.07", "28.6%", "2024-05-03 10:30", "27:05", "x2 y bold", "site"],
    ]
    assert shown.rows[1][1][1:3] == (0.357142857, "number")
    assert shown.rows[1][3][1:3] == (dt.datetime(2024, 5, 1, 10, 30), "date")
    assert shown.rows[1][4][1:3] == (dt.timedelta(hours=25, minutes=5), "date")
    assert shown.rows[4][1].kind == "error"
    assert (shown.rows[0][0].look.bold, shown.rows[0][0].look.fill) == (True, "ffc7ce")
    assert (shown.rows[2][0].look.strike, shown.rows[2][0].look.ink) == (True, "c00000")
    assert [(run.text, run.look.script, run.look.bold) for run in shown.rows[3][5].runs] == [
        ("x", None, False),
        ("2", "super", False),
        (" y ", None, False),
        ("bold", None, True),
    ]
    assert shown.rows[2][6].href == "https://example.org/1"
    assert (shown.rows[7][0].colspan, shown.rows[7][1].covered) == (3, True)
    assert read_table(LOOKS, hidden=True).n_columns == 8


def test_sheets_and_names() -> None:
    reader = TableReader()
    assert reader.sheet_names(LOOKS) == ["Results", "My sheet!"]
    assert reader.sheet_names(LOOKS, hidden=True) == ["Results", "My sheet!", "Hidden"]
    assert texts(reader.read(LOOKS, cells="best")) == [["x", "y"], ["7", "8"]]
    assert reader.cell(LOOKS, parse_cell_reference("looks.ods!'My sheet!'!C3")).text == "8"


def test_a_flat_file_is_read_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(make(tmp_path, row(CELL.format("a"), CELL.format("b")))) as archive:
        (tmp_path / "t.fods").write_bytes(archive.read("content.xml"))
    assert texts(read_table(tmp_path / "t.fods")) == [["a", "b"]]


def test_millions_of_empty_rows_and_columns_cost_nothing(tmp_path: Path) -> None:
    empty = '<table:table-cell table:number-columns-repeated="16382"/>'
    rows = row(CELL.format("a"), empty) + row(
        '<table:table-cell table:number-columns-repeated="16384"/>',
        attributes='table:number-rows-repeated="1048574" table:visibility="collapse"',
    )
    start = time.process_time()
    assert texts(read_table(make(tmp_path, rows))) == [["a"]]
    assert time.process_time() - start < 1.0


def test_what_repeats_is_shown_as_often(tmp_path: Path) -> None:
    twice = CELL.replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="2"').format("x")
    rows = row(CELL.format("a"), twice, attributes='table:number-rows-repeated="2"') + row(CELL.format("b"))
    assert texts(read_table(make(tmp_path, rows))) == [["a", "x", "x"], ["a", "x", "x"], ["b", "", ""]]


def test_more_cells_than_a_table_can_have_are_refused(tmp_path: Path) -> None:
    cell = CELL.replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="16384"').format("x")
    path = make(tmp_path, row(cell, attributes='table:number-rows-repeated="1048576"'))
    assert "more than 5,000,000 cells" in refusal(path)


def test_blanks_breaks_and_tabs_are_kept_and_others_collapse(tmp_path: Path) -> None:
    cell = (
        '<table:table-cell office:value-type="string"><text:p>a  \n b<text:s text:c="3"/>c<text:tab/>d</text:p>'
        "<text:p>e<text:line-break/>f</text:p></table:table-cell>"
    )
    assert texts(read_table(make(tmp_path, row(cell)))) == [["a b   c\td\ne\nf"]]


def test_comments_and_drawings_are_left_out(tmp_path: Path) -> None:
    cell = (
        '<table:table-cell office:value-type="string"><office:annotation><text:p>secret</text:p></office:annotation>'
        "<draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame><text:p>x</text:p></table:table-cell>"
    )
    shapes = "<table:shapes><draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame></table:shapes>"
    assert texts(read_table(make(tmp_path, shapes + row(cell)))) == [["x"]]


@pytest.mark.parametrize(
    ("attributes", "value", "kind"),
    [
        ('office:value-type="float" office:value="0.5"', 0.5, "number"),
        ('office:value-type="percentage" office:value="3"', 3, "number"),
        ('office:value-type="currency" office:value="1e400"', "shown", "text"),
        ('office:value-type="float" office:value="x"', "shown", "text"),
        ('office:value-type="boolean" office:boolean-value="true"', True, "bool"),
        ('office:value-type="date" office:date-value="2024-05-01"', dt.datetime(2024, 5, 1), "date"),
        ('office:value-type="date" office:date-value="1899-12-30T25:00:00"', "shown", "text"),
        ('office:value-type="time" office:time-value="PT25H00M30.5S"', dt.timedelta(hours=25, seconds=30.5), "date"),
        ('office:value-type="time" office:time-value="PT99999999999999H"', "shown", "text"),
    ],
)
def test_values_behind_what_is_shown(tmp_path: Path, attributes: str, value: object, kind: str) -> None:
    path = make(tmp_path, row(f"<table:table-cell {attributes}><text:p>shown</text:p></table:table-cell>"))
    assert read_table(path).rows[0][0][:3] == ("shown", value, kind)


def test_looks_come_from_styles_and_their_parents(tmp_path: Path) -> None:
    styles = """
    <style:default-style style:family="table-cell"><style:text-properties fo:font-style="italic"/></style:default-style>
    <style:style style:name="base" style:family="table-cell">
      <style:table-cell-properties fo:background-color="#ffc7ce" style:vertical-align="middle"/>
      <style:paragraph-properties fo:text-align="end"/>
      <style:text-properties fo:font-weight="bold" fo:color="#C00000"/></style:style>
    <style:style style:name="child" style:family="table-cell" style:parent-style-name="base">
      <style:text-properties fo:font-weight="normal" style:text-line-through-style="solid"/></style:style>
    <style:style style:name="loop" style:family="table-cell" style:parent-style-name="loop"/>
    <style:style style:name="low" style:family="text">
      <style:text-properties style:text-position="sub 58%"/></style:style>
    """
    styled = CELL.replace("<table:table-cell", '<table:table-cell table:style-name="{}"')
    rich = CELL.format('H<text:span text:style-name="low">2</text:span>O')
    columns = '<table:table-column table:default-cell-style-name="base"/><table:table-column/>'
    rows = row(CELL.format("column"), styled.format("child", "x"), styled.format("loop", "y"), rich)
    column, child, loop, water = read_table(make(tmp_path, columns + rows, styles)).rows[0]
    assert (column.look.bold, column.look.ink, column.look.fill) == (True, "c00000", "ffc7ce")
    assert (column.look.align, column.look.valign, column.look.italic) == ("right", "middle", True)
    assert (child.look.bold, child.look.strike, child.look.fill) == (False, True, "ffc7ce")
    assert (loop.text, loop.look.bold) == ("y", False)
    assert [(run.text, run.look.script) for run in water.runs] == [("H", None), ("2", "sub"), ("O", None)]


def test_header_rows_frozen_panes_and_data_ranges_say_what_is_a_header(tmp_path: Path) -> None:
    first, second = row(CELL.format("a"), CELL.format("1")), row(CELL.format("b"), CELL.format("2"))
    headers = f"<table:table-header-rows>{first}{second}</table:table-header-rows>"
    assert read_table(make(tmp_path, headers + first)).header_rows == 2
    numbers = row('<table:table-cell office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell>')
    data = '<table:database-range table:target-range-address="Sheet1.A1:Sheet1.A3"/>'
    assert read_table(make(tmp_path, numbers * 3)).header_rows == 0
    assert read_table(make(tmp_path, numbers * 3, after=data)).header_rows == 1
    item = '<config:config-item config:name="{}">{}</config:config-item>'
    settings = (
        f'<x xmlns:config="{_SPACE}:config:1.0"><config:config-item-map-entry config:name="Sheet1">'
        + item.format("VerticalSplitMode", 2)
        + item.format("VerticalSplitPosition", 2)
        + item.format("HorizontalSplitMode", 2)
        + item.format("HorizontalSplitPosition", 1)
        + "</config:config-item-map-entry></x>"
    )
    shown = read_table(make(tmp_path, first * 3, settings=settings))
    assert (shown.header_rows, shown.header_columns) == (2, 1)


def test_filtered_rows_count_as_hidden(tmp_path: Path) -> None:
    rows = row(CELL.format("a")) + row(CELL.format("b"), attributes='table:visibility="filter"') + row(CELL.format("c"))
    assert texts(read_table(make(tmp_path, rows))) == [["a"], ["c"]]


def test_links_that_run_code_are_left_out(tmp_path: Path) -> None:
    cell = CELL.format('<text:a xlink:href="{}">x</text:a>')
    rows = row(cell.format("javascript:alert(1)"), cell.format("https://example.org/"))
    assert [found.href for found in read_table(make(tmp_path, rows)).rows[0]] == [None, "https://example.org/"]


def test_a_password_is_named(tmp_path: Path) -> None:
    parts = {"META-INF/manifest.xml": b"<manifest:encryption-data/>", "content.xml": bytes(100)}
    path = replace(LOOKS, tmp_path / "t.ods", parts)
    assert refusal(path) == "the file is protected by a password: save it without one"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<a><b></a>", "the file is damaged"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "declares a document type"),
        ("<a/>", "an OpenDocument file without sheets"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = replace(LOOKS, tmp_path / "t.ods", {"content.xml": content.encode()})
    assert message in refusal(path)


def test_damaged_copies_make_a_table_or_a_refusal(tmp_path: Path) -> None:
    numbers = random.Random(9)
    with zipfile.ZipFile(LOOKS) as archive:
        content = archive.read("content.xml")
    path = tmp_path / "t.fods"
    digits = [at for at, byte in enumerate(content) if byte in b"0123456789"]
    refused = 0
    for _ in range(120):
        damaged = bytearray(content)
        for _ in range(numbers.randrange(1, 8)):
            damaged[numbers.choice(digits)] = numbers.choice(b"0123456789")
        if numbers.random() < 0.4:
            damaged[numbers.randrange(len(damaged))] = numbers.randrange(256)
        path.write_bytes(damaged)
        try:
            assert isinstance(read_table(path), Table)
        except TableError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused < 120

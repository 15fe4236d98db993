"""Whatever cannot be shown ends in a TableError that says what is wrong and what to do."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from exptdir.errors import TableError
from exptdir.tables import read, read_table
from tests.tables.refusing import good_workbook, refusal, replace


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return good_workbook(tmp_path / "good.xlsx")


def test_truncated_workbook(good: Path) -> None:
    data = good.read_bytes()
    for part in (10, len(data) // 2, len(data) - 30):
        good.write_bytes(data[:part])
        assert "damaged or was cut off" in refusal(good)


def test_renamed_csv(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    assert refusal(path) == "the file is no .xlsx: it looks like delimited text; rename it to .csv"


def test_renamed_workbook(good: Path) -> None:
    path = good.rename(good.with_suffix(".csv"))
    assert "not delimited text: it looks like a workbook" in refusal(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "what it begins with is of no kind that is known"),
        (b"<html><table></table></html>", "it is a web page (HTML), as some programs export it"),
    ],
)
def test_something_else_altogether(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    assert f"the file is no .xlsx: {what}" in refusal(path)


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv"])
def test_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert refusal(tmp_path / name) == "the file is empty (0 bytes)"


def test_nothing_in_it(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "t.xlsx")
    assert "sheet 'Sheet' is empty" in refusal(tmp_path / "t.xlsx")
    (tmp_path / "t.csv").write_text(" , \n\n", encoding="utf-8")
    assert "the file is empty: no cell holds anything" in refusal(tmp_path / "t.csv")


def test_sheet_that_does_not_exist(good: Path) -> None:
    message = refusal(good, sheet="Sumary")
    assert "has no sheet 'Sumary'" in message
    assert message.endswith("its sheets are 'Summary', 'Summaries 2', 'Results'")
    assert "has no sheet '4'" in refusal(good, sheet="4")
    assert "has no sheet '0'" in refusal(good, sheet="0")


def test_sheet_of_a_delimited_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n", encoding="utf-8")
    assert "has no sheets: leave the sheet out" in refusal(tmp_path / "t.csv", sheet="Sheet1")


def test_range_outside_the_used_cells(good: Path) -> None:
    message = refusal(good, cells="H1:J5")
    assert message == "the range H1:J5 of sheet 'Results' holds nothing: its used cells are A1:C200"


@pytest.mark.parametrize("name", ["t.txt", "t.numbers", "t"])
def test_unsupported_suffix(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a,b\n", encoding="utf-8")
    message = refusal(tmp_path / name)
    assert ".xlsx, .xlsm, " in message
    assert ("save it as .xlsx" in message) == (name == "t.numbers")


def test_missing_directory_and_dangling_link(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.xlsx").endswith("gone.xlsx does not exist")
    (tmp_path / "dir.csv").mkdir()
    assert refusal(tmp_path / "dir.csv").endswith("is a directory, not a file")
    (tmp_path / "link.csv").symlink_to("data/far.csv")
    assert "is a link to data/far.csv, which does not exist" in refusal(tmp_path / "link.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    assert "cannot be read" in refusal(tmp_path / "loop.csv")


def test_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "is not a regular file" in refusal(tmp_path / "pipe.csv")


def test_no_permission(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Not by chmod: for root, as which containers run tests, no file is unreadable.
    monkeypatch.setattr(Path, "open", refuse)
    assert "cannot be read: permission denied" in refusal(good)


def test_too_large(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MAX_FILE_SIZE", 1024)
    assert "save the part to show as a file of its own" in refusal(good)


def test_styles_that_refer_to_nothing_cost_the_looks(good: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(good) as archive:
        styles = archive.read("xl/styles.xml")
    changed = re.sub(rb'(xfId|fontId|fillId|borderId|numFmtId)="0"', rb'\1="999"', styles)
    assert changed != styles
    shown = read_table(replace(good, tmp_path / "t.xlsx", {"xl/styles.xml": changed}))
    assert (shown.n_rows, "colours and borders cannot be read" in shown.problems[0].message) == (200, True)


@pytest.mark.parametrize("styles", [b"<styleSheet", b"", b"<styleSheet xmlns='x'><fonts/></styleSheet>"])
def test_damaged_styles_are_refused_and_missing_ones_are_not(good: Path, tmp_path: Path, styles: bytes) -> None:
    path = replace(good, tmp_path / "t.xlsx", {"xl/styles.xml": styles or b"\n"})
    if styles.endswith(b">"):
        assert read_table(path).n_rows == 200
    else:
        assert "is damaged" in refusal(path)


WORKSHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<sheetData><row r="1">%s</row></sheetData></worksheet>'
)


def test_workbook_without_sheets(good: Path, tmp_path: Path) -> None:
    path = replace(good, tmp_path / "t.xlsx", {"xl/workbook.xml": b"<workbook/>"})
    assert "has no visible sheet" in refusal(path)


@pytest.mark.parametrize(
    "cell",
    [
        b'<c r="A1"><v>1E999999999</v></c>',
        b'<c r="A1"><v>NaN</v></c>',
        b'<c r="A1"><v>' + b"9" * 5000 + b"</v></c>",
        b'<c r="A1" s="999"><v>1</v></c>',
        b'<c r="A1" t="d"><v>yesterday</v></c>',
        b'<c r="A1" t="new"><v>1</v></c>',
        b"<c><v>1</v></c>",
    ],
)
def test_odd_cells_are_shown_somehow(good: Path, tmp_path: Path, cell: bytes) -> None:
    path = replace(good, tmp_path / "t.xlsx", {"xl/worksheets/sheet1.xml": WORKSHEET % cell})
    try:
        assert read_table(path).rows[0][0].text
    except TableError as error:
        assert "sheet 'Results' is damaged" in str(error)


@pytest.mark.parametrize(
    "damage",
    [
        {"xl/worksheets/sheet1.xml": b"<worksheet"},
        {"xl/worksheets/sheet1.xml": b"\x00\x01"},
        {"xl/worksheets/sheet1.xml": b"<?xml version='1.0' encoding='none'?><worksheet/>"},
        {"xl/worksheets/sheet1.xml": WORKSHEET % b'<c r="A1" t="s"><v>7</v></c>'},
        {"xl/worksheets/sheet1.xml": WORKSHEET % b'<c r="A1" s="x"><v>7</v></c>'},
        {"xl/workbook.xml": b"<workbook"},
        {"xl/_rels/workbook.xml.rels": b"<Relationships"},
    ],
)
def test_damaged_parts(good: Path, tmp_path: Path, damage: dict[str, bytes]) -> None:
    assert "damaged" in refusal(replace(good, tmp_path / "t.xlsx", damage))


@pytest.mark.parametrize("address", ["A0", "ZZZZ1", "1A", "", "A99999999"])
def test_absurd_addresses(good: Path, tmp_path: Path, address: str) -> None:
    xml = (
        f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>'
        f'<mergeCells><mergeCell ref="{address}"/></mergeCells></worksheet>'
    )
    assert "damaged" in refusal(replace(good, tmp_path / "t.xlsx", {"xl/worksheets/sheet1.xml": xml.encode()}))


def test_cells_that_stand_twice_or_out_of_order_are_told_of(good: Path, tmp_path: Path) -> None:
    rows = b'<c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row><row r="3"><c r="A3"><v>3</v></c></row><row r="2">'
    xml = WORKSHEET % (rows + b'<c r="A2"><v>4</v></c>')
    table = read_table(replace(good, tmp_path / "t.xlsx", {"xl/worksheets/sheet1.xml": xml}))
    assert [row[0].text for row in table.rows] == ["2", "4", "3"]
    [problem] = table.problems
    assert "sheet 'Results': 1 of its cells stand twice or out of order, and are not shown: open it" in problem.message


@pytest.mark.parametrize(
    ("address", "why"), [(b' r="A99999999"', "a cell lies beyond"), (b"", "its cells lie too far")]
)
def test_a_row_far_beyond_the_last_is_damage(good: Path, tmp_path: Path, address: bytes, why: str) -> None:
    far = b'<c r="A1"><v>1</v></c></row><row r="99999999"><c%s><v>2</v></c>' % address
    path = replace(good, tmp_path / "t.xlsx", {"xl/worksheets/sheet1.xml": WORKSHEET % far})
    assert f"sheet 'Results' is damaged ({why}" in refusal(path)


def test_a_document_of_another_kind(good: Path, tmp_path: Path) -> None:
    for root, what in ((b"<document/>", "another document"), (b"<worksheet/>", "another document")):
        path = replace(good, tmp_path / "t.xlsx", {"xl/workbook.xml": root})
        assert f"the file is not a workbook but {what}" in refusal(path)
    binary = b"<Relationship Id='a' Type='x/officeDocument' Target='xl/workbook.bin'/>"
    relations = b"<Relationships>" + binary + b"</Relationships>"
    path = replace(good, tmp_path / "t.xlsx", {"_rels/.rels": relations})
    assert "a binary workbook (.xlsb) under another name: rename it to .xlsb" in refusal(path)


def test_damage_is_named_where_it_matters(good: Path, tmp_path: Path) -> None:
    path = replace(good, tmp_path / "t.xlsx", {"docProps/core.xml": b"<core"})
    assert read_table(path).n_rows == 200
    path = replace(good, tmp_path / "t.xlsx", {"xl/styles.xml": b"<styleSheet"})
    assert "is damaged (xl/styles.xml is not XML: " in refusal(path)


def test_a_cell_that_never_ends(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,"' + "x\n" * 100_000, encoding="utf-8")
    message = refusal(path)
    assert "line 2" in message and "quotation mark" in message


def test_marked_as_utf_16_but_cut(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe" + "a,b\n".encode("utf-16-le") + b"\x00")
    assert "looks like UTF-16-LE but is damaged" in refusal(tmp_path / "t.csv")

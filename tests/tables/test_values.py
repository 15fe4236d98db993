"""Old and OpenDocument workbooks: their values are shown as those of a delimited file are."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest

from exptdir.errors import TableError
from exptdir.tables import Table, TableReader, apply_formats, parse_cell_reference, read_table
from tests.tables.making import rewrite, texts
from tests.tables.refusing import refusal

DATA = Path(__file__).parent / "data"
BOTH = pytest.mark.parametrize("suffix", [".ods", ".xls"])


@BOTH
def test_values_are_numbers_texts_dates_and_durations(suffix: str) -> None:
    shown = read_table(DATA / f"looks{suffix}")
    first, second = texts(shown)[:2]
    assert first == ["run", "loss", "share", "date", "time", "ok", "note", "link"]
    assert second[:5] == ["run0", "0.357142857", "0", "2024-05-01 10:30:00", "25:05:00"]
    assert shown.header_rows == 1
    assert shown.rows[1][1][1:3] == (0.357142857, "number")
    assert shown.rows[1][3][1:3] == (dt.datetime(2024, 5, 1, 10, 30), "date")
    assert shown.rows[1][4][1:3] == (dt.timedelta(hours=25, minutes=5), "date")
    assert shown.rows[2][6].text == "a\nb"


def test_numbers_have_the_digits_that_spreadsheets_know(tmp_path: Path) -> None:
    path = tmp_path / "t.ods"
    path.write_bytes((DATA / "looks.ods").read_bytes())
    rewrite(
        path, "content.xml", lambda xml: xml.replace('office:value="0.357142857"', 'office:value="0.30000000000000004"')
    )
    assert read_table(path).rows[1][1].text == "0.3"


def test_truth_values_of_an_old_workbook() -> None:
    assert [row[5].text for row in read_table(DATA / "looks.xls").rows[1:3]] == ["TRUE", "FALSE"]


@BOTH
def test_columns_are_rounded_as_those_of_a_delimited_file(suffix: str) -> None:
    rounded = apply_formats(read_table(DATA / f"looks{suffix}"), round="loss 2")
    assert [row[1].text for row in rounded.rows[1:4]] == ["0.36", "0.71", "1.07"]


@BOTH
def test_sheets_by_name_and_cells_by_address(suffix: str) -> None:
    reader, path = TableReader(), DATA / f"looks{suffix}"
    assert reader.open(path).sheet_names() == ["Results", "My sheet!"]
    assert reader.open(path).sheet_names(hidden=True) == ["Results", "My sheet!", "Hidden"]
    assert reader.cell(path, parse_cell_reference("x!Results!A2")).text == "run0"
    assert "its sheets are 'Results', 'My sheet!'" in refusal(path, sheet="Result s")


@BOTH
def test_damaged_copies_make_a_table_or_a_refusal(tmp_path: Path, suffix: str) -> None:
    numbers, data = random.Random(8), (DATA / f"looks{suffix}").read_bytes()
    path = tmp_path / f"t{suffix}"
    refused = 0
    for _ in range(12):
        damaged = bytearray(data[: numbers.randrange(1, len(data))] if numbers.random() < 0.3 else data)
        for _ in range(numbers.randrange(20)):
            damaged[numbers.randrange(len(damaged))] = numbers.randrange(256)
        path.write_bytes(damaged)
        try:
            assert isinstance(read_table(path), Table)
        except TableError as error:
            refused += 1
            assert "\n" not in str(error)
    assert 3 < refused <= 12


def test_other_content_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xls"
    path.write_text("a,b\n1,2\n")
    assert "it looks like delimited text; rename it to .csv" in refusal(path)
    flat = tmp_path / "t.fods"
    flat.write_text("<x/>")
    assert "save it as .xlsx" in refusal(flat)


def test_a_wrong_number_in_an_old_workbook_does_not_end_the_build(tmp_path: Path) -> None:
    data = bytearray((DATA / "looks.xls").read_bytes())
    # The record of a sheet's dimensions (MS-XLS section 2.4.90): first row, one behind the last, first column …
    record = bytes((0, 2, 14, 0))
    at = data.index(record) + len(record)
    data[at + 4 : at + 8] = b"\xff\xff\xff\xff"
    (tmp_path / "t.xls").write_bytes(data)
    assert "the file is damaged" in refusal(tmp_path / "t.xls")

"""Old workbooks. ``data/looks.xls`` was written by LibreOffice from a workbook of ours."""

from __future__ import annotations

import datetime as dt
import io
import random
import struct
from pathlib import Path

import pytest

from exptdir.errors import TableError
from exptdir.tables import Table, TableReader, parse_cell_reference, read_table
from exptdir.tables.xls.stream import check_stream
from tests.tables.making import texts
from tests.tables.refusing import refusal

LOOKS = Path(__file__).parent / "data" / "looks.xls"


@pytest.fixture(scope="module")
def looks() -> Table:
    return read_table(LOOKS)


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def test_cells_are_shown_under_their_formats(looks: Table) -> None:
    assert texts(looks)[:4] == [
        ["run", "loss", "share", "date", "time", "note", "link"],
        ["run0", "0.36", "0.0%", "2024-05-01 10:30", "25:05", "n0", "site"],
        ["run1", "0.71", "14.3%", "2024-05-02 10:30", "26:05", "a\nb", "site"],
        ["run2", "1.07", "28.6%", "2024-05-03 10:30", "27:05", "x2 y bold", "site"],
    ]
    assert looks.problems == ()


def test_values_are_numbers_dates_and_durations(looks: Table) -> None:
    assert looks.rows[1][1][1:3] == (0.357142857, "number")
    assert looks.rows[1][3][1:3] == (dt.datetime(2024, 5, 1, 10, 30), "date")
    assert looks.rows[1][4][1:3] == (dt.timedelta(hours=25, minutes=5), "date")


def test_formulas_show_their_stored_values_and_errors(looks: Table) -> None:
    assert looks.rows[4][1][:3] == ("#DIV/0!", "#DIV/0!", "error")
    assert looks.rows[5][1].text == "2.14"


def test_looks_runs_and_links(looks: Table) -> None:
    head, struck, centred, rich = looks.rows[0][0], looks.rows[2][0], looks.rows[3][0], looks.rows[3][5]
    assert (head.look.bold, head.look.fill) == (True, "ffc7ce")
    assert (struck.look.italic, struck.look.strike, struck.look.ink) == (True, True, "c00000")
    assert (centred.look.align, centred.look.valign) == ("center", "top")
    assert [(run.text, run.look.script, run.look.bold) for run in rich.runs] == [
        ("x", None, False),
        ("2", "super", False),
        (" y ", None, False),
        ("bold", None, True),
    ]
    assert looks.rows[2][6].href == "https://example.org/1"


def test_merged_and_hidden_parts(looks: Table) -> None:
    merged = looks.rows[7][0]
    assert (merged.text, merged.rowspan, merged.colspan) == ("merged", 1, 3)
    assert looks.rows[7][1].covered
    shown = read_table(LOOKS, hidden=True)
    assert (looks.n_rows, looks.n_columns) == (8, 7)
    assert (shown.n_rows, shown.n_columns) == (9, 8)
    assert shown.rows[1][5][:3] == ("TRUE", True, "bool")


def test_sheets_and_names() -> None:
    reader = TableReader()
    assert reader.sheet_names(LOOKS) == ["Results", "My sheet!"]
    assert reader.sheet_names(LOOKS, hidden=True) == ["Results", "My sheet!", "Hidden"]
    assert texts(reader.read(LOOKS, sheet="2")) == [["x", "y"], ["7", "8"]]
    assert texts(reader.read(LOOKS, cells="best")) == [["x", "y"], ["7", "8"]]
    assert reader.cell(LOOKS, parse_cell_reference("looks.xls!'My sheet!'!C3")).text == "8"
    assert "has no sheet 'Result': its sheets are 'Results', 'My sheet!'" in refusal(LOOKS, sheet="Result")


def test_a_password_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.xls"
    begin = record(0x0809, struct.pack("<HHHH", 0x0500, 0x0005, 0, 0))
    path.write_bytes(begin + record(0x002F, bytes(4)) + record(0x000A, b""))
    assert refusal(path) == "the workbook is protected by a password: save it without one"


def test_links_that_cover_everything_are_refused() -> None:
    from xlrd.compdoc import CompDoc

    data = bytearray(LOOKS.read_bytes())
    memory, base, _ = CompDoc(bytes(data), logfile=io.StringIO()).locate_named_stream("Workbook")
    at = bytes(memory).index(struct.pack("<H", 0x01B8), base)
    while struct.unpack_from("<H", memory, at + 2)[0] < 32:
        at = bytes(memory).index(struct.pack("<H", 0x01B8), at + 1)
    place = data.index(bytes(memory[at : at + 60]))
    data[place + 4 : place + 12] = struct.pack("<HHHH", 0, 65_535, 0, 255)
    with pytest.raises(TableError, match="its links cover 16,777,221 cells"):
        check_stream(bytes(data))


def test_damaged_copies_make_a_table_or_a_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    numbers, data = random.Random(8), LOOKS.read_bytes()
    path = tmp_path / "t.xls"
    refused = 0
    for _ in range(150):
        damaged = bytearray(data[: numbers.randrange(1, len(data))] if numbers.random() < 0.3 else data)
        for _ in range(numbers.randrange(20)):
            damaged[numbers.randrange(len(damaged))] = numbers.randrange(256)
        path.write_bytes(damaged)
        try:
            assert isinstance(read_table(path), Table)
        except TableError as error:
            refused += 1
            assert "\n" not in str(error)
    assert 50 < refused <= 150
    assert capsys.readouterr().out == ""

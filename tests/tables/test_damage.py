"""Damaged workbooks, made and real ones, end in a table or in a TableError."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table as TableObject

from exptdir.errors import TableError
from exptdir.tables import read_table
from exptdir.tables.xlsx import XlsxBook
from tests.tables.making import shown

NOTEBOOK = Path(__file__).parents[2].parent / "shared" / "corpus" / "notebook"
#: Real workbooks of which damaged copies are made: the smallest, which differ most from each other for the time.
REAL = 12

Damage = Callable[[bytearray, random.Random], object]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["run", "loss", "done"])
    for row in range(40):
        sheet.append([f"run {row}", row * 1.37, row % 2 == 0])
    sheet.add_table(TableObject(displayName="Runs", ref="A1:C41"))
    sheet["E1"] = CellRichText("a", TextBlock(InlineFont(b=True), "b"))
    sheet["E1"].hyperlink = "https://a.example"
    sheet["E2"].font, sheet["E3"].fill = Font(color="FFC00000"), PatternFill("solid", fgColor="FFFFC7CE")
    for cell in sheet[20]:
        cell.border, cell.number_format = Border(bottom=Side(style="thin")), "0.00;[Red]-0.00"
    sheet.merge_cells("F1:G3")
    book.defined_names["some"] = DefinedName("some", attr_text="Sheet!$A$1:$B$9")
    path = tmp_path / "good.xlsx"
    book.save(path)
    return path


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randrange(1, 20)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def try_all(path: Path) -> None:
    """Ask a workbook for all that it may have; what is refused must be refused in a sentence."""
    for cells in (None, "A1:C5", "some", "Runs[[run]:[loss]]"):
        try:
            assert shown(XlsxBook(path), cells=cells).n_columns
        except TableError as error:
            assert "\n" not in str(error)


def break_xml(path: Path, target: Path, chance: random.Random) -> None:
    """Copy a workbook with one part damaged, in an archive that is whole."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as old, zipfile.ZipFile(target, "w") as new:
        victim = chance.choice([name for name in old.namelist() if old.getinfo(name).file_size])
        for name in old.namelist():
            data = bytearray(old.read(name))
            if name == victim:
                for _ in range(chance.randrange(1, 8)):
                    data[chance.randrange(len(data))] = chance.choice(b'<>/"= 0189aZ\x00')
            new.writestr(name, bytes(data))


@pytest.mark.parametrize("damage", [_cut, _flip])
def test_random_damage_never_ends_in_a_traceback(good: Path, tmp_path: Path, damage: Damage) -> None:
    data, chance = good.read_bytes(), random.Random(20221120)
    target = tmp_path / "damaged.xlsx"
    for _ in range(40):
        copy = bytearray(data)
        damage(copy, chance)
        target.write_bytes(copy)
        try_all(target)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False))
def test_damaged_xml_never_ends_in_a_traceback(good: Path, chance: random.Random) -> None:
    target = good.with_name("damaged.xlsx")
    break_xml(good, target, chance)
    try_all(target)


def test_damaged_copies_of_real_workbooks_never_end_in_a_traceback(tmp_path: Path) -> None:
    if not NOTEBOOK.is_dir():
        pytest.skip(f"the corpus is not here: {NOTEBOOK}")
    books = sorted(NOTEBOOK.rglob("*.xlsx"), key=lambda path: (path.stat().st_size, str(path)))[:REAL]
    assert books
    chance, target = random.Random(20221121), tmp_path / "damaged.xlsx"
    for book in books:
        for damage in (_cut, _flip):
            copy = bytearray(book.read_bytes())
            damage(copy, chance)
            target.write_bytes(copy)
            try_all(target)
        for _ in range(3):
            break_xml(book, target, chance)
            try_all(target)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(min_size=1, max_size=200))
def test_any_bytes_make_a_table_or_a_refusal(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    try:
        shown = read_table(path)
    except TableError as error:
        assert "\n" not in str(error)
    else:
        assert len({len(row) for row in shown.rows}) == 1

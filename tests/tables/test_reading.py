"""Which reader reads what, and that it reads it once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from exptdir.errors import TableError
from exptdir.tables import TableReader, delimited, parse_cell_reference, read_table, read_text
from exptdir.tables.grid import Sheet
from exptdir.tables.read import Book
from tests.tables.making import fill, make, texts
from tests.tables.refusing import good_workbook, refusal

DATA = Path(__file__).parent / "data"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Count which delimited files are really read."""
    paths: list[Path] = []
    read = delimited.read_sheet

    def counted(path: Path, **how: str | None) -> object:
        paths.append(path)
        return read(path, **how)

    monkeypatch.setattr(delimited, "read_sheet", counted)
    return paths


def csv(path: Path, content: str = "a,b\n1,2\n3,4\n") -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_a_file_that_is_used_ten_times_is_read_once(tmp_path: Path, opened: list[Path]) -> None:
    reader, path = TableReader(), csv(tmp_path / "t.csv")
    for row in range(1, 4):
        assert reader.read(path, cells=f"A{row}:").n_rows == 4 - row
        assert reader.cell(path, parse_cell_reference("t.csv!A3")).text == "3"
    assert opened == [path]


def test_a_file_that_has_changed_is_read_again(tmp_path: Path, opened: list[Path]) -> None:
    reader, path = TableReader(), csv(tmp_path / "t.csv")
    assert texts(reader.read(path))[1] == ["1", "2"]
    csv(path, "a,b\n5,6\n3,4\n")
    os.utime(path, ns=(0, 0))
    assert texts(reader.read(path))[1] == ["5", "6"]
    assert len(opened) == 2


def test_of_many_files_the_last_are_kept(tmp_path: Path, opened: list[Path]) -> None:
    reader = TableReader(2)
    first, second, third = (csv(tmp_path / f"{name}.csv") for name in "abc")
    for path in (first, second, first, third, first, second):
        reader.read(path)
    assert opened == [first, second, third, second]


def test_sheets_of_a_workbook_and_of_a_file_without_any(tmp_path: Path) -> None:
    reader = TableReader()
    assert reader.open(good_workbook(tmp_path / "t.xlsx")).sheet_names() == ["Results", "Summary", "Summaries 2"]
    assert reader.open(csv(tmp_path / "t.csv")).sheet_names() == []


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_one_value(tmp_path: Path, suffix: str) -> None:
    reader, path = TableReader(), csv(tmp_path / "t.csv")
    if suffix == "xlsx":
        path = make(tmp_path, fill(["a", "b"], [1, 2], [3, None]))
    found = reader.cell(path, parse_cell_reference("x!B2"))
    assert (found.text, found.value, found.kind) == ("2", 2, "number")
    with pytest.raises(TableError, match="A1:B2 are 4 cells: name one of them"):
        reader.cell(path, parse_cell_reference("x!A1:B2"))
    with pytest.raises(TableError, match=r"the range D9 .*holds nothing"):
        reader.cell(path, parse_cell_reference("x!D9"))
    with pytest.raises(TableError, match="not a range"):
        reader.cell(path, parse_cell_reference("x!no where"))


def test_a_value_in_a_hidden_row_or_merged_range_is_found(tmp_path: Path) -> None:
    def build(sheet: object) -> None:
        fill(["a", "b"], [1, 2], [3, 4])(sheet)  # type: ignore[arg-type]
        sheet.row_dimensions[2].hidden = True  # type: ignore[attr-defined]
        sheet.merge_cells("A3:B3")  # type: ignore[attr-defined]

    path, reader = make(tmp_path, build), TableReader()
    assert reader.cell(path, parse_cell_reference("x!B2")).text == "2"
    assert reader.cell(path, parse_cell_reference("x!B3")).text == "3"


def test_headers_as_asked_for(tmp_path: Path) -> None:
    path = csv(tmp_path / "t.csv")
    assert (read_table(path).header_rows, read_table(path).header_columns) == (1, 0)
    shown = read_table(path, header_rows=2, header_columns=1)
    assert (shown.header_rows, shown.header_columns) == (2, 1)
    assert refusal(path, header_columns=3) == "3 header columns were asked for, but A1:B3 shows 2 columns"


def test_cells_in_a_document() -> None:
    shown = read_text("run; loss\n1; 0,5\n2\n", name="the content", path=Path("log.rst"))
    assert texts(shown) == [["run", "loss"], ["1", "0,5"], ["2", ""]]
    assert [(problem.line, problem.path) for problem in shown.problems] == [(3, Path("log.rst"))]
    assert read_text("a,b\n", name="x", path=Path("l"), header_columns=1).header_columns == 1
    with pytest.raises(TableError, match="the content is empty"):
        read_text(" \n", name="the content", path=Path("log.rst"))


DISGUISES = [
    ("t.xls", b"run\tloss\t\r\n1\t0.5\t\r\n", "it looks like delimited text; rename it to .tsv"),
    ("t.xls", b"run,loss\n1,0.5\n", "it looks like delimited text; rename it to .csv"),
    ("t.xls", "run\tloss\tµl\n".encode("utf-16"), "rename it to .tsv"),
    ("t.xls", b"<html><table><tr><td>1</td></tr></table></html>", "it is a web page (HTML)"),
    ("t.xls", b"\xef\xbb\xbf <TABLE><tr>", "it is a web page (HTML)"),
    ("t.xls", b"MIME-Version: 1.0\nX-Document-Type: Workbook\n", "it is a web page (HTML)"),
    (
        "t.xls",
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
        "it is an XML Spreadsheet 2003; open it in a spreadsheet program and save it as .xlsx",
    ),
    ("t.xls", b"PK\x03\x04rest", "rename it to .xlsx"),
    ("t.xls", b"\x89PNG\r\n\x1a\n\x00", "of no kind that is known"),
    ("t.ods", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "rename it to .xls"),
    ("t.ods", b"a,b\n", "rename it to .csv"),
    (
        "t.ods",
        b'<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument"/>',
        "save it as .xlsx",
    ),
    ("t.parquet", b"a,b\n", "the file is no .parquet: it looks like delimited text"),
    ("t.csv", b"PAR1rest", "it looks like a Parquet file"),
    ("t.csv", b"\x1f\x8b\x08rest", "it looks like a compressed file"),
]


@pytest.mark.parametrize(("name", "content", "message"), DISGUISES)
def test_a_file_under_a_wrong_name_is_recognised(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert message in refusal(tmp_path / name)


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        ("looks.xls", "t.xlsx", "rename it to .xls"),
        ("looks.ods", "t.xls", "rename it to .ods"),
        ("looks.xls", "t.csv", "it looks like an old workbook"),
    ],
)
def test_a_workbook_under_a_wrong_name_is_recognised(tmp_path: Path, source: str, name: str, message: str) -> None:
    shutil.copy(DATA / source, tmp_path / name)
    assert message in refusal(tmp_path / name)


def test_a_new_workbook_is_no_opendocument_file(tmp_path: Path) -> None:
    path = good_workbook(tmp_path / "t.xlsx").rename(tmp_path / "t.ods")
    assert refusal(path) == "the file is no OpenDocument spreadsheet: rename it to .xlsx"


def test_books_read_each_sheet_once() -> None:
    from exptdir.tables.names import SheetPart

    loaded = []

    class Counted(Book):
        def load(self, part: SheetPart) -> Sheet:
            loaded.append(part.name)
            return delimited.parse("a,b\n", Path("t"))

    book = Counted([SheetPart("x", True, ""), SheetPart("y", False, "")])
    for name in ("x", "X", "1", None, "y"):
        assert isinstance(book.read(name).path, Path)
    assert loaded == ["x", "y"]

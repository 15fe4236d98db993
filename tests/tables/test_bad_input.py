"""Whatever cannot be shown ends in a TableError that says what is wrong and what to do."""

from __future__ import annotations

import io
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from exptdir.errors import TableError
from exptdir.tables import package, read_table, reading


@pytest.fixture
def good(tmp_path: Path) -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Results"
    for row in range(200):
        sheet.append([f"run {row}", row * 1.37, row % 2 == 0])
    book.create_sheet("Summary").append(["x"])
    book.create_sheet("Summaries 2").append(["y"])
    path = tmp_path / "good.xlsx"
    book.save(path)
    return path


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(TableError) as caught:
        read_table(path, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    return message


def replace(path: Path, target: Path, changes: dict[str, bytes]) -> Path:
    """Copy a workbook with some of its parts replaced, or added."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changes.pop(name, None) or old.read(name))
        for name, data in changes.items():
            new.writestr(name, data)
    return target


def test_truncated_workbook(good: Path) -> None:
    data = good.read_bytes()
    for part in (10, len(data) // 2, len(data) - 30):
        good.write_bytes(data[:part])
        assert "damaged or was cut off" in refusal(good)


def test_renamed_csv(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    assert refusal(path) == "t.xlsx is not a workbook (it looks like delimited text: rename it to .csv)"


def test_renamed_workbook(good: Path) -> None:
    path = good.rename(good.with_suffix(".csv"))
    assert "not delimited text: it looks like a workbook" in refusal(path)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\x00", b"<html><table></table></html>"])
def test_something_else_altogether(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    assert "is not a workbook (it is no zip archive)" in refusal(path)


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv"])
def test_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert refusal(tmp_path / name) == f"{name} is empty (0 bytes)"


def test_nothing_in_it(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "t.xlsx")
    assert "sheet 'Sheet' of t.xlsx is empty" in refusal(tmp_path / "t.xlsx")
    (tmp_path / "t.csv").write_text(" , \n\n", encoding="utf-8")
    assert "t.csv is empty: no cell holds anything" in refusal(tmp_path / "t.csv")


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
    assert (
        message == "the range H1:J5 of sheet 'Results' of good.xlsx holds nothing: its used cells are A1:C200"
    )


@pytest.mark.parametrize("name", ["t.txt", "t.ods", "t.xls", "t"])
def test_unsupported_suffix(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a,b\n", encoding="utf-8")
    message = refusal(tmp_path / name)
    assert "(.xlsx, .xlsm, .csv, .tsv)" in message
    assert ("save it as .xlsx" in message) == (name in {"t.ods", "t.xls"})


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
    monkeypatch.setattr(reading, "MAX_FILE_SIZE", 1024)
    assert "save the part to show as a file of its own" in refusal(good)


def test_bomb_that_says_how_large_it_is(good: Path, tmp_path: Path) -> None:
    zeros = b"<a>" + b"0" * (package.RATIO_FROM + 1) + b"</a>"
    path = replace(good, tmp_path / "bomb.xlsx", {"xl/worksheets/sheet1.xml": zeros})
    assert path.stat().st_size < 200_000
    assert "unpacks to over 300 times its size" in refusal(path)


def test_bomb_of_many_parts(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_UNPACKED", 2**20)
    parts = {
        f"xl/media/{number}.xml": b"<a>" + os.urandom(40_000).hex().encode() + b"</a>" for number in range(20)
    }
    assert "more than the 1 MiB that are read" in refusal(replace(good, tmp_path / "bomb.xlsx", parts))


def test_bomb_that_lies_about_its_size(good: Path, tmp_path: Path) -> None:
    content = b"<a>" + b"0" * 5_000_000 + b"</a>"
    path = replace(good, tmp_path / "liar.xlsx", {"xl/worksheets/sheet1.xml": content})
    size = len(content).to_bytes(4, "little")
    data = path.read_bytes()
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, (1000).to_bytes(4, "little")))
    assert "damaged" in refusal(path)


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml", "[Content_Types].xml"]
)
def test_entities(good: Path, tmp_path: Path, part: str, encoding: str) -> None:
    path = replace(good, tmp_path / "laughs.xlsx", {part: LAUGHS.encode(encoding)})
    assert f"its part {part} declares a document type" in refusal(path)


def test_entity_from_outside(good: Path, tmp_path: Path) -> None:
    outside = LAUGHS.replace(
        '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">', '<!ENTITY b SYSTEM "file:///etc/hostname">'
    )
    path = replace(good, tmp_path / "xxe.xlsx", {"xl/worksheets/sheet1.xml": outside.encode()})
    assert "declares a document type" in refusal(path)


def test_password_and_old_workbook(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024)
    path.write_bytes(ole + "EncryptedPackage".encode("utf-16-le") + bytes(512))
    assert refusal(path) == "t.xlsx is protected by a password: save it without one"
    path.write_bytes(ole + "Workbook".encode("utf-16-le"))
    assert "an old .xls workbook under another name: save it as .xlsx" in refusal(path)


def test_other_archives(tmp_path: Path) -> None:
    for name, advice in (
        ("mimetype", "OpenDocument file: save it as .xlsx"),
        ("a.txt", "some other zip archive"),
    ):
        path = tmp_path / "t.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, "x")
        assert advice in refusal(path)


def test_a_style_that_openpyxl_prints_about(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(good) as archive:
        styles = archive.read("xl/styles.xml")
    changed = styles.replace(b'xfId="0"', b'xfId="999"')
    assert changed != styles
    assert "damaged" in refusal(replace(good, tmp_path / "t.xlsx", {"xl/styles.xml": changed}))
    assert capsys.readouterr().out == ""


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
    assert read_table(path).rows[0][0].text


@pytest.mark.parametrize(
    "damage",
    [
        {"xl/worksheets/sheet1.xml": b"<worksheet"},
        {"xl/worksheets/sheet1.xml": b"\x00\x01"},
        {"xl/worksheets/sheet1.xml": b"<?xml version='1.0' encoding='none'?><worksheet/>"},
        {"xl/worksheets/sheet1.xml": WORKSHEET % b'<c r="A1" t="s"><v>7</v></c>'},
        {"xl/worksheets/sheet1.xml": WORKSHEET % b'<c r="A1" s="x"><v>7</v></c>'},
        {"[Content_Types].xml": b"<Types/>"},
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
    assert "damaged" in refusal(
        replace(good, tmp_path / "t.xlsx", {"xl/worksheets/sheet1.xml": xml.encode()})
    )


def test_a_cell_that_never_ends(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,"' + "x\n" * 100_000, encoding="utf-8")
    message = refusal(path)
    assert "t.csv, line 2" in message and "quotation mark" in message


def test_marked_as_utf_16_but_cut(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe" + "a,b\n".encode("utf-16-le") + b"\x00")
    assert "looks like UTF-16-LE but is damaged" in refusal(tmp_path / "t.csv")


Damage = Callable[[bytearray, random.Random], object]


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randrange(1, 20)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


@pytest.mark.parametrize("damage", [_cut, _flip])
def test_random_damage_never_ends_in_a_traceback(good: Path, tmp_path: Path, damage: Damage) -> None:
    data, chance = good.read_bytes(), random.Random(20221120)
    target = tmp_path / "damaged.xlsx"
    for _ in range(60):
        copy = bytearray(data)
        damage(copy, chance)
        target.write_bytes(copy)
        try:
            assert read_table(target).n_columns
        except TableError as error:
            assert "damaged.xlsx" in str(error)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False))
def test_damaged_xml_never_ends_in_a_traceback(good: Path, chance: random.Random) -> None:
    stream = io.BytesIO(good.read_bytes())
    target = good.with_name("damaged.xlsx")
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(target, "w") as new:
        victim = chance.choice(old.namelist())
        for name in old.namelist():
            data = bytearray(old.read(name))
            if name == victim:
                for _ in range(chance.randrange(1, 8)):
                    data[chance.randrange(len(data))] = chance.choice(b'<>/"= 0189aZ\x00')
            new.writestr(name, bytes(data))
    try:
        assert read_table(target).n_columns
    except TableError as error:
        assert "damaged.xlsx" in str(error)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(min_size=1, max_size=200))
def test_any_bytes_make_a_table_or_a_refusal(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    try:
        shown = read_table(path)
    except TableError as error:
        assert "any.csv" in str(error)
    else:
        assert len({len(row) for row in shown.rows}) == 1

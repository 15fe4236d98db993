"""The container of a workbook: bombs, entities and other archives are refused, oddities are not."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from exptdir.tables import archive, read_table
from tests.tables.refusing import good_workbook, refusal, replace


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return good_workbook(tmp_path / "good.xlsx")


def test_bomb_that_says_how_large_it_is(good: Path, tmp_path: Path) -> None:
    zeros = b"<a>" + b"0" * (archive.RATIO_FROM + 1) + b"</a>"
    path = replace(good, tmp_path / "bomb.xlsx", {"xl/worksheets/sheet1.xml": zeros})
    assert path.stat().st_size < 200_000
    assert "unpacks to over 300 times its size" in refusal(path)


def test_bomb_of_many_parts(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 2**20)
    parts = {f"xl/media/{number}.xml": b"<a>" + os.urandom(40_000).hex().encode() + b"</a>" for number in range(20)}
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
    outside = LAUGHS.replace('<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">', '<!ENTITY b SYSTEM "file:///etc/hostname">')
    path = replace(good, tmp_path / "xxe.xlsx", {"xl/worksheets/sheet1.xml": outside.encode()})
    assert "declares a document type" in refusal(path)


def test_password_and_old_workbook(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024)
    path.write_bytes(ole + "EncryptedPackage".encode("utf-16-le") + bytes(512))
    assert refusal(path) == "the file is protected by a password: save it without one"
    path.write_bytes(ole + "Workbook".encode("utf-16-le"))
    assert "the file is no .xlsx: it is a file of another format; rename it to .xls" in refusal(path)


def test_other_archives(tmp_path: Path) -> None:
    for name, advice in (
        ("mimetype", "OpenDocument file: save it as .xlsx"),
        ("a.txt", "some other zip archive"),
    ):
        path = tmp_path / "t.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, "x")
        assert advice in refusal(path)


def test_a_huge_part_that_is_read_as_a_whole(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_WHOLE", 100)
    assert "is larger than" in refusal(good)


def test_parts_whose_names_differ_in_case_and_slashes(good: Path, tmp_path: Path) -> None:
    target = tmp_path / "t.xlsx"
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            other = name if name.startswith(("_", "[")) else name.replace("/", "\\").upper()
            new.writestr(other, old.read(name))
    assert read_table(target).n_rows == 200

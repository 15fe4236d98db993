"""The XML of a sheet: what the fast way reads is what an XML parser reads."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exptdir.errors import TableError
from exptdir.tables.xlsx.sheetxml import SheetXml, parse_sheet

CORPUS = Path(__file__).parents[2] / "../shared/corpus/notebook"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}"><sheetData>'
TAIL = '</sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells></worksheet>'

#: Rows as programs write them, and as none does though XML lets them.
ROWS = {
    "values": '<row r="1"><c r="A1"><v>1</v></c><c r="B1" s="3"><v>0.5</v></c><c r="C1" t="s"><v>7</v></c></row>',
    "a formula": '<row r="2"><c r="A2" s="1" t="str"><f>A1&amp;"x"</f><v>1x</v></c></row>',
    "a formula without value": '<row r="2"><c r="A2"><f>SUM(A1:B1)</f><v></v></c><c r="B2"><f>1+1</f><v/></c></row>',
    "shared formulas": '<row r="3"><c r="A3"><f t="shared" ref="A3:A4" si="0">B1*2</f><v>4</v></c>'
    '<c r="B3"><f t="shared" si="0"/><v>5</v></c></row>',
    "an inline text": '<row r="4"><c r="A4" t="inlineStr"><is><t>a &lt; b</t></is></c></row>',
    "kept blanks": '<row r="4"><c r="A4" t="inlineStr"><is><t xml:space="preserve"> x </t></is></c></row>',
    "rich text": '<row r="5"><c r="A5" t="inlineStr"><is><r><t>one</t></r><r><t> two</t></r></is></c></row>',
    "phonetic text": '<row r="5"><c r="A5" t="inlineStr"><is><t>x</t><rPh sb="0" eb="1"><t>y</t></rPh></is></c></row>',
    "empty cells": '<row r="6"><c r="A6" s="2"/><c r="B6" s="2"></c><c r="C6" s="2"><v></v></c></row>',
    "rows as one tag": '<row r="7" s="1" customFormat="1"/><row r="8"/><row r="9"><c r="A9"><v>9</v></c></row>',
    "no addresses": "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>",
    "a hidden row": '<row r="10" hidden="1" spans="1:1"><c r="A10"><v>1</v></c></row>',
    "line breaks": '<row r="11">\r\n  <c r="A11" t="str">\n<v>a\r\nb&#10;c&#13;</v>\n</c>\n</row>',
    "pretty printing": '\n <row r="11">\n  <c r="A11"><v>1</v></c>\n  <c r="B11"><v>2</v></c>\n </row>\n',
    "references": '<row r="12"><c r="A12" t="str"><v>&#x41;&#66;&quot;&apos;&gt;&#x1F600;&#133;</v></c></row>',
    "greater than": '<row r="13"><c r="A13" t="str"><f>A1>B1</f><v>a > b</v></c></row>',
    "a comment": '<row r="14"><!-- <c r="B14"><v>1</v></c> --><c r="A14"><v>1</v></c></row>',
    "CDATA": '<row r="15"><c r="A15" t="str"><v><![CDATA[<c r="B15"><v>1</v></c>]]></v></c></row>',
    "an instruction": '<row r="16"><?x <c r="B16"><v>1</v></c>?><c r="A16"><v>1</v></c></row>',
    "attributes in another order": '<row r="17"><c t="s" s="1" r="A17"><v>1</v></c>'
    '<c r="B17" t="s" s="4"><v>2</v></c></row>',
    "more attributes": '<row r="18"><c r="A18" cm="1" ph="1"><v>1</v></c><c r="B18" s="1" vm="1"><v>2</v></c></row>',
    "single quotes": "<row r='19'><c r='A19'><v>1</v></c></row>",
    "tags that hold a greater than": '<row r="20" spans="&gt;>"><c r="A20"><v>1</v></c></row>',
    "other columns": '<row r="21"><c r="XFD21"><v>1</v></c><c r="AA21"><v>2</v></c><c r="a21"><v>3</v></c></row>',
    "a cell twice": '<row r="22"><c r="A22"><v>1</v></c><c r="A22"><v>2</v></c><c r="A22"/></row>',
    "a row twice": '<row r="23"><c r="A23"><v>1</v></c></row><row r="23"><c r="B23"><v>2</v></c></row>',
    "own namespaces": '<row r="24"><c xmlns="urn:x" r="A24"><v>1</v></c></row>',
    "a prefix": f'<row r="25" xmlns:p="{MAIN}"><p:c r="A25"><p:v>1</p:v></p:c></row>',
    "extensions": '<row r="26"><c r="A26"><v>1</v><extLst><ext uri="x"/></extLst></c></row>',
    "blanks in tags": '<row r="27" ><c r="A27" ><v >1</v ></c ></row ><row r="28"><c r="A28"><v>2</v></c></row>',
    "the letters of other scripts": '<row r="29"><c r="A29" t="str"><v>µ 実験 \U0001f600</v></c></row>',
}
BROKEN = {
    "an unknown reference": '<row r="1"><c r="A1" t="str"><v>&nbsp;</v></c></row>',
    "a control character": '<row r="1"><c r="A1" t="str"><v>\x01</v></c></row>',
    "a reference to a control character": '<row r="1"><c r="A1" t="str"><v>&#1;</v></c></row>',
    "the end of CDATA": '<row r="1"><c r="A1" t="str"><v>]]></v></c></row>',
    "no end": '<row r="1"><c r="A1"><v>1</v></row>',
    "a stray less-than": '<row r="1"><c r="A1"><v>1 < 2</v></c></row>',
    "an unknown prefix": '<row r="1"><x:c r="A1"><v>1</v></x:c></row>',
    "too many columns": '<row r="1"><c r="XFE1"><v>1</v></c></row>',
    "too many rows": '<row r="1048577"><c r="A1"><v>1</v></c></row>',
    "no number of a style": '<row r="1"><c r="A1" s="x"><v>1</v></c></row>',
    "no character": '<row r="1"><c r="A1" t="str"><v>\ufffe</v></c></row>',
}


def read(document: bytes, *, fast: bool, blanks: frozenset[int] = frozenset()) -> SheetXml | str:
    """Read a sheet, or say what kind of error it is that comes of it."""
    try:
        return parse_sheet(io.BytesIO(document), blanks, fast=fast)
    except (expat.ExpatError, ValueError, LookupError, TableError) as error:
        return type(error).__name__


def both(document: bytes) -> SheetXml | str:
    """Read a sheet in both ways, make sure that they agree, and return what they found."""
    found = read(document, fast=True)
    assert found == read(document, fast=False)
    blanks = frozenset({1, 2})
    assert read(document, fast=True, blanks=blanks) == read(document, fast=False, blanks=blanks)
    return found


@pytest.mark.parametrize("kind", ROWS)
def test_rows_of_all_kinds_are_read_as_a_parser_reads_them(kind: str) -> None:
    found = both((HEAD + ROWS[kind] + TAIL).encode())
    assert isinstance(found, SheetXml)
    assert found.merged == [(1, 1, 1, 2)]
    assert bool(found.cells) == (kind not in {"empty cells", "own namespaces"})


@pytest.mark.parametrize("kind", BROKEN)
def test_what_a_parser_refuses_is_refused(kind: str) -> None:
    assert isinstance(both((HEAD + BROKEN[kind] + TAIL).encode()), str)


@given(st.lists(st.sampled_from([*ROWS.values(), *BROKEN.values()]), max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_any_mixture_of_rows_cut_anywhere_is_read_alike(rows: list[str], chance: random.Random) -> None:
    document = (HEAD + "".join(rows) + TAIL).encode()
    both(document)
    both(document[: chance.randrange(len(document))])
    at = chance.randrange(len(document))
    both(document[:at] + bytes([chance.randrange(32, 127)]) + document[at + 1 :])


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace("UTF-8", "ISO-8859-1"),
        HEAD.replace("<sheetData>", '<sheetData xml:space="preserve">'),
        HEAD.replace("<worksheet", "<!-- <sheetData> --><worksheet"),
        HEAD.replace("<sheetData>", "<!-- <sheetData> --><sheetData>"),
        f'<worksheet xmlns="{MAIN}" xmlns:r="urn:r"><cols><col min="2" max="2" hidden="1"/></cols><sheetData>',
        f"<?xml version='1.0'?><worksheet xmlns='{MAIN}'><sheetData>",
        HEAD.replace("schemas.openxmlformats.org/spreadsheetml/2006", "purl.oclc.org/ooxml/spreadsheetml"),
    ],
)
def test_whatever_stands_before_the_rows_they_are_read_alike(head: str) -> None:
    found = both((head + ROWS["values"] + ROWS["the letters of other scripts"] + TAIL).encode())
    assert isinstance(found, SheetXml)
    assert found.cells[1, 2].stored == "0.5"


def test_a_sheet_of_another_namespace_has_no_cells() -> None:
    found = both((HEAD.replace(MAIN, "urn:other") + ROWS["values"] + TAIL).encode())
    assert isinstance(found, SheetXml)
    assert not found.cells


def test_prefixes_and_wide_encodings_are_read() -> None:
    prefixed = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row>'
    found = both((prefixed + "</x:sheetData></x:worksheet>").encode())
    assert isinstance(found, SheetXml)
    assert found.cells[1, 1].stored == "1"
    found = both((HEAD.replace("UTF-8", "UTF-16") + ROWS["values"] + TAIL).encode("utf-16"))
    assert isinstance(found, SheetXml)
    assert found.cells[1, 1].stored == "1"


def long_sheet(rows: int) -> bytes:
    """Return a sheet of several pieces, with empty rows between those that hold something."""
    lines = []
    for row in range(1, rows + 1):
        full = row % 1000 == 0
        cell = f'<c r="B{row}" s="3"><v>{row / 7}</v></c>' if full else f'<c r="B{row}" s="3"/>'
        lines.append(f'<row r="{row}" spans="1:2"><c r="A{row}" s="2"/>{cell}</row>')
    return (HEAD + "".join(lines) + TAIL).encode()


def test_long_sheets_with_empty_rows_are_read_alike() -> None:
    found = both(long_sheet(40_000))
    assert isinstance(found, SheetXml)
    assert len(found.cells) == 40
    assert found.cells[40_000, 2].stored == str(40_000 / 7)


def sheets_of(book: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the sheets of a workbook, unpacked."""
    with zipfile.ZipFile(book) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                yield name, archive.read(name)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="there is no corpus of notebooks beside the checkout")
def test_the_sheets_of_real_workbooks_are_read_alike() -> None:
    seen = 0
    for book in sorted(CORPUS.rglob("*.xlsx")):
        for name, document in sheets_of(book):
            if len(document) < 3 * 2**20:
                assert isinstance(both(document), SheetXml), f"{book.name}: {name}"
                seen += 1
    assert seen > 10

"""What a file may hold to make a reader slow or large: growth is linear, and bounds hold before much is read."""

from __future__ import annotations

import importlib
import pkgutil
import re
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import exptdir.tables
from exptdir.errors import TableError
from exptdir.sphinxext.tables import nodes
from exptdir.tables import apply_formats, read_table, select
from exptdir.tables import xlsx as workbooks
from exptdir.tables.cells import unescape
from exptdir.tables.delimited import find_delimiter, parse
from exptdir.tables.headers import is_unit
from exptdir.tables.model import safe_link
from exptdir.tables.names import Names, SheetPart
from exptdir.tables.ranges import parse_cell_reference, parse_range
from tests.limits import ending
from tests.tables.making import SHEET, fill, format_value, make, rewrite, share, texts

RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" '
    'Target="https://example.org/" TargetMode="External"/></Relationships>'
)
OFFICE = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


#: What is read, by a name, as a function of its size.
WORST: dict[str, Callable[[int], object]] = {
    "digits that end in a letter": lambda n: parse(f"a,b\n{'1' * n}x,2\n", Path("t.csv")),
    "rows of tabs": lambda n: parse("a\tb\n1,5\t2\n" + "\t\t\t\t\n" * (n // 5), Path("t.csv")),
    "blank cells": lambda n: parse(f"a;b\n{' ' * n};1,5\n", Path("t.csv")),
    "quotation marks": lambda n: find_delimiter('"' * n),
    "quotation marks and semicolons": lambda n: find_delimiter('";' * (n // 2)),
    "a number with many commas": lambda n: parse("a;b\n1" + ",000" * (n // 4) + "x;2\n", Path("t.csv")),
    "an address of blanks": lambda n: parse_cell_reference("a" + " " * n),
    "a range of letters": lambda n: parse_range("A" * n),
    "a name and blanks": lambda n: Names([SheetPart("x", True, "")], [], tuple).resolve(None, "a" + " " * n + "-"),
    "blanks for a sheet": lambda n: Names([SheetPart("x", True, "")], [], tuple).resolve(None, " " * n + "?"),
    "digits for a unit": lambda n: is_unit("1" * n + "x"),
    "many units": lambda n: is_unit("1 " * (n // 2) + "x"),
    "an address that ends in a blank": lambda n: safe_link("https://" + "a" * n + " b"),
    "half an escape": lambda n: unescape("_x000" * (n // 5)),
    "brackets of a format": lambda n: format_value(1.5, "[" * n),
    "places of a format": lambda n: format_value(1.5, "#" * n + "x"),
}
#: Patterns that are looked for within a text; all others are asked at its beginning, or at each token's.
SEARCHED = {"_CONTROL", "_ESCAPED", "_DIGITS", "_QUOTED", "_ENDLESS", "_NUMERAL"}
#: Patterns that never meet a longer text: what is longer is refused or cut.
BOUNDED = dict.fromkeys(("_PART", "_TOKEN", "_TICKED", "_CONDITION", "_ELAPSED", "_LANGUAGE"), 1_000)
#: Of what texts are made that a pattern may take for its own again and again.
BITS = (
    "a",
    "1",
    " ",
    "'",
    '"',
    "[",
    "]",
    "'a",
    "<",
    ",",
    ",000",
    "_x",
    "(",
    "#",
    "?/",
    "=",
    "\\",
    "`",
    ":",
    "1.",
    "1 ",
    ".",
)
MARKS = (
    "<c ",
    '<c r="A',
    "<xf ",
    "<x:",
    "<numFmts ",
    "<t>",
    "<t ",
    "<r><t>",
    "<worksheet ",
    "<row ",
    '<c t="inlineStr"><is>',
    " vm=",
)
MODULES = [
    *(importlib.import_module(one.name) for one in pkgutil.walk_packages(exptdir.tables.__path__, "exptdir.tables.")),
    nodes,
]
PATTERNS = {
    f"{module.__name__}.{name}": one
    for module in MODULES
    for name, one in vars(module).items()
    if isinstance(one, re.Pattern)
}


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_grows_with_the_length_of_what_it_meets(name: str) -> None:
    pattern, short = PATTERNS[name], name.rpartition(".")[2]
    # A quadratic one would take minutes for so much.
    length = BOUNDED.get(short, 150_000)
    for bit in MARKS if isinstance(pattern.pattern, bytes) else BITS:
        for end in ("", "!", "x\n"):
            text = bit * (length // len(bit)) + end
            with ending():
                if isinstance(pattern.pattern, bytes):
                    list(pattern.finditer(text.encode()))
                elif short in SEARCHED:
                    list(pattern.finditer(text))
                else:
                    pattern.match(text)
                    pattern.fullmatch(text)


@pytest.mark.parametrize("name", WORST)
def test_reading_grows_with_the_length_of_what_is_read(name: str) -> None:
    # Quadratic growth would take minutes for so much.
    with ending(), suppress(TableError, ValueError):
        WORST[name](100_000)


@pytest.mark.parametrize(
    "how",
    [{"columns": " " * 900_000 + "x"}, {"columns": "a" + " " * 900_000 + "x"}, {"sort": '"' * 900_001}],
)
def test_options_of_blanks_are_read_at_once(tmp_path: Path, how: dict[str, str]) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    table = read_table(tmp_path / "t.csv")
    with ending(), suppress(TableError, ValueError):
        select(table, **how)


@pytest.mark.parametrize("text", ["a" + " " * 900_000 + "x", " " * 900_000, "a 1" + " " * 900_000 + "b"])
def test_formats_of_blanks_are_read_at_once(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    table = read_table(tmp_path / "t.csv")
    for how in ({"round": text}, {"formats": text}):
        with ending(), suppress(TableError, ValueError):
            apply_formats(table, **how)


def test_a_long_text_that_many_cells_share_is_cut_once(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["a"]))
    share(path, f"<si><t>{'x' * 1_000_000}</t></si>", 0)
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(3, 1_003))
    rewrite(path, SHEET, lambda xml: xml.replace("</sheetData>", f"{cells}</sheetData>"))
    shown = read_table(path)
    long = [row[0] for row in shown.rows if len(row[0].text) > 1]
    assert {len(cell.text) for cell in long} == {32_767}
    assert len({id(cell.text) for cell in long}) == 1


def test_too_many_cells_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path, fill(*([row, row] for row in range(501))))
    monkeypatch.setattr(workbooks, "MAX_STORED", 1_000)
    monkeypatch.setattr("openpyxl.load_workbook", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(TableError, match="stores 1,002 cells, more than the 1,000"):
        read_table(path)


def test_all_cells_of_a_long_sheet_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path, fill(*([row] for row in range(60_000))))
    monkeypatch.setattr(workbooks, "MAX_STORED", 59_999)
    with pytest.raises(TableError, match="stores 60,000 cells"):
        read_table(path)


def test_thousands_of_links_over_each_other_end(tmp_path: Path) -> None:
    path = make(tmp_path, fill(*([row, row] for row in range(2_000))))
    links = "".join(f'<hyperlink ref="A1:B{1_000 + at}" r:id="rId1"/>' for at in range(20_000))
    rewrite(
        path, SHEET, lambda xml: xml.replace("</sheetData>", f"</sheetData><hyperlinks {OFFICE}>{links}</hyperlinks>")
    )
    rewrite(path, "xl/worksheets/_rels/sheet1.xml.rels", lambda _: RELATIONS)
    with ending():
        table = read_table(path)
    assert {cell.href for row in table.rows for cell in row} == {None}
    [problem] = table.problems
    assert problem.message == "sheet 'Sheet': its links lie over each other too often to be shown: link single cells"


def test_links_of_ranges_still_reach_their_cells(tmp_path: Path) -> None:
    path = make(tmp_path, fill([1, 2], [3, 4]))
    rewrite(
        path,
        SHEET,
        lambda xml: xml.replace(
            "</sheetData>", f'</sheetData><hyperlinks {OFFICE}><hyperlink ref="A1:A1048576" r:id="rId1"/></hyperlinks>'
        ),
    )
    rewrite(path, "xl/worksheets/_rels/sheet1.xml.rels", lambda _: RELATIONS)
    assert [[cell.href for cell in row] for row in read_table(path).rows] == [["https://example.org/", None]] * 2


def test_thousands_of_merged_ranges_over_each_other_end(tmp_path: Path) -> None:
    path = make(tmp_path, fill(*([row] + [None] * 98 + [row] for row in range(1_500))))
    # Each begins above all that came before, so that only the far end is taken.
    merged = "".join(f'<mergeCell ref="A{1_499 - at}:CV1500"/>' for at in range(1_498))
    rewrite(path, SHEET, lambda xml: xml.replace("</sheetData>", f"</sheetData><mergeCells>{merged}</mergeCells>"))
    with ending(), suppress(TableError, ValueError):
        read_table(path)


def test_a_number_too_large_for_a_float_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1e400,1.25\n-1e400,2.5\n")
    table = apply_formats(read_table(tmp_path / "t.csv"), round="1")
    assert texts(table) == [["a", "b"], ["1e400", "1.3"], ["-1e400", "2.5"]]
    assert [row[0].kind for row in select(table, sort="a").rows[1:]] == ["text", "text"]


def test_thousands_of_sheets_among_thousands_of_parts_are_found(tmp_path: Path) -> None:
    path, count = make(tmp_path, fill(["a"])), 10_000
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    sheets = "".join(f'<sheet name="S{at}" sheetId="{at + 1}" r:id="r{at}"/>' for at in range(count))
    links = "".join(f'<Relationship Id="r{at}" Type="{office}/worksheet" Target="s{at}.xml"/>' for at in range(count))
    rewrite(
        path, "xl/workbook.xml", lambda xml: re.sub("<sheets>.*</sheets>", f"<sheets {OFFICE}>{sheets}</sheets>", xml)
    )
    rewrite(path, "xl/_rels/workbook.xml.rels", lambda xml: xml.replace("</Relationships>", f"{links}</Relationships>"))
    with zipfile.ZipFile(path, "a") as archive:
        for at in range(count):
            archive.writestr(f"xl/s{at}.xml", "<worksheet/>")
    with ending(), pytest.raises(TableError, match=r"has no sheet 'S': its sheets are 'S9', .* …") as caught:
        read_table(path, sheet="S")
    assert len(str(caught.value)) < 500

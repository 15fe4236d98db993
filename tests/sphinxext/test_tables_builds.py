"""Tables in builds: labels and numbers, what is read and how often, and other builders than HTML's."""

from __future__ import annotations

import os
import re
import zipfile
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from openpyxl.styles import Font

from exptdir.tables import TableReader
from tests.limits import ending
from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build
from tests.sphinxext.workbooks import NOTES, XLSX, cells, one, styled, tables, workbook

# --- names -------------------------------------------------------------------------------------------------------

NAMED = ".. datatable:: r.xlsx\n   :name: results\n"
CITES = "Own :expt:`1#results`, :ref:`results`, :ref:`words <results>`.\n"


def links(built: Built, docname: str = NOTES) -> list[tuple[str, str]]:
    found = built.body(docname).select("p > a.reference.internal:not(.download)")
    return [(words(link), link["href"]) for link in found if not link.find_parent(class_="exptdir-cited-by")]


def test_a_named_table_is_reached_by_its_caption_from_everywhere(build: Build):
    other = {"expts/2_b/notes.md": "# B\n\nAs {expt}`1#results`, [](#results), {ref}`results`.\n"}
    built = one(build, f"{NAMED}\n   The results.\n\n{CITES}", {**XLSX, **other})
    assert links(built) == [("The results.", "#results"), ("The results.", "#results"), ("words", "#results")]
    shown = links(built, "expts/2_b/notes")
    assert shown[0] == ("#1: The results.", "../1_a/notes.html#results")
    assert {text for text, _ in shown[1:]} == {"The results."}
    assert the(built.body(NOTES), "#results").name == "table"
    assert built.warnings == ""


@pytest.mark.parametrize("suffix", ["rst", "md"])
def test_a_table_without_a_caption_is_called_by_its_file(build: Build, suffix: str):
    log = {
        "rst": titled("Log", f"{NAMED}\n{CITES}"),
        "md": "# Log\n\n```{datatable} r.xlsx\n:name: results\n```\n\n"
        "Own {expt}`1#results`, {ref}`results`, {ref}`words <results>`.\n",
    }[suffix]
    built = build({f"{NOTES}.{suffix}": log, **XLSX})
    assert links(built) == [("r.xlsx", "#results"), ("r.xlsx", "#results"), ("words", "#results")]
    assert built.warnings == ""


def test_references_to_a_table_whose_file_is_missing_do_not_warn_again(build: Build):
    built = one(build, f"{NAMED}\n{CITES}", {"expts/1_a/other.txt": ""})
    (warning,) = built.located
    assert warning.endswith("[exptdir.asset]")
    assert links(built)[1] == ("r.xlsx", "#results")
    assert "there is no such file" in words(the(built.body(NOTES), "#results"))


def test_a_name_that_is_given_twice_is_reported_by_sphinx_once(build: Build):
    built = one(build, f"{NAMED}\n{NAMED}")
    assert len(built.located) == 1


def test_sphinx_can_number_tables_with_all_others(build: Build):
    text = ".. datatable:: r.xlsx\n   :name: results\n   :caption: One\n\nSee :numref:`results`.\n"
    built = one(build, text, conf="numfig = True\n")
    assert words(the(built.body(NOTES), "caption")) == "Table 1 One"
    assert "See Table 1." in words(built.body(NOTES))
    assert built.warnings == ""


# --- reading -----------------------------------------------------------------------------------------------------


def test_a_workbook_that_is_used_ten_times_is_read_once(build: Build, monkeypatch: pytest.MonkeyPatch):
    opened = []
    original = zipfile.ZipFile.__init__

    def counted(self: Any, *args: Any, **kwargs: Any) -> None:
        if str(args[0]).endswith("r.xlsx"):
            opened.append(args[0])
        original(self, *args, **kwargs)

    monkeypatch.setattr(zipfile.ZipFile, "__init__", counted)
    one(build, ".. datatable:: r.xlsx\n\n.. datatable:: r.xlsx\n   :sheet: Second\n")
    once = len(opened)
    assert once
    uses = ".. datatable:: r.xlsx\n\n" * 3 + ".. datatable:: r.xlsx\n   :sheet: *\n\n" + ":cell:`r.xlsx!B2` " * 4
    page = {"expts/2_b/notes.rst": titled("B", ".. datatable:: ../1_a/r.xlsx\n   :sheet: Second\n")}
    built = one(build, uses, {**XLSX, **page})
    assert len(tables(built)) == 5
    assert len(opened) == 2 * once


def test_one_reader_serves_all_documents(build: Build, monkeypatch: pytest.MonkeyPatch):
    made: list[TableReader] = []

    class Counted(TableReader):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr("exptdir.tables.TableReader", Counted)
    one(build, ".. datatable:: r.xlsx\n\n:cell:`r.xlsx!B2`\n", {**XLSX, "expts/2_b/notes.rst": titled("B", "x")})
    assert len(made) == 1


def test_a_build_that_changes_nothing_does_not_open_the_workbook(build: Build):
    built = one(build, ".. datatable:: r.xlsx\n\n:cell:`r.xlsx!B2`\n")
    page, path = built.html(NOTES), built.site.source / "expts/1_a/r.xlsx"
    status = path.stat()
    path.write_bytes(b"\0" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    again = built.rebuild()
    assert again.warnings == ""
    assert again.html(NOTES) == page
    assert "0 added, 0 changed, 0 removed" in again.status


def test_problems_of_a_workbook_are_reported_by_every_build(build: Build):
    built = one(build, ".. datatable:: r.xlsx\n   :widths: 1 2\n")
    assert len(built.located) == 1
    assert built.rebuild().warnings == built.warnings


def test_a_change_of_the_limit_reads_pages_again(build: Build):
    built = one(build, ".. datatable:: r.xlsx\n")
    assert len(cells(built)) == 3
    assert len(cells(built.rebuild(overrides={"exptdir_table_limit": 1}))) == 2


# --- other builders ----------------------------------------------------------------------------------------------


def latex(built: Built) -> str:
    return "".join(path.read_text("utf-8") for path in built.out.glob("*.tex"))


def test_latex_shows_special_characters_merged_cells_and_fonts(build: Build):
    def change(sheet: Any) -> None:
        sheet["A2"] = "50 % of $x_1$ & #3 {a} \\b ~ ^"
        sheet["A3"], sheet["A3"].font = "loud", Font(bold=True, italic=True)
        sheet["A4"] = "wide"
        sheet.merge_cells("A4:C4")
        sheet["C2"] = "two\nlines"

    source = latex(one(build, ".. datatable:: r.xlsx\n", {"expts/1_a/r.xlsx": styled(change)}, builder="latex"))
    assert r"50 \% of \$x\_1\$ \& \#3 \{a\} \textbackslash{}b" in source
    assert r"\sphinxstylestrong{\sphinxstyleemphasis{loud}}" in source
    assert r"\sphinxstartmulticolumn{3}" in source
    assert "two" in source and "lines" in source


def test_long_tables_run_over_several_pages_in_latex(build: Build):
    book = workbook(One=[["n"], *([number] for number in range(60))])
    built = one(build, ".. datatable:: r.xlsx\n", {"expts/1_a/r.xlsx": book}, builder="latex")
    assert r"\begin{longtable}" in latex(built)


def test_header_columns_alone_are_set_as_headers_in_latex(build: Build):
    source = latex(one(build, ".. datatable:: r.xlsx\n   :header-columns: 1\n", builder="latex"))
    assert source.count(r"\sphinxstyletheadfamily") == 3 + 2


@pytest.mark.parametrize(("columns", "font"), [(3, ""), (9, "7.41"), (20, "3.33"), (90, "0.74")])
def test_wide_tables_have_a_smaller_font_in_latex(build: Build, columns: int, font: str):
    row = ",".join(["0.12345678"] * columns)
    content = ",".join(f"c{column}" for column in range(columns)) + f"\n{row}\n"
    source = latex(one(build, ".. datatable:: r.csv\n", {"expts/1_a/r.csv": content}, builder="latex"))
    # All columns together are as many characters as the line holds in that font, blanks included.
    assert not font or columns * (10 + 2) * float(font) == pytest.approx(80 * 10, rel=0.01)
    assert ("\\begingroup\\fontsize{" + font in source) == bool(font)
    assert source.count(r"\begingroup") == source.count(r"\endgroup")
    assert (r"\setlength{\tabcolsep}" in source) == bool(font)


def test_no_column_is_narrower_than_its_longest_word_in_latex(build: Build):
    names = ["file", "size", "checksum", "who", "UNKNOWN"]
    row = ["/data/run/results/final.csv", "123456", "0" * 32, "alice.longname@example.org", "some words " * 12]
    content = "\n".join(map(",".join, (names, row)))
    source = latex(one(build, ".. datatable:: r.csv\n", {"expts/1_a/r.csv": content}, builder="latex"))
    shares = [int(share) for share, _ in re.findall(r"\\X\{(\d+)\}\{(\d+)\}", source)]
    size = float(re.findall(r"\\fontsize\{([\d.]+)\}", source)[0])
    line = 80 * 10 / size
    for share, word in zip(shares, [27, 6, 10, 26, 9], strict=True):
        assert share / sum(shares) * line >= word + 1.9


def test_a_long_text_leaves_short_columns_their_width_in_latex(build: Build):
    content = f"name,sequence,note\ns1,{'ACGT' * 100},short note 1\n"
    source = latex(one(build, ".. datatable:: r.csv\n", {"expts/1_a/r.csv": content}, builder="latex"))
    assert r"\X{60}{800}\X{566}{800}\X{174}{800}" in source
    given = ".. datatable:: r.csv\n   :widths: 1 2 1\n"
    assert r"\X{1}{4}\X{2}{4}\X{1}{4}" in latex(one(build, given, {"expts/1_a/r.csv": content}, builder="latex"))


def test_what_is_wider_than_the_paper_is_broken_in_latex(build: Build):
    sequence, remark = "ACGT" * 100, "some long words " * 20
    files = {"expts/1_a/r.csv": f"name,sequence,remark\na,{sequence},{remark}\nb,ACGT,short\n"}
    source = latex(one(build, ".. datatable:: r.csv\n", files, builder="latex"))
    assert not re.search(r"[ACGT]{6}", source)
    assert re.sub(r"\\allowbreak\{\}\s*", "", source).count(sequence) == 1
    # Columns have their shares of the line, by what they hold.
    assert r"{\X{60}{800}\X{373}{800}\X{367}{800}}" in source.replace("|", "")
    narrow = latex(one(build, ".. datatable:: r.csv\n", {"expts/1_a/r.csv": "a,b\n1,ACGT\n"}, builder="latex"))
    assert "allowbreak" not in narrow and r"\X{" not in narrow


def test_a_text_has_no_blanks_in_a_sequence_and_room_for_wide_characters(build: Build):
    files = {"expts/1_a/r.csv": f"name,sequence\n张三,{'ACGT' * 100}\nb,ACGT\n"}
    built = one(build, ".. datatable:: r.csv\n", files, builder="text")
    text = (built.out / f"{NOTES}.txt").read_text("utf-8")
    assert "张三" in text
    assert "".join(re.findall(r"\| ([ACGT]+) +\|$", text, re.MULTILINE)) == "ACGT" * 101


@pytest.mark.parametrize("builder", ["text", "man", "texinfo", "xml", "gettext", "linkcheck"])
def test_every_builder_can_write_a_table(build: Build, builder: str):
    built = one(build, ".. datatable:: r.xlsx\n   :caption: Cap\n", builder=builder)
    assert "exptdir" not in built.warnings
    if builder in {"text", "man", "texinfo", "xml"}:
        files = (path for path in sorted(built.out.rglob("*")) if path.is_file() and path.suffix != ".pickle")
        text = "".join(path.read_text("utf-8", "replace") for path in files)
        assert "CNN" in text and "50.00%" in text


def test_what_is_left_out_of_a_workbook_is_said_below_the_table(build: Build, monkeypatch: pytest.MonkeyPatch):
    read = TableReader.read
    note = "2 pictures of the sheet are not shown"
    monkeypatch.setattr(TableReader, "read", lambda *args, **options: replace(read(*args, **options), notes=(note,)))
    built = one(build, ".. datatable:: r.xlsx\n")
    assert words(the(built.body(NOTES), ".exptdir-table-note")) == note
    assert built.warnings == ""


def test_pages_of_books_are_xhtml_whatever_tables_hold(build: Build):
    book = workbook(One=[["a & b", "<c>"], ["line\nline", 1]], Two=[["x"], ["“quoted”"]])
    text = (
        ".. datatable:: r.xlsx\n   :sheet: *\n   :caption: All\n\n.. datatable:: r.csv\n\n"
        ".. tab-set::\n\n   .. tab-item:: Own\n\n      Text.\n"
    )
    files = {"expts/1_a/r.xlsx": book, "expts/1_a/r.csv": "a\x1b[0m,b\x0b\n\x01,\u202eabc\n"}
    built = one(build, text, files, builder="epub")
    pages = list(built.out.rglob("*.xhtml"))
    assert len(pages) > 3
    for page in pages:
        ElementTree.fromstring(page.read_bytes())
    page = next(page for page in pages if "“quoted”" in page.read_text("utf-8")).read_text("utf-8")
    # Nothing can be clicked in a book: sheets follow each other, each under its name.
    places = [page.index(part) for part in ("All", ">One<", "a &amp; b", ">Two<", "“quoted”", ">Own<", "Text.")]
    assert places == sorted(places) and "<input" not in page


def test_thousands_of_columns_are_shown_as_far_as_a_page_can_carry_them(build: Build):
    content = "\n".join(",".join(f"{mark}{at}" for at in range(8_000)) for mark in ("c", "1")) + "\n"
    with ending():
        built = one(build, ".. datatable:: r.csv\n", {"expts/1_a/r.csv": content})
    rows = cells(built)
    assert [(len(row), row[-1]) for row in rows] == [(250, "c249"), (250, "1249")]
    more = words(the(built.body(NOTES), ".exptdir-table-more"))
    assert more == "The first 250 of 8,000 columns; choose others by “columns” or “range”."
    chosen = one(build, ".. datatable:: r.csv\n   :columns: c7999, c1\n", {"expts/1_a/r.csv": content})
    assert cells(chosen) == [["c7999", "c1"], ["17999", "11"]]
    assert not chosen.body(NOTES).select(".exptdir-table-more")


@pytest.mark.parametrize(
    ("files", "text", "expected"),
    [
        ("0,0;1,5\n0,1;1,6\n", "", [["0,0", "1,5"], ["0,1", "1,6"]]),
        ("Sample;Mass, g\ncontrol;1,5\n", "", [["Sample", "Mass, g"], ["control", "1,5"]]),
        ("a;b\n1;2\n", "   :delimiter: comma\n", [["a;b"], ["1;2"]]),
        ("gr\xf6\xdfe\n1\n", "   :encoding: cp437\n", [["gr÷▀e"], ["1"]]),
        ("v 3\n\n,1,2\nA,3,4\n", "   :range: A3:C4\n", [["", "1", "2"], ["A", "3", "4"]]),
        ("a,b\nx,NaN\ny,1\n", "   :sort: -b\n", [["a", "b"], ["y", "1"], ["x", "NaN"]]),
        ("t,OD\nmin,nm\n5,2\n0,1\n", "   :sort: t\n", [["t", "OD"], ["min", "nm"], ["0", "1"], ["5", "2"]]),
    ],
)
def test_files_as_programs_write_them_are_shown_without_complaint(
    build: Build, files: str, text: str, expected: list[list[str]]
):
    built = one(build, f".. datatable:: r.csv\n{text}", {"expts/1_a/r.csv": files.encode("latin-1")})
    assert cells(built) == expected
    assert built.warnings == ""


def test_a_condition_that_can_meet_nothing_is_told_where_it_stands(build: Build):
    content = "Name;Betrag\nA;1 234,50\nB;12 345,00\n"
    built = one(build, ".. datatable:: r.csv\n   :rows: Betrag > 2000\n", {"expts/1_a/r.csv": content})
    [warning] = built.located
    assert "'1 234,50' is a text and cannot be compared with the number 2000" in warning
    assert "[exptdir.table]" in warning and ":4:" in warning

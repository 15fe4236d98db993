"""``datatable``: what a reader sees of a spreadsheet, and of one that cannot be shown."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

import pytest

from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build
from tests.sphinxext.workbooks import NOTES, XLSX, cells, one, styled, workbook


def test_numbers_show_as_in_the_spreadsheet_and_text_is_escaped(build: Build):
    built = one(build, ".. datatable:: r.xlsx\n")
    assert built.warnings == ""
    assert cells(built) == [
        ["model", "RMSE", "share"],
        ["CNN", "1.23", "50.00%"],
        ["<b>ResNet</b> & co", "1", "TRUE"],
    ]
    assert [words(cell) for cell in the(built.body(NOTES), "thead").select("th")] == ["model", "RMSE", "share"]


def test_the_file_can_be_downloaded_from_the_table_under_its_own_name(build: Build):
    built = one(build, ".. datatable:: r.xlsx\n")
    link = the(built.body(NOTES), ".exptdir-table a[download]")
    assert words(link) == "r.xlsx"
    target = (built.out / "expts/1_a" / link["href"]).resolve()
    assert (target.name, target.read_bytes()) == ("r.xlsx", XLSX["expts/1_a/r.xlsx"])
    assert words(the(built.body(NOTES), ".exptdir-table-source")) == "r.xlsx · Results"


def test_the_structure_is_docutils_own(build: Build):
    text = ".. datatable:: r.xlsx\n   :name: the-table\n   :class: wide striped\n   :align: right\n   :widths: 3 1 1\n"
    built = one(build, text, builder="xml")
    table = next(ElementTree.parse(built.out / f"{NOTES}.xml").iter("table"))
    assert table.get("ids") == "the-table"
    assert {"wide", "striped", "colwidths-given"} <= set(str(table.get("classes")).split())
    assert table.get("align") == "right"
    assert [spec.get("colwidth") for spec in table.iter("colspec")] == ["3", "1", "1"]
    assert [len(table.findall(f"tgroup/{part}/row")) for part in ("thead", "tbody")] == [1, 2]
    texts = [paragraph.text for paragraph in table.findall("tgroup/thead/row/entry/paragraph")]
    assert texts == ["model", "RMSE", "share"]


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        (":sheet: Second", [["other"]]),
        (":sheet: 2", [["other"]]),
        (":range: A2:B3\n   :header-rows: 0", [["CNN", "1.23"], ["<b>ResNet</b> & co", "1"]]),
        (":header-rows: 2", None),
        (":widths: grid", None),
        (":widths: auto", None),
    ],
)
def test_options(build: Build, options: str, rows: list[list[str]] | None):
    built = one(build, f".. datatable:: r.xlsx\n   {options}\n")
    assert built.warnings == ""
    assert rows is None or cells(built) == rows
    if "header-rows: 2" in options:
        assert len(the(built.body(NOTES), "thead").select("tr")) == 2


def test_the_caption_holds_markup_and_references_and_the_rest_follows(build: Build):
    text = ".. datatable:: r.xlsx\n\n   The *best* of :expt:`2`.\n\n   A second paragraph.\n"
    built = one(build, text, {**XLSX, "expts/2_b/notes.rst": titled("B")})
    caption = the(built.body(NOTES), "caption")
    assert words(caption) == "Table 1 The best of #2."
    assert words(the(caption, "em")) == "best"
    assert the(caption, "a.exptdir-ref")["href"] == "../2_b/notes.html"
    assert "A second paragraph." in words(the(built.body(NOTES), ".exptdir-table"))
    assert "A second paragraph." not in words(caption)
    # The list of those that refer to it quotes the caption.
    assert "The best of #2." in words(the(built.body("expts/2_b/notes"), ".exptdir-cited-by"))
    assert built.warnings == ""


def captions(built: Built, docname: str) -> list[str]:
    return [words(caption) for caption in built.body(docname).select("caption")]


TWO = ".. datatable:: r.xlsx\n\n   One.\n\n.. datatable:: r.xlsx\n\n.. datatable:: r.xlsx\n   :name: named\n\n   Two.\n"


def test_numbers_count_within_the_page(build: Build):
    files = {**XLSX, "expts/2_b/notes.rst": titled("B", TWO), "expts/2_b/r.xlsx": styled()}
    built = one(build, TWO, files)
    assert captions(built, NOTES) == captions(built, "expts/2_b/notes") == ["Table 1 One.", "Table 2 Two."]


def test_the_authors_own_numbering_is_left_alone(build: Build):
    built = one(build, TWO + "\n:numref:`named`\n", conf="numfig = True\n")
    assert [caption.replace("Table 2 ", "") for caption in captions(built, NOTES)] == ["Table 1 One.", "Two."]
    assert built.warnings == ""


def test_in_markdown(build: Build):
    text = "# Log\n\n```{datatable} r.xlsx\n:sheet: Second\n\nCaption with {expt}`1`.\n```\n"
    built = build({f"{NOTES}.md": text, **XLSX})
    assert cells(built) == [["other"]]
    assert captions(built, NOTES) == ["Table 1 Caption with #1."]
    assert built.warnings == ""


def test_the_text_builder_shows_the_cells(build: Build):
    text = one(build, ".. datatable:: r.xlsx\n\n   Caption.\n").text(NOTES)
    assert all(cell in text for cell in ("1.23", "50.00%", "<b>ResNet</b> & co", "Table 1 Caption."))


def test_quotes_and_hyphens_in_cells_stay_as_they_are(build: Build):
    built = one(build, ".. datatable:: r.csv\n", {"expts/1_a/r.csv": "'a' ... b,x--y\n*1*,`2`_\n"})
    assert cells(built) == [["'a' ... b", "x--y"], ["*1*", "`2`_"]]


def test_a_changed_file_changes_the_page(build: Build):
    built = one(build, ".. datatable:: r.csv\n", {"expts/1_a/r.csv": "a,b\n1,2\n"})
    assert cells(built) == [["a", "b"], ["1", "2"]]
    assert cells(built.rebuild({"expts/1_a/r.csv": "a,b\n3,4\n"})) == [["a", "b"], ["3", "4"]]


@pytest.mark.parametrize(
    "content",
    [
        "grün,α\n1,2\n".encode("utf-16"),
        "grün,α\n1,2\n".encode("utf-8-sig"),
        "grün;α\n1;2\n".encode(),
        "grün\tα\r\n1\t2\r\n".encode(),
    ],
    ids=["utf-16", "bom", "semicolons", "tabs"],
)
def test_delimited_files_of_every_make(build: Build, content: bytes):
    built = one(build, ".. datatable:: r.csv\n", {"expts/1_a/r.csv": content})
    assert cells(built) == [["grün", "α"], ["1", "2"]]


def test_latin_1_is_read_and_reported_or_read_rightly(build: Build):
    built = one(build, ".. datatable:: r.csv\n", {"expts/1_a/r.csv": "grün,b\n1,2\n".encode("latin-1")})
    assert cells(built)[0] == ["grün", "b"]
    assert all("[exptdir.table]" in line for line in built.located)


def test_a_ragged_file_is_shown_and_reported(build: Build):
    built = one(build, ".. datatable:: r.csv\n", {"expts/1_a/r.csv": "a,b,c\n1,2\n1,2,3\n"})
    assert [len(row) for row in cells(built)] == [3, 3, 3]
    assert all(line.startswith(f"{NOTES}.rst:4: WARNING: r.csv: ") for line in built.located)


def bomb() -> bytes:
    out = io.BytesIO(styled())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<worksheet>" + b"0" * 600_000_000)
    return out.getvalue()


def entities() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(styled())) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                content = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + content.split(b"?>", 1)[-1]
            new.writestr(name, content)
    return out.getvalue()


BAD = [
    pytest.param("r.xlsx", styled()[:2000], "", "", id="truncated"),
    pytest.param("r.xlsx", b"a,b\n1,2\n", "", "", id="renamed-csv"),
    pytest.param("r.xlsx", b"", "", "is empty", id="empty-workbook"),
    pytest.param("r.csv", b"", "", "is empty", id="empty-csv"),
    pytest.param("r.xlsx", styled(), ":sheet: Nope", "Nope", id="no-such-sheet"),
    pytest.param("r.xlsx", styled(), ":sheet: 7", "7", id="no-such-index"),
    pytest.param("r.xlsx", styled(), ":range: X90:Z99", "X90:Z99", id="outside"),
    pytest.param("r.xlsx", styled(), ":range: nonsense", "nonsense", id="no-range"),
    pytest.param("r.xlsx", styled(), ":header-rows: 9", "9 header rows", id="too-many-headers"),
    pytest.param("r.csv", b"a,b\n", ":sheet: 1", "no sheets", id="sheet-of-csv"),
    pytest.param("r.numbers", b"x", "", "save it as .xlsx", id="other-format"),
    pytest.param("r.xlsx", workbook(Empty=[]), "", "is empty", id="empty-sheet"),
    pytest.param("r.xlsx", entities(), "", "", id="entities"),
]


@pytest.mark.parametrize(("name", "content", "options", "reason"), BAD)
def test_what_cannot_be_shown_becomes_a_placeholder_with_the_reason(
    build: Build, name: str, content: bytes, options: str, reason: str
):
    text = f"Before.\n\n.. datatable:: {name}\n   {options}\n\n   Caption.\n\nBehind :expt:`1`.\n"
    built = one(build, text, {f"expts/1_a/{name}": content})
    shown = words(the(built.body(NOTES), ".exptdir-placeholder"))
    assert shown.startswith(f"{name} cannot be shown: ")
    assert reason in shown
    (warning,) = built.located
    assert warning.startswith(f"{NOTES}.rst:6: WARNING: {name}: ")
    assert warning.endswith(" [exptdir.table]")
    assert reason in warning
    assert not built.body(NOTES).select("table")
    assert "Behind #1." in words(built.body(NOTES))


@pytest.mark.slow
def test_a_zip_bomb_is_refused(build: Build):
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = bomb()
    built = one(build, ".. datatable:: r.xlsx\n", {"expts/1_a/r.xlsx": content})
    assert the(built.body(NOTES), ".exptdir-placeholder") is not None
    assert len(built.located) == 1


@pytest.mark.parametrize(
    "options", [":widths: many", ":align: sideways", ":header-rows: -1", ":unknown: 1", ":sheet:", ":widths: 0 1 1"]
)
def test_options_that_make_no_sense_are_reported_by_docutils(build: Build, options: str):
    built = one(build, f".. datatable:: r.xlsx\n   {options}\n\nBehind.\n")
    assert "datatable" in built.warnings
    assert "Behind." in words(built.body(NOTES))


def test_widths_for_another_number_of_columns_are_reported(build: Build):
    built = one(build, ".. datatable:: r.xlsx\n   :widths: 1 2\n")
    assert built.located == [
        f"{NOTES}.rst:4: WARNING: r.xlsx: 2 widths are given for 3 columns; none of them counts [exptdir.table]"
    ]
    assert len(cells(built)[0]) == 3


def test_the_heading_of_a_column_of_numbers_is_aligned_with_them(build: Build):
    built = build(
        {
            "expts/0001_a/notes.rst": titled("A", ".. datatable:: t.csv\n"),
            "expts/0001_a/t.csv": "name,loss\nsmall,0.5\nlarge,\n",
        }
    )
    headings = built.body("expts/0001_a/notes").select("th")
    assert ["exptdir-number" in heading["class"] for heading in headings] == [False, True]


def test_what_is_written_of_a_table_that_is_not_there_stays(build: Build):
    text = titled("A", ".. datatable:: none.csv\n\n   Counted by hand, see :download:`index.rst`.\n")
    built = build({"index.rst": text})
    assert "Counted by hand" in words(built.body()) and built.body().select_one("a.download")

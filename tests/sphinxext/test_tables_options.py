"""The options of ``datatable``, sheets as tabs, and tables whose cells stand in the document."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference

from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build
from tests.sphinxext.workbooks import NOTES, cells, one, rows_of, saved, styled, tables, workbook

RUNS = {"expts/1_a/runs.csv": "run,model,loss,acc\nrun2,cnn,0.31,0.9\nrun10,rnn,0.4567,0.8\nrun1,cnn,0.2,0.85\n"}


def runs(build: Build, *options: str) -> list[list[str]]:
    text = ".. datatable:: runs.csv\n" + "".join(f"   {option}\n" for option in options)
    built = one(build, text, RUNS)
    assert built.warnings == ""
    return cells(built)


def test_columns_are_chosen_and_ordered_by_heading_or_letter(build: Build):
    assert runs(build, ":columns: loss, A") == [["loss", "run"], ["0.31", "run2"], ["0.4567", "run10"], ["0.2", "run1"]]


def test_rows_are_chosen_by_an_expression(build: Build):
    assert [row[0] for row in runs(build, ':rows: loss < 0.4 and model == "cnn"')] == ["run", "run2", "run1"]


def test_rows_are_sorted_and_counted(build: Build):
    assert [row[0] for row in runs(build, ":sort: -loss", ":limit: 2")] == ["run", "run10", "run2"]
    assert [row[0] for row in runs(build, ":sort: run")] == ["run", "run1", "run2", "run10"]


def test_a_limit_says_what_is_left_out(build: Build):
    built = one(build, ".. datatable:: runs.csv\n   :limit: 2\n", RUNS)
    assert words(the(built.body(NOTES), ".exptdir-table-more")) == "The first 2 of 3 rows; the file has them all."
    assert "data-exptdir-more" not in built.html(NOTES)


def test_numbers_are_rounded_and_formatted_by_column(build: Build):
    found = runs(build, ":round: loss 1", ":format: acc: 0.0%")
    assert [row[2:] for row in found[1:]] == [["0.3", "90.0%"], ["0.5", "80.0%"], ["0.2", "85.0%"]]


def test_several_formats_stand_on_lines_of_their_own(build: Build):
    found = runs(build, ":format:", "   loss: 0.000", "   acc: 0%")
    assert [row[2:] for row in found[1:]] == [["0.310", "90%"], ["0.457", "80%"], ["0.200", "85%"]]


def test_several_formats_in_markdown_stand_in_a_block_of_options(build: Build):
    options = "---\nformat: |\n  loss: 0.000\n  acc: 0%\n---\n"
    built = build({f"{NOTES}.md": f"# Log\n\n```{{datatable}} runs.csv\n{options}```\n", **RUNS})
    assert cells(built)[1][2:] == ["0.310", "90%"]
    assert built.warnings == ""


@pytest.mark.parametrize(
    ("option", "reason"),
    [(":columns: los", "loss"), (":rows: loss <", ""), (":sort: lss", "loss"), (":round: los 2", "loss")],
)
def test_a_choice_that_cannot_be_made_is_reported_with_what_was_perhaps_meant(build: Build, option: str, reason: str):
    built = one(build, f".. datatable:: runs.csv\n   {option}\n", RUNS)
    assert reason in words(the(built.body(NOTES), ".exptdir-placeholder"))
    (warning,) = built.located
    assert warning.startswith(f"{NOTES}.rst:4: WARNING: runs.csv: ")
    assert warning.endswith(" [exptdir.table]")


def hidden_parts() -> dict[str, Any]:
    def change(sheet: Any) -> None:
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["B"].hidden = True

    return {"expts/1_a/r.xlsx": styled(change)}


def test_hidden_rows_and_columns_are_shown_when_asked_for(build: Build):
    built = one(build, ".. datatable:: r.xlsx\n\n.. datatable:: r.xlsx\n   :hidden:\n", hidden_parts())
    assert tables(built)[0] == [["model", "share"], ["<b>ResNet</b> & co", "TRUE"]]
    assert tables(built)[1][1] == ["CNN", "1.23", "50.00%"]


@pytest.mark.parametrize(("option", "links"), [("", 1), (":download:", 1), (":download: yes", 1), (":download: no", 0)])
def test_the_download_can_be_left_out(build: Build, option: str, links: int):
    built = one(build, f".. datatable:: r.xlsx\n   {option}\n")
    source = the(built.body(NOTES), ".exptdir-table-source")
    assert words(source) == "r.xlsx · Results"
    assert len(source.select("a")) == links
    assert (built.out / "_downloads").exists() == bool(links)


def test_a_caption_may_be_an_option_and_the_content_then_stands_below(build: Build):
    built = one(build, ".. datatable:: r.xlsx\n   :caption: The *best* of :expt:`1`\n\n   Below.\n")
    assert words(the(built.body(NOTES), "caption")) == "Table 1 The best of #1"
    assert words(the(built.body(NOTES), "caption em")) == "best"
    assert "Below." in words(the(built.body(NOTES), ".exptdir-table"))
    assert built.warnings == ""


# --- all sheets --------------------------------------------------------------------------------------------------


def three_sheets() -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(workbook(One=[["a", "b"], [1, 2]], Two=[["c"], [3]], Nil=[])))
    book.create_sheet("Secret").append(["no"])
    book["Secret"].sheet_state = "hidden"
    return saved(book)


ALL = """.. datatable:: r.xlsx
   :sheet: *
   :caption: All of it
   :name: all-of-it

:expt:`1#all-of-it`, :ref:`all-of-it`
"""


def test_all_visible_sheets_are_tabs(build: Build):
    built = one(build, ALL, {"expts/1_a/r.xlsx": three_sheets()})
    tabs = the(built.body(NOTES), ".sd-tab-set")
    assert [words(label) for label in tabs.select("label")] == ["One", "Two"]
    assert [rows_of(table) for table in tabs.select("table")] == [[["a", "b"], ["1", "2"]], [["c"], ["3"]]]
    assert words(the(built.body(NOTES), ".exptdir-tables-caption")) == "Table 1 All of it"
    assert [link["href"] for link in built.body(NOTES).select("section > p > a")] == ["#all-of-it"] * 2
    assert the(built.body(NOTES), "#all-of-it").select("table")
    assert words(built.body(NOTES)).endswith("All of it, All of it")
    assert built.warnings == ""


def test_sheets_stand_one_after_the_other_elsewhere(build: Build):
    text = one(build, ALL, {"expts/1_a/r.xlsx": three_sheets()}).text(NOTES)
    places = [text.index(part) for part in ("All of it", "One", "| a ", "Two", "| c ")]
    assert places == sorted(places)


def test_a_workbook_with_one_sheet_has_no_tabs(build: Build):
    built = one(build, ".. datatable:: r.xlsx\n   :sheet: *\n", {"expts/1_a/r.xlsx": workbook(One=[["a"], [1]])})
    assert cells(built) == [["a"], ["1"]]
    assert not built.body(NOTES).select(".sd-tab-set")


def test_a_sheet_that_cannot_be_shown_leaves_the_others(build: Build):
    text = ".. datatable:: r.xlsx\n   :sheet: *\n   :range: B1:B2\n"
    built = one(build, text, {"expts/1_a/r.xlsx": three_sheets()})
    assert tables(built) == [[["b"], ["2"]]]
    assert "B1:B2" in words(the(built.body(NOTES), ".sd-tab-set .exptdir-placeholder"))
    assert len(built.located) == 1


def test_a_workbook_of_empty_sheets_is_reported(build: Build):
    built = one(build, ".. datatable:: r.xlsx\n   :sheet: *\n", {"expts/1_a/r.xlsx": workbook(A=[], B=[])})
    assert "all its sheets are empty" in words(the(built.body(NOTES), ".exptdir-placeholder"))


# --- cells in the document ---------------------------------------------------------------------------------------

INLINE = "model,acc\ncnn,0.9\nrnn,0.8\n"


def indented(text: str) -> str:
    return "".join(f"   {line}\n" for line in text.splitlines())


def test_cells_may_stand_in_the_document(build: Build):
    built = one(build, f".. datatable::\n   :caption: Two *runs*\n   :sort: acc\n\n{indented(INLINE)}")
    assert cells(built) == [["model", "acc"], ["rnn", "0.8"], ["cnn", "0.9"]]
    assert words(the(built.body(NOTES), "caption")) == "Table 1 Two runs"
    assert not built.body(NOTES).select(".exptdir-table-source")
    assert built.warnings == ""


def test_cells_may_stand_in_markdown(build: Build):
    text = f"# Log\n\n```{{datatable}}\n:caption: Two {{expt}}`1`\n\n{INLINE}```\n"
    built = build({f"{NOTES}.md": text})
    assert cells(built) == [["model", "acc"], ["cnn", "0.9"], ["rnn", "0.8"]]
    assert words(the(built.body(NOTES), "caption")) == "Table 1 Two #1"
    assert built.warnings == ""


@pytest.mark.parametrize("suffix", ["rst", "md"])
def test_a_ragged_line_in_the_document_is_reported_where_it_stands(build: Build, suffix: str):
    ragged = "a,b\n1,2\n1,2,3\n4,5\n"
    directive = f".. datatable::\n\n{indented(ragged)}" if suffix == "rst" else f"```{{datatable}}\n\n{ragged}```\n"
    text = titled("Log", directive) if suffix == "rst" else f"# Log\n\n\n{directive}"
    built = build({f"{NOTES}.{suffix}": text})
    assert {line.split(" ")[0] for line in built.located} == {f"{NOTES}.{suffix}:8:"}


def test_no_file_and_no_content_is_reported(build: Build):
    built = one(build, ".. datatable::\n\nBehind.\n")
    assert "no file" in words(the(built.body(NOTES), ".exptdir-placeholder"))
    assert len(built.located) == 1
    assert built.located[0].endswith(" [exptdir.table]")


def test_the_same_in_markdown(build: Build):
    text = "# Log\n\n```{datatable} runs.csv\n:rows: loss < 0.4\n:columns: run\n:sort: run\n:download: no\n```\n"
    built: Built = build({f"{NOTES}.md": text, **RUNS})
    assert cells(built) == [["run"], ["run1"], ["run2"]]
    assert built.warnings == ""


def test_sheets_that_are_charts_are_told_of_where_all_of_the_workbook_is_meant(build: Build):
    book = openpyxl.load_workbook(io.BytesIO(workbook(One=[["a"], [1]], Two=[["b"], [2]])))
    for name in ("Growth", "Decay"):
        chart = BarChart()
        chart.add_data(Reference(book.worksheets[0], min_col=1, min_row=1, max_row=2))
        book.create_chartsheet(name).add_chart(chart)
    book["Decay"].sheet_state = "hidden"
    text = ".. datatable:: r.xlsx\n   :sheet: *\n\n.. datatable:: r.xlsx\n\n.. datatable:: r.xlsx\n   :sheet: Two\n"
    built = one(build, text, {"expts/1_a/r.xlsx": saved(book)})
    notes = built.body(NOTES).select(".exptdir-table-note")
    assert [words(note) for note in notes] == ["The sheet “Growth” is a chart, which is not shown"] * 2
    assert built.warnings == ""

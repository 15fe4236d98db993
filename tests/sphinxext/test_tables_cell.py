"""The role ``:cell:``: a value in a sentence is the value in the workbook, or says why there is none."""

from __future__ import annotations

from typing import Any

import pytest
from openpyxl.styles import Font

from tests.sphinxext.building import the, titled, words
from tests.sphinxext.conftest import Build
from tests.sphinxext.workbooks import NOTES, one, styled


def test_a_value_is_shown_as_in_the_spreadsheet(build: Build):
    built = one(build, "It was :cell:`r.xlsx!Results!B2`, or :cell:`r.xlsx!C2`; :cell:`r.xlsx!Second!A1`.\n")
    assert "It was 1.23, or 50.00%; other." in words(built.body(NOTES))
    first = built.body(NOTES).select(".exptdir-cell")[0]
    assert (words(first), first["title"]) == ("1.23", "r.xlsx!Results!B2")
    assert built.warnings == ""


def test_the_same_in_markdown(build: Build):
    files = {f"{NOTES}.md": "# Log\n\nIt was {cell}`r.xlsx!B2`.\n", "expts/1_a/r.xlsx": styled()}
    assert "It was 1.23." in words(build(files).body(NOTES))


def test_other_builders_show_it_too(build: Build):
    assert "It was 1.23." in one(build, "It was :cell:`r.xlsx!B2`.\n", builder="text").text(NOTES)


def test_fonts_and_harmless_links_are_kept_and_markup_is_text(build: Build):
    def change(sheet: Any) -> None:
        sheet["B2"].font = Font(bold=True)
        sheet["C2"].hyperlink = "https://example.org/"
        sheet["D2"].hyperlink, sheet["D2"] = "javascript:alert(1)", "plain 'quoted' -- text"

    text = ":cell:`r.xlsx!B2` :cell:`r.xlsx!C2` :cell:`r.xlsx!A3` :cell:`r.xlsx!D2`\n"
    values = one(build, text, {"expts/1_a/r.xlsx": styled(change)}).body(NOTES).select(".exptdir-cell")
    assert words(the(values[0], "strong")) == "1.23"
    assert the(values[1], "a")["href"] == "https://example.org/"
    assert values[2].get_text() == "<b>ResNet</b> & co"
    assert (values[3].get_text(), values[3].select("a")) == ("plain 'quoted' -- text", [])


def test_a_changed_workbook_changes_the_sentence(build: Build):
    built = one(build, "It was :cell:`r.xlsx!B3`.\n")
    assert "It was 1." in words(built.body(NOTES))

    def change(sheet: Any) -> None:
        sheet["B3"] = 77

    assert "It was 77." in words(built.rebuild({"expts/1_a/r.xlsx": styled(change)}).body(NOTES))


@pytest.mark.parametrize(
    ("address", "reason", "subtype"),
    [
        ("nope.xlsx!B2", "there is no such file", "asset"),
        ("../../../nope.xlsx!B2", "outside the record", "asset"),
        ("r.xlsx!Nope!B2", "Nope", "table"),
        ("r.xlsx!B", "", "table"),
        ("r.xlsx", "is not the address of a cell", "table"),
        ("r.xlsx!Results!ZZZZ9", "", "table"),
    ],
)
def test_a_value_that_is_not_there_leaves_a_placeholder_and_a_warning(
    build: Build, address: str, reason: str, subtype: str
):
    built = one(build, f"Before :cell:`{address}` behind.\n")
    placeholder = the(built.body(NOTES), "span.exptdir-placeholder")
    assert words(placeholder).startswith(address)
    assert reason in words(placeholder)
    (warning,) = built.located
    assert warning.startswith(f"{NOTES}.rst:4: WARNING: ")
    assert warning.endswith(f" [exptdir.{subtype}]")
    assert "behind." in words(built.body(NOTES))
    again = built.rebuild()
    assert again.warnings == built.warnings


def test_a_file_that_has_come_is_shown(build: Build):
    built = build({f"{NOTES}.rst": titled("Log", "It was :cell:`r.xlsx!B2`.\n")})
    assert "no such file" in words(built.body(NOTES))
    assert "It was 1.23." in words(built.rebuild({"expts/1_a/r.xlsx": styled()}).body(NOTES))


def test_another_extensions_role_of_that_name_stays(build: Build):
    extension = (
        "from docutils import nodes\n"
        "def cell(name, rawtext, text, lineno, inliner, options={}, content=[]):\n"
        "    return [nodes.Text('theirs')], []\n"
        "def setup(app):\n    app.add_role('cell', cell)\n"
    )
    conf = "import sys; sys.path.insert(0, '.')\nextensions += ['theirs_cell']\n"
    files = {"theirs_cell.py": extension, f"{NOTES}.rst": titled("Log", "It is :cell:`x`.\n")}
    conf = conf.replace("'.'", "__import__('os').path.dirname(__file__)")
    assert "It is theirs." in words(build(files, conf=conf).body(NOTES))


def test_nulls_in_its_file_are_told_once(build: Build):
    text = titled("A", ":cell:`t.csv!A2` :cell:`t.csv!B2`\n")
    built = build({"expts/1_a/notes.rst": text, "expts/1_a/t.csv": b"a,b\n1\0,2\n"})
    message = "t.csv: null characters were left out: the file may be damaged (line 2 of the file) [exptdir.table]"
    assert [line.partition("WARNING: ")[2] for line in built.located] == [message]
    assert [words(value) for value in built.body("expts/1_a/notes").select(".exptdir-cell")] == ["1", "2"]

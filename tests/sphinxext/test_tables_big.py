"""Big tables: the first rows are on the page, the others in a file beside it, which comes and goes with the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl.styles import Font

from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build
from tests.sphinxext.workbooks import NOTES, cells, one, styled, workbook

LIMIT = {"exptdir_table_limit": 3}


def long(rows: int, start: int = 0) -> str:
    return "name,loss\n" + "".join(f"run{row},{row / 8}\n" for row in range(start, start + rows))


CSV = {"expts/1_a/r.csv": long(10)}
TABLE = ".. datatable:: r.csv\n"


def published(built: Built) -> list[Path]:
    return sorted((built.out / "_tables").glob("*")) if (built.out / "_tables").exists() else []


def called(path: Path) -> tuple[str, dict[str, Any]]:
    """Return what a file calls its one function with."""
    text = path.read_text("utf-8")
    assert text.startswith("exptdirTable(") and text.endswith(");\n")
    key, content = json.loads(f"[{text[len('exptdirTable(') : -3]}]")
    return key, content


def test_the_page_has_the_first_rows_and_says_so(build: Build):
    built = one(build, TABLE, CSV, confoverrides=LIMIT)
    assert [row[0] for row in cells(built)] == ["name", "run0", "run1", "run2"]
    assert words(the(built.body(NOTES), ".exptdir-table-more")) == "The first 3 of 10 rows; the file has them all."
    assert built.warnings == ""


def test_the_page_says_where_the_others_are_and_there_they_are(build: Build):
    built = one(build, TABLE, CSV, confoverrides=LIMIT)
    box = the(built.body(NOTES), ".exptdir-table")
    assert box["data-exptdir-rows"] == "10"
    target = (built.out / "expts/1_a" / str(box["data-exptdir-src"])).resolve()
    assert [target] == published(built)
    key, content = called(target)
    assert key == box["data-exptdir-more"] == target.stem
    assert content["kinds"] == ["text", "number"]
    assert content["rows"] == [[f"run{row}", str(row / 8)] for row in range(3, 10)]


def test_a_table_with_as_many_rows_as_allowed_is_whole(build: Build):
    built = one(build, TABLE, {"expts/1_a/r.csv": long(3)}, confoverrides=LIMIT)
    assert len(cells(built)) == 4
    assert not built.body(NOTES).select(".exptdir-table-more")
    assert not published(built)


def test_no_limit_shows_all(build: Build):
    built = one(build, TABLE, {"expts/1_a/r.csv": long(700)}, confoverrides={"exptdir_table_limit": 0})
    assert len(cells(built)) == 701


@pytest.mark.parametrize(("rows", "shown"), [(500, 500), (501, 100)])
def test_five_hundred_rows_are_shown_by_default_and_the_beginning_of_more(build: Build, rows: int, shown: int):
    built = one(build, TABLE, {"expts/1_a/r.csv": long(rows)})
    assert len(cells(built)) == 1 + shown
    assert (f"The first 100 of {rows:,} rows" in words(built.body(NOTES))) == (shown < rows)


@pytest.mark.parametrize("builder", ["dirhtml", "singlehtml"])
def test_other_builders_of_pages_have_the_file_too(build: Build, builder: str):
    built = one(build, TABLE, CSV, builder=builder, confoverrides=LIMIT)
    page = {"dirhtml": built.out / NOTES / "index.html", "singlehtml": built.out / "index.html"}[builder]
    (path,) = published(built)
    source = page.read_text("utf-8").split('data-exptdir-src="')[1].split('"')[0]
    assert (page.parent / source).resolve() == path.resolve()


@pytest.mark.parametrize("builder", ["epub", "latex", "text", "man"])
def test_builders_without_scripts_have_the_first_rows_and_the_line(build: Build, builder: str):
    built = one(build, TABLE, CSV, builder=builder, confoverrides={**LIMIT, "epub_copyright": "us", "version": "1"})
    assert not published(built)
    suffix = {"epub": ".xhtml", "latex": ".tex", "text": ".txt", "man": ".1"}[builder]
    text = "".join(path.read_text("utf-8") for path in sorted(built.out.rglob(f"*{suffix}")))
    assert "of 10 rows" in " ".join(text.replace("\\", "").split())
    assert "run2" in text and "run3" not in text
    assert "data-exptdir" not in text


def test_looks_links_and_sort_keys_of_the_other_rows_are_kept(build: Build):
    def change(sheet: Any) -> None:
        sheet["A3"].font = Font(bold=True, color="FFC00000")
        sheet["A3"].hyperlink = "https://example.org/"
        sheet["B3"], sheet["B3"].number_format = 0.5, "0%"
        sheet["C3"] = "a\u2028b </script>"

    files = {"expts/1_a/r.xlsx": styled(change)}
    built = one(build, ".. datatable:: r.xlsx\n", files, confoverrides={"exptdir_table_limit": 1})
    (path,) = published(built)
    ((first, share, text),) = called(path)[1]["rows"]
    assert (first["t"], first["b"], first["ink"], first["h"]) == (
        "<b>ResNet</b> & co",
        1,
        "c00000",
        "https://example.org/",
    )
    assert share == ["50%", 0.5]
    assert text.startswith("a") and text.endswith("b </script>")
    assert "\u2028" not in path.read_text("utf-8")


def test_javascript_links_never_get_into_the_file(build: Build):
    def change(sheet: Any) -> None:
        sheet["A3"].hyperlink = "javascript:alert(1)"

    files = {"expts/1_a/r.xlsx": styled(change)}
    (path,) = published(one(build, ".. datatable:: r.xlsx\n", files, confoverrides={"exptdir_table_limit": 1}))
    assert "javascript" not in path.read_text("utf-8")


def test_merged_cells_end_where_the_page_does(build: Build):
    def change(sheet: Any) -> None:
        sheet.merge_cells("A2:A3")

    files = {"expts/1_a/r.xlsx": styled(change)}
    built = one(build, ".. datatable:: r.xlsx\n", files, confoverrides={"exptdir_table_limit": 1})
    assert not the(built.body(NOTES), "table").select("[rowspan]")
    (path,) = published(built)
    assert called(path)[1]["rows"][0][0] == ""


def test_only_what_is_shown_is_searched(build: Build):
    built = one(build, TABLE, {"expts/1_a/r.csv": "name\n" + "early\n" * 3 + "lately\n"}, confoverrides=LIMIT)
    index = (built.out / "searchindex.js").read_text("utf-8")
    assert "earli" in index and "late" not in index


def test_other_data_make_another_file_and_the_old_one_goes(build: Build):
    built = one(build, TABLE, CSV, confoverrides=LIMIT)
    (old,) = published(built)
    built = built.rebuild({"expts/1_a/r.csv": long(10, start=5)}, overrides=LIMIT)
    (new,) = published(built)
    assert old != new
    built = built.rebuild({f"{NOTES}.rst": titled("Log", "No table.")}, overrides=LIMIT)
    assert not (built.out / "_tables").exists()
    assert not list((built.out.parent / "doctrees/exptdir-tables").glob("*"))


def test_an_unchanged_file_is_not_written_again(build: Build):
    built = one(build, TABLE, CSV, confoverrides=LIMIT)
    (path,) = published(built)
    before = path.stat().st_mtime_ns
    built.rebuild({"expts/1_a/other.rst": titled("Other")}, overrides=LIMIT)
    assert path.stat().st_mtime_ns == before


def test_rows_that_somebody_deleted_are_read_again(build: Build):
    built = one(build, TABLE, CSV, confoverrides=LIMIT)
    (kept,) = (built.out.parent / "doctrees/exptdir-tables").glob("*")
    content = kept.read_bytes()
    kept.unlink()
    built.rebuild(overrides=LIMIT)
    assert kept.read_bytes() == content


def test_parallel_builds_make_the_same_files(build: Build):
    pages = {f"expts/{number}_x/notes.rst": titled("X", ".. datatable:: /expts/1_a/r.csv\n") for number in range(2, 9)}
    pages["expts/9_y/notes.rst"] = titled("Y", ".. datatable:: /expts/1_a/r.csv\n   :sort: -loss\n")
    made = []
    for parallel in (1, 4):
        built = one(build, TABLE, {**CSV, **pages}, confoverrides=LIMIT, parallel=parallel)
        files = sorted((built.out / "expts").rglob("*.html")) + published(built)
        made.append({path.relative_to(built.out).as_posix(): path.read_bytes() for path in files})
    assert len([name for name in made[0] if name.startswith("_tables/")]) == 2
    assert made[0] == made[1]


def test_a_page_with_a_million_cells_stays_below_a_megabyte(build: Build):
    line = ",".join(f"{column / 7:.4f}" for column in range(20))
    content = ",".join(f"c{column}" for column in range(20)) + "\n" + f"{line}\n" * 50_000
    built = one(build, TABLE, {"expts/1_a/r.csv": content})
    assert (built.out / f"{NOTES}.html").stat().st_size < 1_000_000
    assert "The first 100 of 50,000 rows" in words(the(built.body(NOTES), ".exptdir-table-more"))


def test_sheets_as_tabs_have_a_file_each(build: Build):
    sheets = {name: [["x"], *([name, number] for number in range(5))] for name in ("A", "B")}
    text = ".. datatable:: r.xlsx\n   :sheet: *\n"
    built = one(build, text, {"expts/1_a/r.xlsx": workbook(**sheets)}, confoverrides=LIMIT)
    assert len({box["data-exptdir-more"] for box in built.body(NOTES).select(".exptdir-table")}) == 2
    assert len(published(built)) == 2

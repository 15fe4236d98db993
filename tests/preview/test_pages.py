"""What is shown at once after a save: the page as the build will write it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.preview.warmly import RECORD, SVG, Preview, preview
from tests.sphinxext.building import Files, titled

FILES = {
    **RECORD,
    "conf.py": f"{RECORD['conf.py']!s}numfig = True\n",
    "expts/0007_rich/notes.rst": titled("Rich", ".. figure:: loss.svg\n\n   Loss\n\n.. datatable:: rows.csv\n"),
    "expts/0007_rich/loss.svg": SVG.format(3),
    "expts/0007_rich/rows.csv": "name,value\na,1\n",
}
RICH, THIRD = "expts/0007_rich/notes", "expts/0003_third/notes"


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Preview]:
    with preview(tmp_path, FILES) as made:
        yield made


@pytest.mark.parametrize(
    ("files", "docname"),
    [
        ({"docs/page.md": "# A page\n\nOther words, {expt}`1`, {expt}`99`.\n\n## A section\n"}, "docs/page"),
        ({f"{THIRD}.rst": titled("Third", "Edited.\n\n2024/05/21\n----------\n\nLater.")}, THIRD),
        ({f"{RICH}.rst": titled("Rich", "Moved.\n\n.. datatable:: rows.csv\n\n.. figure:: loss.svg\n\n   Loss")}, RICH),
        ({"expts/0007_rich/rows.csv": "name,value\nb,2\nc,3\n"}, RICH),
        ({"index.md": "# Another home\n\n```{toctree}\ndocs/page\n```\n"}, "index"),
    ],
    ids=["body", "entry", "figure and table", "data", "home"],
)
def test_the_page_is_the_one_that_the_build_writes(shown: Preview, files: Files, docname: str) -> None:
    before = shown.html(docname)
    changed = shown.change(files)
    [first] = shown.show(*changed)
    assert first.pages == (f"{docname}.html",)
    at_once = shown.html(docname)
    shown.warm.build(changed)
    assert at_once == shown.html(docname) != before


def test_what_the_page_shows_of_others_comes_with_the_build(shown: Preview) -> None:
    changed = shown.change({"docs/page.md": "# A page\n\nNow also after {expt}`3`.\n"})
    shown.show(*changed)
    assert "Now also after" not in shown.html("expts/0003_third/notes")
    shown.warm.build(changed)
    assert "Now also after" in shown.html("expts/0003_third/notes")


def test_the_search_index_is_left_to_the_build(shown: Preview) -> None:
    index = shown.output / "searchindex.js"
    changed = shown.change({"docs/page.md": "# A page\n\nUnheard-of: zyzzyva.\n"})
    shown.show(*changed)
    assert "zyzzyva" in shown.html("docs/page")
    assert "zyzzyva" not in index.read_text("utf-8")
    shown.warm.build(changed)
    assert "zyzzyva" in index.read_text("utf-8")
    assert 'href="../search.html"' in shown.html("docs/page")


def test_a_changed_picture_is_copied_and_named(shown: Preview) -> None:
    changed = shown.change({"expts/0007_rich/loss.svg": SVG.format(8)})
    [first] = shown.show(*changed)
    [picture] = first.files
    assert (shown.output / picture).read_text("utf-8") == SVG.format(8)
    assert shown.show(*changed)[0].files == ()


def test_pages_that_are_looked_at_come_first_and_alone_where_many_changed(shown: Preview) -> None:
    several = shown.change({name: f"{text!s}\n" for name, text in FILES.items() if name.endswith((".rst", ".md"))})
    [first] = shown.show(*several, viewed=("expts/0003_third/notes.html",))
    assert first.pages[0] == "expts/0003_third/notes.html"
    assert 1 < len(first.pages) < len(several)


def test_new_and_deleted_documents_wait_for_the_build(shown: Preview) -> None:
    (shown.source / "docs/page.md").unlink()
    changed = shown.change({"expts/0008_new/notes.rst": titled("New")})
    assert shown.show(*changed, str(shown.source / "docs/page.md")) == []


def test_a_document_that_cannot_be_read_is_left_to_the_build_which_goes_on(shown: Preview) -> None:
    changed = shown.change({"docs/page.md": b"# Caf\xe9\n"})
    # Sphinx 8 reads it, with marks in place of what it cannot.
    with suppress(UnicodeDecodeError):
        shown.show(*changed)
    shown.warm.build(changed)
    assert shown.warm.app.env.current_document.docname == ""
    assert any("this is no text in UTF-8" in line for line in shown.warnings)
    mended = shown.change({"docs/page.md": "# Café\n"})
    shown.warm.build(mended)
    assert "Café" in shown.html("docs/page")
    assert not any("utf-8" in line for line in shown.warnings)


def test_a_script_that_fails_is_told_on_its_page_at_once(tmp_path: Path) -> None:
    plot = "from pathlib import Path\n\nPath('drawn.svg').write_text('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')\n"
    files = {
        **RECORD,
        "expts/0006_plots/notes.rst": titled("Plots", ".. figure:: drawn.svg\n\n   Drawn"),
        "expts/0006_plots/plot.py": plot,
    }
    with preview(tmp_path, files) as shown:
        changed = shown.change({"expts/0006_plots/plot.py": f"{plot}raise ValueError('no such column')\n"})
        [first] = shown.show(*changed)
        assert first.pages == ("expts/0006_plots/notes.html",)
        at_once = shown.html("expts/0006_plots/notes")
        assert "no such column" in at_once
        shown.warm.build(changed, drawn=True)
        assert shown.html("expts/0006_plots/notes") == at_once


def test_a_directory_that_came_back_has_its_documents_read_again(shown: Preview) -> None:
    directory = shown.source / "expts/0007_rich"
    away = shown.root / "away"
    directory.rename(away)
    (away / "rows.csv").write_text("name,value\nold,0\n", "utf-8")
    for path in (away / "rows.csv", away / "notes.rst"):
        os.utime(path, (10_000, 10_000))
    away.rename(directory)
    shown.warm.build([str(directory)])
    assert "old" in shown.html(RICH)

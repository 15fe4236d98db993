"""Whatever people write in titles, names, cells and statuses is text, on every part of the page."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.sphinxext.building import Built, Link, Site, the, titled, words

EVIL = "<script>alert('x')</script> \"&amp;\" <b>"
NAME = "<img src=x onerror=alert(1)>"
FILES = {
    f"expts/{NAME}/notes.rst": titled(
        f"Named {EVIL}", "2024-05-21: " + EVIL + "\n" + "-" * 80 + "\n\nx\n\n2024-05-22\n" + "-" * 20 + "\n\ny\n"
    ),
    "expts/1_a/notes.rst": titled(
        "Refers",
        f"See :expt:`2`: {EVIL} and :expt:`2@2024-05-21`.\n\n.. datatable:: r.csv\n   :delimiter: ,\n\n   {EVIL}\n\n"
        f'.. protocol:: "{EVIL.replace("/", "")}.txt"\n\n.. expt:run:: {EVIL}\n\n'
        f":expt:`gone {EVIL}`\n\n:math:`<script>`\n",
    ),
    "expts/1_a/r.csv": f"a,{EVIL}\n<script>alert(1)</script>,=cmd\n",
    "expts/2_b/notes.rst": titled(f"Title {EVIL}", "2024-05-21: " + EVIL + "\n" + "-" * 80 + "\n\nx\n"),
    "expts/2_b/expt.toml": f"status = '''{EVIL}'''\n",
    "expts/2_b/3_c/notes.md": "# Child \\<script>alert('x')\\</script>\n",
    "expts/2_b/4_d/notes.rst": titled("D"),
    "expts/2_b/4_d/expt.toml": f"title = '''{EVIL}'''\n",
}
THEMES = ["alabaster", "furo", "pydata_sphinx_theme", "sphinx_rtd_theme"]
PAGES = [
    "index",
    "expts/1_a/notes",
    "expts/2_b/notes",
    "expts/2_b/3_c/notes",
    "expts/2_b/4_d/notes",
    f"expts/{NAME}/notes",
]


@pytest.fixture(scope="module", params=THEMES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    pytest.importorskip(request.param)
    return Site(tmp_path_factory.mktemp("evil"), overrides={"html_theme": request.param}).build("html", FILES)


@pytest.mark.parametrize("docname", PAGES)
def test_no_element_comes_out_of_a_text(built: Built, docname: str):
    page = built.page(docname)
    assert not [script for script in page.select("script") if re.match(r"\s*alert\(", script.get_text())]
    assert not page.select("[onerror], img[src=x]")
    # Escaping that was done twice would show.
    assert "&amp;lt;" not in built.html(docname)


def test_the_texts_are_shown_as_they_were_written(built: Built):
    body = built.page("expts/2_b/notes")
    # Typographic quotes are Sphinx's doing.
    assert words(body.select_one("h1" if built.app.config.html_theme != "alabaster" else "div.body h1")).startswith(
        "#2: Title <script>alert("
    )
    link = built.page("expts/1_a/notes").select_one("a.exptdir-ref")
    assert link["title"].startswith("Title <script>alert(")
    assert EVIL.lower() in link["title"]
    cells = [words(cell) for cell in built.page("expts/1_a/notes").select("table.exptdir-datatable td, table th")]
    assert "<script>alert(1)</script>" in cells


def test_the_search_index_holds_them_as_text(built: Built):
    text = (built.out / "searchindex.js").read_text("utf-8")
    index = json.loads(text[len("Search.setIndex(") : -1])
    titles = " ".join(index["titles"])
    assert "<script>" not in titles or "&lt;" not in titles


def test_nothing_fails(built: Built):
    assert "Traceback" not in built.warnings
    assert Path(built.out, "index.html").exists()
    assert the(built.page("expts/1_a/notes"), "details.exptdir-protocol") is not None


def test_html_in_a_heading_stays_on_its_page(tmp_path: Path):
    site = Site(tmp_path)
    built = site.build(files={"expts/0001_a/index.md": "# A\n", "expts/0002_b/index.md": "# <b>H<sub>2</sub>O\n"})
    assert "<b>H<sub>2</sub>O" in built.html("expts/0002_b/index")
    assert "<b>H" not in built.html("expts/0001_a/index") and "H2O" in built.html("expts/0001_a/index")


def test_a_document_that_links_out_of_the_record_is_left_out(tmp_path: Path):
    secret = tmp_path / "secret.md"
    secret.write_text("# A secret\n")
    link = Link(os.fspath(secret))
    inner = Link("expts/0002_b/index.md")
    files = {"expts/0001_a/index.md": link, "page.md": link, "expts/0002_b/index.md": "# B\n", "b.md": inner}
    built = Site(tmp_path).build(files=files)
    published = [path for path in built.out.rglob("*") if path.is_file() and b"A secret" in path.read_bytes()]
    assert published == []
    assert [line for line in built.located if "link to a file outside" in line] == [
        f"{name}:1: WARNING: this is a link to a file outside the record, so it is left out; "
        "copy the file to here [exptdir.log]"
        for name in ("expts/0001_a/index.md", "page.md")
    ]
    assert "B" in built.page("b").h1.get_text()

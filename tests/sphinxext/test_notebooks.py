"""Jupyter notebooks beside a log: shown by an extension of the author's, offered as downloads without one."""

from __future__ import annotations

import json

import pytest

from tests.sphinxext.building import CONF, Built, Site, the, titled, words
from tests.sphinxext.conftest import Build
from tests.sphinxext.test_incremental import assert_same

#: As MyST-NB and nbsphinx do: a suffix, and a parser for it.
SHOWS_THEM = """
import json
from sphinx.parsers import RSTParser

class NotebookParser(RSTParser):
    supported = ("notebook",)
    def parse(self, inputstring, document):
        text = "\\n\\n".join("".join(cell["source"]) for cell in json.loads(inputstring)["cells"])
        super().parse(text, document)

# Not by add_source_suffix, which writes into Sphinx's own default, for all that is built in this process.
source_suffix = {".rst": "restructuredtext", ".ipynb": "notebook"}

def setup(app):
    app.add_source_parser(NotebookParser)
"""


def notebook(title: str, text: str = "") -> str:
    return json.dumps({"cells": [{"cell_type": "markdown", "source": [titled(title, text)]}], "nbformat": 4})


FILES = {
    "expts/1_a/index.rst": titled("A"),
    "expts/1_a/fit.ipynb": notebook("The fit"),
    "expts/1_a/old/older.ipynb": "{}",
    "expts/1_a/2_b/index.rst": titled("B"),
    "expts/1_a/2_b/deep.ipynb": notebook("Deep"),
    "expts/3_c/index.rst": titled("C", ":status: draft\n"),
    "expts/3_c/secret.ipynb": notebook("Secret"),
}
#: Without the one that lies deeper, of which Sphinx would say that nobody lists it.
NEAR = {name: text for name, text in FILES.items() if "/old/" not in name}
LOG = "expts/1_a/index"


def listed(built: Built, docname: str = LOG) -> list[tuple[str, str]]:
    """Return what the page lists as notebooks, and where that leads."""
    links = the(built.body(docname), ".exptdir-notebooks").select("a")
    return [(words(link), link["href"].rpartition("/")[2]) for link in links]


def test_they_are_offered_where_nothing_shows_them(build: Build):
    built = build(FILES)
    assert built.warnings == ""
    assert listed(built) == [("fit.ipynb", "fit.ipynb")]
    assert [path.name for path in sorted((built.out / "_downloads").rglob("*.ipynb"))] == ["deep.ipynb", "fit.ipynb"]


def test_they_are_shown_where_the_author_has_an_extension_for_them(build: Build):
    built = build(NEAR, conf=SHOWS_THEM)
    assert built.warnings == ""
    assert listed(built) == [("The fit", "fit.html")]
    assert "The fit" in words(built.body("expts/1_a/fit"))
    assert not list(built.out.rglob("*ecret*"))
    assert not (built.out / "_downloads").exists()


@pytest.mark.parametrize("conf", ["", SHOWS_THEM], ids=["offered", "shown"])
@pytest.mark.parametrize("log", [":download:`the fit <fit.ipynb>`\n", ".. toctree::\n\n   fit\n"])
def test_what_an_author_has_listed_is_not_listed_again(build: Build, conf: str, log: str):
    toctree = "toctree" in log
    built = build({**NEAR, "expts/1_a/index.rst": titled("A", log)}, conf=conf)
    if toctree == bool(conf):
        assert not built.body(LOG).select(".exptdir-notebooks")


@pytest.mark.parametrize("conf", ["", SHOWS_THEM], ids=["offered", "shown"])
def test_notebooks_that_come_change_and_go_leave_what_a_clean_build_makes(tmp_path, conf: str):
    site = Site(tmp_path, CONF + conf)
    site.build(files={"index.rst": titled("Home"), **NEAR})
    for edit in (
        {"expts/1_a/new.ipynb": notebook("New")},
        {"expts/1_a/fit.ipynb": notebook("The better fit", "More.")},
        {"expts/1_a/new.ipynb": None},
    ):
        again = site.build(files=edit)
        clean = site.build(out="clean")
        assert listed(again) == listed(clean)
        assert_same(tmp_path / "out/html", tmp_path / "clean/html")
        assert "0 added, 0 changed" in site.build().status

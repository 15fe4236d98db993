"""``update``, ``protocol`` and ``:doi:`` give way to those of another extension, in whatever order they come."""

from __future__ import annotations

import pytest

from tests.sphinxext.building import titled, words
from tests.sphinxext.conftest import Build

OTHER = """
from docutils import nodes
from docutils.parsers.rst import Directive

class Mine(Directive):
    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    def run(self):
        return [nodes.paragraph("", "MINE")]

def role(name, rawtext, text, lineno, inliner, options=None, content=None):
    return [nodes.Text("MINE")], []

def register(app, config=None):
    app.add_directive("update", Mine)
    app.add_directive("protocol", Mine)
    app.add_role("doi", role)
"""
TEXT = ".. update:: 2024/07/02\n\n   x\n\n.. protocol:: a.txt\n\n:doi:`10.1000/182`\n"


@pytest.mark.parametrize(
    "setup",
    [
        "def setup(app):\n    register(app)\n",
        # As extensions do that must know the configuration first.
        "def setup(app):\n    app.connect('config-inited', register)\n",
        "def setup(app):\n    app.setup_extension('exptdir')\n    register(app)\n",
    ],
)
def test_what_another_extension_registers_stays(build: Build, setup: str):
    built = build({"expts/1_a/notes.rst": titled("A", TEXT)}, conf=OTHER + setup)
    assert [words(paragraph) for paragraph in built.body("expts/1_a/notes").select("p")] == ["MINE"] * 3
    assert built.warnings == ""


def test_an_extension_loaded_behind_ours_wins_too(build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path):
    (tmp_path / "another_one.py").write_text(OTHER + "def setup(app):\n    register(app)\n")
    monkeypatch.syspath_prepend(tmp_path)
    built = build({"expts/1_a/notes.rst": titled("A", TEXT)}, conf='extensions += ["another_one"]\n')
    assert words(built.body("expts/1_a/notes")).count("MINE") == 3
    assert built.warnings == ""


def test_without_another_all_three_are_ours(build: Build):
    built = build({"expts/1_a/notes.rst": titled("A", TEXT), "expts/1_a/a.txt": "x"})
    body = built.body("expts/1_a/notes")
    assert (len(body.select(".exptdir-update")), len(body.select("details")), len(body.select("a.doi"))) == (1, 1, 1)

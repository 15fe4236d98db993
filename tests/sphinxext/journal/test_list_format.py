"""``exptdir_list_format``: what tables of contents and the sidebar show beside the titles of experiments."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sphinxext.building import Built, Site, titled, words
from tests.sphinxext.conftest import Build
from tests.sphinxext.test_incremental import assert_same, edit

FIRST = "expts/1_first/notes.md"
FILES = {
    "index.rst": titled("Home") + ".. toctree::\n\n   about\n",
    "about.rst": titled("About"),
    FIRST: "---\nstatus: In-Progress\ntags: [wet]\n---\n# First\n\n## 2024-05-20\n\nx\n\n## 2024-05-22\n\ny\n",
    "expts/2_<b>/index.md": "# Second\n",
    "expts/1_first/3_third/index.md": "---\nstatus: ready\nprerequisites: [2]\n---\n# Third\n",
    "more/index.rst": titled("More") + ".. toctree::\n   :maxdepth: 2\n\n   .experiments\n",
    "more/4_fourth/index.md": "---\nstatus: complete\n---\n# Fourth\n",
}
CONF = (
    'extensions = ["exptdir"]\nhtml_theme = "alabaster"\nexptdir_roots = ["expts", "more"]\n'
    'exptdir_list_format = "{status} · {last} · in {tags}"\n'
)


@pytest.fixture(scope="module")
def site(build_once: Build) -> Built:
    return build_once(FILES, conf=CONF)


def listed(built: Built, docname: str) -> list[str]:
    return [words(item) for item in built.body(docname).select("li[class^=toctree-l] > p, li[class^=toctree-l] > a")]


def test_lists_show_what_is_known_beside_each_title(site: Built):
    assert "#1: First · in progress · 2024-05-22 · in #wet" in listed(site, "index")
    assert "#2: Second" in listed(site, "index")
    assert listed(site, "more/index") == ["#4: Fourth · complete"]
    assert listed(site, "expts/1_first/notes") == ["#3: Third · blocked"]


def test_the_sidebar_shows_the_same(site: Built):
    items = site.page("expts/2_<b>/index").select(".exptdir-nav-facts")
    assert [words(item) for item in items] == ["in progress · 2024-05-22 · in #wet"]


def test_other_builders_show_it_and_nothing_is_shown_unless_asked_for(site: Built, build: Build):
    assert "#1: First · in progress · 2024-05-22 · in #wet" in " ".join(site.text("index").split())
    plain = build(FILES, conf=CONF.partition("exptdir_list_format")[0])
    assert "in progress" not in words(plain.body()) and not plain.page(FIRST[:-3]).select(".exptdir-nav-facts")


EDITS = {
    "status": edit(FIRST, "In-Progress", "complete"),
    "last entry": edit(FIRST, "2024-05-22", "2024-05-23"),
    "first entry": edit(FIRST, "2024-05-20", "2024-05-19"),
    "tags": edit(FIRST, "[wet]", "[dry]"),
    "what it waits for": edit("expts/2_<b>/index.md", "# Second", "---\nstatus: complete\n---\n# Second"),
    "setting": edit("conf.py", "{status} · ", ""),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_gives_what_a_clean_build_gives(tmp_path: Path, name: str):
    site = Site(tmp_path / "record", conf=CONF)
    site.build(files=FILES)
    EDITS[name](site.source)
    again, clean = site.build(), site.build(out="clean")
    assert_same(again.out, clean.out, name)

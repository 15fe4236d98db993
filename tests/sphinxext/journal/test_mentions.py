"""Unlinked mentions: an experiment's page lists where others name it without a reference, where that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sphinxext.building import Built, Site, the, titled, words
from tests.sphinxext.conftest import Build
from tests.sphinxext.test_incremental import assert_same, edit

FILES = {
    "expts/1_first/notes.rst": titled("The first of all", "2024-05-20: Sown\n----------------\n\nx\n"),
    "expts/2_second/notes.rst": titled(
        "Second",
        "2024-06-01: Later\n-----------------\n\nNot this. As in experiment 1, it *grew*. Nor this.\n\n"
        "As in experiment 1, see :expt:`1`.\n\n"
        "Deeper\n^^^^^^\n\nIt looks like the 5/20 experiment.\n\n::\n\n   experiment 1\n\n"
        "``cat experiment 1``\n\n`experiment 1 <https://example.org>`_\n",
    ),
    "expts/3_third/notes.md": "# Third\n\nSee [](#1), experiment 1. And the\nfirst of all.\n\n"
    "The first of all\nwas better.\n",
    "page.rst": ":orphan:\n\n" + titled("Page", ".. only:: latex\n\n   experiment 1\n\n.. note:: experiment 2\n"),
}
CONF = 'extensions = ["exptdir"]\nexptdir_mentions = "page"\n'


def listed(built: Built, docname: str) -> list[str]:
    found = built.body(docname).select(".exptdir-cited-by")
    return [words(item) for box in found if "Unlinked mentions" in words(box) for item in box.select("li")]


@pytest.fixture(scope="module")
def site(build_once: Build) -> Built:
    return build_once(FILES, conf=CONF)


def test_a_page_lists_who_names_it_with_the_sentence_and_the_entry(site: Built):
    assert site.warnings == ""
    assert listed(site, "expts/1_first/notes") == [
        "#2: Second · 2024-06-01 Later · As in experiment 1, it grew.",
        "#2: Second · 2024-06-01 Later · It looks like the 5/20 experiment.",
        "#3: Third · ↗ · The first of all was better.",
    ]
    assert listed(site, "expts/2_second/notes") == ["Page · ↗ · experiment 2"]
    assert listed(site, "expts/3_third/notes") == []


def test_a_mention_leads_to_its_place_and_is_marked_there_but_not_linked(site: Built):
    box = next(one for one in site.body("expts/1_first/notes").select(".exptdir-cited-by") if "Unlinked" in words(one))
    links = [link["href"] for link in box.select("a")]
    assert links[:4] == [
        "../2_second/notes.html",
        "../2_second/notes.html#entry-2024-06-01",
        "../2_second/notes.html",
        "../2_second/notes.html#deeper",
    ]
    assert [words(one) for one in box.select("strong")] == ["experiment 1", "5/20 experiment", "The first of all"]
    text = the(site.body("expts/2_second/notes"), "#entry-2024-06-01 > p:-soup-contains('Not this')")
    assert text.select("a") == []


def test_nothing_is_listed_unless_asked_for(build: Build):
    assert "Unlinked mentions" not in build(FILES).html("expts/1_first/notes")


EDITS = {
    "mention added": edit("expts/3_third/notes.md", "# Third\n", "# Third\n\nLike experiment 2.\n"),
    "mention gone": edit("expts/2_second/notes.rst", "the 5/20 experiment", "that one"),
    "entry re-dated": edit("expts/1_first/notes.rst", "2024-05-20", "2024-05-21"),
    "title changed": edit("expts/1_first/notes.rst", "The first of all", "The first of two"),
    "experiment renumbered": lambda base: (base / "expts/1_first").rename(base / "expts/4_first"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_gives_what_a_clean_build_gives(tmp_path: Path, name: str):
    site = Site(tmp_path / "record", conf=CONF)
    site.build(files=FILES)
    EDITS[name](site.source)
    again, clean = site.build(), site.build(out="clean")
    assert_same(again.out, clean.out, name)

"""What the templates of the navigation are given."""

from __future__ import annotations

from itertools import product

import pytest
from sphinx.util.osutil import relative_uri

from exptdir.sphinxext.navigation import Addresses, Card, Neighbourhood, PageNavigation
from tests.sphinxext.building import titled
from tests.sphinxext.conftest import Build

PAGES = {
    "html": ["index.html", "b.html", "e/index.html", "e/1/notes.html", "e/1/2/notes.html", "e/10/n.html", "f/3/x.html"],
    "dirhtml": ["", "b/", "e/", "e/1/notes/", "e/1/2/notes/", "e/10/n/", "f/3/x/"],
}


@pytest.mark.parametrize("kind", PAGES)
def test_addresses_are_those_of_sphinx(kind: str):
    for page, other in product(PAGES[kind], repeat=2):
        assert Addresses(page, str).of(other) == relative_uri(page, other), (page, other)


def navigation(**lists: list[Card]) -> PageNavigation:
    found = Neighbourhood(**{"ancestors": [], "siblings": [], "children": [], "before": 2, "behind": 0, **lists})
    addresses = Addresses("e/2/notes.html", lambda docname: f"{docname}.html")
    return PageNavigation("e/2/notes", found, addresses, "../../index.html")


def test_texts_of_the_sidebar_are_escaped():
    card = Card.of("e/1/notes", "#1", '<script> & "quotes"', 'a "status"')
    shown = navigation(siblings=[card]).items
    assert "<script>" not in shown
    assert "&lt;script&gt; &amp; &#34;quotes&#34;</a>" in shown
    assert 'title="a &#34;status&#34;"' in shown


def test_the_page_itself_is_marked_and_holds_its_children():
    here, other, child = (Card.of(f"e/{name}/notes", f"#{name}", "Title", "") for name in ("2", "3", "2/4"))
    shown = navigation(siblings=[here, other], children=[child]).items
    assert shown.count("current") == 3, "a class of the item, one of the link, and aria-current"
    assert '<li class="current"><a class="reference internal current" aria-current="page" href="' in shown
    assert shown.index('href="4/notes.html"') < shown.index('href="../3/notes.html"')
    assert '<a class="reference internal" href="../../index.html">… 2 before</a>' in shown
    assert "more" not in shown.replace("exptdir-nav-more", "")


def test_templates_of_authors_get_the_lists():
    card = Card.of("e/3/notes", "#3", "Title", "new")
    found = navigation(siblings=[card], ancestors=[card])
    assert found.siblings == [("../3/notes.html", "#3", "Title", "new", False)]
    assert found.ancestors == found.siblings
    assert found.children == []
    assert (found.before, found.behind, found.up) == (2, 0, "../../index.html")


def test_cards_that_show_something_else_have_another_key():
    cards = [
        Card.of("e/3/notes", "#3", "Title", "new"),
        Card.of("e/3/notes", "#3", "Title", ""),
        Card.of("e/3/notes", "#4", "Title", "new"),
        Card.of("e/3/notes", "#3", "Other", "new"),
        Card.of("e/4/notes", "#3", "Title", "new"),
    ]
    assert len({card.key for card in cards}) == len(cards)


def test_pydata_shows_no_section_navigation_where_there_is_no_section(build: Build):
    files = {
        "index.rst": titled("Home") + "\n.. toctree::\n   :hidden:\n\n   about\n   guide\n",
        "about.rst": titled("About"),
        "guide.rst": titled("Guide") + "\n.. toctree::\n\n   chapter\n",
        "chapter.rst": titled("Chapter"),
        "expts/1_a/notes.rst": titled("A"),
    }
    built = build(files, "html", conf="html_theme = 'pydata_sphinx_theme'\n")
    shown = {
        name: "Section Navigation" in built.html(name)
        for name in ("index", "about", "guide", "chapter", "expts/1_a/notes")
    }
    assert shown == {"index": False, "about": False, "guide": True, "chapter": True, "expts/1_a/notes": False}
    assert "Collapse Sidebar" not in built.html("about"), "an empty column with nothing but what folds it"
    assert "Collapse Sidebar" in built.html("guide")

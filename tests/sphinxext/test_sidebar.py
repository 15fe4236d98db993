"""What the templates of the navigation are given."""

from __future__ import annotations

from itertools import product

import pytest
from bs4 import BeautifulSoup
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


def test_the_way_to_an_experiment_is_given_to_its_template():
    found = navigation(ancestors=[Card.of("e/3/notes", "#3", "A & B", "new")])
    assert found.ancestors == [("../3/notes.html", "#3", "A &amp; B")]


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


@pytest.mark.parametrize("builder", ["html", "dirhtml"])
def test_the_tree_of_the_site_leads_from_each_page_to_where_it_leads_from_others(build: Build, builder: str):
    # A page of the tree lies beside experiment 1; those of the archive, and what Sphinx makes, are no documents.
    files = {
        "index.md": "# Home\n\n```{toctree}\nguide/index\nexpts/1_a/extra\nsearch\n```\n",
        "guide/index.md": "# Guide\n\n```{toctree}\nmore\n```\n\n```{expt-journal}\n```\n",
        "guide/more.md": "# More\n",
        "expts/1_a/extra.md": "# Extra\n",
        **{f"expts/{name}/index.md": f"# {name}\n\n## 2024-05-20\n\nText.\n" for name in ("1_a", "2_b", "1_a/3_c")},
    }
    built = build(files, builder, conf="html_theme = 'alabaster'\n")
    places, marked = set(), {}
    for page in built.out.rglob("*.html"):
        links = BeautifulSoup(page.read_text("utf-8"), "html.parser").select(".sphinxsidebar .toctree-l1 > a")
        found = [page if link["href"] == "#" else (page.parent / str(link["href"])).resolve() for link in links]
        places.add(tuple(one / "index.html" if one.is_dir() else one for one in found))
        for link in links:
            if "current" in link["class"]:
                marked.setdefault(link.text, set()).add(page.relative_to(built.out).as_posix())
    assert len(places) == 1 and all(one.is_file() for one in next(iter(places)))
    ends = ".html" if builder == "html" else "/index.html"
    assert marked == {
        "Guide": {"guide/index.html"},
        "Extra": {f"expts/1_a/extra{ends}"},
        "Search Page": {f"search{ends}"},
    }


def test_below_a_page_the_neighbours_are_those_of_the_sidebar(build: Build):
    pages = {f"expts/{number}_x/notes.rst": titled(f"X{number}") for number in range(1, 6)}
    pages["expts/3_x/7_in/notes.rst"] = titled("Inner")
    conf = 'exptdir_navigation = "page"\nexptdir_navigation_window = 1\n'
    below = build(pages, conf=conf).page("expts/3_x/notes").select_one(".exptdir-neighbours")
    shown = ["… 1 before", "#2 X2", "#3 X3", "#7 Inner", "#4 X4", "… 1 more"]
    assert [link.get_text() for link in below.select("a")] == shown

"""Atom feeds: valid, whole, with absolute addresses, and the same after an edit as after a clean build."""

from __future__ import annotations

from pathlib import Path

import feedparser
import pytest

from exptdir.sphinxext.journal.feed import atom, cut_out
from tests.sphinxext.building import Built, Site, titled
from tests.sphinxext.test_incremental import assert_same, edit

URL = "https://lab.example.org/notes"
CONF = f'extensions = ["exptdir"]\nproject = "Lab & co"\nauthor = "Ann"\nexptdir_feed_url = "{URL}"\n'
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="9"/>'
FIRST = "expts/1_a/notes.rst"
FILES = {
    FIRST: titled(
        "A & B",
        "2024-05-20: Sown <b>\n--------------------\n\nText & ``<code>``, :expt:`2`. More.\n\n"
        ".. figure:: a.svg\n\n   Plants\n\n"
        "2024-05-20: Again\n-----------------\n\n:tags: wet/dry\n\nSecond.\n",
    ),
    "expts/1_a/a.svg": SVG,
    "expts/2_b/index.md": "---\ntags: [wet/dry]\n---\n# B\n\n## 2024-05-21\n\nB.\n\n## 2024-05-22: Later\n\n"
    ":draft: true\n\nSecret.\n",
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, CONF)


def parsed(built: Built, path: str = "feed.xml") -> feedparser.FeedParserDict:
    found = feedparser.parse((built.out / path).read_bytes())
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "atom10"
    return found


def test_the_feed_of_the_record_holds_entries_whole(site: Site):
    built = site.build(files=FILES)
    feed = parsed(built)
    assert (feed.feed.title, feed.feed.author, feed.feed.id) == ("Lab & co", "Ann", f"{URL}/feed.xml")
    assert [entry.title for entry in feed.entries] == ["#2: B", "#1: Again", "#1: Sown <b>"]
    sown = feed.entries[2]
    assert sown.link == f"{URL}/expts/1_a/notes.html#entry-2024-05-20"
    assert sown.id == "tag:lab.example.org,2024-05-20:1%402024-05-20"
    assert sown.updated == "2024-05-20T12:00:00Z"
    html = sown.content[0].value
    assert f'href="{URL}/expts/2_b/index.html"' in html
    image = built.body("expts/1_a/notes").select_one("img")["src"].removeprefix("../../")
    assert f'src="{URL}/{image}"' in html
    assert "&lt;code&gt;" in html and "¶" not in html
    assert "Second." not in html


def test_experiments_and_tags_have_feeds_that_pages_name(site: Site):
    built = site.build(files=FILES)
    assert [entry.title for entry in parsed(built, "feeds/expts/1_a.xml").entries] == ["#1: Again", "#1: Sown <b>"]
    wet = parsed(built, "feeds/tags/wet%2Fdry.xml")
    assert [entry.summary for entry in wet.entries] == ["B.", "Second."]
    assert [tag.term for tag in wet.entries[1].tags] == ["wet/dry"]
    links = [link["href"] for link in built.page("expts/1_a/notes").select("link[type='application/atom+xml']")]
    assert links == ["../../feed.xml", "../../feeds/expts/1_a.xml"]


def test_without_an_address_there_is_none(tmp_path: Path):
    built = Site(tmp_path).build(files=FILES)
    assert not list(built.out.rglob("*.xml"))


def test_an_edit_gives_what_a_clean_build_gives_and_writes_only_what_shows_it(site: Site):
    site.build(files=FILES)
    before = {path: path.stat().st_mtime_ns for path in (site.root / "out/html").rglob("*.xml")}
    edit(FIRST, "Second.", "Third.")(site.source)
    again, clean = site.build(), site.build(out="clean")
    assert_same(again.out, clean.out)
    changed = {path.name for path, then in before.items() if path.stat().st_mtime_ns != then}
    assert changed == {"feed.xml", "1_a.xml", "wet%2Fdry.xml"}
    gone = again.rebuild({FIRST: titled("A & B", "No entry.\n")})
    assert not (gone.out / "feeds/expts/1_a.xml").exists()


def test_what_no_xml_may_hold_is_left_out():
    body = atom("https://x.org/", "feed.xml", "a\x00b", "", [], [])
    assert feedparser.parse(body).feed.title == "a b"


def test_an_element_is_cut_out_of_a_page_that_is_not_well_formed():
    page = '<div id="a"><p>1<br>2<script>x</script><a class="headerlink" href="#a">¶</a></div><div id="b">3</div>'
    assert cut_out(page, "a", "https://x.org/p.html") == '<div id="a"><p>1<br>2</p></div>'
    assert cut_out(page, "c", "https://x.org/p.html") == ""

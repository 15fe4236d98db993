"""The panel of the preview: what it says of the build, to whom it links, and that it only shows text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from exptdir.sphinxext.language import PREVIEWED
from tests.browser.conftest import Pages
from tests.browser.preview_server import PreviewServer, serving, wait_until, warning
from tests.browser.table_pages import quiet

pytestmark = pytest.mark.browser

PAGE = "expts/1_a/notes.html"
HTML = '<!doctype html><html lang="en"><head><title>A</title></head><body><h1>A</h1><p>Text.</p></body></html>'
FAILURE = {
    **warning("name 'oops' is not defined", file="/r/conf.py", line=3, shown="conf.py", link="edit:///r/conf.py:3"),
    "traceback": "Traceback (most recent call last):\n  boom",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PreviewServer]:
    with serving(tmp_path) as server:
        server.write(PAGE, HTML)
        yield server


@pytest.fixture
def shown(page: Pages, server: PreviewServer) -> Iterator[Page]:
    here = page(viewport=(1000, 600))
    with quiet(here):
        server.open(here, PAGE)
        yield here
    assert page.blocked == []


def badge(shown: Page) -> Locator:
    return shown.locator("exptdir-preview").get_by_role("button")


def panel(shown: Page) -> Locator:
    return shown.get_by_role("region", name="Preview")


def test_the_badge_says_how_the_build_is(shown: Page, server: PreviewServer) -> None:
    expect(badge(shown)).to_have_text("Up to date")
    expect(panel(shown)).to_be_hidden()
    server.show(building=True)
    expect(badge(shown)).to_have_text("Building…")
    server.show(building=False, build=2, warnings=[warning("one")])
    expect(badge(shown)).to_have_text("1 warning")
    expect(shown.get_by_role("status")).to_have_text("1 warning")
    server.show(warnings=[warning("one"), warning("two")])
    expect(badge(shown)).to_have_text("2 warnings")
    server.show(warnings=[])
    expect(badge(shown)).to_have_text("Up to date")


def test_the_badge_is_never_seen_without_its_style(page: Pages, server: PreviewServer) -> None:
    here = page(own=True)
    here.add_init_script("""new MutationObserver(() => {
      const badge = document.querySelector("exptdir-preview")?.shadowRoot.querySelector("button");
      if (badge) window.shown ??= getComputedStyle(badge).display;
    }).observe(document, { childList: true, subtree: true });""")
    server.open(here, PAGE)
    here.wait_for_function("window.shown")
    assert here.evaluate("window.shown") == "flex"


def test_a_build_that_is_over_at_once_is_not_announced(shown: Page, server: PreviewServer) -> None:
    shown.evaluate("""() => {
      // What is put off never comes, however long it takes until the build is over.
      window.setTimeout = () => 0;
      window.said = [];
      const badge = document.querySelector("exptdir-preview").shadowRoot.querySelector("button");
      const observer = new MutationObserver(() => window.said.push(badge.textContent));
      observer.observe(badge, { subtree: true, childList: true });
    }""")
    server.show(building=True)
    server.show(building=False, warnings=[warning("one")])
    expect(badge(shown)).to_have_text("1 warning")
    assert "Building…" not in shown.evaluate("window.said")


def test_warnings_of_this_page_come_first_and_lead_to_the_editor_or_their_page(
    shown: Page, server: PreviewServer
) -> None:
    there = warning("not there", shown="expts/2_b/notes.rst", line=2, page="expts/2_b/notes.html")
    place = {"shown": "expts/1_a/notes.rst", "line": 7, "link": "edit:///r:7"}
    here = warning("dead reference", page=PAGE, kind="exptdir.ref", **place)
    server.show(warnings=[there, here])
    badge(shown).click()
    expect(panel(shown).get_by_role("heading")).to_have_text(["On this page", "Elsewhere"])
    first, second = panel(shown).get_by_role("listitem").all()
    expect(first).to_contain_text("dead reference")
    expect(first).to_contain_text("exptdir.ref")
    expect(first.get_by_role("link", name="expts/1_a/notes.rst:7")).to_have_attribute("href", "edit:///r:7")
    expect(second).to_contain_text("expts/2_b/notes.rst:2")
    expect(second.get_by_role("link")).to_have_attribute("href", "/expts/2_b/notes.html")
    server.show(warnings=[there])
    expect(panel(shown).get_by_role("listitem")).to_have_count(1)
    server.show(warnings=[])
    expect(panel(shown)).to_contain_text("Everything is up to date.")


def test_a_failure_opens_the_panel_until_it_is_mended(shown: Page, server: PreviewServer) -> None:
    server.show(failure=FAILURE)
    expect(badge(shown)).to_have_text("Build failed")
    expect(panel(shown)).to_contain_text("name 'oops' is not defined")
    expect(panel(shown).get_by_role("link", name="conf.py:3")).to_have_attribute("href", "edit:///r/conf.py:3")
    expect(panel(shown).get_by_text("boom")).to_be_hidden()
    panel(shown).get_by_text("Traceback", exact=True).click()
    expect(panel(shown).get_by_text("boom")).to_be_visible()
    # Another build that fails the same way leaves what was unfolded.
    server.show(building=True)
    server.show(building=False, build=2)
    expect(panel(shown).get_by_text("boom")).to_be_visible()
    server.show(failure=None)
    expect(badge(shown)).to_have_text("Up to date")
    expect(panel(shown)).to_be_hidden()


def test_what_the_reader_closed_stays_closed(shown: Page, server: PreviewServer) -> None:
    server.show(failure=FAILURE)
    expect(panel(shown)).to_be_visible()
    badge(shown).click()
    expect(panel(shown)).to_be_hidden()
    server.show(failure={**FAILURE, "text": "another"}, warnings=[])
    server.show(failure={**FAILURE, "text": "a third"})
    badge(shown).click()
    expect(panel(shown)).to_contain_text("a third")


def test_the_keyboard_opens_and_closes_the_panel(shown: Page, server: PreviewServer) -> None:
    shown.evaluate("window.keys = []; document.addEventListener('keydown', (event) => window.keys.push(event.key)); 0")
    server.show(warnings=[warning("one", shown="a.rst", line=1, link="edit:a")])
    badge(shown).focus()
    shown.keyboard.press("Enter")
    expect(panel(shown)).to_be_visible()
    expect(badge(shown)).to_have_attribute("aria-expanded", "true")
    shown.keyboard.press("Tab")
    expect(panel(shown).get_by_role("link", name="a.rst:1")).to_be_focused()
    shown.keyboard.press("Escape")
    expect(panel(shown)).to_be_hidden()
    expect(badge(shown)).to_be_focused()
    # A theme's shortcuts do not hear of it.
    assert shown.evaluate("window.keys") == []


def test_hostile_text_is_shown_as_text_and_opens_nothing(shown: Page, server: PreviewServer) -> None:
    hostile = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>'
    bad = warning(hostile, shown=hostile, line=1, kind=hostile, link="javascript:window.hacked = 1", page='../"><b>x')
    server.show(warnings=[bad], failure={**bad, "traceback": hostile})
    expect(panel(shown)).to_contain_text(hostile)
    expect(panel(shown).locator("img, script, b, [href^=javascript]")).to_have_count(0)
    assert shown.evaluate("window.hacked") is None


def test_this_page_can_be_edited_where_there_is_an_editor(shown: Page, server: PreviewServer) -> None:
    badge(shown).click()
    expect(panel(shown).get_by_role("link")).to_have_count(0)
    server.edit = 'vscode://file//r/my%20"notes".rst:1'
    server.open(shown, PAGE)
    badge(shown).click()
    link = panel(shown).get_by_role("link", name="Edit this page")
    expect(link).to_have_attribute("href", server.edit)


def test_every_word_of_the_panel_is_in_the_language_of_the_record(shown: Page, server: PreviewServer) -> None:
    server.words = {text: f"⟦{text}⟧" for text in PREVIEWED}
    server.edit = "edit:1"
    server.open(shown, PAGE)
    expect(badge(shown)).to_have_text("⟦Up to date⟧")
    badge(shown).click()
    box = shown.get_by_role("region", name="⟦Preview⟧")
    expect(box).to_have_text("⟦Everything is up to date.⟧⟦Edit this page⟧")
    server.update("2.html", sources={"2.html": "2.rst"})
    expect(badge(shown)).to_have_text("⟦2.rst changed⟧")
    expect(box).to_contain_text("⟦2.rst was changed:⟧ ⟦show⟧")
    server.show(warnings=[warning("1", page=PAGE), warning("2", page="2.html")])
    expect(badge(shown)).to_have_text("⟦2 warnings⟧")
    expect(box.get_by_role("heading")).to_have_text(["⟦On this page⟧", "⟦Elsewhere⟧"])
    expect(box.get_by_role("link", name="⟦Show the page⟧")).to_be_visible()
    server.show(warnings=[warning("1")], failure={**FAILURE, "text": "3"})
    expect(badge(shown)).to_have_text("⟦Build failed⟧")
    expect(box.get_by_role("heading")).to_have_text(["⟦Build failed⟧", "⟦Warnings⟧"])
    expect(box).to_contain_text("⟦The page is as it was before.⟧")
    expect(box.locator("summary")).to_have_text("⟦Traceback⟧")


def test_another_page_that_was_edited_is_offered(shown: Page, server: PreviewServer) -> None:
    page = "expts/0063_train/notes.html"
    server.update(page, sources={page: "expts/0063_train/notes.rst"})
    expect(badge(shown)).to_have_text("0063_train changed")
    badge(shown).click()
    link = panel(shown).get_by_role("link", name="show")
    expect(link).to_have_attribute("href", f"/{page}")
    # What the edit brought with it, here and elsewhere, is no edit.
    others = [PAGE, *(f"expts/{n}/notes.html" for n in range(9))]
    server.update(*others, sources={one: one.replace("html", "rst") for one in others})
    server.show(build=2)
    expect(badge(shown)).to_have_text("0063_train changed")
    server.update(*others[1:], sources={one: one.replace("html", "rst") for one in others[1:]})
    server.show(build=3)
    expect(badge(shown)).to_have_text("0063_train changed")
    server.update(PAGE, sources={PAGE: "expts/1_a/notes.rst"})
    expect(badge(shown)).to_have_text("Up to date")


def test_a_page_that_is_deleted_is_said_to_be_until_it_is_back(page: Pages, server: PreviewServer) -> None:
    # The browser complains of a page that is not there.
    shown = page(viewport=(1000, 600))
    server.open(shown, PAGE)
    (server.directory / PAGE).unlink()
    server.update(PAGE)
    expect(badge(shown)).to_have_text("Page deleted")
    expect(shown.get_by_text("Text.")).to_be_visible()
    server.write(PAGE, HTML.replace("Text", "New text"))
    server.update(PAGE)
    expect(badge(shown)).to_have_text("Up to date")
    expect(shown.get_by_text("New text.")).to_be_visible()


def test_a_lost_connection_is_said_and_what_was_missed_is_made_up_for(page: Pages, server: PreviewServer) -> None:
    shown = page(viewport=(1000, 600))
    server.open(shown, PAGE)
    server.stop()
    expect(badge(shown)).to_have_text("Connection lost")
    badge(shown).click()
    expect(panel(shown)).to_contain_text("The server does not answer.")
    server.write(PAGE, HTML.replace("Text", "New text"))
    heard = len(server.said)
    server.start()
    expect(badge(shown)).to_have_text("Up to date")
    expect(shown.get_by_text("New text.")).to_be_visible()
    wait_until(shown, lambda: len(server.said) > heard)
    assert server.said[-1] == {"viewing": PAGE}


def test_a_page_that_is_looked_at_again_says_so(shown: Page, server: PreviewServer) -> None:
    heard = len(server.said)
    shown.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(shown, lambda: len(server.said) > heard)
    assert server.said[-1] == {"viewing": PAGE}


def test_going_back_to_a_page_shows_it_as_it_is_now(shown: Page, server: PreviewServer) -> None:
    server.write("other.html", HTML.replace("Text", "Other text"))
    server.open(shown, "other.html")
    server.write(PAGE, HTML.replace("Text", "New text"))
    shown.go_back()
    expect(shown.get_by_text("New text.")).to_be_visible()
    expect(badge(shown)).to_have_text("Up to date")


def test_the_panel_is_not_printed_and_fits_a_narrow_screen(page: Pages, server: PreviewServer) -> None:
    shown = page(viewport=(390, 700))
    server.open(shown, PAGE)
    server.show(warnings=[warning("a_long_word_" * 20, shown="expts/" + "x" * 90, line=1)], failure=FAILURE)
    expect(panel(shown)).to_be_visible()
    box = panel(shown).bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert shown.evaluate("document.documentElement.scrollWidth") <= 390
    shown.emulate_media(media="print")
    expect(badge(shown)).to_be_hidden()

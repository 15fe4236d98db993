"""The preview in a browser: a page changes where it stands, and what the reader has done to it stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.preview_server import PreviewServer, serving, wait_until
from tests.browser.table_pages import quiet

pytestmark = pytest.mark.browser

PAGE = "expts/1_a/index.html"
HEAD = '<title>{title}</title><meta name="viewport" content="width=device-width, initial-scale=1">{head}'
FILLER = "".join(f'<p class="filler" style="height: 60px">Line {n}.</p>\n' for n in range(12))


def html(
    *,
    title: str = "A",
    head: str = "",
    first: str = "<p>First.</p>",
    second: str = "<p>Second.</p>",
    last: str = "<p>Last.</p>",
) -> str:
    """Write a page of three long entries."""
    entries = "".join(
        f'<section id="{name}">\n<h2>{name}</h2>\n{content}\n{FILLER}</section>\n'
        for name, content in {"one": first, "two": second, "three": last}.items()
    )
    # The script leaves marks, as those of themes do.
    marks = '<script>document.body.classList.add("themed");</script>'
    head = f'<meta charset="utf-8">{HEAD.format(title=title, head=head)}'
    return (
        f'<!doctype html><html lang="en"><head>{head}</head><body class="plain">'
        f'<nav><a href="#one">one</a></nav><div class="body" role="main"><h1>{title}</h1>\n{entries}</div>'
        f"{marks}</body></html>"
    )


class Preview:
    """A page that is shown, with the files behind it."""

    def __init__(self, server: PreviewServer, pages: Pages) -> None:
        self.server = server
        self.page = pages(viewport=(1000, 600))

    def write(self, **parts: str) -> None:
        self.server.write(PAGE, html(**parts))

    def open(self, **parts: str) -> Page:
        """Write the page and show it; it then bears a mark that a reload takes away."""
        self.write(**parts)
        self.server.open(self.page, PAGE)
        self.page.evaluate("window.isSame = true")
        return self.page

    def change(self, **parts: str) -> None:
        """Write the page anew and say so."""
        self.write(**parts)
        self.server.update(PAGE, sources={PAGE: "expts/1_a/notes.rst"})

    @property
    def is_same(self) -> bool:
        """Whether the page has not been loaded again."""
        return self.page.evaluate("window.isSame === true")


@pytest.fixture
def preview(page: Pages, tmp_path: Path) -> Iterator[Preview]:
    with serving(tmp_path) as server:
        shown = Preview(server, page)
        with quiet(shown.page):
            yield shown
    assert page.blocked == []


def top(shown: Page, selector: str) -> float:
    """Return how far below the top of the window something stands."""
    return shown.locator(selector).first.evaluate("node => node.getBoundingClientRect().top")


def scroll_to(shown: Page, selector: str) -> float:
    scroll = "node => window.scrollTo(0, node.getBoundingClientRect().top + scrollY - 200)"
    shown.locator(selector).first.evaluate(scroll)
    return shown.evaluate("scrollY")


def test_an_edit_that_is_in_view_changes_the_text_and_nothing_else(preview: Preview) -> None:
    fold = "<details><summary>More</summary><p>Inside.</p></details><p><input aria-label='Note'> and this.</p>"
    shown = preview.open(second=f"<p>Second.</p>{fold}")
    place = scroll_to(shown, "#two")
    shown.get_by_text("More").click()
    shown.get_by_label("Note").fill("half a thou")
    preview.change(second=f"<p>Second, <em>better</em>.</p>{fold}<p>And new.</p>")
    expect(shown.locator("#two p").first).to_have_text("Second, better.")
    expect(shown.get_by_text("And new.")).to_be_visible()
    expect(shown.get_by_text("Inside.")).to_be_visible()
    expect(shown.get_by_label("Note")).to_be_focused()
    expect(shown.get_by_label("Note")).to_have_value("half a thou")
    expect(shown.locator("body")).to_have_class("plain themed")
    assert shown.evaluate("scrollY") == place
    assert preview.is_same


def test_a_selection_outlives_an_edit_of_the_same_paragraph(preview: Preview) -> None:
    shown = preview.open(second="<p>A long sentence that is edited.</p>")
    scroll_to(shown, "#two")
    shown.locator("#two p").first.evaluate("""node => {
      const range = document.createRange();
      range.setStart(node.firstChild, 2);
      range.setEnd(node.firstChild, 6);
      getSelection().addRange(range);
    }""")
    preview.change(second="<p>A long sentence that was edited.</p>")
    expect(shown.get_by_text("that was edited")).to_be_visible()
    assert shown.evaluate("String(getSelection())") == "long"


def test_what_stands_at_the_top_stays_there_when_something_above_grows(preview: Preview) -> None:
    shown = preview.open()
    scroll_to(shown, "#three")
    before = top(shown, "#three h2")
    preview.change(first="<p>First.</p>" + "<p>More.</p>" * 10, last="<p>Last, changed.</p>")
    expect(shown.get_by_text("Last, changed.")).to_be_visible()
    assert top(shown, "#three h2") == pytest.approx(before, abs=1)
    preview.change(last="<p>Last, again.</p>")
    expect(shown.get_by_text("Last, again.")).to_be_visible()
    assert top(shown, "#three h2") == pytest.approx(before, abs=1)


def test_the_page_goes_to_an_edit_that_is_out_of_view(preview: Preview) -> None:
    shown = preview.open()
    preview.change(last="<p>Last, changed.</p>")
    expect(shown.get_by_text("Last, changed.")).to_be_in_viewport()
    assert top(shown, "#three") == pytest.approx(0, abs=2)
    preview.change(first="<p>First, changed.</p>", last="<p>Last, changed.</p>")
    expect(shown.get_by_text("First, changed.")).to_be_in_viewport()


def test_the_page_stays_when_only_its_navigation_or_a_list_of_others_changes(preview: Preview) -> None:
    cited = '<div class="exptdir-cited-by"><p>Cited by 2.</p></div>'
    shown = preview.open(last=cited)
    preview.change(title="B", last=cited.replace("2.", "2 and 3."))
    expect(shown).to_have_title("B")
    expect(shown.locator("h1")).to_have_text("B")
    expect(shown.get_by_text("Cited by 2 and 3.")).to_be_attached()
    assert shown.evaluate("scrollY") == 0


def test_the_page_stays_when_only_what_is_said_of_a_figure_below_changes(preview: Preview) -> None:
    origin = '<details open class="exptdir-fold exptdir-figure-origin"><summary>Drawn by a</summary></details>'
    shown = preview.open(last=origin)
    preview.change(last=origin.replace("by a", "by another"))
    expect(shown.get_by_text("Drawn by another")).to_be_attached()
    assert shown.evaluate("scrollY") == 0


def test_a_changed_block_is_marked_for_a_moment(preview: Preview) -> None:
    shown = preview.open()
    shown.evaluate("""() => {
      window.marked = [];
      const animate = Element.prototype.animate;
      Element.prototype.animate = function (...given) {
        window.marked.push(this.textContent);
        return animate.apply(this, given);
      };
    }""")
    preview.change(first="<p>First, <b>changed</b>.</p>")
    expect(shown.get_by_text("First, changed.")).to_be_visible()
    shown.wait_for_function("window.marked.length > 0")
    assert shown.evaluate("window.marked") == ["First, changed."]
    shown.wait_for_function("document.getAnimations().length === 0")
    assert shown.locator("#one p").first.get_attribute("style") is None


def test_the_same_update_twice_changes_nothing_the_second_time(preview: Preview) -> None:
    shown = preview.open()
    shown.evaluate("window.events = 0; document.addEventListener('exptdir:updated', () => (window.events += 1))")
    preview.change(first="<p>Changed.</p>")
    preview.server.update(PAGE, files=("style.css",))
    expect(shown.get_by_text("Changed.")).to_be_visible()
    preview.change(first="<p>Changed.</p>", second="<p>Twice.</p>")
    expect(shown.get_by_text("Twice.")).to_be_attached()
    assert shown.evaluate("window.events") == 2


def test_nodes_that_scripts_added_or_wrapped_survive(preview: Preview) -> None:
    code = '<div class="highlight"><pre>a = 1\nb = 2\n</pre></div><p class="dressed">Text <i>here</i>.</p>'
    shown = preview.open(first=code)
    shown.evaluate("""() => {
      const button = document.createElement("button");
      button.textContent = "Copy";
      document.querySelector(".highlight").append(button);
      const wrapper = document.createElement("span");
      const italics = document.querySelector(".dressed i");
      italics.replaceWith(wrapper);
      wrapper.append(italics);
      wrapper.className = "wrapper";
    }""")
    preview.change(first=code.replace("b = 2", "b = 3\nc = 4").replace("here", "there").replace("Text", "New text"))
    expect(shown.locator("pre")).to_have_text(re.compile("b = 3"))
    expect(shown.get_by_role("button", name="Copy")).to_be_visible()
    expect(shown.locator(".dressed .wrapper i")).to_have_text("there")
    expect(shown.locator(".dressed")).to_have_text("New text there.")
    preview.change(first="<p>Gone.</p>")
    expect(shown.get_by_text("Gone.")).to_be_visible()
    expect(shown.locator(".highlight, .dressed, .wrapper")).to_have_count(0)


def test_sections_are_moved_removed_and_made(preview: Preview) -> None:
    section = '<section id="s{0}"><h3>{0}</h3><ul><li>{0} 1</li><li>{0} 2</li></ul></section>'
    parts = {name: section.format(name) for name in "abcd"}
    shown = preview.open(first="".join(parts.values()))
    orders = ("badc", "dcba", "a", "abcd", "", "cab")
    for order in orders:
        preview.change(first="".join(parts[name] for name in order) + f"<p>Order {order}!</p>")
        expect(shown.get_by_text(f"Order {order}!")).to_be_attached()
        expect(shown.locator("#one h3")).to_have_text(list(order))
        expect(shown.locator("#one li")).to_have_text([f"{name} {n}" for name in order for n in (1, 2)])
    assert preview.is_same


def test_another_script_reloads_the_page_at_the_same_place(preview: Preview) -> None:
    shown = preview.open()
    place = scroll_to(shown, "#two")
    preview.change(head="<script>window.isNew = true;</script>", last="<p>With a script.</p>")
    shown.wait_for_function("window.isNew === true")
    assert not preview.is_same
    shown.wait_for_function(f"scrollY === {place}")


def test_the_server_may_ask_for_a_reload(preview: Preview) -> None:
    shown = preview.open()
    preview.server.say({"type": "reload"})
    shown.wait_for_function("window.isSame === undefined")


def test_a_style_sheet_of_another_name_comes_into_force(preview: Preview) -> None:
    for name, colour in {"old": "rgb(1, 2, 3)", "new": "rgb(4, 5, 6)"}.items():
        preview.server.write(f"{name}.css", f"h1 {{ color: {colour}; }}")
    shown = preview.open(head='<link rel="stylesheet" href="/old.css">')
    expect(shown.locator("h1")).to_have_css("color", "rgb(1, 2, 3)")
    preview.change(head='<link rel="stylesheet" href="/new.css">')
    expect(shown.locator("h1")).to_have_css("color", "rgb(4, 5, 6)")
    assert preview.is_same


def test_a_page_is_the_same_by_the_name_of_its_directory(preview: Preview) -> None:
    preview.write()
    shown = preview.page
    preview.server.open(shown, "expts/1_a/")
    wait_until(shown, lambda: bool(preview.server.said))
    assert preview.server.said == [{"viewing": PAGE}]
    preview.change(first="<p>Found.</p>")
    expect(shown.get_by_text("Found.")).to_be_visible()

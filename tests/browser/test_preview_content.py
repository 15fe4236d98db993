"""What pages of records are made of, in the preview: figures, tables, and the pages of the themes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.preview_server import PreviewServer, serving
from tests.browser.table_pages import box_html, quiet, table_html, write_page
from tests.sphinxext.building import Built, Site, titled

pytestmark = pytest.mark.browser

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="60"><rect width="{0}" height="60"/></svg>'
ROWS = [["b", "2"], ["c", "3"], ["a", "1"], ["e", "5"], ["d", "4"], ["f", "6"]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PreviewServer]:
    with serving(tmp_path) as server:
        yield server


@pytest.fixture
def shown(page: Pages) -> Iterator[Page]:
    with quiet(page(viewport=(1000, 600))) as shown:
        yield shown
    assert page.blocked == []


def draw(server: PreviewServer, width: int) -> None:
    server.write("_images/a b/ö.svg", SVG.format(width))


def write_figure(server: PreviewServer, before: str = "", after: str = "") -> None:
    figure = '<p><img alt="A curve" src="_images/a%20b/%C3%B6.svg"></p>'
    page = f"<!doctype html><html><head><title>A</title></head><body>{before}{figure}{after}</body></html>"
    server.write("index.html", page)


def width_of(shown: Page) -> int:
    found: int = shown.get_by_alt_text("A curve").evaluate("image => image.naturalWidth")
    return found


TALL = '<p style="height: 2000px">Tall.</p>'


def test_a_figure_that_was_drawn_again_is_swapped_in_place(shown: Page, server: PreviewServer) -> None:
    draw(server, 100)
    write_figure(server)
    server.open(shown, "index.html")
    assert width_of(shown) == 100
    shown.evaluate("""() => {
      window.widths = new Set();
      const note = () => { widths.add(document.images[0].width); requestAnimationFrame(note); };
      note();
    }""")
    draw(server, 200)
    server.update(files=("_images/a b/ö.svg",))
    shown.wait_for_function("document.images[0].naturalWidth === 200")
    shown.wait_for_function("window.widths.has(200)")
    # Never one without a picture.
    assert shown.evaluate("Array.from(widths)") == [100, 200]


def test_a_browser_that_remembers_nothing_follows_as_well(page: Pages, server: PreviewServer) -> None:
    draw(server, 100)
    write_figure(server)
    shown = page(own=True)
    # Any route switches the browser's memory off.
    shown.route("**/nothing", lambda route: route.abort())
    server.open(shown, "index.html", times=3)
    shown.evaluate("window.isSame = true")
    draw(server, 200)
    write_figure(server, after="<p>After.</p>")
    server.update("index.html", files=("_images/a b/ö.svg",))
    expect(shown.get_by_text("After.")).to_be_visible()
    shown.wait_for_function("document.images[0].naturalWidth === 200")
    assert shown.evaluate("window.isSame")


def test_a_figure_that_is_named_again_though_it_is_the_same_is_left_alone(shown: Page, server: PreviewServer) -> None:
    draw(server, 100)
    write_figure(server)
    server.open(shown, "index.html")
    shown.wait_for_load_state("networkidle")
    server.update(files=("_images/a b/ö.svg",))
    server.show(warnings=[], failure=None)
    write_figure(server, after="<p>After.</p>")
    server.update("index.html", files=("_images/a b/ö.svg",))
    expect(shown.get_by_text("After.")).to_be_visible()
    address = shown.get_by_alt_text("A curve").get_attribute("src")
    assert address == "_images/a%20b/%C3%B6.svg"
    draw(server, 200)
    server.update(files=("_images/a b/ö.svg",))
    shown.wait_for_function("document.images[0].naturalWidth === 200")
    address = shown.get_by_alt_text("A curve").get_attribute("src")
    server.update("index.html", files=("_images/a b/ö.svg",))
    write_figure(server, after="<p>Later.</p>")
    server.update("index.html")
    expect(shown.get_by_text("Later.")).to_be_visible()
    assert shown.get_by_alt_text("A curve").get_attribute("src") == address


def test_a_figure_out_of_view_is_gone_to_and_one_above_moves_nothing(shown: Page, server: PreviewServer) -> None:
    draw(server, 100)
    write_figure(server, TALL, f"{TALL}<p>End.</p><p>This.</p>")
    server.open(shown, "index.html")
    draw(server, 200)
    server.update(files=("_images/a b/ö.svg",))
    expect(shown.get_by_alt_text("A curve")).to_be_in_viewport()
    # It was edited together with a text that can be seen.
    shown.evaluate("scrollTo(0, document.body.scrollHeight)")
    end = shown.get_by_text("End.").bounding_box()
    server.write("_images/a b/ö.svg", SVG.format(300).replace("60", "400"))
    write_figure(server, TALL, f"{TALL}<p>End.</p><p>That.</p>")
    server.update("index.html", files=("_images/a b/ö.svg",))
    shown.wait_for_function("document.images[0].naturalWidth === 300")
    expect(shown.get_by_text("That.")).to_be_visible()
    assert shown.get_by_text("End.").bounding_box() == pytest.approx(end, abs=1)


def test_a_figure_that_cannot_be_shown_yet_leaves_the_old_one(page: Pages, server: PreviewServer) -> None:
    shown = page()
    draw(server, 100)
    write_figure(server, before='<img alt="" src="50%.svg">')
    server.open(shown, "index.html")
    server.write("_images/a b/ö.svg", "<svg")
    server.update(files=("_images/a b/ö.svg",))
    write_figure(server, before='<img alt="" src="50%.svg">', after="<p>After.</p>")
    server.update("index.html")
    expect(shown.get_by_text("After.")).to_be_visible()
    assert width_of(shown) == 100
    draw(server, 200)
    server.update(files=("_images/a b/ö.svg",))
    shown.wait_for_function("document.images[1].naturalWidth === 200")


def first_column(shown: Page, expected: list[str]) -> None:
    expect(shown.locator("tbody tr > :first-child")).to_have_text(expected)


def write_table(server: PreviewServer, rows: list[list[str]], after: str = "") -> None:
    write_page(server.directory, box_html(table_html(["name", "size"], rows)) + after)


def test_a_sorted_table_stays_sorted_when_something_else_changes(shown: Page, server: PreviewServer) -> None:
    write_table(server, ROWS)
    server.open(shown, "index.html")
    shown.get_by_role("button", name="name").click()
    first_column(shown, list("abcdef"))
    table = shown.locator("table").element_handle()
    write_table(server, ROWS, "<p>A remark.</p>")
    server.update("index.html")
    expect(shown.get_by_text("A remark.")).to_be_visible()
    first_column(shown, list("abcdef"))
    assert table.evaluate("node => node.isConnected")


def test_a_table_that_changed_is_asked_again_for_what_the_reader_asked(shown: Page, server: PreviewServer) -> None:
    write_table(server, ROWS)
    server.open(shown, "index.html")
    shown.get_by_role("button", name="size").click()
    shown.get_by_role("button", name="Filter").click()
    shown.get_by_label("Filter size").fill("> 2")
    first_column(shown, list("cdef"))
    write_table(server, [*ROWS[:-1], ["f", "2.5"], ["g", "9"]])
    server.update("index.html")
    first_column(shown, list("fcdeg"))
    expect(shown.get_by_role("columnheader", name="size")).to_have_attribute("aria-sort", "ascending")
    shown.get_by_role("button", name="size").click()
    first_column(shown, list("gedcf"))


def test_a_table_over_the_whole_window_closes_when_it_changes(shown: Page, server: PreviewServer) -> None:
    write_table(server, ROWS)
    server.open(shown, "index.html")
    shown.get_by_role("button", name="Full width").click()
    write_table(server, [*ROWS, ["g", "7"]])
    server.update("index.html")
    first_column(shown, [*"bcaedf", "g"])
    shown.keyboard.press("Escape")
    expect(shown.get_by_role("dialog")).to_have_count(0)
    first_column(shown, [*"bcaedf", "g"])
    shown.get_by_role("button", name="Full width").click()
    expect(shown.get_by_role("dialog")).to_be_visible()


LOG = """\
2024-05-20 First
----------------

Some text.

.. code-block:: python

   a = 1

.. figure:: curve.svg

   The curve.

.. tab-set::

   .. tab-item:: One

      The first tab.

   .. tab-item:: Two

      The second tab.

2024-05-22 Second
-----------------

More text.
"""


@pytest.fixture(scope="module", params=["pydata_sphinx_theme", "furo", "alabaster"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    site = Site(tmp_path_factory.mktemp("record"), overrides={"html_theme": request.param, "project": "Sample"})
    files = {
        "index.rst": titled("Home"),
        "expts/1_a/notes.rst": titled("A", LOG),
        "expts/1_a/curve.svg": SVG.format(100),
        "expts/2_b/notes.rst": titled("B"),
    }
    return site.build(files=files)


@pytest.mark.parametrize("width", [1280, 390])
def test_pages_of_the_themes_change_in_place(built: Built, page: Pages, tmp_path: Path, width: int) -> None:
    address = "expts/1_a/notes.html"
    edited = LOG.replace("Some text", "Some *other* text").replace("a = 1", "a = 2").replace("Second\n", "Another\n-")
    with serving(built.out) as server, quiet(page(viewport=(width, 800))) as shown:
        shutil.copytree(built.out, tmp_path / "pages")
        server.directory = tmp_path / "pages"
        server.open(shown, address)
        shown.get_by_text("Two", exact=True).click()
        shown.evaluate("window.isSame = true; document.querySelector('figure').isSame = true")
        newer = built.rebuild({"expts/1_a/notes.rst": titled("A new title", edited)})
        shutil.copytree(newer.out, tmp_path / "pages", dirs_exist_ok=True)
        server.update(address, sources={address: "expts/1_a/notes.rst"})
        expect(shown.locator("section > h1")).to_contain_text("A new title")
        expect(shown.get_by_text("Some other text")).to_be_visible()
        expect(shown.locator(".highlight pre")).to_have_text("a = 2")
        expect(shown.get_by_text("The second tab.")).to_be_visible()
        expect(shown.get_by_role("heading", name="Another")).to_be_attached()
        assert shown.evaluate("document.querySelector('figure').isSame && window.isSame")
        shown.get_by_role("button", name="The curve").or_(shown.locator("figure img")).first.click()
        expect(shown.get_by_role("dialog")).to_be_visible()
        built.rebuild({"expts/1_a/notes.rst": titled("A", LOG)})
    assert page.blocked == []

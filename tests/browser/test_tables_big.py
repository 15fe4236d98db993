"""Big tables: the page has the first rows, and a file beside it the others, from wherever the page comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Pages
from tests.browser.table_pages import box_html, quiet, table_html, write_page, write_rest

pytestmark = pytest.mark.browser

SHOWN, TOTAL = 10, 3000
KEY = "0a1b2c"
HOSTILE = '<img src=x onerror="document.title=1">'
MORE = '<p class="exptdir-table-more">The first 10 of 3,000 rows; the file has them all.</p>'


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Leave the tests' output alone."""


def row(n: int) -> list[str]:
    return [f"run{n}", f"{(n * 7919) % 3001 / 10:.1f}", f"note {n}"]


def write_big(directory: Path, *, with_file: bool = True) -> None:
    rows: list[list[object]] = [[*row(n)] for n in range(SHOWN, TOTAL)]
    rows[-1][1] = ["-1.0", -1]
    rows[-1][2] = {"t": HOSTILE, "b": 1, "h": "javascript:document.title=2", "ink": "c00000", "fill": "1f3864"}
    rows[-2][1:] = [["-0.9", -0.9], {"t": "site", "h": "https://example.org/", "i": 1, "s": 1}]
    address = f"_tables/{KEY}.js"
    if with_file:
        write_rest(directory, KEY, rows, ["text", "number", "text"])
    attributes = f'data-exptdir-more="{KEY}" data-exptdir-src="{address}" data-exptdir-rows="{TOTAL}"'
    table = table_html(["run", "loss", "note"], [row(n) for n in range(SHOWN)])
    write_page(directory, box_html(table, attributes, MORE))


@pytest.fixture(params=["file", "http"])
def big(request: pytest.FixtureRequest, page: Pages, tmp_path: Path) -> Iterator[Page]:
    """A page with a big table, from a file and from a server."""
    write_big(tmp_path)
    server = None
    if request.param == "http":
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(tmp_path)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/index.html" if server else (tmp_path / "index.html").as_uri()
    with quiet(page(viewport=(900, 700), own=server is not None)) as here:
        # What a browser asks for of itself is not the page's.
        here.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        here.goto(address)
        yield here
    assert page.blocked == []
    if server:
        server.shutdown()
        server.server_close()


def names(here: Page) -> Locator:
    return here.locator("tbody tr > :first-child")


def status(here: Page) -> Locator:
    return here.get_by_role("status")


def test_all_rows_come_when_the_table_is_sorted(big: Page) -> None:
    asked: list[str] = []
    big.on("request", lambda request: asked.append(request.url))
    expect(names(big)).to_have_count(SHOWN)
    big.wait_for_load_state("networkidle")
    assert not [url for url in asked if "_tables" in url]
    big.get_by_role("button", name="loss").click()
    expect(status(big)).to_have_text("3,000 rows")
    expect(names(big).nth(0)).to_have_text("run2999")
    expect(names(big).nth(1)).to_have_text("run2998")
    expect(names(big).nth(2)).to_have_text("run0")
    # Only rows in sight, and some around them, are there.
    assert names(big).count() < 200


def test_what_the_file_says_is_text_and_looks_like_the_workbook(big: Page) -> None:
    big.get_by_role("button", name="loss").click()
    hostile = big.locator("tbody tr").nth(0).locator("td").nth(2)
    expect(hostile).to_have_text(HOSTILE)
    assert hostile.locator("strong").count() == 1
    assert hostile.locator("a, img").count() == 0
    expect(hostile).to_have_class("exptdir-ink exptdir-fill exptdir-deep")
    assert big.title() == "Tables"
    link = big.get_by_role("link", name="site")
    expect(link).to_have_attribute("href", "https://example.org/")
    assert link.locator("em .exptdir-strike").count() == 1


def test_the_button_shows_all_rows_and_the_last_is_reached(big: Page) -> None:
    big.get_by_role("button", name="Show all 3,000 rows").click()
    expect(status(big)).to_have_text("3,000 rows")
    expect(big.get_by_text("The first 10 of 3,000 rows")).to_have_count(0)
    expect(names(big).first).to_have_text("run0")
    big.locator(".dt-scroll-body").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(names(big).last).to_have_text("run2999")
    # Headers stand over their columns.
    places = "cells => cells.map(cell => Math.round(cell.getBoundingClientRect().left))"
    heads = big.locator(".dt-scroll-head th").evaluate_all(places)
    assert heads == big.locator(".dt-scroll-body tbody tr").last.locator("td").evaluate_all(places)


def test_all_rows_are_searched_filtered_and_copied(big: Page) -> None:
    big.get_by_label("Search this table").fill("run29 note")
    # run29, run290 to run299 and run2900 to run2999, but for the two without a note.
    expect(status(big)).to_have_text(f"{1 + 10 + 98} of 3,000 rows")
    big.get_by_role("button", name="Filter").click()
    big.get_by_label("Filter loss").fill("< 10")
    expected = [row(n)[0] for n in range(TOTAL - 2) if "run29" in f"run{n}" and float(row(n)[1]) < 10]
    expect(status(big)).to_have_text(f"{len(expected)} of 3,000 rows")
    expect(names(big).filter(has_text="run")).to_have_text(expected)
    big.get_by_role("button", name="Copy").click()
    expect(status(big)).to_have_text(f"{len(expected)} rows copied")


def test_all_rows_are_copied_at_once(page: Pages, tmp_path: Path) -> None:
    write_big(tmp_path)
    with quiet(page(own=True)) as here:
        here.context.grant_permissions(["clipboard-read", "clipboard-write"])
        here.goto((tmp_path / "index.html").as_uri())
        here.get_by_role("button", name="Copy").click()
        expect(status(here)).to_have_text("3,000 rows copied")
        lines = here.evaluate("navigator.clipboard.readText()").splitlines()
    assert len(lines) == 1 + TOTAL
    assert lines[:2] == ["run\tloss\tnote", "run0\t0.0\tnote 0"]
    assert lines[2999] == "run2998\t-0.9\tsite"


def test_all_rows_show_in_the_view_over_the_whole_window(page: Pages, tmp_path: Path) -> None:
    write_big(tmp_path)
    with quiet(page(viewport=(900, 1200))) as here:
        here.goto((tmp_path / "index.html").as_uri())
        here.get_by_role("button", name="Show all").click()
        expect(status(here)).to_have_text("3,000 rows")
        few = here.locator(".dt-scroll-body").bounding_box()
        here.get_by_role("button", name="Full width").click()
        assert few
        height = "document.querySelector('.dt-scroll-body').getBoundingClientRect().height"
        here.wait_for_function(f"{height} > {few['height']}")
        many = here.locator(".dt-scroll-body").bounding_box()
        assert many
        assert many["y"] + many["height"] <= 1200
        here.keyboard.press("Escape")
        expect(names(here).first).to_be_visible()


def test_a_file_that_is_not_there_is_reported_and_the_first_rows_stay(page: Pages, tmp_path: Path) -> None:
    write_big(tmp_path, with_file=False)
    here = page()
    here.goto((tmp_path / "index.html").as_uri())
    here.get_by_role("button", name="Show all 3,000 rows").click()
    expect(status(here)).to_have_text("The table’s data cannot be loaded.")
    expect(names(here)).to_have_count(SHOWN)

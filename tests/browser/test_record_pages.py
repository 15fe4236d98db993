"""Experiments' pages as a reader meets them: in a browser, from files, without a network."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.browser.conftest import Pages
from tests.sphinxext.building import Site

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="90"><rect width="300" height="90"/></svg>'
LOG = """\
Train the model
===============

Begun because of :expt:`2`.

2024/05/20: A start
-------------------

.. figure:: loss.svg

   The loss.

.. figure:: data/missing/loss.svg

   Not there.

.. datatable:: results.xlsx

   The best of each, after :expt:`2`.

.. protocol:: steps.txt

2024/05/22: More
----------------

:math:`\\frac{a}{b}` and a reference to :expt:`99`.

Level x :math:`x` with it.

.. math:: E = m c^2

====================================  ====================================  ================
``EXPTDIR_A_NAME_WITHOUT_A_BREAK_1``  ``EXPTDIR_A_NAME_WITHOUT_A_BREAK_2``  what is known
====================================  ====================================  ================
a_word_that_is_longer_than_most_are_  another_word_that_is_longer_than_it_  last
====================================  ====================================  ================

In text: ``expts/0001_a_path_that_is_longer_than_the_screen_of_a_phone_is_wide.csv``.
"""


@pytest.fixture(scope="module", params=["pydata_sphinx_theme", "furo", "alabaster", "sphinx_rtd_theme"])
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = Site(tmp_path_factory.mktemp("record"), overrides={"html_theme": request.param, "project": "Sample"})
    files: dict[str, str | bytes] = {
        "index.rst": "Home\n====\n\nThe latest is :expt:`1@2024-05-22`.\n",
        "expts/0001_train_the_model/notes.rst": LOG,
        "expts/0001_train_the_model/loss.svg": SVG,
        "expts/0001_train_the_model/steps.txt": "1. Load the data\n2. Wait\n" + "A long line of text. " * 30,
        "expts/0002_prepare_the_data/notes.rst": "Prepare the data\n================\n\nSo that :expt:`1` works.\n",
    }
    files |= {f"expts/{n:04}_more/notes.rst": f"More of it {n}\n{'=' * 20}\n" for n in range(3, 40)}
    site.write(files)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["model", "loss", *(f"fold {n}" for n in range(12))])
    for name in ("small", "large"):
        sheet.append([name, 0.35714285714285715, *range(12)])
    for row in sheet.iter_rows(min_row=2, min_col=2, max_col=2):
        row[0].number_format = "0.00"
    book.save(site.source / "expts/0001_train_the_model/results.xlsx")
    built = site.build("html")
    return built.out


def log_page(out: Path) -> str:
    return (out / "expts/0001_train_the_model/notes.html").as_uri()


def test_a_page_asks_nothing_of_the_network(record: Path, page: Pages) -> None:
    shown = page()
    shown.goto(log_page(record))
    shown.wait_for_load_state("networkidle")
    assert page.blocked == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_all_parts_of_a_log_are_there_and_nothing_overflows(record: Path, page: Pages, width: int, scheme: str) -> None:
    shown = page(viewport=(width, 900), color_scheme=scheme)
    shown.goto(log_page(record))
    assert shown.get_by_role("heading", name="#1: Train the model").first.is_visible()
    assert shown.locator("figure img").first.evaluate("image => image.naturalWidth") == 300
    assert "data/missing/loss.svg" in shown.locator("div.exptdir-placeholder").inner_text()
    assert shown.locator("table.exptdir-datatable td").nth(1).inner_text().strip() == "0.36"
    assert "So that #1 works." in shown.locator(".exptdir-cited-by").inner_text()
    assert shown.locator(".exptdir-missing").inner_text() == "99?"
    # What is too wide scrolls in its own box, not the page.
    assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_wide_plain_table_can_be_read_to_its_end_on_a_phone(record: Path, page: Pages) -> None:
    shown = page(viewport=(390, 844))
    shown.goto(log_page(record))
    last = shown.get_by_role("cell", name="last", exact=True)
    # As a finger does: the page stays, and the nearest box that can be scrolled goes to its end.
    last.evaluate(
        """cell => {
            for (let box = cell.parentElement; box !== document.body; box = box.parentElement)
                if (getComputedStyle(box).overflowX === "auto") { box.scrollLeft = box.scrollWidth; break; }
        }"""
    )
    left, right = last.evaluate("cell => [cell.getBoundingClientRect().left, cell.getBoundingClientRect().right]")
    assert left >= 0 and right <= 390
    assert shown.evaluate("document.documentElement.scrollWidth") == 390


def test_a_link_to_an_entry_arrives_there(record: Path, page: Pages) -> None:
    shown = page()
    shown.goto((record / "index.html").as_uri())
    shown.get_by_role("link", name="#1, 2024/05/22").click()
    shown.wait_for_url("**/notes.html#entry-2024-05-22")
    top = shown.locator("#entry-2024-05-22").evaluate("node => node.getBoundingClientRect().top")
    assert -5 <= top < 800


def test_formulas_stand_in_the_middle(record: Path, page: Pages) -> None:
    opened = page()
    opened.goto(log_page(record))
    off = """() => {
        const row = document.querySelector("div.math").getBoundingClientRect();
        const parts = [...document.querySelectorAll("div.math math > *")].map(one => one.getBoundingClientRect());
        const middle = (Math.min(...parts.map(one => one.left)) + Math.max(...parts.map(one => one.right))) / 2;
        return Math.abs(middle - (row.left + row.right) / 2);
    }"""
    assert opened.evaluate(off) < 20


def test_a_protocol_opens(record: Path, page: Pages) -> None:
    shown = page(javascript=False)
    shown.goto(log_page(record))
    text = shown.get_by_text("1. Load the data")
    assert not text.is_visible()
    shown.locator("details.exptdir-protocol summary").click()
    assert text.is_visible()


def test_the_navigation_leads_to_neighbours(record: Path, page: Pages) -> None:
    shown = page(javascript=False)
    shown.goto((record / "expts/0020_more/notes.html").as_uri())
    navigation = shown.locator(".exptdir-nav, .exptdir-neighbours").first
    names = navigation.get_by_role("link").all_inner_texts()
    assert any("More of it 19" in name for name in names)
    assert any("More of it 21" in name for name in names)
    assert not any("More of it 39" in name for name in names)
    navigation.get_by_role("link", name="More of it 21").click()
    shown.wait_for_url("**/0021_more/notes.html")


def test_a_formula_stands_on_its_line(page: Pages, record: Path):
    opened = page()
    opened.goto((record / "expts/0001_train_the_model/notes.html").as_uri())
    text, formula = opened.evaluate(
        """() => {
            const line = [...document.querySelectorAll("p")].find(p => p.textContent.startsWith("Level x"));
            const range = document.createRange();
            range.setStart(line.firstChild, 6);
            range.setEnd(line.firstChild, 7);
            return [range.getBoundingClientRect().bottom, line.querySelector("mi").getBoundingClientRect().bottom];
        }"""
    )
    # The box of a letter in a text reaches below the line, that of a formula's hardly does.
    assert -1 < text - formula < 8

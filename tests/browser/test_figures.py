"""Figures as a reader handles them: enlarged by pointer, keyboard or touch, unfolded, and in either scheme."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Pages
from tests.sphinxext.building import Site, no_matplotlib, titled

pytestmark = pytest.mark.browser

DRAW = """\
from pathlib import Path

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="60"><rect width="{0}" height="60"/></svg>'
for name, width in [("small", 200), ("small.dark", 201), ("linked", 100)]:
    Path(f"{name}.svg").write_text(SVG.format(width))
"""
LOG = """\
.. figure:: small.svg
   :alt: A small curve

   The curve.

.. image:: linked.svg
   :target: ../../index.html

.. image:: linked.svg
   :width: 50px
   :alt: Half of it
"""
FAILS = """\
def load(name):
    with open(name) as file:
        return file.read()

load("missing.csv")
"""
FILES = {
    "index.rst": titled("Home", ".. expt-figures::\n"),
    "expts/1_a/notes.rst": titled("A", LOG),
    "expts/1_a/plot.py": DRAW,
    "expts/2_b/notes.rst": titled("B", "No figure."),
    "expts/3_c/notes.rst": titled("C", ".. figure:: never.svg\n\n   Never drawn."),
    "expts/3_c/plot.py": FAILS,
}


@pytest.fixture(scope="module", params=["pydata_sphinx_theme", "furo", "alabaster"])
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    overrides = {"html_theme": request.param, "exptdir_plot_dark": True, "project": "Sample"}
    site = Site(tmp_path_factory.mktemp("record"), overrides=overrides)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in no_matplotlib(tmp_path_factory.mktemp("cache")).items():
            patch.setenv(name, value)
        built = site.build(files=FILES)
    assert built.warnings.count("WARNING") == built.warnings.count("plot.py") > 0
    return built.out


def open_log(record: Path, page: Pages, **options: object) -> Page:
    shown = page(**options)  # type: ignore[arg-type]
    shown.goto((record / "expts/1_a/notes.html").as_uri())
    return shown


def seen(shown: Page) -> list[int]:
    """Return the natural widths of the images of the figure that are seen."""
    widths = "images => images.filter(i => i.offsetParent !== null).map(i => i.naturalWidth)"
    found: list[int] = shown.locator("figure img").evaluate_all(widths)
    return found


def test_a_click_enlarges_a_figure_and_another_closes_it(record: Path, page: Pages) -> None:
    shown = open_log(record, page)
    shown.get_by_role("button", name="A small curve").click()
    dialog = shown.get_by_role("dialog", name="A small curve")
    assert dialog.is_visible()
    large = dialog.locator("img")
    assert large.get_attribute("alt") == "A small curve"
    assert large.evaluate("image => image.getBoundingClientRect().width") > 900
    large.click()
    assert not dialog.is_visible()
    assert page.blocked == []


@pytest.mark.parametrize("key", ["Enter", " "])
def test_the_keyboard_does_so_too_and_the_focus_comes_back(record: Path, page: Pages, key: str) -> None:
    shown = open_log(record, page)
    figure = shown.get_by_role("button", name="A small curve")
    figure.focus()
    shown.keyboard.press(key)
    assert shown.get_by_role("dialog").is_visible()
    assert shown.evaluate("document.activeElement.closest('dialog') !== null")
    shown.keyboard.press("Escape")
    assert not shown.get_by_role("dialog").is_visible()
    assert figure.evaluate("figure => figure === document.activeElement")


def test_links_of_the_author_stay_links_and_those_to_the_image_enlarge_it(record: Path, page: Pages) -> None:
    shown = open_log(record, page)
    shown.get_by_alt_text("Half of it").click()
    assert shown.get_by_role("dialog", name="Half of it").is_visible()
    shown.keyboard.press("Escape")
    shown.locator("a[href='../../index.html'] img[src*='linked']").first.click()
    shown.wait_for_url("**/index.html")


def test_on_a_telephone_nothing_overflows(record: Path, page: Pages) -> None:
    shown = open_log(record, page, viewport=(390, 844))
    shown.get_by_role("button", name="A small curve").click()
    box = shown.get_by_role("dialog").locator("img").bounding_box()
    assert box is not None and box["width"] <= 390
    shown.get_by_role("button", name="Close").click()
    shown.locator("details.exptdir-figure-origin summary").first.click()
    assert shown.get_by_text("from pathlib import Path").first.is_visible()
    assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_pages_without_figures_have_no_script_for_them(record: Path) -> None:
    assert "exptdir-figures.js" not in (record / "expts/2_b/notes.html").read_text("utf-8")


def test_without_scripts_the_figure_is_a_figure_and_what_drew_it_unfolds(record: Path, page: Pages) -> None:
    shown = open_log(record, page, javascript=False)
    assert shown.locator("figure img").first.get_attribute("role") is None
    shown.locator("details.exptdir-figure-origin summary").first.click()
    assert shown.get_by_text("from pathlib import Path").first.is_visible()


def test_the_scheme_decides_which_figure_is_seen(record: Path, page: Pages) -> None:
    has_dark = "exptdir-dark" in (record / "expts/1_a/notes.html").read_text("utf-8")
    assert seen(open_log(record, page, color_scheme="light")) == [200]
    assert seen(open_log(record, page, color_scheme="dark")) == [201 if has_dark else 200]


def test_the_index_is_a_grid_whose_pictures_lead_to_their_figures(record: Path, page: Pages) -> None:
    shown = page(viewport=(1280, 800))
    shown.goto((record / "index.html").as_uri())
    items = shown.locator(".exptdir-figure-index li")
    tops = items.evaluate_all("items => items.map(item => item.getBoundingClientRect().top)")
    # The two that were drawn, and the one that could not be.
    assert len(tops) == 3 and len(set(tops)) == 1
    shown.locator(".exptdir-figure-index a").first.click()
    shown.wait_for_url("**/notes.html#figure-*")
    assert page.blocked == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_traceback_of_a_figure_that_was_never_drawn_reads_as_in_a_terminal(
    record: Path, page: Pages, scheme: str
) -> None:
    shown = page(color_scheme=scheme, viewport=(390, 844))
    shown.goto((record / "expts/3_c/notes.html").as_uri())
    text = shown.locator("pre", has_text="FileNotFoundError")
    shown.locator("details", has=text).locator("summary").first.click()
    align, space = text.evaluate("text => [getComputedStyle(text).textAlign, getComputedStyle(text).whiteSpace]")
    assert align in ("left", "start")
    # Signs below a line stay below it: long lines do not wrap, but scroll.
    assert space == "pre"
    said = text.inner_text()
    assert '\n  File "expts/3_c/plot.py", line 5, in <module>\n    load("missing.csv")\n' in said
    assert str(record.parent) not in shown.content()
    assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

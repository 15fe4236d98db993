"""Data tables in the pages of real themes, built from a workbook."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.table_pages import CONTRASTS, quiet
from tests.sphinxext.building import Site

pytestmark = pytest.mark.browser

FILLS = ("FFC7CE", "FFEB9C", "C6EFCE", "1F3864", "FFFF00", "FF0000", "92D050", "0070C0")
INKS = ("C00000", "FFFF00", "00B050", "0563C1", "FFFFFF", "7F7F7F")
ROWS = 60


def fill(colour: str) -> PatternFill:
    return PatternFill("solid", fgColor=colour)


def save_workbook(path: Path) -> list[str]:
    """Save a workbook with a coloured table; return its runs by loss."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["run", "colour", "loss", *(f"fold {n}" for n in range(12))])
    numbers = random.Random(7)
    rows = [(f"run{n}", "", numbers.random() * 100) for n in range(1, ROWS + 1)]
    for row in rows:
        sheet.append([*row, *range(12)])
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), fill("1F3864")
    for at, (row,) in enumerate(sheet.iter_rows(min_row=2, min_col=2, max_col=2)):
        row.value = "text"
        if at < len(FILLS):
            row.fill = fill(FILLS[at])
        elif at < len(FILLS) + len(INKS):
            row.font = Font(color=INKS[at - len(FILLS)])
    for (cell,) in sheet.iter_rows(min_row=2, min_col=3, max_col=3):
        cell.number_format = "0.00"
    book.save(path)
    return [name for name, _, _ in sorted(rows, key=lambda row: row[2])]


@pytest.fixture(scope="module", params=["pydata_sphinx_theme", "furo", "alabaster"])
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    site = Site(tmp_path_factory.mktemp("record"), overrides={"html_theme": request.param, "project": "Sample"})
    site.write({"index.rst": "Home\n====\n\nBefore.\n\n.. datatable:: r.xlsx\n   :caption: All runs\n\nAfter.\n"})
    names = save_workbook(site.source / "r.xlsx")
    return (site.build("html").out / "index.html").as_uri(), names


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["wide and light", "phone and dark"])
def shown(request: pytest.FixtureRequest, record: tuple[str, list[str]], page: Pages) -> Iterator[Page]:
    width, scheme = request.param
    with quiet(page(viewport=(width, 900), color_scheme=scheme)) as here:
        here.goto(record[0])
        yield here
    assert page.blocked == []


def test_a_table_works_in_the_theme(shown: Page, record: tuple[str, list[str]]) -> None:
    cells = [(text, contrast) for text, contrast in shown.evaluate(CONTRASTS) if text.startswith(("<td", "<th"))]
    assert len(cells) > ROWS
    assert [(text, round(contrast, 2)) for text, contrast in cells if contrast < 4.5] == []
    shown.get_by_role("button", name="loss").click()
    expect(shown.locator("tbody tr > :first-child")).to_have_text(record[1])
    assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    box = shown.locator(".exptdir-table-scroller")
    box.evaluate("box => box.scrollTo(0, 500)")
    head, edge = shown.locator("thead th").first.bounding_box(), box.bounding_box()
    assert head and edge and abs(head["y"] - edge["y"]) <= 2
    wide = shown.get_by_role("button", name="Full width")
    if shown.viewport_size is not None and shown.viewport_size["width"] < 500:
        # A phone has no more width to give.
        expect(wide).to_be_hidden()
        return
    wide.click()
    expect(shown.get_by_role("dialog")).to_be_visible()
    assert box.evaluate("box => box.getBoundingClientRect().bottom <= window.innerHeight")

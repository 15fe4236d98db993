"""How data tables look: readable in both schemes, within their box on a phone, plain on paper."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.table_pages import CONTRASTS, box_html, quiet, table_html, write_page

pytestmark = pytest.mark.browser

#: What workbooks are coloured with: black, white, the pure colours, those of the standard palette and of conditional
#: formats, and what lies between.
COLOURS = """
000000 ffffff ff0000 00ff00 0000ff ffff00 ff00ff 00ffff c00000 ffc000 92d050 00b050 00b0f0 0070c0 002060 7030a0
ffc7ce ffeb9c c6efce 9c0006 9c5700 006100 1f3864 808080 d9d9d9 404040 f4b084 8ea9db a9d08e
""".split()  # noqa: SIM905

LIGHT = "html { background: #fff; color: #222832; }"
DARK = """
  html[data-theme=dark], body[data-theme=auto] {
    --pst-color-background: #14181e; --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af;
    --pst-color-table-heading-bg: #29313d; background: #14181e; color: #ced6dd;
  }
"""


def coloured(ink: str | None, fill: str | None, content: str = "text") -> str:
    colours = {"ink": ink, "fill": fill}
    style = ";".join(f"--exptdir-{part}:#{colour}" for part, colour in colours.items() if colour)
    classes = " ".join(f"exptdir-{part}" for part, colour in colours.items() if colour)
    return f'<td class="{classes}" style="{style}">{content}</td>'


def colourful() -> str:
    """Write a table with all inks, all fills, and each ink on each fill."""
    cells = [coloured(ink, fill) for ink, fill in product([None, *COLOURS], repeat=2) if ink or fill]
    cells += [coloured(None, fill, '<a href="#">text</a>') for fill in COLOURS]
    tinted = '<span class="exptdir-ink" style="--exptdir-ink:#ff0000">text</span>'
    cells += [coloured(None, fill, tinted) for fill in COLOURS]
    rows = "".join(f"<tr>{''.join(cells[at : at + 30])}</tr>" for at in range(0, len(cells), 30))
    head = '<thead><tr><th class="head" scope="col">a</th></tr></thead>'
    return box_html(f'<table class="exptdir-datatable">{head}<tbody>{rows}</tbody></table>')


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("scheme", ["light", "dark", "auto"])
def test_all_text_in_coloured_cells_is_readable(page: Pages, tmp_path: Path, scheme: str, javascript: bool) -> None:
    here = page(color_scheme="light" if scheme == "light" else "dark", javascript=javascript)
    write_page(tmp_path, colourful())
    path = tmp_path / "index.html"
    html = path.read_text("utf-8").replace("<head>", f"<head><style>{LIGHT if scheme == 'light' else DARK}</style>")
    where = "<body" if scheme == "auto" else "<html"
    path.write_text(html.replace(where, f'{where} data-theme="{scheme}"'), "utf-8")
    here.goto(path.as_uri())
    found = here.evaluate(CONTRASTS)
    assert len(found) > len(COLOURS) ** 2
    assert [(text, round(contrast, 2)) for text, contrast in found if contrast < 4.5] == []


def test_colours_stay_what_they_were(page: Pages, tmp_path: Path) -> None:
    here = page()
    here.goto(write_page(tmp_path, box_html(table_html(["a"], []).replace("<tbody>", f"<tbody><tr>{CELLS}</tr>"))))
    pale, deep, red = here.locator("tbody td").evaluate_all(HUES)
    assert pale[1] == pytest.approx([255, 199, 206], abs=3)
    assert deep[1] == pytest.approx([31, 56, 100], abs=3)
    assert deep[0] == pytest.approx([255, 255, 255], abs=3)
    assert red[0] == pytest.approx([192, 0, 0], abs=3)


CELLS = coloured(None, "ffc7ce") + coloured("ffffff", "1f3864") + coloured("c00000", None)
HUES = """cells => cells.map((cell) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  const style = getComputedStyle(cell);
  return [style.color, style.backgroundColor].map((colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data).slice(0, 3);
  });
})"""


@pytest.fixture
def wide(page: Pages, tmp_path: Path) -> Iterator[Page]:
    """A phone with a table of many rows and columns, and one whose first column is wide."""
    header = ["name", *(f"column {n}" for n in range(12))]
    rows = [[f"row {n}", *(str(n * k) for k in range(12))] for n in range(60)]
    long = [["word" * 8, "1", "2"] for _ in range(6)]
    address = write_page(tmp_path, box_html(table_html(header, rows)), box_html(table_html(["a", "b" * 40, "c"], long)))
    with quiet(page(viewport=(390, 844))) as here:
        here.goto(address)
        yield here


def test_on_a_phone_the_table_scrolls_in_its_box_and_not_the_page(wide: Page) -> None:
    assert wide.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    box = wide.locator(".exptdir-table-scroller").first
    assert box.evaluate("box => box.scrollWidth > box.clientWidth && box.scrollHeight > box.clientHeight")
    # With the keyboard, too.
    expect(box).to_have_attribute("tabindex", "0")
    assert wide.locator(".exptdir-table-source").first.evaluate("node => node.getBoundingClientRect().right") <= 390


def test_headers_and_first_column_stay_in_sight(wide: Page) -> None:
    box = wide.locator(".exptdir-table-scroller").first
    box.evaluate("box => box.scrollTo(300, 400)")
    edge = box.bounding_box()
    head = wide.locator("thead th").nth(4).bounding_box()
    first = wide.locator("tbody tr").nth(30).locator("td").first.bounding_box()
    corner = wide.locator("thead th").first.bounding_box()
    assert edge and head and first and corner
    assert abs(head["y"] - edge["y"]) <= 2
    assert abs(first["x"] - edge["x"]) <= 2
    assert abs(corner["x"] - edge["x"]) <= 2
    # Nothing shines through.
    at = "([x, y]) => document.elementFromPoint(x, y).closest('td, th').textContent"
    assert wide.evaluate(at, [first["x"] + 3, first["y"] + 5]).startswith("row")


def test_a_first_column_that_would_cover_the_others_does_not_stay(wide: Page) -> None:
    second = wide.locator(".exptdir-table").nth(1)
    expect(second).to_have_class("exptdir-table docutils container exptdir-live exptdir-wide-first")
    assert second.locator("tbody td").first.evaluate("cell => getComputedStyle(cell).position") == "static"


def test_on_paper_there_are_all_rows_and_no_tools(wide: Page) -> None:
    wide.emulate_media(media="print")
    expect(wide.get_by_role("button", name="Copy").first).not_to_be_visible()
    box = wide.locator(".exptdir-table-scroller").first
    assert box.evaluate("box => box.clientHeight >= box.querySelector('table').offsetHeight")


def test_other_tables_keep_their_look(page: Pages, tmp_path: Path) -> None:
    rows = "<thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody>"
    other = f'<table class="docutils" id="other">{rows}</table>'
    looks = """() => [...document.querySelectorAll("#other, #other *")].map((node) => {
      const style = getComputedStyle(node);
      return [...style].filter((name) => !name.startsWith("--")).map((name) => style.getPropertyValue(name)).join();
    })"""
    here = page()
    address = write_page(tmp_path, box_html(table_html(["a", "b"], [["1", "2"]] * 6)), other)
    here.goto(address)
    here.get_by_role("button", name="a").first.click()
    expect(here.get_by_role("status")).to_have_text("6 rows")
    with_styles = here.evaluate(looks)
    here.evaluate("document.querySelectorAll('link[rel=stylesheet]').forEach((link) => link.remove())")
    assert here.evaluate(looks) == with_styles


SENTENCE = "The patient reported a mild headache after the second dose and recovered within two days."
ALIGNMENTS = """cells => cells.map((cell) => getComputedStyle(cell).textAlign.replace("start", "left"))"""


def test_where_a_table_scrolls_labels_stay_in_a_line_and_sentences_have_room(page: Pages, tmp_path: Path) -> None:
    header = ["arm", "patient", "remark", "column 3", "column 4", "column 5"]
    rows = [["control", f"patient {n}", SENTENCE, "1", "2", "3"] for n in range(8)]
    address = write_page(tmp_path, box_html(table_html(header, rows)))
    lines = """cell => {
      const range = new Range();
      range.selectNodeContents(cell);
      return new Set(Array.from(range.getClientRects(), ({ bottom }) => Math.round(bottom))).size;
    }"""
    with quiet(page(viewport=(390, 844), own=True)) as here:
        here.goto(address)
        expect(here.locator(".exptdir-goes-on")).to_be_visible()
        texts = here.locator("tbody tr").first.locator("td")
        patient, remark = texts.nth(1), texts.nth(2)
        assert patient.evaluate(lines) == 1
        assert 2 <= remark.evaluate(lines) <= 6
        head = here.locator("thead")
        assert head.evaluate("head => head.offsetHeight < 1.8 * parseFloat(getComputedStyle(head).fontSize) * 1.35")
        # On paper, where nothing scrolls, nothing fades and no column is kept wide.
        mask = "box => getComputedStyle(box).maskImage"
        assert "gradient" in here.locator(".exptdir-table-scroller").evaluate(mask)
        here.emulate_media(media="print")
        assert here.locator(".exptdir-table-scroller").evaluate(mask) == "none"
        assert here.locator("thead th").nth(2).evaluate("cell => getComputedStyle(cell).minWidth") == "0px"
        fits = "table => table.offsetWidth <= table.closest('.exptdir-table').clientWidth"
        assert here.locator("table").evaluate(fits)
        # Where there is room again, columns are as wide as the browser makes them.
        here.emulate_media(media="screen")
        here.set_viewport_size({"width": 1280, "height": 800})
        expect(here.locator(".exptdir-goes-on")).to_have_count(0)
        assert here.locator("thead th").nth(2).evaluate("cell => cell.style.minWidth") == ""


def test_thirty_columns_are_printed_whole(page: Pages, tmp_path: Path) -> None:
    header = [f"column {n}" for n in range(30)]
    row = "".join(f'<td class="exptdir-number">{n * 31.07:.2f}</td>' for n in range(30))
    table = table_html(header, []).replace("<tbody>", f"<tbody><tr>{row}</tr>")
    with quiet(page(viewport=(690, 900), own=True)) as here:
        here.goto(write_page(tmp_path, box_html(table)))
        # As themes have it.
        here.add_style_tag(content="table { border-collapse: collapse }")
        expect(here.locator(".exptdir-goes-on")).to_be_visible()
        here.emulate_media(media="print")
        assert here.locator("table").evaluate("table => table.offsetWidth <= document.documentElement.clientWidth")


def test_headings_stand_as_their_columns_do_and_above_a_unit_they_sort(page: Pages, tmp_path: Path) -> None:
    head = '<tr><th class="head">name</th><th class="head exptdir-number">mass</th></tr>'
    units = '<tr><th class="head"></th><th class="head exptdir-number">mg</th></tr>'
    body = "".join(f'<tr><td>{name}</td><td class="exptdir-number">{n}</td></tr>' for n, name in enumerate("abcde"))
    table = f'<table class="exptdir-datatable docutils"><thead>{head}{units}</thead><tbody>{body}</tbody></table>'
    with quiet(page()) as here:
        here.goto(write_page(tmp_path, box_html(table)))
        # As a theme does that centres them.
        here.add_style_tag(content="table th { text-align: center }")
        assert here.locator("thead th").evaluate_all(ALIGNMENTS) == ["left", "right", "left", "right"]
        # The arrow stands beside what there is to read, and a filter is called by name and unit.
        expect(here.locator("thead button")).to_have_text(["name", "mg"])
        here.get_by_role("button", name="Filter").click()
        expect(here.get_by_role("searchbox", name="Filter mass mg")).to_be_visible()

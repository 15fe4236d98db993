"""The shape of data tables as a reader sees it: captions, long texts, labels, density, phones, and no blanks."""

from __future__ import annotations

from collections.abc import Iterator

import openpyxl
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Pages
from tests.browser.table_pages import quiet
from tests.sphinxext.building import Site

pytestmark = pytest.mark.browser

CAPTION = "Masses of three samples, each weighed on the day after it was dried, with the blank taken off. " * 3
SEQUENCE = "ACGT" * 100
PAGE = f"""\
Home
====

.. datatable:: small.csv
   :name: small
   :caption: {CAPTION}

.. datatable:: sheets.xlsx
   :sheet: *
   :caption: {CAPTION}

.. datatable:: long.csv
   :name: long

.. datatable:: labels.csv
   :name: labels

.. datatable:: numbers.csv
   :name: numbers

.. datatable:: units.csv
   :name: units

.. datatable:: reader.csv
   :name: reader

.. datatable:: plate.csv
   :name: plate

.. datatable:: remarks.csv
   :name: remarks
   :header-rows: 2

.. datatable:: many.csv
   :name: many
"""


def rows(*head: str, count: int) -> str:
    """Return a delimited file with as many rows."""
    lines = [
        ",".join(f"{name}{at}" if number == 0 else str(at * number) for number, name in enumerate(head))
        for at in range(count)
    ]
    return "\n".join([",".join(head), *lines]) + "\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    site = Site(tmp_path_factory.mktemp("shape"), overrides={"html_theme": "pydata_sphinx_theme", "project": "Sample"})
    many = [f"{'patient' if number == 0 else 'column'} {number}" for number in range(14)]
    site.write(
        {
            "index.rst": PAGE,
            "expts/0001_x/index.rst": ":orphan:\n\nX\n=\n",
            "small.csv": rows("s", "mg", "mm", count=10),
            "long.csv": f"name,sequence,remark\na,{SEQUENCE},{'some long words ' * 30}\nb,ACGT,short\n",
            "labels.csv": ",".join(many) + "\n" + "".join(f"patient {n}" + f",{n}.25" * 13 + "\n" for n in (9, 10, 11)),
            "numbers.csv": "a,loss\ny,NaN\nx,0.5\nz,inf\nv,2.5\nw,n/a\n",
            "units.csv": "t,OD\nmin,nm\n" + "".join(f"{9 - n},{n}\n" for n in range(5)),
            "reader.csv": "Software,3.08\nPlate,7\n\nwell,gain,day,time\nA1,12%,25-Mar-2024,9:05\n"
            "A2,9%,3-Apr-2024,10:15\nA3,100%,1-Feb-2024,8:30\n\nread twice\n",
            "remarks.csv": "t,OD,\nmin,nm,\n" + "".join(f"{n},{n},fine\n" for n in range(5)),
            "plate.csv": "Software,3.08\n\n,1,2,3\nA,1,2,3\nB,4,5,6\n",
            "many.csv": rows("run", "loss", "n", count=600),
        }
    )
    book = openpyxl.Workbook()
    for sheet in (book.worksheets[0], book.create_sheet("Other")):
        sheet.append(["a", "b"])
        sheet.append([1, 2])
    book.save(site.source / "sheets.xlsx")
    built = site.build("html")
    assert built.located == []
    return (built.out / "index.html").as_uri()


@pytest.fixture
def wide(address: str, page: Pages) -> Iterator[Page]:
    with quiet(page()) as here:
        here.goto(address)
        yield here


@pytest.fixture
def phone(address: str, page: Pages) -> Iterator[Page]:
    with quiet(page(viewport=(390, 844))) as here:
        here.goto(address)
        yield here


def box(here: Page, name: str) -> Locator:
    """Return a table with all that belongs to it."""
    return here.locator(".exptdir-table", has=here.locator(f"table#{name}"))


def lines(cell: Locator) -> float:
    """Return how many lines a text takes."""
    return cell.evaluate(
        "node => node.getClientRects().length && (node.getBoundingClientRect().height"
        " / parseFloat(getComputedStyle(node).lineHeight || 20))"
    )


def test_a_caption_is_as_wide_as_the_text_and_not_as_its_table(wide: Page) -> None:
    caption = box(wide, "small").locator(".caption-text")
    width = caption.evaluate("node => node.getBoundingClientRect().width")
    table = box(wide, "small").locator("tbody").evaluate("node => node.getBoundingClientRect().width")
    assert table < 300 < 500 < width
    assert lines(caption) < 6
    assert wide.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_caption_of_all_sheets_looks_like_the_others(wide: Page) -> None:
    look = """node => { const style = getComputedStyle(node);
      return [style.fontSize, style.fontStyle, style.fontWeight, style.color]; }"""
    sheets = wide.locator(".exptdir-tables-caption")
    assert sheets.evaluate(look) == wide.locator("table#small caption .caption-text").evaluate(look)
    number = ".caption-number"
    assert sheets.locator(number).evaluate(look) == wide.locator(f"table#small {number}").evaluate(look)
    widths = [
        one.evaluate("node => node.getBoundingClientRect().width")
        for one in (sheets, wide.locator("table#small .caption-text"))
    ]
    assert abs(widths[0] - widths[1]) < 40


def test_long_texts_are_all_in_reach_and_widen_neither_table_nor_page(wide: Page) -> None:
    sequence, remark = (wide.locator("table#long tbody tr").first.locator("td").nth(at) for at in (1, 2))
    assert sequence.inner_text() == SEQUENCE
    for cell in (sequence, remark):
        assert cell.evaluate("node => node.offsetWidth") < 560
        assert cell.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
    assert lines(remark) < 24


def test_labels_stay_in_one_line_where_the_table_scrolls_anyway(phone: Page) -> None:
    scroller = box(phone, "labels").locator(".exptdir-table-scroller")
    assert scroller.evaluate("node => node.scrollWidth > node.clientWidth")
    heights = (
        box(phone, "labels").locator("tbody td:first-child").evaluate_all("cells => cells.map(c => c.offsetHeight)")
    )
    assert max(heights) < 40


def test_what_stands_for_a_number_stands_with_the_numbers(wide: Page) -> None:
    cells = wide.locator("table#numbers tbody td:nth-child(2)")
    expect(cells).to_have_text(["NaN", "0.5", "inf", "2.5", "n/a"])
    assert set(cells.evaluate_all("cells => cells.map(cell => getComputedStyle(cell).textAlign)")) == {"right"}
    # It is never the least nor the most.
    for order in (["0.5", "2.5"], ["2.5", "0.5"]):
        wide.locator("table#numbers").get_by_role("columnheader", name="loss").get_by_role("button").click()
        expect(cells.nth(0)).to_have_text(order[0])
        expect(cells.nth(1)).to_have_text(order[1])


def test_ten_rows_are_seen_at_a_glance_and_have_no_tools(wide: Page) -> None:
    assert wide.locator("table#small tbody").evaluate("node => node.offsetHeight") < 360
    expect(box(wide, "small").get_by_role("button", name="Copy")).to_have_count(0)
    expect(box(wide, "many").get_by_role("button", name="Copy")).to_have_count(1)


def test_units_stay_above_the_data_when_these_are_sorted(wide: Page) -> None:
    head = wide.locator("table#units thead tr")
    expect(head).to_have_count(2)
    wide.locator("table#units thead tr").nth(1).get_by_role("button").first.click()
    expect(wide.locator("table#units tbody td:first-child")).to_have_text(["5", "6", "7", "8", "9"])
    expect(head.nth(1)).to_contain_text("min")


def test_what_an_instrument_says_is_no_heading_and_its_percentages_days_and_times_sort(wide: Page) -> None:
    head = wide.locator("table#reader thead tr")
    weights = [head.nth(at).locator("th").first.evaluate("th => getComputedStyle(th).fontWeight") for at in (0, 3)]
    assert weights[0] == "400" < weights[1]
    assert head.nth(0).locator("th").nth(1).evaluate("th => getComputedStyle(th).textAlign") == "start"
    expect(wide.locator("table#plate thead tr:last-child button")).to_have_count(4)
    expect(box(wide, "reader").get_by_text("read twice")).to_have_class("exptdir-table-note")
    for name, order in (("gain", ["A2", "A1", "A3"]), ("day", ["A3", "A1", "A2"]), ("time", ["A3", "A1", "A2"])):
        head.nth(3).get_by_role("columnheader", name=name).get_by_role("button").click()
        expect(wide.locator("table#reader tbody td:first-child")).to_have_text(order)


def test_names_are_headings_above_their_units_where_a_column_has_no_name(wide: Page) -> None:
    head = wide.locator("table#remarks thead tr")
    expect(head).to_have_count(2)
    assert head.first.locator("th").first.evaluate("th => getComputedStyle(th).fontWeight") > "400"


def test_on_a_phone_there_are_no_useless_buttons_and_a_table_that_goes_on_shows_it(phone: Page) -> None:
    expect(box(phone, "many").get_by_role("button", name="Copy")).to_be_hidden()
    expect(box(phone, "many").get_by_role("button", name="Full width")).to_be_hidden()
    expect(box(phone, "many").get_by_label("Search this table")).to_be_visible()
    scroller = box(phone, "labels").locator(".exptdir-table-scroller")
    assert "linear-gradient" in scroller.evaluate("node => getComputedStyle(node).maskImage")
    scroller.evaluate("node => node.scrollTo(node.scrollWidth, 0)")
    expect(scroller).not_to_have_class("exptdir-table-scroller exptdir-goes-on")
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_filter_that_leaves_no_row_leaves_no_blank(wide: Page) -> None:
    many = box(wide, "many")
    many.get_by_label("Search this table").fill("run5")
    expect(many.get_by_role("status")).to_have_text("111 of 600 rows")
    many.get_by_label("Search this table").fill("nothing like it")
    expect(many.get_by_role("status")).to_have_text("0 of 600 rows")
    wide.wait_for_function("node => node.getBoundingClientRect().height < 260", arg=many.element_handle())

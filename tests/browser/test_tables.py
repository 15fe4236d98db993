"""Data tables in a browser: sorted, searched, filtered, copied and widened by a reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Pages
from tests.browser.table_pages import Cell, box_html, quiet, table_html, write_page

pytestmark = pytest.mark.browser

HEADER = ["run", "loss", "when", "note"]
ROWS: list[list[Cell]] = [
    ["run1", ("0.40", "0.401"), ("1/6/2024", "2024-06-01"), "first"],
    ["run10", ("12.50", "12.5"), ("10/5/2024", "2024-05-10"), "Größe"],
    ["run2", ("-3.00", "-3"), ("2/5/2024", "2024-05-02"), ""],
    ["run3", ("0.40", "0.396"), ("3/12/2023", "2023-12-03"), 'say "no"\tthen'],
    ["run21", ("1,000.00", "1000"), ("21/5/2024", "2024-05-21"), "=1+1"],
    ["run4", "", ("4/5/2024", "2024-05-04"), "last"],
]
NAMES = ["run1", "run10", "run2", "run3", "run21", "run4"]
MERGED = (
    '<table class="exptdir-datatable"><thead><tr><th scope="col">a</th><th scope="col">b</th></tr></thead><tbody>'
    '<tr><td rowspan="2">1</td><td>2</td></tr><tr><td>3</td></tr><tr><td colspan="2">4<br>5</td></tr>'
    "<tr><td>6</td><td>7</td></tr><tr><td>8</td><td>9</td></tr></tbody></table>"
)


@pytest.fixture
def shown(page: Pages, tmp_path: Path):
    """A page with one table of six rows."""
    with quiet(page()) as here:
        here.goto(write_page(tmp_path, box_html(table_html(HEADER, ROWS))))
        yield here
    assert page.blocked == []


def column(here: Page, at: int = 1) -> Locator:
    return here.locator(f"tbody tr > :nth-child({at})")


def sort_by(here: Page, name: str, times: int = 1) -> None:
    for _ in range(times):
        here.get_by_role("columnheader", name=name).get_by_role("button").click()


def status(here: Page) -> Locator:
    return here.get_by_role("status")


def pasted(here: Page) -> str:
    """Return what is on the clipboard, by pasting it."""
    here.evaluate("document.body.append(document.createElement('textarea'))")
    area = here.locator("textarea").last
    area.press("Control+V")
    return area.input_value()


def test_columns_are_sorted_by_what_their_cells_mean(shown: Page) -> None:
    for name, expected in {
        "run": ["run1", "run2", "run3", "run4", "run10", "run21"],
        "loss": ["run2", "run3", "run1", "run10", "run21", "run4"],
        "when": ["run3", "run2", "run4", "run10", "run21", "run1"],
    }.items():
        sort_by(shown, name)
        expect(column(shown)).to_have_text(expected)
        expect(shown.get_by_role("columnheader", name=name)).to_have_attribute("aria-sort", "ascending")


def test_amounts_with_units_are_sorted_and_filtered_as_numbers(page: Pages, tmp_path: Path) -> None:
    columns = {
        "dose": ["10 mg", "2.5 mg", "2.25 mg", "100 mg", "NA", ""],
        "share": ["5%", "12.5%", "-3%", "−10%", "100%", "-"],
        "price": ["$1,234.50", "$999", "-$4", "$12.00", "$3", "n.d."],
        "mean": ["1.2 ± 0.3", "10.3 ± 1", "9 ± 2", "<0.1", ">100", "∞"],
        "sum": ["1.234,50 €", "12,00 €", "999,5 €", "12.345.678,00 €", "4 €", ""],
        # Units that differ, and names that begin with digits, are texts as before.
        "mixed": ["5 g", "10 mg", "2 mg", "1 kg", "7 g", "3 g"],
        "well": ["A10", "A2", "B1", "A1", "B10", "B2"],
        # Numbers of a workbook, which are shown with a unit.
        "part": [("50%", "0.5"), ("5%", "0.05"), ("12%", "0.12"), "", "", ""],
    }
    expected = {
        "dose": ["2.25 mg", "2.5 mg", "10 mg", "100 mg", "NA", ""],
        "share": ["−10%", "-3%", "5%", "12.5%", "100%", "-"],
        "price": ["-$4", "$3", "$12.00", "$999", "$1,234.50", "n.d."],
        "mean": ["<0.1", "1.2 ± 0.3", "9 ± 2", "10.3 ± 1", ">100", "∞"],
        "sum": ["4 €", "12,00 €", "999,5 €", "1.234,50 €", "12.345.678,00 €", ""],
        "mixed": ["1 kg", "2 mg", "3 g", "5 g", "7 g", "10 mg"],
        "well": ["A1", "A2", "A10", "B1", "B2", "B10"],
        "part": ["5%", "12%", "50%", "", "", ""],
    }
    with quiet(page()) as here:
        here.goto(write_page(tmp_path, box_html(table_html([*columns], [*zip(*columns.values(), strict=True)]))))
        for at, (name, texts) in enumerate(expected.items(), start=1):
            sort_by(here, name)
            expect(column(here, at)).to_have_text(texts)
        sort_by(here, "well", 2)
        here.get_by_role("button", name="Filter").click()
        for name, typed, left in (
            ("dose", "> 2.3", 3),
            ("dose", "<= 10 mg", 3),
            ("dose", "> 2.3 g", 0),
            ("part", "> 10%", 2),
        ):
            box = here.get_by_role("searchbox", name=f"Filter {name}")
            box.fill(typed)
            expect(status(here)).to_have_text(f"{left} of 6 rows")
            box.fill("")


def test_a_second_click_turns_the_order_round_but_leaves_empty_cells_last(shown: Page) -> None:
    sort_by(shown, "loss", 2)
    expect(column(shown)).to_have_text(["run21", "run10", "run1", "run3", "run2", "run4"])


def test_a_third_click_restores_the_order_of_the_author(shown: Page) -> None:
    sort_by(shown, "when", 3)
    expect(column(shown)).to_have_text(NAMES)
    expect(status(shown)).to_have_text("6 rows")
    expect(shown.locator("[aria-sort=ascending], [aria-sort=descending]")).to_have_count(0)


def test_a_column_is_sorted_with_the_keyboard(shown: Page) -> None:
    shown.get_by_role("button", name="loss").focus()
    shown.keyboard.press("Enter")
    expect(column(shown).first).to_have_text("run2")
    shown.keyboard.press("Space")
    expect(column(shown).first).to_have_text("run21")
    assert shown.evaluate("document.activeElement.textContent") == "loss"


def test_a_search_looks_through_all_columns(shown: Page) -> None:
    found = {"RUN2": ["run2", "run21"], "grosse": [], "größe": ["run10"], "run1 first": ["run1"]}
    for typed, expected in found.items():
        shown.get_by_label("Search this table").fill(typed)
        expect(column(shown)).to_have_text(expected or ["No row matches."])
        expect(status(shown)).to_have_text(f"{len(expected)} of 6 rows")


def test_columns_are_filtered(shown: Page) -> None:
    shown.get_by_role("button", name="Filter").click()
    for name, typed, expected in (
        ("loss", "> 0.4", ["run1", "run10", "run21"]),
        ("loss", "<=-3", ["run2"]),
        ("loss", "0.39..0.45", ["run1", "run3"]),
        ("loss", "=0.40", ["run1", "run3"]),
        ("when", ">= 2024-05-10", ["run1", "run10", "run21"]),
        ("run", "n2", ["run2", "run21"]),
        ("run", "! n2", ["run1", "run10", "run3", "run4"]),
        ("run", "= RUN2", ["run2"]),
        ("note", "=", ["run2"]),
    ):
        box = shown.get_by_label(f"Filter {name}")
        box.fill(typed)
        expect(column(shown)).to_have_text(expected)
        expect(status(shown)).to_have_text(f"{len(expected)} of 6 rows")
        box.fill("")


def test_filters_of_two_columns_count_together(shown: Page) -> None:
    shown.get_by_role("button", name="Filter").click()
    shown.get_by_label("Filter loss").fill("> 0.4")
    shown.get_by_label("Filter when").fill("< 2024-05-20")
    expect(column(shown)).to_have_text(["run10"])


def test_folding_the_filters_away_shows_all_rows_again(shown: Page) -> None:
    button = shown.get_by_role("button", name="Filter")
    button.click()
    shown.get_by_label("Filter run").fill("run2")
    expect(column(shown)).to_have_text(["run2", "run21"])
    expect(shown.get_by_label("Filter run")).to_be_focused()
    button.click()
    expect(column(shown)).to_have_text(NAMES)
    expect(shown.get_by_label("Filter run")).to_have_count(0)


@pytest.mark.parametrize("has_clipboard", [True, False])
def test_rows_are_copied_as_they_are_shown(page: Pages, tmp_path: Path, has_clipboard: bool) -> None:
    here = page(own=True)
    if has_clipboard:
        here.context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:
        here.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    here.goto(write_page(tmp_path, box_html(table_html(HEADER, ROWS))))
    sort_by(here, "loss")
    here.get_by_label("Search this table").fill("1")
    expect(status(here)).to_have_text("4 of 6 rows")
    here.get_by_role("button", name="Copy").click()
    expect(status(here)).to_have_text("4 rows copied")
    assert pasted(here).splitlines() == [
        "run\tloss\twhen\tnote",
        'run3\t0.40\t3/12/2023\t"say ""no""\tthen"',
        "run1\t0.40\t1/6/2024\tfirst",
        "run10\t12.50\t10/5/2024\tGröße",
        # A formula arrives as the text that it is.
        "run21\t1,000.00\t21/5/2024\t'=1+1",
    ]


def test_a_table_with_merged_cells_is_not_sorted_but_copied(page: Pages, tmp_path: Path) -> None:
    with quiet(page()) as here:
        here.goto(write_page(tmp_path, box_html(MERGED)))
        expect(here.get_by_role("columnheader").get_by_role("button")).to_have_count(0)
        expect(here.get_by_label("Search this table")).to_have_count(0)
        here.get_by_role("button", name="Copy").click()
        expect(status(here)).to_have_text("5 rows copied")
        assert pasted(here) == 'a\tb\n1\t2\n\t3\n"4\n5"\t\n6\t7\n8\t9\n'


def test_under_two_rows_of_headers_the_lower_one_sorts(page: Pages, tmp_path: Path) -> None:
    head = (
        '<tr><th scope="col" rowspan="2">name</th><th scope="colgroup" colspan="2">size</th></tr>'
        '<tr><th scope="col">width</th><th scope="col">height</th></tr>'
    )
    sizes = {"a": 2, "b": 1, "c": 3}.items()
    rows = "".join(f"<tr><td>{name}</td><td>{size}</td><td>{9 - size}</td></tr>" for name, size in sizes)
    table = f'<table class="exptdir-datatable"><thead>{head}</thead><tbody>{rows}</tbody></table>'
    with quiet(page()) as here:
        here.goto(write_page(tmp_path, box_html(table)))
        sort_by(here, "height")
        expect(column(here)).to_have_text(["c", "a", "b"])
        sort_by(here, "name", 2)
        expect(column(here)).to_have_text(["c", "b", "a"])


def test_a_table_without_headers_is_sorted_by_letters_which_are_not_copied(page: Pages, tmp_path: Path) -> None:
    rows = [[str(n), str(9 - n)] for n in range(5)]
    with quiet(page()) as here:
        here.goto(write_page(tmp_path, box_html(table_html([], rows))))
        sort_by(here, "B")
        expect(column(here)).to_have_text(["4", "3", "2", "1", "0"])
        here.get_by_role("button", name="Copy").click()
        expect(status(here)).to_have_text("5 rows copied")
        assert pasted(here).splitlines()[0] == "4\t5"


def test_short_tables_and_those_without_grid_have_no_tools(page: Pages, tmp_path: Path) -> None:
    short = table_html(HEADER, ROWS[:4])
    plain = table_html(HEADER, ROWS).replace("exptdir-datatable", "exptdir-datatable no-grid")
    with quiet(page()) as here:
        here.goto(write_page(tmp_path, box_html(short), box_html(plain)))
        expect(here.get_by_role("button", name="Copy")).to_have_count(0)
        expect(here.locator("table").nth(0).get_by_role("button")).to_have_count(4)
        expect(here.locator("table").nth(1).get_by_role("button")).to_have_count(0)


def test_the_view_over_the_whole_window_closes_with_escape(shown: Page) -> None:
    widen = shown.get_by_role("button", name="Full width")
    widen.click()
    dialog = shown.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("node => node.getBoundingClientRect().width") == 1280
    sort_by(shown, "loss")
    expect(column(shown).first).to_have_text("run2")
    shown.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(widen).to_be_focused()
    following = shown.locator(".exptdir-table").evaluate("node => node.nextElementSibling.textContent")
    assert following == "After."


def test_without_scripts_the_table_is_complete(page: Pages, tmp_path: Path) -> None:
    here = page(javascript=False)
    here.goto(write_page(tmp_path, box_html(table_html(HEADER, ROWS))))
    expect(column(here)).to_have_text(NAMES)
    expect(here.get_by_role("button")).to_have_count(0)
    expect(here.get_by_role("table", name="Results")).to_be_visible()


def test_the_library_comes_only_when_somebody_uses_the_table(page: Pages, tmp_path: Path) -> None:
    asked: list[str] = []
    here = page()
    here.on("request", lambda request: asked.append(request.url))
    here.goto(write_page(tmp_path, box_html(table_html(HEADER, ROWS))))
    here.wait_for_load_state("networkidle")
    assert not [url for url in asked if "datatables" in url]
    sort_by(here, "loss")
    expect(column(here).first).to_have_text("run2")
    assert [url for url in asked if "datatables" in url]

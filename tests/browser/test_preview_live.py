"""The real preview of a small record: what is saved is seen, what breaks is said, what is mended is forgotten."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Pages
from tests.sphinxext.building import titled, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CONF = """\
extensions = ["exptdir"]
project = "Sample"
exptdir_editor_url = "editor:{path}:{line}"


def read(app, docname, source):
    if "crash" in source[0]:
        raise ValueError("the extension does not like that")


def setup(app):
    app.connect("source-read", read)
"""
DRAW = """\
from pathlib import Path

Path("curve.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="60"/>'.format(100))
"""


@contextmanager
def saved(path: Path) -> Iterator[Path]:
    """Lend a path beside the record; what is written there is then saved at once.

    A table that is not there for a moment is another one when it comes back.
    """
    record = next(above for above in path.parents if (above / "conf.py").is_file())
    yield (beside := record.parent / path.name)
    beside.replace(path)


def write_book(path: Path, loss: str) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["model", "loss"])
    book.worksheets[0].append(["cnn", loss])
    with saved(path) as beside:
        book.save(beside)


def save(path: Path, content: bytes) -> None:
    with saved(path) as beside:
        beside.write_bytes(content)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("record")
    text = "Some text.\n\n.. figure:: curve.svg\n   :alt: A curve\n\n.. datatable:: results.xlsx\n"
    write(
        source,
        {
            "conf.py": CONF,
            "index.rst": titled("Home"),
            "expts/1_a/notes.rst": titled("A", text),
            "expts/1_a/plot.py": DRAW,
            "expts/2_b/notes.rst": titled("B", "About the second."),
        },
    )
    write_book(source / "expts/1_a/results.xlsx", "0.5")
    return source


@pytest.fixture(scope="module")
def address(source: Path) -> Iterator[str]:
    """Run the command as long as the tests of this file need it."""
    command = [sys.executable, "-m", "exptdir", "serve", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"}
    with subprocess.Popen(command, cwd=source, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
            assert found
            yield found[0]
        finally:
            process.terminate()
            process.communicate(timeout=60)


@pytest.fixture
def shown(page: Pages, address: str) -> Iterator[Page]:
    """The first experiment, with a mark that a reload takes away."""
    here = page()
    here.goto(f"{address}expts/1_a/notes.html")
    # While the first build runs, a page stands there that turns into this one.
    expect(here.locator("section h1").first).to_contain_text("A")
    expect(badge(here)).to_have_text("Up to date")
    # A script that takes longer than a second is shown later.
    expect(here.locator("section img").first).to_be_visible()
    here.evaluate("window.isSame = true")
    yield here
    assert page.blocked == []


def badge(shown: Page) -> Locator:
    return shown.locator("exptdir-preview").get_by_role("button")


def panel(shown: Page) -> Locator:
    return shown.get_by_role("region", name="Preview")


def edit(path: Path, old: str, new: str) -> None:
    save(path, path.read_bytes().replace(old.encode(), new.encode()))


def test_an_edit_is_seen_in_place(shown: Page, source: Path) -> None:
    edit(source / "expts/1_a/notes.rst", "Some text.", "Some *better* text.")
    expect(shown.get_by_text("Some better text.")).to_be_visible()
    edit(source / "expts/1_a/notes.rst", "Some *better* text.", "Some text.")
    expect(shown.get_by_text("Some text.")).to_be_visible()
    assert shown.evaluate("window.isSame")


def test_an_edit_of_another_page_is_offered(shown: Page, source: Path) -> None:
    edit(source / "expts/2_b/notes.rst", "About", "More about")
    expect(badge(shown)).to_have_text("2_b changed")
    badge(shown).click()
    panel(shown).get_by_role("link", name="show").click()
    expect(shown.get_by_text("More about the second.")).to_be_visible()


def test_a_warning_is_shown_with_its_place_until_it_is_mended(shown: Page, source: Path) -> None:
    notes = source / "expts/1_a/notes.rst"
    edit(notes, "Some text.", "Some text.\n\n.. no-such-directive::\n")
    expect(badge(shown)).to_have_text("1 warning")
    badge(shown).click()
    expect(panel(shown)).to_contain_text("no-such-directive")
    link = panel(shown).get_by_role("link", name="expts/1_a/notes.rst:")
    expect(link).to_have_attribute("href", re.compile(f"^editor:{re.escape(str(notes))}:\\d+$"))
    edit(notes, "\n\n.. no-such-directive::\n", "")
    expect(badge(shown)).to_have_text("Up to date")
    assert shown.evaluate("window.isSame")


def test_a_failure_is_shown_until_it_is_mended(shown: Page, source: Path) -> None:
    notes = source / "expts/1_a/notes.rst"
    edit(notes, "Some text.", "A crash.")
    expect(badge(shown)).to_have_text("Build failed")
    expect(panel(shown)).to_contain_text("the extension does not like that")
    expect(shown.get_by_text("Some text.")).to_be_visible()
    edit(notes, "A crash.", "It is mended.")
    expect(shown.get_by_text("It is mended.")).to_be_visible()
    expect(badge(shown)).to_have_text("Up to date")
    expect(panel(shown)).to_be_hidden()
    edit(notes, "It is mended.", "Some text.")
    expect(shown.get_by_text("Some text.")).to_be_visible()


def test_a_file_in_another_encoding_is_no_end_of_the_preview(shown: Page, source: Path) -> None:
    notes = source / "expts/1_a/notes.rst"
    before = notes.read_bytes()
    save(notes, before.replace(b"Some text.", b"Some te\xe4t.\xff\xfe"))
    expect(badge(shown)).not_to_have_text("Up to date")
    save(notes, before.replace(b"Some text.", b"Some other text."))
    expect(shown.get_by_text("Some other text.")).to_be_visible()
    expect(badge(shown)).to_have_text("Up to date")
    save(notes, before)
    expect(shown.get_by_text("Some text.")).to_be_visible()


def test_a_plot_script_that_changes_swaps_its_figure(shown: Page, source: Path) -> None:
    shown.wait_for_function("document.querySelector('figure img')?.naturalWidth === 100")
    edit(source / "expts/1_a/plot.py", "(100)", "(200)")
    shown.wait_for_function("document.querySelector('figure img')?.naturalWidth === 200")
    assert shown.evaluate("window.isSame")


def test_a_first_figure_and_a_first_table_come_in_place_and_work(shown: Page, source: Path, address: str) -> None:
    notes = source / "expts/2_b/notes.rst"
    shown.goto(f"{address}expts/2_b/notes.html")
    expect(badge(shown)).to_have_text("Up to date")
    shown.evaluate("window.isSame = true")
    before, table = notes.read_bytes(), "\n".join(f"   a{row}, {row}" for row in range(20))
    content = f"\n\n.. image:: ../1_a/curve.svg\n   :alt: A curve\n\n.. datatable::\n\n{table}\n"
    save(notes, before + content.encode())
    shown.get_by_role("button", name="A curve").click()
    expect(shown.locator("dialog")).to_be_visible()
    shown.keyboard.press("Escape")
    expect(shown.get_by_role("searchbox")).to_be_visible()
    save(notes, before)
    expect(shown.get_by_role("searchbox")).to_have_count(0)
    # They are there already, and do not begin twice.
    save(notes, before + content.encode())
    shown.get_by_role("button", name="A curve").click()
    expect(shown.locator("dialog")).to_have_count(1)
    shown.keyboard.press("Escape")
    expect(shown.get_by_role("searchbox")).to_have_count(1)
    assert shown.evaluate("window.isSame")
    save(notes, before)
    expect(shown.get_by_role("searchbox")).to_have_count(0)


def test_a_workbook_that_changes_changes_its_table(shown: Page, source: Path) -> None:
    expect(shown.locator("table tbody")).to_contain_text("0.5")
    write_book(source / "expts/1_a/results.xlsx", "0.25")
    expect(shown.locator("table tbody")).to_contain_text("0.25")
    assert shown.evaluate("window.isSame")


def test_a_configuration_that_is_broken_is_shown_and_mended(shown: Page, source: Path) -> None:
    save(source / "conf.py", f"{CONF}\noops\n".encode())
    expect(badge(shown)).to_have_text("Build failed")
    expect(panel(shown)).to_contain_text("oops")
    expect(panel(shown).get_by_role("link", name=re.compile(r"conf\.py:\d+"))).to_be_visible()
    save(source / "conf.py", CONF.encode())
    expect(badge(shown)).to_have_text("Up to date")
    expect(shown.get_by_text("Some text.")).to_be_visible()

"""Pages with data tables, as the extension writes them, but made without a build, for the tests of the scripts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from html import escape
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Error, Page

import exptdir.sphinxext
from exptdir.sphinxext.tables.scripts import LIBRARY, library_script

STATIC = Path(exptdir.sphinxext.__file__).parent / "static"
SCRIPTS = ("exptdir-tables-cells.js", "exptdir-tables-rows.js", "exptdir-tables.js")

#: WCAG 2.2: contrast of the text of each cell with what is behind it; a canvas tells colours as they are drawn.
CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const parts = Array.from(canvas.getImageData(0, 0, 1, 1).data).slice(0, 3).map((part) => part / 255);
    const [red, green, blue] = parts.map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)") return colour;
    return node.parentElement ? behind(node.parentElement) : "#fff";
  };
  const contrast = (node) => {
    const [a, b] = [luminance(getComputedStyle(node).color), luminance(behind(node))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const texts = document.querySelectorAll("tbody :is(th, td, a, span), thead th, .exptdir-table p, button");
  return Array.from(texts, (node) => [node.outerHTML.slice(0, 120), contrast(node)]);
}"""
#: A cell: its text, or the text and what it is sorted by.
Cell = str | tuple[str, str]


def table_html(header: Sequence[str], rows: Iterable[Sequence[Cell]], caption: str = "Results") -> str:
    """Write a table."""
    head = "".join(f'<th class="head" scope="col">{escape(text)}</th>' for text in header)
    body = "".join(f"<tr>{''.join(map(_td, row))}</tr>" for row in rows)
    thead = f"<thead><tr>{head}</tr></thead>" if header else ""
    return (
        f'<table class="exptdir-datatable colwidths-auto docutils"><caption>{caption}</caption>'
        f"{thead}<tbody>{body}</tbody></table>"
    )


def _td(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    return f'<td data-order="{cell[1]}">{escape(cell[0])}</td>'


def box_html(table: str, attributes: str = "", more: str = "") -> str:
    """Put a table into its box."""
    source = '<p class="exptdir-table-source">results.csv</p>'
    return f'<div class="exptdir-table docutils container" {attributes}>{table}{more}{source}</div>'


def page_html(*boxes: str) -> str:
    """Write a page."""
    styles = "".join(f'<link rel="stylesheet" href="_static/{name}">' for name in ("exptdir.css", "exptdir-tables.css"))
    scripts = "".join(f'<script defer src="_static/{name}"></script>' for name in SCRIPTS)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tables</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{styles}{scripts}</head><body><p>Before.</p>{''.join(boxes)}<p>After.</p></body></html>"
    )


@cache
def _library() -> str:
    return library_script()


def write_page(directory: Path, *boxes: str, tools_from: int = 5) -> str:
    """Write a page with all that it loads; return its address."""
    static = directory / "_static"
    static.mkdir(parents=True, exist_ok=True)
    for name in ("exptdir.css", "exptdir-tables.css", *SCRIPTS):
        shutil.copy(STATIC / name, static)
    # Tables of five rows have tools here, so that the tests can say what is in them.
    script = static / "exptdir-tables.js"
    text = script.read_text("utf-8").replace("ROWS_FOR_TOOLS = 12;", f"ROWS_FOR_TOOLS = {tools_from};")
    script.write_text(text, "utf-8")
    (directory / LIBRARY).write_text(_library(), "utf-8")
    page = directory / "index.html"
    page.write_text(page_html(*boxes), "utf-8")
    return page.as_uri()


def write_rest(directory: Path, key: str, rows: list[list[object]], kinds: list[str]) -> str:
    """Write the file of a big table; return its address relative to the page."""
    path = directory / "_tables" / f"{key}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps({"rows": rows, "kinds": kinds})
    path.write_text(f"exptdirTable({json.dumps(key)}, {content});\n", "utf-8")
    return f"_tables/{key}.js"


def _is_complaint(message: ConsoleMessage) -> bool:
    # The pydata theme says so of itself on its first page.
    return message.type == "error" and "invalid theme mode" not in message.text


@contextmanager
def quiet(page: Page) -> Iterator[Page]:
    """Lend a page, and see that no script has complained when it comes back."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if _is_complaint(message):
            complaints.append(message.text)

    def fail(error: Error) -> None:
        complaints.append(str(error))

    page.on("console", hear)
    page.on("pageerror", fail)
    try:
        yield page
    finally:
        page.remove_listener("console", hear)
        page.remove_listener("pageerror", fail)
    assert complaints == []

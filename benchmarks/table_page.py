"""Measure in a browser what a big table adds to the load of its page, and what its rows cost once they are wanted.

Three pages are compared, from files and over HTTP: one with a big table, one with the rows alone that it shows, and
the same without a table. Run as ``python -m benchmarks.table_page --rows 50000 --columns 20``.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.ensure_chromium import launch_options
from tests.sphinxext.building import Site

#: What a table may add to the load of a page, in milliseconds, and what the page may weigh.
MOST_MS, MOST_BYTES = 200, 1_000_000
#: The default of ``exptdir_table_limit``.
SHOWN = 500
LOAD = "performance.getEntriesByType('navigation')[0].loadEventEnd"


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing of each request."""


def build(directory: Path, rows: int, columns: int) -> Path:
    """Build a record with pages ``big``, ``first`` (the rows that the other shows) and ``none``; return the output."""
    numbers = random.Random(1)
    heading = ["id", "name", *(f"value {n}" for n in range(columns - 2))]
    lines = [",".join(heading)]
    for n in range(rows):
        values = (f"{numbers.random() * 1000:.3f}" for _ in range(columns - 2))
        lines.append(",".join([str(n), f"sample{n % 977}", *values]))
    page = "{0}\n=====\n\nSome text.\n\n{1}"
    site = Site(directory)
    site.write(
        {
            "index.rst": "Home\n====\n\n.. toctree::\n\n   big\n   first\n   none\n",
            "big.rst": page.format("Large", ".. datatable:: big.csv\n"),
            "first.rst": page.format("First", ".. datatable:: first.csv\n"),
            "none.rst": page.format("Plain", ""),
            "big.csv": "\n".join(lines) + "\n",
            "first.csv": "\n".join(lines[: SHOWN + 1]) + "\n",
        }
    )
    return site.build("html").out


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """Serve a directory while its address is needed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(directory)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def load_times(browser: Browser, addresses: list[str], repeats: int) -> list[tuple[float, float]]:
    """Return for each page the least time to the end of its load, and what its main thread worked, in milliseconds.

    The pages take turns, each in a new context; what disturbs a measurement only ever adds to it.
    """
    found: list[list[tuple[float, float]]] = [[] for _ in addresses]
    for _ in range(repeats):
        for times, address in zip(found, addresses, strict=True):
            context = browser.new_context()
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            page.goto(address)
            page.wait_for_function(f"{LOAD} > 0")
            metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
            times.append((page.evaluate(LOAD), metrics["TaskDuration"] * 1000))
            context.close()
    return [(min(load for load, _ in times), min(work for _, work in times)) for times in found]


def took(action: Callable[[], object], page: Page, said: str) -> float:
    """Return the seconds from an action to the moment in which the table says that it is done."""
    begun = time.perf_counter()
    action()
    expect(page.get_by_role("status")).to_have_text(said, timeout=120_000)
    return time.perf_counter() - begun


def use(browser: Browser, address: str, rows: int) -> Iterator[tuple[str, float]]:
    """Yield what a reader does, and how many seconds it takes."""
    page = browser.new_page()
    page.goto(address)
    everything = f"{rows:,} rows"
    show_all = page.get_by_role("button", name="Show all")
    yield "show all rows", took(show_all.click, page, everything)
    page.evaluate("document.querySelector('[role=status]').textContent = ''")
    yield "sort by a number", took(page.get_by_role("button", name="value 3", exact=True).click, page, everything)
    page.evaluate("document.querySelector('[role=status]').textContent = ''")
    yield "sort by a text", took(page.get_by_role("button", name="name", exact=True).click, page, everything)
    search = page.get_by_label("Search this table")
    found = len(range(976, rows, 977))
    yield "search", took(partial(search.fill, "sample976"), page, f"{found:,} of {everything}")
    page.close()


def main() -> int:
    """Measure, print, and return 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    worst = 0.0
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        out = build(Path(directory), options.rows, options.columns)
        weight = (out / "big.html").stat().st_size
        rest = sum(path.stat().st_size for path in out.glob("_tables/*"))
        print(f"{options.rows:,} x {options.columns}: page {weight:,} bytes, other rows {rest:,} bytes")
        browser = playwright.chromium.launch(**launch_options())
        with served(out) as host:
            for where, base in (("file", out.as_uri()), ("http", host)):
                pages = [f"{base}/{name}.html" for name in ("none", "first", "big")]
                plain, first, big = load_times(browser, pages, options.repeats)
                worst = max(worst, big[0] - plain[0])
                for what, (load, work) in (("no table", plain), ("its first rows alone", first), ("the table", big)):
                    added = f"{load - plain[0]:+.0f} ms of load, {work - plain[1]:+.0f} ms of work"
                    print(f"{where}: {what}: loads in {load:.0f} ms, main thread {work:.0f} ms ({added})")
                for what, seconds in use(browser, pages[2], options.rows):
                    print(f"{where}: {what} {seconds:.2f} s")
        browser.close()
    return int(worst > MOST_MS or weight > MOST_BYTES)


if __name__ == "__main__":
    raise SystemExit(main())

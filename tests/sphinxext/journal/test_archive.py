"""The archive: a page for each month and year and one for each tag, reachable and of bounded size."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.sphinxext.building import Built, Site, the, titled, words
from tests.sphinxext.conftest import Build
from tests.sphinxext.test_incremental import assert_same

FILES = {
    "index.rst": titled("Home", ".. expt-journal::\n   :limit: 1\n\n.. expt-calendar::\n\n.. expt-tags::\n"),
    "expts/1_a/notes.md": "---\ntags: [Wet & dry, cress]\nstatus: ready\n---\n# A &lt;b>\n\n"
    "## 2024-02-29: Leap\n\n:tags: 水, cress\n\nSown after {expt}`2`. More.\n\n"
    "## 2024-02-29: Twice\n\nx\n\n## 2023-12-31: Old\n\nx\n",
    "expts/2_b/notes.rst": titled(
        "B", "2024-05-20\n----------\n\n:draft: true\n\nxyzzysecret\n\n2024-05-02\n----------\n\ny\n"
    ),
}


@pytest.fixture(scope="module")
def site(build_once: Build) -> Built:
    return build_once(FILES)


def names(built: Built) -> set[str]:
    """Return the pages of the archive that there are."""
    base = built.out / "archive"
    return {path.relative_to(base).with_suffix("").as_posix() for path in base.rglob("*.html")}


def test_every_page_can_be_reached_and_every_link_leads_somewhere(site: Built):
    assert site.warnings == ""
    reached, waiting = set[str](), ["index"]
    while waiting:
        name = waiting.pop()
        for link in the(site.page(name), "[role=main]").select("a[href*='.html']"):
            target, _, anchor = unquote(link["href"]).partition("#")
            path = (site.out / name).parent.joinpath(target).resolve()
            page = path.relative_to(site.out.resolve()).with_suffix("").as_posix()
            assert path.is_file(), (name, link["href"])
            assert not anchor or site.page(page).find(id=anchor) is not None, (name, link["href"])
            if page not in reached:
                reached.add(page)
                waiting.append(page)
    found = names(site)
    assert {"index", "2024", "2023", "2024-05", "2024-02", "2023-12", "tags/cress", "tags/水"} < found
    assert {f"archive/{name}" for name in found} <= reached


def main_of(built: Built, name: str) -> str:
    return words(the(built.page(f"archive/{name}"), "[role=main]"))


def test_a_month_has_its_entries_by_day_and_leads_to_those_beside(site: Built):
    page = the(site.page("archive/2024-02"), "[role=main]")
    assert words(page) == (
        "2024-02 Archive › 2024 2024-02-29 #1 · Twice x #1 · Leap · #水 #cress Sown after #2. Newer · Older"
    )
    assert {words(link): unquote(link["href"]) for link in page.select("a:not(.headerlink)")} == {
        "Archive": "index.html",
        "2024": "2024.html",
        "#1": "../expts/1_a/notes.html",
        "Twice": "../expts/1_a/notes.html#entry-2024-02-29-2",
        "Leap": "../expts/1_a/notes.html#entry-2024-02-29",
        "#水": "tags/水.html",
        "#cress": "tags/cress.html",
        "Newer": "2024-05.html",
        "Older": "2023-12.html",
    }


def test_years_and_tags_say_how_much_they_hold(site: Built):
    assert main_of(site, "index") == "Archive 2024 3 2023 1 Tags #cress 2 · #Wet & dry 1 · #水 1"
    assert main_of(site, "2024").endswith("2024: 3 entries 2024-05 1 2024-02 2 Older")
    assert main_of(site, "tags/cress").endswith(
        "Experiments #1 A <b> · ready · 2023-12-31 – 2024-02-29 Entries 2024-02-29 · #1 · Leap · #水 #cress "
        "Sown after #2."
    )


def test_tags_and_days_lead_there(site: Built):
    places = {words(link): unquote(link["href"]) for link in site.body("expts/1_a/notes").select("a:has(.exptdir-tag)")}
    assert places["#cress"] == "../../archive/tags/cress.html"
    calendar = the(site.body(), "svg")
    days = {link.get("aria-label", words(link))[:10]: link["href"] for link in calendar.select("a")}
    assert days == {
        "Feb": "archive/2024-02.html",
        "May": "archive/2024-05.html",
        # To the day where it has several entries, to the entry where it has one.
        "2024-02-29": "archive/2024-02.html#day-2024-02-29",
        "2024-05-02": "expts/2_b/notes.html#entry-2024-05-02",
    }
    assert words(the(site.body(), ".exptdir-journal .exptdir-all")) == "Archive"


@pytest.mark.parametrize(("option", "there"), [("auto", False), ("always", True), ("never", False)])
def test_it_is_there_where_it_is_wanted(build: Build, option: str, there: bool):
    files = {**FILES, "index.rst": titled("Home")}
    built = build(files, conf=f"exptdir_archive = {option!r}\n")
    assert bool(names(built)) is there
    assert bool(built.body("expts/1_a/notes").select("a .exptdir-tag")) is there


def test_it_goes_with_the_last_page_that_asks_for_it(build: Build):
    built = build(FILES)
    again = built.rebuild({"index.rst": titled("Home")})
    assert not (again.out / "archive").exists()
    assert not again.body("expts/1_a/notes").select("a .exptdir-tag")


def test_a_page_of_the_author_has_its_name(build: Build):
    built = build({**FILES, "archive/2024.rst": ":orphan:\n\n" + titled("Mine")})
    assert words(the(built.page("archive/2024"), "[role=main] h1")) == "Mine"


def test_a_long_month_is_cut_into_pages_of_which_the_old_ones_stay(build: Build):
    first = date(2024, 5, 1)
    entries = [f"## {first + timedelta(days=n % 31)}: Step {n}\n\nSomething {n}.\n\n" for n in range(620)]
    built = build({"index.rst": FILES["index.rst"], "expts/1_a/notes.md": "# A\n\n" + "".join(entries)})
    parts = ["archive/2024-05", "archive/2024-05/2", "archive/2024-05/1"]
    assert [len(built.page(part).select(".exptdir-journal li")) for part in parts] == [20, 300, 300]
    links = [[link["href"] for link in built.page(part).select(".exptdir-all a")] for part in parts]
    assert links == [["2024-05/2.html"], ["../2024-05.html", "1.html"], ["2.html"]]
    before = {part: (built.out / f"{part}.html").stat().st_mtime_ns for part in parts}
    again = built.rebuild({"expts/1_a/notes.md": "# A\n\n" + "".join(entries) + "## 2024-05-31: New\n\nx\n"})
    changed = {part for part, then in before.items() if (again.out / f"{part}.html").stat().st_mtime_ns != then}
    assert changed == {parts[0]}


def test_its_bytes_depend_neither_on_processes_nor_on_where_the_clock_stands(tmp_path: Path, monkeypatch):
    # Sphinx reads in parallel only where there is something to share out.
    more = {f"expts/{n}_more/notes.md": f"# More\n\n## 2024-03-0{n}\n\n:tags: cress\n\nx\n" for n in range(3, 9)}
    site, found = Site(tmp_path, overrides={"exptdir_feed_url": "https://site.example"}), []
    for zone, parallel in (("Pacific/Kiritimati", 1), ("Pacific/Pago_Pago", 2)):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        out = site.build(files=FILES | more, parallel=parallel, out=zone.partition("/")[2]).out
        assert (out / "archive/2024-03.html").is_file() and (out / "feed.xml").is_file()
        found.append(out)
    monkeypatch.undo()
    time.tzset()
    assert_same(*found)

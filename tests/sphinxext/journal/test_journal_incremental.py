"""Collected pages after an edit are what a clean build makes, and only pages that show what was edited are written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sphinxext.building import Built, Site, titled
from tests.sphinxext.test_incremental import assert_same, edit, wrote_pages

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="{}"/>\n'
COLLECTED = {
    "journal": ".. expt-journal::\n   :content: sentence\n",
    "titles": ".. expt-journal::\n   :group-by: month\n",
    "days": ".. expt-journal::\n   :group-by: day\n",
    "weeks": ".. expt-journal::\n   :group-by: week\n   :status: in progress, ready\n",
    "years": ".. expt-journal::\n   :group-by: year\n   :limit: 2\n",
    "logs": ".. expt-journal::\n   :group-by: experiment\n   :content: sentence\n   :expt: 2\n",
    "full": ".. expt-journal::\n   :content: full\n   :expt: 1\n",
    "recent": ".. expt-journal::\n   :since: 2024-05-21\n",
    "wet": ".. expt-journal::\n   :tag: wet\n",
    "table": ".. expt-list::\n   :columns: experiment, status, tags, begun, last, blocked, conclusion\n",
    "cards": ".. expt-list::\n   :as: cards\n",
    "tree": ".. expt-list::\n   :as: tree\n",
    "board": ".. expt-list::\n   :as: board\n",
    "tasks": ".. expt-tasks::\n",
    "tags": ".. expt-tags::\n",
    "graph": ".. expt-graph::\n",
    "near": ".. expt-graph::\n   :expt: 2\n   :depth: 1\n",
    "cited": ".. expt-cited-by::\n   :of: 1\n   :since: 2024-06-01\n",
}
FILES = {
    "index.rst": titled("Home", ".. expt-calendar::\n"),
    **{f"{name}.rst": ":orphan:\n\n" + titled(name, text) for name, text in COLLECTED.items()},
    "expts/0001_first/notes.rst": titled(
        "First",
        "2024-05-20: Sown\n----------------\n\n:tags: wet\n\nSown after :expt:`2`. More.\n\n"
        ".. figure:: a.svg\n\n   Plants\n\n"
        "2024-05-22: Seen\n----------------\n\nSeen, and see :expt:`2@2024-05-21`.\n\nTODO: weigh\n\n"
        "2024-05-25: Kept\n----------------\n\n:draft: true\n:tags: kept\n\nKept back, as in :expt:`2`.\n",
    ),
    "expts/0001_first/a.svg": SVG.format(1),
    "expts/0001_first/expt.toml": 'status = "in progress"\ntags = ["cress"]\n',
    "expts/0002_second/notes.md": "---\nprerequisites: [1]\nstatus: ready\n---\n# Second\n\n"
    "## 2024-05-21: Thought\n\nText.\n",
    "expts/0002_second/0003_third/index.md": "# Third\n\n## 2024-06-01\n\n"
    "- [ ] do\n- as in {expt}`1`\n\n## Conclusion\n\nYes, as in {expt}`1`.\n",
}
FIRST, SECOND, THIRD = (name for name in FILES if name.endswith(("notes.rst", "notes.md", "0003_third/index.md")))


def move(base: Path) -> None:
    (base / "expts/0002_second/0003_third").rename(base / "expts/0007_third")


def delete(base: Path) -> None:
    shutil.rmtree(base / "expts/0001_first")


EDITS: dict[str, Callable[[Path], None]] = {
    "entry added": edit(FIRST, "TODO: weigh\n", "TODO: weigh\n\n2024-06-02: New\n---------------\n\nNew.\n"),
    "entry re-dated": edit(FIRST, "2024-05-20: Sown", "2024-05-23: Sown"),
    "entry in another year": edit(FIRST, "2024-05-20: Sown", "2023-12-31: Sown"),
    "entry removed": edit(SECOND, "## 2024-05-21: Thought\n\nText.\n", ""),
    "entry retitled": edit(FIRST, "2024-05-20: Sown", "2024-05-20: Rain"),
    "text of an entry": edit(FIRST, "Sown after", "Sown at once after"),
    "tag of an entry": edit(FIRST, ":tags: wet", ":tags: dry"),
    "tag of an experiment": edit("expts/0001_first/expt.toml", "cress", "wet"),
    "status": edit("expts/0001_first/expt.toml", "in progress", "complete"),
    "task": edit(THIRD, "- [ ] do", "- [x] do"),
    "conclusion": edit(THIRD, "Yes", "No"),
    "title of an experiment": edit(SECOND, "# Second", "# The second"),
    "id": edit("expts/0001_first/expt.toml", "status", "id = 9\nstatus"),
    "what it builds on": edit(SECOND, "prerequisites", "builds_on"),
    "figure": edit("expts/0001_first/a.svg", '"1"', '"2"'),
    "figure gone": lambda base: (base / "expts/0001_first/a.svg").unlink(),
    "draft of an entry set": edit(FIRST, ":tags: wet", ":draft: true\n:tags: wet"),
    "draft of an entry unset": edit(FIRST, ":draft: true", ":draft: false"),
    "draft of an experiment set": edit(SECOND, "status: ready", "draft: true"),
    "experiment moved": move,
    "experiment deleted": delete,
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a record that was built; not a copy of one, which Sphinx would read anew."""
    found = Site(tmp_path / "record", overrides={"exptdir_feed_url": "https://example.org/"})
    found.build(files=FILES)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_gives_what_a_clean_build_gives(site: Site, name: str):
    EDITS[name](site.source)
    again, clean = site.build(), site.build(out="clean")
    assert_same(again.out, clean.out, name)
    assert again.warnings == clean.warnings


def written(site: Site, change: Callable[[Path], None]) -> tuple[set[str], Built]:
    """Build after a change, and return the pages and the feeds that were written."""
    before = {path: path.stat().st_mtime_ns for path in (site.root / "out/html").rglob("*.*ml")}
    change(site.source)
    built = site.build()
    changed = (path for path, then in before.items() if path.stat().st_mtime_ns != then)
    names = {path.relative_to(built.out).as_posix().removesuffix(".html") for path in changed}
    return {name.rpartition("/")[2] if name.startswith("expts/") else name for name in names}, built


#: Those with the sentences of the first experiment's entries.
FEEDS = ("feed.xml", "feeds/expts/0001_first.xml", "feeds/tags/cress.xml")


@pytest.mark.parametrize(
    ("old", "new", "pages"),
    [
        (
            "Sown after",
            "Sown soon after",
            {"notes", "journal", "full", "archive/2024-05", "archive/tags/wet", "feeds/tags/wet.xml", *FEEDS},
        ),
        ("More.", "Less.", {"notes", "full", "feed.xml"}),
        (
            "2024-05-22: Seen",
            "2024-05-22: Saw",
            {"notes", "journal", "full", "titles", "days", "weeks", "years", "recent", "index"}
            | {"archive/2024", "archive/2024-05", *FEEDS},
        ),
        ("TODO: weigh", "TODO: weigh all", {"notes", "full", "tasks", "feed.xml"}),
    ],
)
def test_an_edit_writes_only_the_pages_that_show_it(site: Site, old: str, new: str, pages: set[str]):
    found, _built = written(site, edit(FIRST, old, new))
    # The search knows the words of all pages.
    assert found - {"search", "genindex"} == pages


def test_a_build_without_changes_writes_nothing(site: Site):
    found, built = written(site, lambda base: None)
    assert found == set()
    assert not wrote_pages(built.status)

"""Promises 2 to 4: what is built does not depend on how, in which order, or how often it was built."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.forking import sphinx_build
from tests.sphinxext.building import Site, titled

#: Sphinx's own state, which the promise leaves out.
STATE = {"searchindex.js", ".buildinfo", ".buildinfo.bak"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="{}" height="9"/></svg>\n'

CONF = """\
project = "Sample"
extensions = ["exptdir"]
html_theme = "{theme}"
"""
FILES = {
    "index.md": "# Home\n\nSee {{expt}}`1`, [](#2@2024-05-21), [the page](docs/page.md) and {{ref}}`shared`.\n\n"
    "```{{toctree}}\ndocs/page\ndocs/deep\n```\n",
    "docs/page.md": "# A page\n\n(shared)=\n## Shared label\n\nText, {{doc}}`/expts/0003_third/notes`.\n",
    "docs/deep.rst": "Deep\n====\n\n.. _shared:\n\nAlso shared\n-----------\n\nText [Smith2020]_, :ref:`expt-1`.\n\n"
    ".. [Smith2020] The first Smith.\n",
    "expts/0001_first/notes.rst": "First\n=====\n\nBegun after :expt:`2`.\n\n.. figure:: loss.svg\n\n   Loss\n\n"
    "2024/05/20\n----------\n\nA start. :download:`loss.svg`\n\n2024/05/22: More\n----------------\n\nMore.\n",
    "expts/0001_first/loss.svg": SVG.format(1),
    "expts/0002_second/notes.rst": "Second\n======\n\n.. figure:: loss.svg\n\n   Loss again\n\n"
    "2024/05/21: Only\n----------------\n\nSee :expt:`1@2024-05-22`, :expt:`4` and [Smith2020]_.\n\n"
    ".. datatable:: results.xlsx\n\n   Caption with :expt:`3`\n\n.. [Smith2020] The second Smith.\n",
    "expts/0002_second/loss.svg": SVG.format(2),
    "expts/0003_third/notes.rst": "Third\n=====\n\nParent of others, after :expt:`1`.\n",
    "expts/0003_third/0004_child/index.md": "# Child\n\nOf {{expt}}`-1`, and see {{expt}}`99`.\n\n"
    "```{{figure}} missing.png\nNot there\n```\n",
    "expts/0003_third/0005_other/index.md": "---\nstatus: ready\n---\n# Other\n\nBuilds on {{expt:builds-on}}`4`.\n",
}


def write_record(base: Path, theme: str = "alabaster") -> None:
    """Write the record that all these tests start from."""
    for name, text in {"conf.py": CONF.format(theme=theme), **FILES}.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{{", "{").replace("}}", "}") if name != "conf.py" else text, "utf-8")
    write_workbook(base / "expts/0002_second/results.xlsx", 0.5)


def write_workbook(path: Path, value: float) -> None:
    """Write a workbook of two rows."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["name", "value"])
    sheet.append(["a", value])
    book.save(path)


def run_sphinx(source: Path, out: Path, *arguments: str, seed: int = 0) -> str:
    """Build as a person would, in a process of its own, and return what was printed."""
    done = sphinx_build(*(arguments or ("-b", "html")), source, out, seed=seed)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def contents(out: Path) -> dict[str, bytes]:
    """Read everything that the promise speaks of."""
    files = (path for path in out.rglob("*") if path.is_file() and ".doctrees" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files if path.name not in STATE}


def assert_same(one: Path, other: Path, after: str = "") -> None:
    """Compare two outputs, naming the files that differ."""
    first, second = contents(one), contents(other)
    assert sorted(first) == sorted(second), after
    assert [name for name in first if first[name] != second[name]] == [], after


def wrote_pages(printed: str) -> bool:
    """Say whether Sphinx wrote any page, by the progress that it printed."""
    return "writing output... [" in printed


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    """Return an edit that replaces text in one file."""

    def change(base: Path) -> None:
        text = (base / path).read_text("utf-8")
        assert old in text
        (base / path).write_text(text.replace(old, new), "utf-8")

    return change


def new_with_figure(base: Path) -> None:
    """Add an experiment before the others, with a figure of a name that is in use."""
    directory = base / "expts" / "0000_zeroth"
    directory.mkdir()
    (directory / "loss.svg").write_text(SVG.format(0))
    (directory / "notes.rst").write_text("Zeroth\n======\n\n.. figure:: loss.svg\n\nBefore :expt:`1`.\n")


def give_id(base: Path) -> None:
    """Change an id, and the references to the old one stay."""
    (base / "expts/0003_third/0005_other/expt.toml").write_text("id = 5\nstatus = 'complete'\n")


def renumber(base: Path) -> None:
    """Rename a directory, and so its number and the addresses of what is below it."""
    (base / "expts/0003_third").rename(base / "expts/0007_third")


def delete(base: Path) -> None:
    """Delete an experiment that others refer to, with its figure, its table and its download."""
    shutil.rmtree(base / "expts/0002_second")


def asset_appears(base: Path) -> None:
    """Bring the figure that was missing."""
    (base / "expts/0003_third/0004_child/missing.png").write_bytes(b"\x89PNG\r\n\x1a\n")


def change_figure(base: Path) -> None:
    """Redraw a figure."""
    (base / "expts/0001_first/loss.svg").write_text(SVG.format(5))


EDITS: dict[str, Callable[[Path], None]] = {
    "text": edit("expts/0001_first/notes.rst", "A start", "Another start"),
    "title": edit("expts/0001_first/notes.rst", "First\n=====", "Foremost\n========"),
    "title of a parent": edit("expts/0003_third/notes.rst", "Third\n=====", "Third one\n========="),
    "title of a page": edit("docs/page.md", "# A page", "# The page"),
    "section of a page": edit("docs/deep.rst", "Also shared", "Shared too!"),
    "label that another page defines too": edit("docs/page.md", "Shared label", "Label, shared"),
    "citation that another page defines too": edit("docs/deep.rst", "The first Smith", "Smith the First"),
    "entry": edit("expts/0001_first/notes.rst", "2024/05/22: More", "2024/05/23: Much"),
    "sentence that cites": edit("expts/0002_second/notes.rst", "See :expt:", "Compare :expt:"),
    "reference": edit("expts/0002_second/notes.rst", ":expt:`4`", ":expt:`5`"),
    "new experiment": new_with_figure,
    "status": give_id,
    "workbook": lambda base: write_workbook(base / "expts/0002_second/results.xlsx", 0.75),
    "figure": change_figure,
    "asset appears": asset_appears,
    "renamed directory": renumber,
    "deleted experiment": delete,
    "toctree takes an experiment over": edit("index.md", "docs/deep\n", "docs/deep\nexpts/0001_first/notes\n"),
}


#: Edits that one build can follow: what each of them changes is on other pages.
STEPS = [
    ["text"],
    ["title"],
    ["title of a parent"],
    ["title of a page"],
    ["section of a page"],
    ["label that another page defines too", "citation that another page defines too"],
    ["entry"],
    ["sentence that cites"],
    ["reference"],
    ["new experiment"],
    ["status"],
    ["workbook", "figure", "asset appears"],
    ["renamed directory"],
    ["deleted experiment"],
    ["toctree takes an experiment over"],
]
assert [name for step in STEPS for name in step] == list(EDITS)
#: These in two chains; each edit meets what those before it left.
CHAINS = [STEPS[::2], STEPS[1::2]]


@pytest.mark.slow
@pytest.mark.parametrize("chain", CHAINS, ids=["even", "odd"])
def test_a_build_after_each_edit_equals_a_clean_one(tmp_path: Path, chain: list[list[str]]) -> None:
    source = tmp_path / "source"
    write_record(source)
    run_sphinx(source, tmp_path / "incremental")
    for step in chain:
        for name in step:
            EDITS[name](source)
        run_sphinx(source, tmp_path / "incremental")
        shutil.rmtree(tmp_path / "clean", ignore_errors=True)
        run_sphinx(source, tmp_path / "clean")
        assert_same(tmp_path / "incremental", tmp_path / "clean", " and ".join(step))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("theme", "builder"), [("pydata_sphinx_theme", "html"), ("furo", "dirhtml"), ("sphinx_rtd_theme", "html")]
)
def test_a_sequence_of_edits_equals_a_clean_build(tmp_path: Path, theme: str, builder: str) -> None:
    source = tmp_path / "source"
    write_record(source, theme)
    run_sphinx(source, tmp_path / "incremental", "-b", builder)
    for step in (("title", "status"), ("new experiment", "deleted experiment")):
        for name in step:
            EDITS[name](source)
        run_sphinx(source, tmp_path / "incremental", "-b", builder, "-j2")
    run_sphinx(source, tmp_path / "clean", "-b", builder, seed=7)
    assert_same(tmp_path / "incremental", tmp_path / "clean")


def test_serial_equals_parallel_and_hash_seeds_do_not_matter(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_record(source)
    # Sphinx reads in parallel only where there is something to share out.
    for number in range(10, 24):
        directory = source / "expts" / f"{number:04}_more"
        directory.mkdir()
        (directory / "loss.svg").write_text(SVG.format(number))
        text = f"More\n====\n\n.. figure:: loss.svg\n\n:expt:`{number - 9}` [Smith2020]_\n"
        (directory / "notes.rst").write_text(text)
    run_sphinx(source, tmp_path / "serial", "-j1")
    run_sphinx(source, tmp_path / "parallel", "-j4", seed=7)
    assert_same(tmp_path / "serial", tmp_path / "parallel")


def test_a_build_that_changes_nothing_reads_and_writes_nothing(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    write_record(source)
    run_sphinx(source, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.html")}
    printed = run_sphinx(source, out)
    assert "0 added, 0 changed, 0 removed" in printed
    assert not wrote_pages(printed)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.html")} == before


@pytest.mark.parametrize("before", ["", ":numbered:"])
@pytest.mark.parametrize("after", ["", ":numbered:"])
def test_numbered_pages_are_written_once(tmp_path: Path, before: str, after: str) -> None:
    pages = {"a.rst": titled("A", "Part\n----\n"), "b.rst": titled("B")}
    index = titled("Home", ".. toctree::\n   {}\n\n   a\n   b\n")
    site = Site(tmp_path)
    site.build(files={"index.rst": index.format(before), **pages})
    site.build(files={"index.rst": index.format(after)})
    clean = site.build(out="clean")
    assert_same(tmp_path / "out/html", tmp_path / "clean/html")
    assert not wrote_pages(site.build().status)
    assert_same(tmp_path / "out/html", tmp_path / "clean/html")
    assert ("1.1. Part" in clean.body("a").text) == bool(after)


def test_only_pages_that_change_are_written(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    write_record(source)
    run_sphinx(source, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.html")}
    EDITS["title of a parent"](source)
    run_sphinx(source, out)
    after = {path: path.stat().st_mtime_ns for path in out.rglob("*.html")}
    written = {path.relative_to(out).as_posix() for path in after if after[path] != before[path]}
    # Its own page; those that name it: the home page's list, the page that links it, its children's trail, the
    # neighbours before and behind it, and the pages that it cites or whose window it is in.
    assert "expts/0003_third/notes.html" in written
    assert {"index.html", "docs/page.html", "expts/0003_third/0004_child/index.html"} <= written
    assert "genindex.html" not in written
    assert "docs/deep.html" not in written


def test_a_page_whose_source_was_only_touched_is_not_made_again_each_time(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    write_record(source)
    run_sphinx(source, out)
    later = time.time() + 5
    os.utime(source / "docs/page.md", (later, later))
    os.utime(out / "docs/page.html", (later - 10, later - 10))
    run_sphinx(source, out)
    shutil.copystat(source / "index.md", source / "docs/page.md")
    # Another time than the one that was noted means that the page is read again, once.
    run_sphinx(source, out)
    assert not wrote_pages(run_sphinx(source, out))


def test_what_a_deleted_experiment_left_behind_goes(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    write_record(source)
    run_sphinx(source, out)
    (out / "of-somebody-else.html").write_text("kept")
    images = len(list((out / "_images").iterdir()))
    delete(source)
    run_sphinx(source, out)
    assert not (out / "expts/0002_second").exists()
    assert not (out / "_sources/expts/0002_second").exists()
    assert not list((out / "_downloads").rglob("results.xlsx"))
    assert len(list((out / "_images").iterdir())) == images - 1
    assert (out / "of-somebody-else.html").exists()


def test_builders_that_share_doctrees_do_not_hide_changes_from_each_other(tmp_path: Path) -> None:
    source, doctrees = tmp_path / "source", str(tmp_path / "doctrees")
    write_record(source)
    for builder in ("html", "dirhtml"):
        run_sphinx(source, tmp_path / builder, "-b", builder, "-d", doctrees)
    EDITS["title"](source)
    for builder in ("html", "dirhtml"):
        run_sphinx(source, tmp_path / builder, "-b", builder, "-d", doctrees)
        run_sphinx(source, tmp_path / f"clean-{builder}", "-b", builder)
        assert_same(tmp_path / builder, tmp_path / f"clean-{builder}")


@pytest.mark.parametrize("name", ["d.csv", "part.txt", "a.svg", "notes.rst"])
def test_a_file_with_an_older_time_is_seen(tmp_path: Path, name: str):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}"/>'
    text = "\n.. datatable:: d.csv\n\n.. include:: part.txt\n\n.. image:: a.svg\n"
    before = {"d.csv": "a,b\n1,2\n", "part.txt": "One.\n", "a.svg": svg.format(1), "notes.rst": titled("A", text)}
    after = {"d.csv": "a,b\n8,9\n", "part.txt": "Two.\n", "a.svg": svg.format(2), "notes.rst": titled("B", text)}
    site = Site(tmp_path)
    site.build(files={f"expts/1_a/{one}": content for one, content in before.items()})
    path = site.source / "expts/1_a" / name
    path.write_text(after[name])
    os.utime(path, (1_500_000_000, 1_500_000_000))
    again = site.build()
    clean = site.build(out="clean")
    assert again.html("expts/1_a/notes") == clean.html("expts/1_a/notes")
    assert (again.out / "_images").exists() == (clean.out / "_images").exists()
    for image in (clean.out / "_images").rglob("*.svg"):
        assert image.read_bytes() == (again.out / image.relative_to(clean.out)).read_bytes()
    assert "0 added, 0 changed, 0 removed" in site.build().status

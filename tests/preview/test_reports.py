"""Smaller things that the builder reports: progress, and files to be watched."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from exptdir.preview.channel import Progress
from exptdir.preview.dependencies import Modules, outside, statics, templates
from exptdir.preview.figures import FigureUpdates
from exptdir.preview.first_pages import Output
from exptdir.preview.warnings import WRITTEN, Reporter, WarningListener, WarningLog, begin, end, place_of, progress_of
from tests.preview.warmly import RECORD, SVG, preview
from tests.sphinxext.building import Link, titled, write


def test_the_steps_of_sphinx_are_told_with_their_share() -> None:
    assert progress_of("reading sources... [ 12%] expts/0063_train/notes") == Progress(
        "reading sources expts/0063_train/notes", 0.12
    )
    assert progress_of("pickling environment... ") == Progress("pickling environment")
    # Neither the end of a line nor what an extension says of itself is a step.
    assert (progress_of("\n"), progress_of("... "), progress_of("myst v5.2.0: MdParserConfig()")) == (None, None, None)


def test_progress_is_told_ten_times_a_second_at_most() -> None:
    now, told = 0.0, []
    reporter = Reporter(told.append, lambda: now)
    for number in range(1000):
        now = number / 100
        reporter.emit(logging.LogRecord("x", logging.INFO, "", 0, f"reading sources... [ 1%] d{number}", (), None))
    assert 90 <= len(told) <= 101


def test_the_place_of_a_warning_is_found_however_it_is_given() -> None:
    def path_of(docname: str) -> str:
        return f"/r/{docname}.rst"

    assert place_of(("a", 3), path_of) == ("/r/a.rst", 3)
    assert place_of(("a", None), path_of) == ("/r/a.rst", 0)
    assert place_of((None, 3), path_of) == ("", 0)
    assert place_of("a", path_of) == ("/r/a.rst", 0)
    assert place_of("/r/b.rst:7", path_of) == ("/r/b.rst", 7)
    assert place_of("/r/b.rst:", path_of) == ("/r/b.rst", 0)
    assert place_of("<unknown>:7", path_of) == ("", 0)
    assert place_of(None, path_of) == ("", 0)


def test_what_another_process_says_while_it_writes_is_put_to_the_page_that_it_then_finishes() -> None:
    said, records = WarningLog(), []
    listener = WarningListener(said)
    listener.begin_build()
    logger = logging.getLogger("sphinx.exptdir.preview")
    catcher = logging.Handler()
    catcher.emit = records.append  # type: ignore[method-assign]
    logger.addHandler(catcher)
    # Applications of other tests may still listen.
    logger.propagate = False
    try:
        logger.setLevel(logging.DEBUG)
        begin(WRITTEN, "first")
        for docname in ("second", "third"):
            logger.warning("said of %s", docname)
            end(docname)
        logger.warning("said at last")
    finally:
        logger.removeHandler(catcher)
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for record in records[1:]:
        record.process = os.getpid() + 1
    for record in records:
        listener.emit(record)
        # As Sphinx gives what it has held back, once more.
        listener.emit(record)
    listener.finish_build()
    assert [one.text for one in said.besides] == ["said at last"]
    listener.app = None
    assert said.everything()[0].text == "said at last"


def test_the_authors_modules_are_reported_and_installed_ones_are_not(tmp_path: Path) -> None:
    own = tmp_path / "module_of_the_author.py"
    own.write_text("", "utf-8")
    sys.path.insert(0, str(tmp_path))
    try:
        import module_of_the_author  # type: ignore[import-not-found]  # noqa: F401

        files = Modules().files()
    finally:
        sys.path.remove(str(tmp_path))
        del sys.modules["module_of_the_author"]
    assert str(own) in files
    assert not any("site-packages" in file or file.endswith("/json/__init__.py") for file in files)


def test_what_lies_outside_is_reported_and_so_are_the_authors_static_files(tmp_path: Path) -> None:
    write(tmp_path, {"data/rows.csv": "a,b\n1,2\n", "data/shown.svg": SVG.format(1)})
    files = {
        **RECORD,
        "conf.py": f"{RECORD['conf.py']!s}html_static_path = ['_static']\ntemplates_path = ['_templates']\n"
        "exptdir_asset_roots = ['../data']\nhtml_logo = 'logo.svg'\n",
        "logo.svg": SVG.format(1),
        "_static/own.css": "",
        "_templates/page.html": '{% extends "!page.html" %}',
        "linked": Link("../data"),
        "docs/page.md": "# A page\n\n![](../linked/shown.svg)\n\n```{datatable} ../../data/rows.csv\n```\n",
    }
    with preview(tmp_path, files) as shown:
        found = outside(shown.warm)
        assert {str(tmp_path / "data"), str(tmp_path / "data/rows.csv"), str(tmp_path / "data/shown.svg")} == set(found)
        confdir = shown.source
        assert {str(confdir / "_static"), str(confdir / "logo.svg")} <= set(statics(shown.warm.app))
        assert str(confdir / "_templates") in templates(shown.warm.app)
        shown.show(str(tmp_path / "data/rows.csv"))
        write(tmp_path, {"data/rows.csv": "a,b\n1,3003\n"})
        [first] = shown.show(str(tmp_path / "data/rows.csv"))
        assert first.pages == ("docs/page.html",)
        assert "3003" in shown.html("docs/page")


def test_files_of_the_output_that_were_made_or_deleted_are_told_once(tmp_path: Path) -> None:
    write(tmp_path, {"a.html": "", "gone.html": "", "_static/x.html": "", ".hidden": "", "_static/y.css": "y"})
    output = Output(tmp_path, ".html")
    write(tmp_path, {"a.html": "new", "gone.html": None, "b/c.html": "", "_images/p.svg": "", "_static/x.html": "x"})
    write(tmp_path, {".hidden": "x", "_static/y.css": "y"})
    pages, files = output.changes()
    assert pages == ("a.html", "b/c.html", "gone.html")
    assert files == ("_images/p.svg", "_static/x.html")
    assert output.changes() == ((), ())


def test_what_a_script_in_another_language_writes_is_told_by_comparison(tmp_path: Path) -> None:
    plot = (
        "import subprocess, sys\n"
        "code = \"open('side.csv', 'w').write('1'); open('by_r.svg', 'w').write('<svg/>')\"\n"
        "subprocess.run([sys.executable, '-c', code], check=True)\n"
        "from pathlib import Path\nPath('drawn.svg').write_text('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')\n"
    )
    notes = titled("Plots", ".. figure:: drawn.svg")
    files = {**RECORD, "expts/0006_plots/notes.rst": notes, "expts/0006_plots/plot.py": plot}
    with preview(tmp_path, files) as shown:
        drawing: FigureUpdates = shown.warm.drawing
        drawing.take()
        changed = shown.change({"expts/0006_plots/plot.py": f"{plot}# changed\n"})
        drawing.draw()
        wrote = {Path(path).name for path, _stamp in drawing.take()}
        assert {"side.csv", "figures.lock", "drawn.svg"} <= wrote
        assert "plot.py" not in wrote and "notes.rst" not in wrote
        shown.warm.build(changed, drawn=True)

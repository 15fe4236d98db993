"""A second build in the same process: its output is that of a clean build, and nothing piles up."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from unittest.mock import patch

import pytest
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.inventory import InventoryFile

from tests.preview.warmly import RECORD, SVG, preview
from tests.sphinxext.building import titled

pytest.importorskip("matplotlib")

PLOT = """\
from pathlib import Path
from unittest.mock import patch

text = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="{}"/></svg>'
Path("drawn.svg").write_text(text.format(Path("size.txt").read_text().strip()))
"""


def test_after_each_of_a_series_of_edits_the_output_is_that_of_a_clean_build(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        shown.save({"expts/0001_first/notes.rst": titled("First", "Other words, after :expt:`2`.")})
        shown.save({"docs/page.md": "# A page\n\nText about {expt}`3@2024-05-20` and {expt}`99`.\n"})
        shown.keep("bodies")
        shown.save({"expts/0003_third/notes.rst": titled("Another title", "After :expt:`1`.")})
        shown.keep("title")
        shown.save({"expts/0005_new/notes.rst": titled("New", "Builds on :expt:builds-on:`4`.")})
        shown.keep("new")
        shutil.rmtree(shown.source / "expts/0001_first")
        shown.warm.build([str(shown.source / "expts/0001_first")])
        shown.keep("deleted")
        shown.save({"expts/0002_second/results.csv": "name,value\na,1\nb,2\n"})
        shown.keep("table")
    shown.assert_all_clean()
    assert "Another title" in shown.kept["title"]["expts/0003_third/0004_child/index.html"].decode()


def test_scripts_that_pages_ask_for_stay_on_their_pages(tmp_path: Path) -> None:
    # The page with the table is the last that is written before the others are written again.
    with preview(tmp_path) as shown:
        shown.save({"expts/0002_second/notes.rst": titled("Second", "More.\n\n.. datatable:: results.csv")})
        shown.save({"docs/page.md": "# A page\n\nNo table here.\n"})
        assert "exptdir-tables.js" in shown.html("expts/0002_second/notes")
        assert "exptdir-tables.js" not in shown.html("docs/page")


def test_a_file_that_is_saved_with_an_old_time_is_read_again(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        for name, text in {
            "docs/page.md": "# A page\n\nRestored from a copy.\n",
            "expts/0002_second/results.csv": "name,value\nold,7\n",
            "expts/0001_first/loss.svg": SVG.format(2),
        }.items():
            changed = shown.change({name: text})
            os.utime(shown.source / name, (10_000, 10_000))
            shown.warm.build(changed)
        shown.keep("old")
    shown.assert_all_clean()
    assert "Restored from a copy." in shown.html("docs/page")


def test_a_picture_of_the_same_size_and_time_is_copied_again(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        path = shown.source / "expts/0001_first/loss.svg"
        times = path.stat()
        changed = shown.change({"expts/0001_first/loss.svg": SVG.format(5)})
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        shown.warm.build(changed)
        shown.keep("picture")
    shown.assert_all_clean()


def test_a_script_that_is_edited_draws_again_and_its_page_shows_it(tmp_path: Path) -> None:
    files = {
        **RECORD,
        "expts/0006_plots/notes.rst": titled("Plots", ".. figure:: drawn.svg\n\n   Drawn"),
        "expts/0006_plots/plot.py": PLOT,
        "expts/0006_plots/size.txt": "3\n",
    }
    with preview(tmp_path, files) as shown:
        assert "drawn.svg" in shown.html("expts/0006_plots/notes")
        wrote = {Path(path).name for path, _stamp in shown.warm.drawing.take()}
        assert {"drawn.svg", "figures.lock"} <= wrote
        shown.save({"expts/0006_plots/size.txt": "4\n"})
        [picture] = (shown.output / "_images").glob("drawn*.svg")
        assert 'width="4"' in picture.read_text("utf-8")
        wrote = {Path(path).name for path, _stamp in shown.warm.drawing.take()}
        assert "drawn.svg" in wrote and "notes.rst" not in wrote
        shown.warm.build()
        assert shown.warm.drawing.take() == ()
        shown.keep("drawn")
    shown.assert_all_clean()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="scripts are forked from a server only where there is fork")
def test_scripts_are_forked_from_one_server_until_the_preview_ends(tmp_path: Path) -> None:
    script = PLOT.replace("<rect", "<!-- {} --><rect").replace(".format(", ".format(__import__('os').getppid(), ")
    files = {
        **RECORD,
        "expts/0006_plots/notes.rst": titled("Plots", ".. figure:: drawn.svg\n\n   Drawn"),
        "expts/0006_plots/plot.py": script,
        "expts/0006_plots/size.txt": "3\n",
    }

    def server() -> int:
        text = (tmp_path / "source/expts/0006_plots/drawn.svg").read_text("utf-8")
        return int(text.partition("<!-- ")[2].partition(" -->")[0])

    with preview(tmp_path, files) as shown:
        shown.warm.drawing.get_ready()
        shown.save({"expts/0006_plots/size.txt": "4\n"})
        first = server()
        shown.save({"expts/0006_plots/size.txt": "5\n"})
        assert server() == first
        os.kill(first, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def test_a_build_without_changes_writes_no_page(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        shown.warm.build()
        pages, _files = shown.warm.changes()
    assert pages == ()


def test_standard_labels_follow_the_edits_of_what_they_name(tmp_path: Path) -> None:
    files = {
        "expts/0001_first/notes.rst": titled("First", "See :ref:`expt-3` and :ref:`expt-3-2024-05-20`."),
        "expts/0003_third/notes.rst": titled("Third", "2024/05/20\n----------\n\nAn entry."),
    }
    with preview(tmp_path, {**RECORD, **files}) as shown:
        assert "#3: Third" in shown.html("expts/0001_first/notes")
        assert "#3, 2024/05/20" in shown.html("expts/0001_first/notes")
        entry = "2024/05/20: Cold\n----------------\n\nAn entry."
        shown.save({"expts/0003_third/notes.rst": titled("Warmer", entry)})
        assert "#3: Warmer" in shown.html("expts/0001_first/notes")
        assert "#3, 2024/05/20: Cold" in shown.html("expts/0001_first/notes")
        shown.save({"expts/0003_third/expt.toml": 'title = "Warmest"\n'})
        assert "#3: Warmest" in shown.html("expts/0001_first/notes")
        shown.keep("end")
    shown.assert_all_clean()


def test_nothing_piles_up_over_many_edits(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        sizes = []
        for number in range(9):
            text = f"Edit {number}.\n\n.. datatable:: results.csv"
            shown.save({"expts/0002_second/notes.rst": titled("Second", text)})
            app = shown.warm.app
            gathered = (app.registry.js_files, app.registry.css_files, app.builder.images, app.messagelog)
            env = app.env
            kept = (env._pickled_doctree_cache, env._write_doc_doctree_cache, env.images, env.dlfiles, env.dependencies)
            sizes.append([len(one) for one in (*gathered, *kept)])
    assert sizes[2] == sizes[-1]


def test_after_a_failure_in_reading_all_is_read_again(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        changed = shown.change({"docs/page.md": "# Mended\n\nAfter {expt}`3`.\n"})

        def fail(app: Sphinx, doctree: nodes.document) -> None:
            raise RuntimeError("a bug")

        shown.warm.app.connect("doctree-read", fail)
        with pytest.raises(ExtensionError):
            shown.warm.build(changed)
    with preview(tmp_path, {}) as again:
        assert again.warm.app.fresh_env_used
        again.keep("after")
    again.assert_all_clean()


def test_after_a_failure_in_writing_all_is_read_again(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        changed = shown.change({"docs/new.md": "# New\n\nIt will go again, {expt}`1`.\n"})

        def fail(app: Sphinx, pagename: str, *args: object) -> None:
            if pagename == "index":
                raise RuntimeError("a bug")

        shown.warm.app.connect("html-page-context", fail)
        with pytest.raises(ExtensionError):
            shown.warm.build((*changed, *shown.change({"index.md": f"{RECORD['index.md']!s}\nMore.\n"})))
    with preview(tmp_path, {}) as again:
        assert again.warm.app.fresh_env_used
        again.keep("after")
    again.assert_all_clean()


def test_a_build_that_did_not_end_is_made_again_from_nothing(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        changed = shown.change({"docs/page.md": "# A page\n\nChanged.\n"})

        def die(*args: object) -> None:
            raise KeyboardInterrupt

        shown.warm.app.connect("html-page-context", die)
        with pytest.raises(KeyboardInterrupt):
            shown.warm.build(changed)
    (tmp_path / "html/docs/page.html.new").write_text("half a pa", "utf-8")
    with preview(tmp_path, {}) as again:
        assert again.warm.app.fresh_env_used
        again.keep("after")
    again.assert_all_clean()
    with preview(tmp_path, {}) as third:
        assert not third.warm.app.fresh_env_used


def test_the_inventory_is_packed_again_only_when_it_holds_something_else(tmp_path: Path) -> None:
    with preview(tmp_path) as shown, patch.object(InventoryFile, "dump", wraps=InventoryFile.dump) as packed:
        shown.save({"docs/page.md": "# A page\n\nOther words.\n"})
        shown.save({"expts/0001_first/notes.rst": titled("First", "Other words, after :expt:`2`.")})
        assert packed.call_count == 0
        shown.save({"expts/0003_third/notes.rst": titled("Third", "2024/05/21\n----------\n\nAn entry.")})
        assert packed.call_count == 1
        shown.keep("entry")
    shown.assert_all_clean()

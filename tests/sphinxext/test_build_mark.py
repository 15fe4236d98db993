"""A build that was killed is followed by one that begins afresh."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from exptdir.sphinxext.store import DocumentMaps
from tests.sphinxext.building import Site, titled, write

CONF = """\
import os, signal
extensions = ["exptdir"]
html_theme = "basic"


def setup(app):
    def die(app, pagename, *_):
        if os.path.exists(os.path.join(app.srcdir, "kill")) and pagename == "index":
            os.kill(os.getpid(), signal.SIGKILL)

    app.connect("html-page-context", die)
"""


def sphinx(source: Path, output: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-b",
        "html",
        "-d",
        str(output / "trees"),
        str(source),
        str(output / "html"),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def pages(output: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in output.rglob("*.html*")}


def test_a_killed_build_is_followed_by_a_clean_one(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write(
        source,
        {
            "conf.py": CONF,
            "index.rst": titled("Home", "See :expt:`1`."),
            "expts/1_a/notes.rst": titled("A", "x"),
        },
    )
    assert sphinx(source, tmp_path / "out").returncode == 0
    assert not (tmp_path / "out/trees/exptdir-unfinished").exists()
    write(
        source,
        {"kill": "", "expts/1_a/notes.rst": titled("B", "y"), "index.rst": titled("Home", "Now :expt:`1`.")},
    )
    assert sphinx(source, tmp_path / "out").returncode == -signal.SIGKILL
    assert (tmp_path / "out/trees/exptdir-unfinished").exists()
    (source / "kill").unlink()
    beside = [tmp_path / "out/html" / name for name in ("feed.xml.new", "objects.inv.new", "expts/1_a/notes.html.new")]
    for path in beside:
        path.write_text("cut off")
    again = sphinx(source, tmp_path / "out")
    assert again.returncode == 0
    assert "[new config]" in again.stdout or "2 added" in again.stdout
    assert sphinx(source, tmp_path / "clean").returncode == 0
    assert pages(tmp_path / "out/html") == pages(tmp_path / "clean/html")
    assert [path.name for path in beside if path.exists()] == []


def test_what_another_exptdir_has_kept_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path)
    site.build(files={"index.rst": titled("Home")})
    assert "0 added, 0 changed" in site.build().status
    monkeypatch.setitem(DocumentMaps.__annotations__, "later", "dict[str, int]")
    assert "1 added, 0 changed" in site.build().status


HELD = """\
import gc, weakref


def setup(app):
    app.read, app.held, app.frozen = [], [], set()

    def page(app, *_):
        app.frozen.add(gc.get_freeze_count() > 0)
        gc.collect()
        app.held.append(sum(one() is not None for one in app.read))

    app.connect("doctree-read", lambda app, doctree: app.read.append(weakref.ref(doctree)))
    app.connect("html-page-context", page)
"""


def test_documents_are_let_go_of_before_pages_are_made_and_the_collector_is_left_as_it_was(tmp_path: Path) -> None:
    files = {f"expts/{n}_a/notes.rst": titled("A", f":expt:`{n % 8 + 1}`") for n in range(1, 9)}
    thresholds, site = gc.get_threshold(), Site(tmp_path)
    app = site.build(files={"conf.py": 'extensions = ["exptdir"]\n' + HELD, "index.rst": titled("Home"), **files}).app
    assert len(app.read) == 9
    # Docutils holds on to the last that it has read, and so does Sphinx 8.2.
    assert max(app.held) <= 2, "documents are read from the disk when their pages are made"
    assert app.frozen == {True}
    assert (gc.get_threshold(), gc.get_freeze_count()) == (thresholds, 0)

"""Plain ``sphinx-autobuild``, as people type it: an edit is built once, one that draws once more at most."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sphinxext.building import titled, write

pytestmark = pytest.mark.slow

PLOT = """\
from pathlib import Path
size = Path("size.txt").read_text().strip()
Path("drawn.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="9"/>')
"""
FIGURE = "expts/0001_first"
RECORD = {
    "conf.py": 'extensions = ["exptdir"]\nhtml_theme = "basic"\n',
    "index.rst": "Home\n====\n",
    f"{FIGURE}/notes.rst": titled("First", ".. figure:: drawn.svg\n\n   Drawn"),
    f"{FIGURE}/plot.py": PLOT,
    f"{FIGURE}/size.txt": "3\n",
    "expts/0002_second/notes.rst": titled("Second", ".. datatable:: results.csv"),
    "expts/0002_second/results.csv": "name,value\na,1\n",
}
#: Builds that may come after the last have come by then, in seconds.
QUIET = 4


class Autobuild:
    """One that runs."""

    def __init__(self, source: Path) -> None:
        write(source, RECORD)
        self.source = source
        self.log = source.parent / "log"
        command = [sys.executable, "-m", "sphinx_autobuild", "--port", "0", ".", "_build/html"]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=source, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def pages(self) -> list[int]:
        """How many pages each build has written."""
        builds = self.log.read_text("utf-8", "replace").split("Running Sphinx")[1:]
        ended = [build for build in builds if "build succeeded" in build]
        return [len(set(re.findall(r"writing output[^\n]*?%\][^\n]*?([\w/]+)", build))) for build in ended]

    def wait(self, builds: int) -> None:
        """Wait until there were so many builds, and then for those that should not be."""
        end = time.monotonic() + 120
        while len(self.pages()) < builds:
            assert time.monotonic() < end, self.log.read_text("utf-8", "replace")[-3000:]
            time.sleep(0.05)
        time.sleep(QUIET)


@pytest.fixture
def autobuild(tmp_path: Path) -> Iterator[Autobuild]:
    running = Autobuild(tmp_path / "source")
    yield running
    os.killpg(running.process.pid, signal.SIGKILL)
    running.process.wait()


def test_edits_are_built_once_and_a_drawn_figure_once_more_at_most(autobuild: Autobuild) -> None:
    autobuild.wait(1)
    first = len(autobuild.pages())
    # Figure and ledger of the first build have come.
    assert first <= 2 and sum(autobuild.pages()[1:]) == 0

    page = autobuild.source / "_build/html" / FIGURE / "notes.html"
    for number in range(3):
        before = len(autobuild.pages())
        write(autobuild.source, {f"{FIGURE}/notes.rst": RECORD[f"{FIGURE}/notes.rst"] + f"\nProse {number}.\n"})
        autobuild.wait(before + 1)
        assert len(autobuild.pages()) == before + 1
        assert f"Prose {number}." in page.read_text("utf-8")

    before = len(autobuild.pages())
    write(autobuild.source, {"expts/0002_second/results.csv": "name,value\na,2\n"})
    autobuild.wait(before + 1)
    assert len(autobuild.pages()) == before + 1

    for edit in ({f"{FIGURE}/size.txt": "4\n"}, {f"{FIGURE}/plot.py": PLOT + "# Again.\n"}):
        before = len(autobuild.pages())
        write(autobuild.source, edit)
        autobuild.wait(before + 1)
        after = autobuild.pages()[before:]
        assert len(after) <= 2 and sum(after[1:]) == 0, after
    [picture] = (autobuild.source / "_build/html/_images").glob("drawn*.svg")
    assert 'width="4"' in picture.read_text("utf-8")

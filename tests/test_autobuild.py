"""Plain ``sphinx-autobuild``, as people type it: an edit is built once, one that draws once more at most."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.sphinxext.building import no_matplotlib, titled, write

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
#: A build that follows another has begun before it has answered so often, 0.05 s apart. To count answers rather than
#: seconds takes into account that it may stand still.
QUIET = 30


class Autobuild:
    """One that runs."""

    def __init__(self, source: Path) -> None:
        write(source, RECORD)
        self.source = source
        self.log = source.parent / "log"
        command = [sys.executable, "-m", "sphinx_autobuild", "--port", "0", ".", "_build/html"]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **no_matplotlib(source.parent / "cache")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=source, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def builds(self) -> list[str]:
        """What each build has printed."""
        return self.log.read_text("utf-8", "replace").split("Running Sphinx")[1:]

    def pages(self) -> list[int]:
        """How many pages each build that has ended has written."""
        ended = [build for build in self.builds() if "build succeeded" in build]
        return [len(set(re.findall(r"writing output[^\n]*?%\][^\n]*?([\w/]+)", build))) for build in ended]

    def rest(self, after: int = 0) -> list[int]:
        """Wait until there were more builds than so many, and no other begins; return the pages of each of those."""
        end, quiet = time.monotonic() + 240, 0
        while quiet < QUIET:
            assert time.monotonic() < end, self.log.read_text("utf-8", "replace")[-3000:]
            time.sleep(0.05)
            begun = len(self.builds())
            at_rest = begun > after and len(self.pages()) == begun and self.answers()
            quiet = quiet + 1 if at_rest else 0
        return self.pages()[after:]

    def answers(self) -> bool:
        """Tell whether it serves, which it does once it watches, and in the loop in which it takes note of changes."""
        with suppress(OSError):
            address = re.search(r"http://127\.0\.0\.1:\d+", self.log.read_text("utf-8", "replace"))
            return address is not None and urllib.request.urlopen(address[0], timeout=60).status == 200
        return False

    def edit(self, files: dict[str, str]) -> list[int]:
        """Edit files, and return the pages of each build that follows."""
        before = len(self.builds())
        for name, text in files.items():
            # At once: a file that is empty for a moment may be built so.
            (beside := self.source.parent / "saved").write_text(text, "utf-8")
            beside.replace(self.source / name)
        return self.rest(before)


@pytest.fixture
def autobuild(tmp_path: Path) -> Iterator[Autobuild]:
    running = Autobuild(tmp_path / "source")
    yield running
    os.killpg(running.process.pid, signal.SIGKILL)
    running.process.wait()


def test_twenty_edits_are_built_once_and_a_drawn_figure_once_more_at_most(autobuild: Autobuild) -> None:
    first = autobuild.rest()
    # Figure and ledger of the first build have come.
    assert len(first) <= 2 and sum(first[1:]) == 0
    page = autobuild.source / "_build/html" / FIGURE / "notes.html"
    for number in range(8):
        built = autobuild.edit({f"{FIGURE}/notes.rst": RECORD[f"{FIGURE}/notes.rst"] + f"\nProse {number}.\n"})
        assert len(built) == 1 and f"Prose {number}." in page.read_text("utf-8")
    table = autobuild.source / "_build/html/expts/0002_second/notes.html"
    for number in range(6):
        assert len(autobuild.edit({"expts/0002_second/results.csv": f"name,value\na,{number + 70}\n"})) == 1
        assert str(number + 70) in table.read_text("utf-8")
    for number in range(6):
        # Sizes first, then the script itself.
        script = {f"{FIGURE}/plot.py": PLOT + f"# Again: {number}.\n"}
        built = autobuild.edit({f"{FIGURE}/size.txt": f"{number + 4}\n"} if number < 4 else script)
        assert len(built) <= 2 and sum(built[1:]) == 0, built
    [picture] = (autobuild.source / "_build/html/_images").glob("drawn*.svg")
    assert 'width="7"' in picture.read_text("utf-8")

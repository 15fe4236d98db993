"""Disks that are full: of the figures, of the ledgers, of what is remembered on this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from exptdir.figures.ledger import parse_ledger
from exptdir.figures.model import FigureSettings
from exptdir.figures.run.runner import LocalExecutor, run_job
from exptdir.figures.update import Report, update
from exptdir.record.scan import scan
from tests.figures.test_integration import fill
from tests.figures.toys import log

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><!--'
#: The script's figure is as long as its data say, in kB; it is written past matplotlib.
PLAIN = f"""
with open("size.txt") as file:
    size = int(file.read())
with open("loss.svg", "w") as file:
    file.write({SVG!r})
    file.write("x" * 1024 * size)
    file.write(" --></svg>")
"""
#: The same with matplotlib, which writes a metadata text as it is.
DRAWN = """
import matplotlib.pyplot as plt
with open("size.txt") as file:
    size = int(file.read())
plt.plot([1, 2])
plt.savefig("loss.svg", metadata={"Description": "x" * 1024 * size})
"""
SIZE = 1024


@dataclass
class Disk:
    """A disk of one megabyte."""

    place: Path

    def fill(self) -> None:
        """Leave no room at all."""
        with suppress(OSError), (self.place / "filler").open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass

    def make_room(self) -> None:
        (self.place / "filler").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk, and only on Linux is it known how")
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}k", "none", str(place)], capture_output=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.decode(errors='replace').strip()}")
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    with LocalExecutor(1) as made:
        yield made


@dataclass
class Record:
    """A record of one script, and the state of its machine."""

    base: Path
    state: Path
    executor: LocalExecutor

    def bring(self, **files: str) -> Report:
        """Change files of the experiment, and bring its figure up to date."""
        fill(self.base, {f"a/{name.replace('_', '.')}": text for name, text in files.items()})
        return update(scan(self.base), FigureSettings(), self.state, lambda job: self.executor.submit(run_job, job))

    @property
    def folder(self) -> Path:
        return self.base / "expts/a"

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def figure_state(self, report: Report) -> str:
        return report.figures["expts/a/loss.svg"].state


def record(base: Path, state: Path, executor: LocalExecutor, script: str) -> Record:
    """Make a record whose figure is small, and was drawn."""
    made = Record(base, state, executor)
    report = made.bring(index_rst=log("loss.svg"), plot_py=script, size_txt="1")
    assert (report.problems, made.figure_state(report)) == ((), "fresh")
    return made


def assert_whole_ledger(made: Record) -> None:
    path = made.folder / "figures.lock"
    entries, problems = parse_ledger(path.read_text(), "expts/a", path)
    assert (list(entries), problems) == (["expts/a/plot.py"], [])


@pytest.mark.parametrize(("script", "line"), [(PLAIN, 6), (DRAWN, 6)], ids=["by hand", "matplotlib"])
def test_a_figure_that_does_not_fit_leaves_the_last_good_one(disk, executor, tmp_path, script, line):
    made = record(disk.place, tmp_path / "state", executor, script)
    before = made.files()
    report = made.bring(size_txt=f"{2 * SIZE}")
    [problem] = report.problems
    assert problem.message == "expts/a/plot.py failed: OSError: [Errno 28] No space left on device"
    assert (problem.path, problem.line) == (made.folder / "plot.py", line)
    assert made.files() == before | {"size.txt": b"2048"}
    assert made.figure_state(report) == "stale"
    again = made.bring()
    assert (again.ran, again.problems) == (("expts/a/plot.py",), report.problems)
    after = made.bring(size_txt="3")
    assert (after.problems, made.figure_state(after)) == ((), "fresh")
    assert made.bring().ran == ()


@pytest.mark.parametrize("script", [PLAIN, DRAWN], ids=["by hand", "matplotlib"])
def test_on_a_disk_that_is_full_to_the_last_byte_nothing_is_lost(disk, executor, tmp_path, script):
    made = record(disk.place, tmp_path / "state", executor, script)
    fill(made.base, {"a/size.txt": "9"})
    before = made.files()
    disk.fill()
    report = made.bring()
    assert [problem.path for problem in report.problems] == [made.folder / "plot.py"]
    assert "No space left on device" in report.problems[0].message
    assert made.files() == before
    disk.make_room()
    after = made.bring()
    assert (after.problems, made.figure_state(after)) == ((), "fresh")


def test_a_ledger_that_does_not_fit_is_said_and_what_it_said_before_stays(disk, executor, tmp_path):
    made = record(disk.place, tmp_path / "state", executor, PLAIN)
    ledger = (made.folder / "figures.lock").read_bytes()
    disk.fill()
    # The figure is as long as it was, and so has room.
    same_size = PLAIN.replace('"x"', '"y"').replace('"w"', '"r+"')
    with (made.folder / "plot.py").open("r+") as file:
        file.write(same_size)
    report = made.bring()
    [problem] = report.problems
    assert problem.path == made.folder / "figures.lock"
    assert "the ledger cannot be written: No space left on device" in problem.message
    assert (made.folder / "figures.lock").read_bytes() == ledger
    assert sorted(made.files()) == ["figures.lock", "index.rst", "loss.svg", "plot.py", "size.txt"]
    disk.make_room()
    after = made.bring()
    assert (after.problems, made.figure_state(after)) == ((), "fresh")
    assert b"yyy" in made.files()["loss.svg"]
    assert_whole_ledger(made)


@pytest.mark.parametrize("script", [PLAIN, DRAWN], ids=["by hand", "matplotlib"])
def test_a_full_disk_of_the_state_loses_nothing(disk, executor, tmp_path, script):
    made = record(tmp_path / "record", disk.place / "state", executor, script)
    before = made.files()
    disk.fill()
    report = made.bring(size_txt="9")
    assert any("No space left on device" in problem.message for problem in report.problems)
    assert made.files() == before | {"size.txt": b"9"}
    disk.make_room()
    after = made.bring()
    assert (after.problems, made.figure_state(after)) == ((), "fresh")
    assert made.bring().ran == ()


def test_a_figure_that_cannot_be_put_back_is_kept_and_put_back_by_the_next_build(disk, executor, tmp_path):
    spiteful = f"""
import os
if open("size.txt").read() == "9":
    os.remove("loss.svg")
    with open({str(disk.place / "filler")!r}, "wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
"""
    made = record(disk.place, tmp_path / "state", executor, spiteful + PLAIN)
    before = made.files()
    fill(made.base, {"a/size.txt": "9"})
    [problem] = made.bring().problems
    found = re.search(r"The figure \S+/loss\.svg could not be put back .*; a copy of it is (\S+)\.$", problem.message)
    assert found is not None
    assert Path(found[1]).read_bytes() == before["loss.svg"]
    disk.make_room()
    after = made.bring(size_txt="1")
    assert (after.problems, after.ran, made.figure_state(after)) == ((), (), "fresh")
    assert made.files() == before
    assert not Path(found[1]).exists()

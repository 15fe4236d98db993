"""A figure that is there is whole, and is what it was unless a script drew it to its end."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from exptdir.figures.inside.events import COPIES
from exptdir.figures.inside.scope import JOURNAL
from exptdir.figures.run.guard import BUSY, recover
from exptdir.figures.run.runner import Runner
from exptdir.record.files import locked, write
from tests.figures.running import DRAW, SVG

OLD = 1_500_000_000_123_456_789


@pytest.fixture
def old(place):
    """A figure of long ago."""
    path = place.write("a.svg", SVG + "<!-- old -->")
    os.utime(path, ns=(OLD, OLD))
    return path


def assert_untouched(path):
    assert path.read_text() == SVG + "<!-- old -->"
    assert path.stat().st_mtime_ns == OLD


BEGINNINGS = {
    "matplotlib": DRAW + "plt.savefig('a.svg')\nplt.savefig('new.svg')\n",
    "open": "open('a.svg', 'w').write('<svg')\nopen('new.svg', 'w').write('<svg')\n",
    "rename": "import os\nopen('x', 'w').close()\nos.replace('x', 'a.svg')\n",
    "remove": "import os\nos.remove('a.svg')\n",
    "rename away": "import os\nos.rename('a.svg', 'new.svg')\n",
    "truncate": "import os\nos.truncate('a.svg', 3)\n",
    "append": "open('a.svg', 'a').write('x')\n",
    "subprocess": "import sys, subprocess\nsubprocess.run([sys.executable, '-c', 'open(\"a.svg\", \"w\")'])\n",
    "other program": "import os\nos.system('echo half > a.svg; echo half > new.svg')\n",
    "thread": "import threading\nt = threading.Thread(target=open, args=('a.svg', 'w'))\nt.start(); t.join()\n",
}
ENDS = {
    "exception": "raise ValueError",
    "exit": "raise SystemExit(3)",
    "_exit": "import os\nos._exit(1)",
    "fault": "import ctypes\nctypes.string_at(0)",
    "kill": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
}


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_script_that_fails_leaves_the_old_figure(place, old, beginning):
    outcome = place.run(BEGINNINGS[beginning] + "raise ValueError", outputs=(f"{place.folder}/new.svg",))
    assert (outcome.status, outcome.written, outcome.changed) == ("failed", (), ())
    assert_untouched(old)
    assert [name for name in place.all_files() if "." in name] == ["a.svg", "plot.py"]


@pytest.mark.parametrize("end", ENDS)
def test_however_a_script_fails_the_old_figure_stays(place, old, end):
    outcome = place.run(BEGINNINGS["open"] + ENDS[end])
    assert outcome.status in ("failed", "killed")
    assert_untouched(old)
    assert place.all_files() == ["a.svg", "plot.py"]


def test_after_the_time_limit_the_old_figure_stays(place, old):
    # On a machine that stands still it has not come so far by then.
    for seconds in (3, 60):
        outcome = place.run(BEGINNINGS["open"] + "import time; time.sleep(600)", timeout=seconds)
        assert outcome.status == "timeout"
        assert outcome.traceback.startswith(f"The script was still running after {seconds} s and was ended.")
        assert_untouched(old)
        if outcome.line == 3:
            break
    assert outcome.line == 3


def test_a_figure_of_the_same_bytes_keeps_its_time(place):
    code = DRAW + "plt.savefig('a.svg')\nopen('b.svg', 'w').write('<svg></svg>')"
    first = place.run(code)
    assert place.names(first.changed) == place.names(first.written) == ["a.svg", "b.svg"]
    for name in ("a.svg", "b.svg"):
        os.utime(place.folder / name, ns=(OLD, OLD))
    second = place.run(code)
    assert (second.changed, second.written) == ((), first.written)
    assert {(place.folder / name).stat().st_mtime_ns for name in ("a.svg", "b.svg")} == {OLD}


def test_a_redrawn_figure_keeps_its_mode_and_its_link(place, old):
    real = place.base.parent / "real.svg"
    shutil.move(old, real)
    real.chmod(0o640)
    old.symlink_to(real)
    outcome = place.run(DRAW + "plt.savefig('a.svg')")
    assert place.names(outcome.changed) == ["a.svg"]
    assert old.is_symlink()
    assert "matplotlib" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


def test_figures_are_drawn_wherever_savefig_would(place):
    outcome = place.run(
        DRAW
        + """
import io, pathlib
from matplotlib.backends.backend_pdf import PdfPages
plt.savefig("plain")
plt.savefig(pathlib.Path("path.svg"), bbox_inches="tight")
plt.savefig("named.jpg", format="jpeg", dpi=20)
plt.savefig(io.BytesIO())
with open("file.png", "wb") as file:
    plt.savefig(file)
with PdfPages("pages.pdf") as pages:
    pages.savefig()
plt.imsave("image.png", [[0, 1]])
plt.gcf().canvas.print_figure("canvas.png")
""".lstrip()
    )
    assert outcome.traceback == ""
    names = ["canvas.png", "file.png", "image.png", "named.jpg", "pages.pdf", "path.svg", "plain.png"]
    assert place.names(outcome.written) == names
    assert place.all_files() == sorted([*names, "plot.py"])


def test_a_figure_that_fails_while_it_is_drawn_was_never_begun(place, old):
    code = DRAW + "plt.title('$x$')\ntry:\n    plt.savefig('a.svg', dpi='no')\nexcept Exception as e: print('caught')\n"
    outcome = place.run(code)
    assert (outcome.output, outcome.status) == ("caught\n", "no output")
    assert_untouched(old)


def test_a_directory_that_is_missing_is_the_scripts_error(place):
    outcome = place.run(DRAW + "plt.savefig('no/a.svg')")
    assert (outcome.status, outcome.line) == ("failed", 3)
    assert "FileNotFoundError" in outcome.traceback
    assert f"{place.folder}/no/a.svg" in outcome.traceback


def test_a_figure_that_cannot_be_written_is_the_scripts_error(place):
    (place.folder / "a.svg").mkdir()
    outcome = place.run(DRAW + "plt.savefig('a.svg')")
    assert (outcome.status, outcome.line, "IsADirectoryError" in outcome.traceback) == ("failed", 3, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_directory_is_the_scripts_error(place, old):
    place.folder.chmod(0o555)
    outcome = place.run(DRAW + "plt.savefig('a.svg')", name="../plot.py")
    place.folder.chmod(0o755)
    assert (outcome.status, "PermissionError" in outcome.traceback) == ("failed", True)
    assert_untouched(old)


def test_a_broken_figure_is_a_failure(place, old):
    outcome = place.run("open('a.svg', 'w').write('<svg><g>')")
    assert (outcome.status, outcome.traceback) == ("failed", "The script wrote a broken figure: a.svg ends too early.")
    assert_untouched(old)


def test_outside_of_the_record_nothing_is_put_back(place):
    outside = place.base.parent / "x.svg"
    outside.write_text("old")
    place.run(f"open({str(outside)!r}, 'w')\nraise ValueError")
    assert outside.read_text() == ""


def test_data_that_a_script_writes_are_its_own(place):
    outcome = place.run("open('a.csv', 'w').write('1')")
    assert (outcome.status, place.all_files()) == ("no output", ["a.csv", "plot.py"])


def test_the_directory_of_a_run_is_gone_afterwards(place):
    place.run(DRAW + "plt.savefig('a.svg')")
    place.run("raise ValueError")
    assert [path for path in place.state.rglob("*") if path.is_file()] == []


def leave_behind(place, copy):
    """Leave what a run leaves that was killed together with its builder."""
    run = place.state / "7" / "run"
    (run / COPIES).mkdir(parents=True)
    (run / BUSY).touch()
    shutil.move(copy, run / COPIES / "1-1")
    lines = f'["{place.folder}/a.svg", "1-1"]\n["{place.folder}/new.svg", null]\n["{place.folder}/a.svg", null]\n["cut'
    (run / COPIES / JOURNAL).write_text(lines)
    place.write("a.svg", "half")
    place.write("new.svg", "half")
    return run


def test_what_a_killed_build_left_is_put_back(place, old):
    run = leave_behind(place, old)
    assert recover(place.state) == []
    assert_untouched(old)
    assert place.all_files() == ["a.svg"]
    assert not run.exists()


def test_a_run_that_goes_on_is_left_alone(place, old):
    run = leave_behind(place, old)
    with locked(run / BUSY):
        assert recover(place.state) == []
    assert old.read_text() == "half"
    assert run.exists()


def test_a_copy_is_not_thrown_away_before_it_is_back(place, old):
    run = leave_behind(place, old)
    old.unlink()
    old.mkdir()
    (old / "x").touch()
    [problem] = recover(place.state)
    assert problem.startswith(f"The figure {old} could not be put back (")
    assert problem.endswith(f"; a copy of it is {run / COPIES / '1-1'}.")
    assert (run / COPIES / "1-1").is_file()


def test_a_state_directory_that_is_not_there_needs_no_recovery(tmp_path):
    assert recover(tmp_path / "nothing") == []


def test_replacing_that_fails_leaves_no_half_file(tmp_path):
    (tmp_path / "a.svg").mkdir()
    with pytest.raises(OSError, match="directory"):
        write(tmp_path / "a.svg", b"x")
    assert list(tmp_path.iterdir()) == [tmp_path / "a.svg"]


def test_without_fork_figures_are_as_safe(place, old):
    with Runner(warm=False) as runner:
        outcome = runner.run(place.job(BEGINNINGS["matplotlib"] + "raise ValueError"))
    assert outcome.status == "failed"
    assert_untouched(old)
    assert place.all_files() == ["a.svg", "plot.py"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that is full")
def test_a_full_disk_is_the_scripts_error(place, old):
    outcome = place.run("open('new.svg', 'w').write('<svg>')\nopen('/dev/full', 'w').write('x' * 100000)")
    assert "No space left" in outcome.traceback
    assert_untouched(old)


def test_figures_of_the_dark_scheme_are_drawn_beside(place):
    code = "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.savefig('a.svg'); plt.savefig('b.png')\n"
    code += "open('c.svg', 'a').write('<svg></svg>')"
    outcome = place.run(code, dark=True)
    assert outcome.traceback == ""
    assert place.names(outcome.written) == ["a.dark.svg", "a.svg", "b.png", "c.svg"]
    light, dark = [(place.folder / name).read_text() for name in ("a.svg", "a.dark.svg")]
    assert ("stroke: #1f77b4" in light, "stroke: #8dd3c7" in dark) == (True, True)
    assert (place.folder / "c.svg").read_text() == "<svg></svg>"
    assert place.run(code.replace("'a').write", "'w').write"), dark=True).changed == ()


def test_a_style_may_bring_its_own_dark_one(place):
    style = place.write("own.mplstyle", "lines.linewidth: 9")
    place.write("own.dark.mplstyle", "lines.linewidth: 11")
    outcome = place.run(DRAW + "plt.savefig('a.svg')", style=str(style), dark=True)
    assert "stroke-width: 11" in (place.folder / "a.dark.svg").read_text()
    assert place.names(outcome.trace.reads) == ["own.dark.mplstyle", "own.mplstyle"]


def test_a_figure_of_the_dark_scheme_has_the_colour_of_the_page(place):
    place.run(DRAW + "plt.legend(['a'])\nplt.savefig('a.svg')", dark=True)
    assert "fill: #000000" not in (place.folder / "a.dark.svg").read_text()
    assert "#ffffff" in (place.folder / "a.dark.svg").read_text()


def test_without_its_dark_figure_a_script_has_failed(place, old):
    code = DRAW + "plt.savefig('a.svg')\nif plt.rcParams['text.color'] == 'white': raise ValueError"
    outcome = place.run(code, dark=True)
    assert outcome.status == "failed"
    assert outcome.traceback.startswith("The figures for the dark scheme could not be drawn.\nTraceback")
    assert_untouched(old)
    assert place.all_files() == ["a.svg", "plot.py"]


def test_a_run_that_ends_while_it_is_looked_for_is_no_error(tmp_path, monkeypatch):
    gone = tmp_path / "scratch" / "run1"
    gone.mkdir(parents=True)
    (gone / BUSY).touch()
    scandir = os.scandir

    def vanishing(path="."):
        if os.fspath(path) == os.fspath(gone):
            raise FileNotFoundError(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", vanishing)
    assert recover(tmp_path) == []

"""What no run may touch: figures that were there, or that somebody edited; and what is run. With real scripts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from exptdir.figures.model import FigureSettings
from exptdir.figures.run.runner import LocalExecutor, run_job
from exptdir.figures.update import Report, update
from exptdir.record.scan import scan

SVG = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'


def bring_up_to_date(base: Path, **settings: object) -> Report:
    with LocalExecutor(1, warm=False) as executor:
        options = FigureSettings(**settings)
        return update(scan(base), options, base / "state", lambda job: executor.submit(run_job, job))


def make(base: Path, files: dict[str, str]) -> Path:
    folder = base / "expts" / "a"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def writes(name: str, text: str) -> str:
    return f"open({name!r}, 'w').write({SVG.format(text)!r})\n"


def test_a_script_that_is_run_for_what_is_missing_leaves_what_was_there(tmp_path: Path):
    files = {"index.md": "# A\n\n![](photo.svg)\n\n![](missing.svg)\n", "photo.svg": SVG.format("mine")}
    files |= {"plot_a.py": "raise SystemExit('no')\n", "plot_b.py": writes("photo.svg", "other")}
    folder = make(tmp_path, files)
    report = bring_up_to_date(tmp_path)
    assert (folder / "photo.svg").read_text() == SVG.format("mine")
    assert [problem.message for problem in report.problems] == ["expts/a/plot_a.py failed: The script ended itself: no"]
    # Neither is run again for nothing.
    assert bring_up_to_date(tmp_path).ran == ()


def test_a_figure_that_somebody_edited_stays_and_is_kept_when_it_is_drawn_again(tmp_path: Path):
    folder = make(tmp_path, {"index.md": "# A\n\n![](out.svg)\n", "plot.py": writes("out.svg", "drawn")})
    assert bring_up_to_date(tmp_path).ran == ("expts/a/plot.py",)
    make(tmp_path, {"out.svg": SVG.format("mine"), "plot.py": writes("out.svg", "drawn") + "# a comment\n"})
    for mode in ("auto", "always"):
        report = bring_up_to_date(tmp_path, mode=mode)
        assert (report.ran, report.counts) == (("expts/a/plot.py",), "1 kept")
        assert (folder / "out.svg").read_text() == SVG.format("mine")
        assert report.figures["expts/a/out.svg"].state == "edited"
        assert "exptdir plot --overwrite-edited" in report.problems[0].message
    report = bring_up_to_date(tmp_path, overwrite_edited=True)
    assert report.counts == "1 drawn"
    assert (folder / "out.svg").read_text() == SVG.format("drawn")
    assert (folder / "out.edited.svg").read_text() == SVG.format("mine")
    assert report.problems == ()


def test_a_committed_figure_whose_data_are_a_link_that_leads_nowhere_stays(tmp_path: Path):
    script = f"import glob\nn = len(glob.glob('data/*.csv'))\nopen('loss.svg', 'w').write({SVG!r}.format(n))\n"
    files = {"index.md": "# A\n\n![](loss.svg)\n", "loss.svg": SVG.format("good"), "plot_loss.py": script}
    folder = make(tmp_path, files)
    (folder / "data").symlink_to("/nowhere/at/all")
    always = {"mode": "always"}
    for change, settings in (("", {"mode": "never"}), ("", always), ("", {}), ("# later\n", {}), ("# later\n", always)):
        (folder / "plot_loss.py").write_text(script + change)
        report = bring_up_to_date(tmp_path, **settings)
        figure = report.figures.get("expts/a/loss.svg")
        assert not figure or (figure.state, figure.reasons[0]) == ("unknown", "data leads nowhere")
        (kept,) = report.unknown
        assert "the figures of expts/a/plot_loss.py are kept as they are (data leads nowhere" in kept.message
        assert (folder / "loss.svg").read_text() == SVG.format("good")


@pytest.mark.parametrize("reads", ["os.path.exists('d.csv') and open('d.csv').read()", "len(glob.glob('data/*.csv'))"])
def test_a_script_that_goes_on_without_data_that_a_clone_lacks_draws_nothing_in_place_of_a_figure(
    tmp_path: Path, reads: str
):
    script = f"import glob, os\nn = {reads}\nopen('loss.svg', 'w').write({SVG!r}.format(n))\n"
    # Of two figures, the clone will lack one as well.
    script += writes("acc.svg", "1")
    files = {"index.md": "# A\n\n![](loss.svg)\n\n![](acc.svg)\n", "plot_loss.py": script, "d.csv": "1"}
    folder = make(tmp_path / "here", files)
    (folder / "data").mkdir()
    (folder / "data" / "1.csv").write_text("1")
    bring_up_to_date(tmp_path / "here")
    assert (folder / "loss.svg").read_text() == SVG.format("1")
    clone = tmp_path / "clone" / "expts" / "a"
    clone.mkdir(parents=True)
    for name in ("index.md", "loss.svg", "figures.lock", "plot_loss.py"):
        shutil.copy(folder / name, clone / name)
    for script_now, mode in ((script, "auto"), (script + "# later\n", "auto"), (script + "# later\n", "always")):
        (clone / "plot_loss.py").write_text(script_now)
        bring_up_to_date(tmp_path / "clone", mode=mode)
        assert (clone / "loss.svg").read_text() == SVG.format("1")
    report = bring_up_to_date(tmp_path / "clone")
    assert [one.message.partition(" is not here, ")[2] for one in report.problems] == [
        "and what was drawn with it stays."
    ]
    # What it does not look for any more is no loss.
    (clone / "plot_loss.py").write_text(writes("loss.svg", "other") + writes("acc.svg", "1"))
    assert bring_up_to_date(tmp_path / "clone").problems == ()
    assert (clone / "loss.svg").read_text() == SVG.format("other")


@pytest.mark.parametrize("end", ["", "raise SystemExit('no')\n"])
def test_figures_are_put_back_with_the_directory_that_a_script_removed(tmp_path: Path, end: str):
    script = "import shutil\nshutil.rmtree('figs')\n" + writes("missing.svg", "drawn") + end
    folder = make(tmp_path, {"index.md": "# A\n\n![](missing.svg)\n", "plot.py": script})
    (folder / "figs" / "old").mkdir(parents=True)
    (folder / "figs" / "old" / "photo.svg").write_text(SVG.format("mine"))
    report = bring_up_to_date(tmp_path)
    assert [one.message for one in report.problems] == (
        ["expts/a/plot.py failed: The script ended itself: no"] if end else []
    )
    assert (folder / "figs" / "old" / "photo.svg").read_text() == SVG.format("mine")


def test_only_scripts_that_name_what_is_missing_are_run(tmp_path: Path):
    mark = "open('ran-{}', 'w').close()\n"
    scripts = {f"plot_{one}.py": mark.format(one) + writes(f"{one}.svg", one) for one in "xyz"}
    folder = make(tmp_path, {"index.md": "# A\n\n![](y.svg)\n", **scripts})
    assert bring_up_to_date(tmp_path).ran == ("expts/a/plot_y.py",)
    # Nobody names it: those that have never run are tried one after another, until it is there.
    make(tmp_path, {"index.md": "# A\n\n![](y.svg)\n\n![](typo.svg)\n"})
    make(tmp_path, {"plot_x.py": mark.format("x") + "open('ty' + 'po.svg', 'w').write(open('y.svg').read())\n"})
    assert bring_up_to_date(tmp_path).ran == ("expts/a/plot_x.py",)
    assert not (folder / "ran-z").exists()


@pytest.mark.slow
def test_a_script_that_wants_a_window_draws_without_one(tmp_path: Path):
    pytest.importorskip("matplotlib")
    script = "import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\n"
    script += "plt.switch_backend('QtAgg')\n"
    script += "plt.plot([1, 2])\nplt.savefig('x.svg')\n"
    make(tmp_path, {"index.md": "# A\n\n![](x.svg)\n", "plot.py": script})
    assert bring_up_to_date(tmp_path).problems == ()


def test_line_ends_and_what_programs_leave_behind_make_nothing_stale(tmp_path: Path):
    script = "import os\nos.listdir('.')\nopen('d.csv').read()\n" + writes("x.svg", "x")
    folder = make(tmp_path, {"index.md": "# A\n\n![](x.svg)\n", "plot.py": script, "d.csv": "1\n2\n"})
    bring_up_to_date(tmp_path)
    for path in (folder / "plot.py", folder / "d.csv", folder / "x.svg", folder / "figures.lock"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    make(tmp_path, {"~$book.xlsx": "", "Thumbs.db": "", ".DS_Store": ""})
    report = bring_up_to_date(tmp_path)
    assert (report.ran, report.problems) == ((), ())


def test_a_pipe_that_is_named_like_a_plot_script_is_none(tmp_path: Path):
    import os

    folder = make(tmp_path, {"index.md": "# A\n\n![](x.svg)\n"})
    os.mkfifo(folder / "plot_x.py")
    assert bring_up_to_date(tmp_path).scripts == {}

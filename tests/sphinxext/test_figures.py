"""Figures in builds: scripts run when they must, pages say what came of it, and no other build says anything else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from exptdir.figures.model import Job, Outcome
from exptdir.figures.run.runner import LocalExecutor
from tests.sphinxext.building import Built, Files, Site, the, titled, words
from tests.sphinxext.conftest import Build

Record = Callable[..., Built]

DIRECTORY = "expts/1_growth"
PAGE = f"{DIRECTORY}/notes"
LOG = titled("Growth", ".. figure:: growth.svg\n\n   It grows.\n\nText behind it.\n")
#: Writes an SVG whose width is what the data say, and leaves a trace of having run.
SCRIPT = """\
from pathlib import Path

width = Path("width.txt").read_text().strip()
Path("growth.svg").write_text(
    f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="10"><rect width="5" height="9"/></svg>'
)
"""
FILES = {f"{DIRECTORY}/notes.rst": LOG, f"{DIRECTORY}/plot_growth.py": SCRIPT, f"{DIRECTORY}/width.txt": "30\n"}
BROKEN = "import sys\n\nraise ValueError('no <data> today')\n"


@pytest.fixture
def record(build: Build, without_matplotlib: None) -> Record:
    """Build a record; each script gets an interpreter of its own, which is the faster for so few."""

    def begin(files: Files, builder: str = "html", **overrides: object) -> Built:
        executor = {"exptdir_figure_executor": partial(LocalExecutor, 1, warm=False)}
        return build(files, builder, confoverrides={**executor, **overrides})

    return begin


def ran(built: Built) -> list[str]:
    """Return the scripts that a build ran, as it says in the terminal."""
    lines = [line.strip() for line in built.status.splitlines()]
    return [line.split(": ")[1] for line in lines if line.startswith("figures: ") and line.endswith(" s")]


def shown_figure(built: Built, docname: str = PAGE) -> str:
    """Return the content of the figure that a page shows."""
    source = the(built.body(docname), "figure img")["src"]
    return (Path(built.app.builder.get_outfilename(docname)).parent / str(source)).read_text("utf-8")


def trees(built: Built) -> dict[str, bytes]:
    """Return all that a build wrote, but for Sphinx's own state."""
    state = {"searchindex.js", ".buildinfo"}
    files = (path for path in built.out.rglob("*") if path.is_file() and path.name not in state)
    return {path.relative_to(built.out).as_posix(): path.read_bytes() for path in files}


def assert_as_clean(built: Built) -> None:
    """Compare with a clean build of the same sources."""
    clean = built.site.build(built.builder, out="clean")
    assert ran(clean) == [] or clean.located == built.located
    mine, theirs = trees(built), trees(clean)
    assert sorted(mine) == sorted(theirs)
    assert [name for name in mine if mine[name] != theirs[name]] == []
    shutil.rmtree(built.site.root / "clean")


def test_a_figure_that_is_not_there_is_drawn_and_a_second_build_runs_nothing(record: Record) -> None:
    built = record(FILES)
    assert built.warnings == ""
    assert ran(built) == [f"{DIRECTORY}/plot_growth.py"]
    assert 'width="30"' in shown_figure(built)
    again = built.rebuild()
    assert ran(again) == []
    assert "0 added, 0 changed, 0 removed" in again.status
    assert_as_clean(again)


@pytest.mark.slow
def test_a_change_of_the_data_redraws_the_figure_and_renews_its_page(record: Record) -> None:
    built = record(FILES).rebuild({f"{DIRECTORY}/width.txt": "77\n"})
    assert ran(built) == [f"{DIRECTORY}/plot_growth.py"]
    assert 'width="77"' in shown_figure(built)
    assert_as_clean(built)


@pytest.mark.slow
def test_a_change_of_the_script_is_shown_though_the_figure_stays_the_same(record: Record) -> None:
    built = record(FILES)
    figure = built.site.source / DIRECTORY / "growth.svg"
    before = figure.stat().st_mtime_ns
    built = built.rebuild({f"{DIRECTORY}/plot_growth.py": SCRIPT + "# Drawn with care.\n"})
    assert figure.stat().st_mtime_ns == before
    assert "Drawn with care." in words(the(built.body(PAGE), "details.exptdir-figure-origin"))
    assert_as_clean(built)


@pytest.mark.slow
def test_a_script_that_fails_keeps_the_figure_with_a_mark_and_the_others_go_on(record: Record) -> None:
    other = {
        "expts/2_other/notes.rst": LOG,
        "expts/2_other/plot.py": SCRIPT,
        "expts/2_other/width.txt": "20\n",
    }
    built = record(FILES).rebuild({f"{DIRECTORY}/plot_growth.py": BROKEN, **other})
    warning = f"{DIRECTORY}/plot_growth.py:3: WARNING: {DIRECTORY}/plot_growth.py failed: ValueError: no <data> today"
    assert built.located == [f"{warning} [exptdir.figure]"]
    assert 'width="30"' in shown_figure(built)
    body = built.body(PAGE)
    assert words(the(body, ".exptdir-figure-mark")).startswith("This figure is out of date")
    fault = the(body, "details.exptdir-figure-fault")
    assert "no <data> today" in words(the(fault, "pre"))
    assert str(built.site.source) not in str(fault)
    assert 'width="20"' in shown_figure(built, "expts/2_other/notes")
    again = built.rebuild()
    assert again.located == built.located
    assert_as_clean(again)
    mended = again.rebuild({f"{DIRECTORY}/plot_growth.py": SCRIPT})
    assert mended.warnings == ""
    assert not mended.body(PAGE).select(".exptdir-figure-mark")


@pytest.mark.slow
def test_where_there_is_no_earlier_figure_the_placeholder_tells_why(record: Record) -> None:
    built = record({**FILES, f"{DIRECTORY}/plot_growth.py": BROKEN})
    body = built.body(PAGE)
    box = the(body, ".exptdir-placeholder")
    assert "growth.svg cannot be shown: there is no such file." in words(box)
    assert "This figure could not be drawn" in words(box)
    assert "no <data> today" in words(the(box, "pre"))
    assert "no <data> today" in built.text(PAGE)
    drawn = built.rebuild({f"{DIRECTORY}/plot_growth.py": SCRIPT}, builder="html")
    assert not drawn.body(PAGE).select(".exptdir-placeholder")
    assert_as_clean(drawn)


@pytest.mark.slow
def test_never_runs_nothing_and_says_what_is_out_of_date(record: Record) -> None:
    built = record(FILES)
    never = {"exptdir_figures": "never"}
    built.site.overrides |= never
    built = built.rebuild({f"{DIRECTORY}/width.txt": "77\n"})
    assert ran(built) == []
    assert built.warnings == ""
    assert 'width="30"' in shown_figure(built)
    assert words(the(built.body(PAGE), ".exptdir-figure-mark")) == "This figure is out of date: width.txt has changed."
    assert_as_clean(built)


def test_never_leaves_a_figure_that_is_not_there_alone(record: Record) -> None:
    built = record(FILES, exptdir_figures="never")
    assert not (built.site.source / DIRECTORY / "growth.svg").exists()
    assert not (built.site.source / DIRECTORY / "figures.lock").exists()
    assert "growth.svg cannot be shown" in words(built.body(PAGE))


@pytest.mark.parametrize("value", ["Never", "no", "off", False, "", None, 0, ["never"]])
def test_a_switch_that_is_not_understood_is_off(record: Record, value: Any) -> None:
    built = record(FILES, "text", exptdir_figures=value)
    assert ran(built) == []
    assert not (built.site.source / DIRECTORY / "growth.svg").exists()
    assert f"exptdir_figures = {value!r}: expected one of" in built.warnings
    assert "it counts as 'never' [exptdir.config]" in built.warnings


@pytest.mark.slow
def test_always_runs_everything(record: Record) -> None:
    built = record(FILES)
    built.site.overrides |= {"exptdir_figures": "always"}
    assert ran(built.rebuild()) == [f"{DIRECTORY}/plot_growth.py"]


@pytest.mark.parametrize("builder", ["gettext", "linkcheck", "dummy", "changes"])
def test_builders_without_figures_draw_none_and_miss_none(record: Record, builder: str) -> None:
    built = record(FILES, builder)
    assert ran(built) == []
    assert not (built.site.source / DIRECTORY / "growth.svg").exists()
    assert "growth.svg" not in built.warnings


def test_an_old_figure_is_adopted_and_not_overwritten(record: Record) -> None:
    old = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
    built = record({**FILES, f"{DIRECTORY}/growth.svg": old})
    assert ran(built) == []
    assert shown_figure(built) == old
    assert words(the(built.body(PAGE), "details.exptdir-figure-origin summary")) == "Probably drawn by plot_growth.py"
    assert_as_clean(built)


@pytest.mark.slow
def test_an_input_that_is_not_on_this_machine_leaves_the_figure_unknown(record: Record) -> None:
    built = record(FILES).rebuild({f"{DIRECTORY}/width.txt": None})
    assert ran(built) == []
    mark = words(the(built.body(PAGE), ".exptdir-figure-mark"))
    assert mark == "Whether this figure is up to date cannot be told: not here: width.txt."
    # The terminal says it too, though not as a warning: a clone without data builds with -W.
    assert f"the figures of {DIRECTORY}/plot_growth.py are kept as they are (width.txt is not here)" in built.status
    assert built.warnings == ""
    assert_as_clean(built)


def test_a_photo_beside_a_script_that_does_not_name_it_is_never_said_to_be_doubtful(record: Record) -> None:
    old = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
    log = titled("Growth", ".. figure:: photo.svg\n\n   The gel.\n\n.. figure:: growth.svg\n\n   It grows.\n")
    pictures = {f"{DIRECTORY}/{name}.svg": old for name in ("photo", "growth")}
    built = record({**FILES, **pictures, f"{DIRECTORY}/notes.rst": log}).rebuild({f"{DIRECTORY}/width.txt": None})
    assert ran(built) == []
    photo, _ = built.body(PAGE).select("figure")
    assert words(photo) == "The gel."
    mark = words(the(built.body(PAGE), ".exptdir-figure-mark"))
    assert mark == "Whether this figure is up to date cannot be told: not here: width.txt."


@pytest.mark.slow
def test_two_processes_build_the_same_as_one(tmp_path: Path) -> None:
    files = {
        f"expts/{number}_x/{Path(name).name}": text
        for number in range(1, 3)
        for name, text in {**FILES, "width.txt": f"{number}\n"}.items()
    }
    # Sphinx shares out no fewer than six documents.
    files |= {f"expts/{number}_y/index.rst": titled("Another", "Text.\n") for number in range(3, 9)}
    files["index.rst"] = titled("Home", ".. expt-figures::\n")
    outputs = []
    for parallel in (1, 2):
        executor = {"exptdir_figure_executor": partial(LocalExecutor, 2, warm=False)}
        site = Site(tmp_path / str(parallel), overrides=executor)
        built = site.build(files=files, parallel=parallel)
        assert len(ran(built)) == 2
        outputs.append(trees(built))
    assert sorted(outputs[0]) == sorted(outputs[1])
    assert [name for name in outputs[0] if outputs[0][name] != outputs[1][name]] == []


def test_what_a_deleted_script_left_in_the_output_goes(record: Record) -> None:
    built = record(FILES)
    assert sorted(path.name for path in built.out.glob("_downloads/*/*")) == ["plot_growth.py", "width.txt"]
    built = built.rebuild({f"{DIRECTORY}/plot_growth.py": None})
    assert not list(built.out.glob("_downloads/*/*"))
    assert_as_clean(built)


@pytest.mark.skipif(os.name != "posix", reason="the script ends its own process by a signal")
def test_a_script_that_is_killed_ends_no_build(record: Record) -> None:
    built = record({**FILES, f"{DIRECTORY}/plot_growth.py": "import os\n\nos.kill(os.getpid(), 9)\n"})
    (first, _placeholder) = built.located
    assert f"{DIRECTORY}/plot_growth.py was killed" in first


class _Cluster:
    """Stands in for a Dask cluster: something that is made for a build, and that a client connects to."""

    def __init__(self) -> None:
        self.jobs: list[str] = []
        self.open = False

    def __enter__(self) -> _Cluster:
        self.open = True
        return self

    def __exit__(self, *error: object) -> None:
        self.open = False

    def submit(self, function: Callable[[Job], Outcome], job: Job, pure: bool) -> Future[Outcome]:
        assert not pure
        self.jobs.append(Path(job.script).name)
        future: Future[Outcome] = Future()
        future.set_result(function(job))
        return future


def test_a_function_that_makes_a_cluster_is_asked_when_something_is_drawn_and_closed_then(record: Record) -> None:
    made: list[_Cluster] = []

    def make() -> _Cluster:
        made.append(_Cluster())
        return made[-1]

    built = record(FILES, exptdir_figure_executor=make)
    assert 'width="30"' in shown_figure(built)
    built = built.rebuild()
    assert [cluster.jobs for cluster in made] == [["plot_growth.py"]]
    assert not made[0].open
    assert built.warnings == ""


def test_a_cluster_that_cannot_be_reached_is_a_warning_and_nothing_runs_elsewhere(record: Record) -> None:
    def refuse() -> object:
        raise OSError("nobody answers")

    built = record(FILES, exptdir_figure_executor=refuse)
    assert not (built.site.source / DIRECTORY / "growth.svg").exists()
    assert "nobody answers" in built.located[0] and "[exptdir.figure]" in built.located[0]
    assert "growth.svg cannot be shown" in words(built.body(PAGE))


@pytest.mark.slow
def test_a_script_with_matplotlib_draws_with_the_style_and_for_both_schemes(build: Build) -> None:
    script = "import matplotlib.pyplot as plt\n\nplt.plot([1, 2])\nplt.savefig('growth.svg')\n"
    files = {**FILES, f"{DIRECTORY}/plot_growth.py": script, "lab.mplstyle": "axes.facecolor: 123456\n"}
    options = {"exptdir_plot_style": "lab.mplstyle", "exptdir_plot_dark": True, "html_theme": "furo"}
    built = build(files, confoverrides=options)
    assert built.warnings == ""
    assert ran(built) == [f"{DIRECTORY}/plot_growth.py"]
    figure = (built.site.source / DIRECTORY / "growth.svg").read_text("utf-8")
    assert "#123456" in figure
    assert len(built.page(PAGE).select("img.exptdir-dark")) == 1
    built = built.rebuild({"lab.mplstyle": "axes.facecolor: 654321\n"})
    assert "#654321" in (built.site.source / DIRECTORY / "growth.svg").read_text("utf-8")
    built.site.overrides["exptdir_plot_dark"] = False
    assert not built.rebuild().page(PAGE).select("img.exptdir-dark")

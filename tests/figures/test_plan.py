"""What is decided for scripts together: adoption, order, figures with two scripts or none."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from exptdir.figures.model import FigureSettings, Outcome
from exptdir.record.files import locked
from tests.figures.toys import Bench, bench, log, old, run_toy


def test_an_old_notebook_is_adopted_and_not_run(tmp_path: Path):
    work = old(tmp_path)
    report = work.update()
    assert (report.ran, report.adopted) == ((), ("expts/a/plot.py",))
    assert report.figures["expts/a/x.svg"].state == "adopted"
    assert work.text("expts/a/x.svg") == "<svg>old</svg>"
    assert work.update().adopted == ()


def test_an_adopted_figure_is_drawn_again_once_anything_that_may_matter_changes(tmp_path: Path):
    for name, change in enumerate(({"d.csv": "2"}, {"new/e.csv": "2"}, {"plot.py": "# x\nread d.csv\ndraw x.svg"})):
        work = old(tmp_path / str(name))
        work.update()
        work.fill({f"expts/a/{path}": text for path, text in change.items()})
        assert work.ran() == ["a/plot.py"], change
        assert work.text("expts/a/x.svg") != "<svg>old</svg>"
        assert work.ran() == []
        assert work.update().figures["expts/a/x.svg"].state == "fresh"


def test_an_adopted_figure_is_drawn_again_when_it_is_deleted(tmp_path: Path):
    work = old(tmp_path)
    work.update()
    (work.base / "expts/a/x.svg").unlink()
    assert work.ran() == ["a/plot.py"]


def test_the_log_makes_no_adopted_figure_stale(tmp_path: Path):
    work = old(tmp_path)
    work.update()
    work.fill({"expts/a/index.rst": log("x.svg") + "More.\n"})
    assert work.ran() == []


def test_a_figure_that_was_there_survives_the_first_run_for_another(tmp_path: Path):
    work = old(tmp_path, **{"a/index.rst": log("x.svg", "y.svg"), "a/plot.py": "read d.csv\ndraw x.svg\ndraw y.svg"})
    times = (work.base / "expts/a/x.svg").stat().st_mtime_ns
    assert work.ran() == ["a/plot.py"]
    assert work.text("expts/a/x.svg") == "<svg>old</svg>"
    assert (work.base / "expts/a/x.svg").stat().st_mtime_ns == times
    assert work.ran() == []
    work.fill({"expts/a/d.csv": "2"})
    assert work.ran() == ["a/plot.py"]
    assert work.text("expts/a/x.svg") != "<svg>old</svg>"


def test_figures_are_adopted_by_the_script_that_names_them(tmp_path: Path):
    texts = {"a/index.rst": log("x.svg", "y.svg"), "a/plot_x.py": "draw x.svg", "a/plot_y.py": "draw y.svg"}
    report = bench(tmp_path, texts | {"a/x.svg": "<svg/>", "a/y.svg": "<svg/>"}).update()
    owners = {path: figure.script for path, figure in report.figures.items()}
    assert owners == {"expts/a/x.svg": "expts/a/plot_x.py", "expts/a/y.svg": "expts/a/plot_y.py"}


def test_a_script_whose_experiment_shows_no_figure_is_left_alone(tmp_path: Path):
    work = bench(tmp_path, {"a/index.rst": log(), "a/plot.py": "draw x.svg"})
    report = work.update()
    assert (report.ran, report.adopted) == ((), ())
    assert report.scripts["expts/a/plot.py"].verdict.state == "never run"
    work.fill({"expts/a/index.rst": log("x.svg")})
    assert work.ran() == ["a/plot.py"]


def test_an_adopted_script_is_run_when_a_figure_is_missing_that_nobody_draws(tmp_path: Path):
    work = old(tmp_path)
    work.update()
    work.fill({"expts/a/index.rst": log("x.svg", "new.svg")})
    assert work.ran() == ["a/plot.py"]
    assert work.ran() == []


CHAIN = {
    "a/index.rst": log("z.svg", "x.svg"),
    "a/plot_1.py": "read b.csv\ndraw x.svg",
    "a/plot_2.py": "read d.csv\nsave b.csv\ndraw y.svg",
    "a/plot_3.py": "read y.svg\ndraw z.svg",
    "a/d.csv": "1",
}


def test_scripts_that_read_what_others_write_come_after_them(tmp_path: Path):
    work = bench(tmp_path, CHAIN)
    first = work.update()
    assert first.failed == first.problems == ()
    assert work.ran() == []
    work.fill({"expts/a/d.csv": "2"})
    assert work.ran() == ["a/plot_2.py", "a/plot_1.py", "a/plot_3.py"]
    assert work.ran() == []


def test_a_figure_redrawn_with_the_same_bytes_makes_nothing_else_stale(tmp_path: Path):
    work = bench(tmp_path, CHAIN)
    work.update()
    work.fill({"expts/a/plot_2.py": CHAIN["a/plot_2.py"] + "\n\n"})
    assert work.ran() == ["a/plot_2.py"]


def test_a_circle_is_reported_run_once_and_comes_to_rest(tmp_path: Path):
    texts = {"a/index.rst": log("x.svg", "y.svg"), "a/plot_1.py": "try y.csv\nsave x.csv\ndraw x.svg"}
    work = bench(tmp_path, texts | {"a/plot_2.py": "try x.csv\nsave y.csv\ndraw y.svg"})
    work.update()
    [problem] = work.update().problems
    assert problem.message.endswith("in this order: expts/a/plot_1.py, expts/a/plot_2.py")
    assert work.ran() == []
    work.fill({"expts/a/plot_1.py": "# new\ntry y.csv\nsave x.csv\ndraw x.svg"})
    assert work.ran() == ["a/plot_1.py"]


def test_a_journal_that_several_scripts_append_to_comes_to_rest(tmp_path: Path):
    def append(job):
        outcome = run_toy(job)
        journal = work.base / "expts/a/journal.txt"
        journal.write_text((journal.read_text() if journal.exists() else "") + "run\n")
        trace = replace(outcome.trace, reads=(str(journal),), writes=(*outcome.trace.writes, str(journal)))
        return replace(outcome, trace=trace)

    texts = {"a/index.rst": log("x.svg", "y.svg"), "a/plot_1.py": "draw x.svg", "a/plot_2.py": "draw y.svg"}
    work = bench(tmp_path, texts)
    work.run = append
    assert sorted(work.ran()) == ["a/plot_1.py", "a/plot_2.py"]
    assert work.ran() == []


def test_two_scripts_of_one_figure_are_a_problem_and_come_to_rest(tmp_path: Path):
    texts = {"a/index.rst": log("x.svg"), "a/plot_1.py": "# 1\ndraw x.svg", "a/plot_2.py": "# 2\ndraw x.svg"}
    work = bench(tmp_path, texts)
    work.update()
    for _ in range(2):
        report = work.update()
        assert report.ran == ()
        [problem] = report.problems
        assert problem.message == (
            "expts/a/x.svg is written by several plot scripts: expts/a/plot_1.py, expts/a/plot_2.py"
        )
    assert report.figures["expts/a/x.svg"].script == "expts/a/plot_2.py"


def test_a_script_that_was_renamed_takes_its_figures_over(tmp_path: Path):
    work = bench(tmp_path, {"a/index.rst": log("x.svg"), "a/plot_old.py": "draw x.svg"})
    work.update()
    (work.base / "expts/a/plot_old.py").rename(work.base / "expts/a/plot_new.py")
    assert work.ran() == ["a/plot_new.py"]
    assert "plot_old" not in work.ledger()
    assert work.ran() == []


def test_a_figure_whose_script_is_gone_is_stale(tmp_path: Path):
    work = bench(tmp_path, {"a/index.rst": log("x.svg"), "a/plot.py": "draw x.svg"})
    work.update()
    (work.base / "expts/a/plot.py").unlink()
    figure = work.update().figures["expts/a/x.svg"]
    assert (figure.state, figure.script) == ("stale", None)
    (work.base / "expts/a/x.svg").unlink()
    work.update()
    assert not (work.base / "expts/a/figures.lock").exists()


def test_a_figure_that_a_script_draws_no_more_is_stale(tmp_path: Path):
    work = bench(tmp_path, {"a/index.rst": log("x.svg"), "a/plot.py": "draw x.svg"})
    work.update()
    work.fill({"expts/a/plot.py": "draw y.svg"})
    figures = work.update().figures
    assert figures["expts/a/x.svg"].reasons == ("expts/a/plot.py does not draw it any more",)
    assert (figures["expts/a/x.svg"].state, figures["expts/a/y.svg"].state) == ("stale", "fresh")


def test_one_script_with_two_sets_of_arguments_is_two(tmp_path: Path):
    toml = "".join(f'[[figure]]\nscript = "draw.py"\nargs = ["{x}"]\n' for x in "pq")
    texts = {"a/index.rst": log("x.svg"), "a/expt.toml": toml, "a/draw.py": "draw x.svg"}
    work = bench(tmp_path, texts)
    work.update()
    assert sorted(job.args for job in work.jobs) == [("p",), ("q",)]
    assert work.ran() == []


def test_a_listed_script_that_does_not_write_what_is_listed_has_failed(tmp_path: Path):
    toml = '[[figure]]\nscript = "draw.py"\noutputs = ["x.svg"]\n'
    work = bench(tmp_path, {"a/index.rst": log("x.svg"), "a/expt.toml": toml, "a/draw.py": "draw y.svg"})
    [problem] = work.update().problems
    assert problem.message == "expts/a/draw.py did not write expts/a/x.svg, which expt.toml lists"


def test_a_worker_that_dies_costs_one_more_try_and_no_more(tmp_path: Path):
    work = bench(tmp_path, {"a/index.rst": log("x.svg"), "a/plot.py": "draw x.svg"})

    def die_once(job):
        if len(work.jobs) == 1:
            raise RuntimeError("the worker is gone")
        return run_toy(job)

    work.run = die_once
    assert work.update().failed == ()
    assert len(work.jobs) == 2
    work.jobs.clear()
    work.run = lambda job: (_ for _ in ()).throw(RuntimeError("the worker is gone"))
    work.fill({"expts/a/plot.py": "# new\ndraw x.svg"})
    assert "worker died twice" in work.update().problems[0].message
    assert len(work.jobs) == 2


def test_another_build_that_has_just_drawn_it_spares_us_the_work(tmp_path: Path):
    texts = {"a/index.rst": log("x.svg", "y.svg"), "a/plot_1.py": "draw x.svg", "a/plot_2.py": "draw y.svg"}
    ours = bench(tmp_path, texts)
    theirs = Bench(ours.base, state="../their state")

    def overtaken(job) -> Outcome:
        outcome = run_toy(job)
        if len(ours.jobs) == 1:
            theirs.update(only={"expts/a/plot_2.py"})
        return outcome

    ours.run = overtaken
    ours.update()
    assert [Path(job.script).name for job in ours.jobs] == ["plot_1.py"]
    assert [Path(job.script).name for job in theirs.jobs] == ["plot_2.py"]
    assert ours.ran() == theirs.ran() == []


def test_a_script_that_another_build_runs_is_waited_for(tmp_path: Path, monkeypatch):
    work = bench(tmp_path, {"a/index.rst": log("x.svg"), "a/plot.py": "draw x.svg"})
    other = ExitStack()
    assert other.enter_context(locked(work.base / "expts/a/plot.py", wait=False))
    ran_meanwhile = []

    def end_other(seconds: float) -> None:
        ran_meanwhile.extend(work.jobs)
        other.close()

    monkeypatch.setattr("exptdir.figures.plan.scheduler.time.sleep", end_other)
    assert work.ran() == ["a/plot.py"]
    assert ran_meanwhile == []
    assert sorted(os.listdir(work.base / "expts/a")) == ["figures.lock", "index.rst", "plot.py", "x.svg"]


def test_a_script_is_kept_from_other_builds_until_it_has_run_with_all_its_arguments(tmp_path: Path):
    toml = "".join(f'[[figure]]\nscript = "draw.py"\nargs = ["{x}"]\n' for x in "pq")
    work = bench(tmp_path, {"a/index.rst": log(), "a/expt.toml": toml, "a/draw.py": "touch notes.txt 1"})
    free = []

    def progress(script, outcome, why) -> None:
        with locked(work.base / script.path, wait=False) as is_free:
            free.append(is_free)

    work.update(settings=FigureSettings("always"), progress=progress)
    # Both begin, then both end.
    assert free == [False, False, False, True]


def test_a_ledger_that_cannot_be_written_is_a_problem_and_nothing_else(tmp_path: Path, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    work = bench(tmp_path, {"a/index.rst": log("x.svg"), "a/plot.py": "draw x.svg"})
    monkeypatch.setattr("exptdir.figures.ledger.write_if_changed", full)
    report = work.update()
    assert "cannot be written: No space left on device" in report.problems[0].message
    assert report.figures["expts/a/x.svg"].state == "fresh"


def test_a_lost_state_costs_nothing_but_time(tmp_path: Path):
    work = bench(tmp_path, CHAIN)
    work.update()
    shutil.rmtree(work.base.parent / "state")
    assert work.ran() == []
    for name in ("digests.json", "figures.json"):
        (work.base.parent / "state" / name).write_text('{"failures": 3, "x": [')
    assert work.ran() == []

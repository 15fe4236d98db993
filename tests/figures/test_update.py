"""What is run when, and that nothing is run in vain or lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from exptdir.figures.model import FigureSettings, Job, Outcome
from tests.figures.toys import Bench, bench, log, run_toy
from tests.limits import next_tick


@pytest.fixture
def one(tmp_path: Path) -> Bench:
    """One experiment with one script that reads one file."""
    texts = {"a/index.rst": log("loss.svg"), "a/plot_loss.py": "read data.csv\ndraw loss.svg\n", "a/data.csv": "1"}
    return bench(tmp_path, texts)


def drawn(one: Bench) -> Bench:
    assert one.ran() == ["a/plot_loss.py"]
    return one


def test_a_script_is_run_once_and_again_only_if_its_input_changes(one: Bench):
    assert one.ran() == ["a/plot_loss.py"]
    before = one.text("expts/a/loss.svg")
    assert one.ran() == []
    one.fill({"expts/a/data.csv": "2"})
    assert one.ran() == ["a/plot_loss.py"]
    assert one.text("expts/a/loss.svg") != before
    assert one.ran() == []


def test_a_run_without_change_writes_nothing(one: Bench):
    drawn(one)
    one.update()
    files = [path for path in one.base.parent.rglob("*") if path.is_file()]
    before = {path: path.stat().st_mtime_ns for path in files}
    one.update()
    assert {path: path.stat().st_mtime_ns for path in one.base.parent.rglob("*") if path.is_file()} == before


def test_a_file_touched_without_change_makes_nothing_stale(one: Bench):
    drawn(one)
    os.utime(one.base / "expts/a/data.csv")
    assert one.ran() == []


def test_the_script_itself_counts(one: Bench):
    drawn(one).fill({"expts/a/plot_loss.py": "# new\nread data.csv\ndraw loss.svg\n"})
    assert one.ran() == ["a/plot_loss.py"]


def test_modules_listings_and_absent_files_count(tmp_path: Path):
    texts = {"a/index.rst": log("x.svg"), "lib/util.py": "1", "a/data/one.csv": "1"}
    texts["a/plot.py"] = "import ../lib/util.py\nlist data\ntry extra.csv\ndraw x.svg\n"
    work = bench(tmp_path, texts)
    assert work.ran() == ["a/plot.py"]
    for change in ({"expts/lib/util.py": "2"}, {"expts/a/data/two.csv": "2"}, {"expts/a/extra.csv": "3"}):
        work.fill(change)
        assert work.ran() == ["a/plot.py"], change
        assert work.ran() == []


def test_what_a_script_writes_and_reads_back_is_no_input(tmp_path: Path):
    script = "list .\nsave cache.csv\nread cache.csv\ndraw x.svg\n"
    work = bench(tmp_path, {"a/index.md": "# A\n\n![](x.svg)\n", "a/plot.py": script})
    work.ran()
    assert work.ran() == []
    assert "input" not in work.ledger()
    assert "plot.py wrote cache.csv" in work.ledger()


def test_a_figure_deleted_by_hand_is_drawn_again(one: Bench):
    drawn(one)
    (one.base / "expts/a/loss.svg").unlink()
    assert one.ran() == ["a/plot_loss.py"]
    assert (one.base / "expts/a/loss.svg").exists()


def test_a_figure_changed_by_hand_is_reported_and_left_alone(one: Bench):
    drawn(one).fill({"expts/a/loss.svg": "<svg>mine</svg>"})
    for _ in range(2):
        report = one.update()
        assert report.ran == ()
        assert report.figures["expts/a/loss.svg"].state == "edited"
        assert [problem.message for problem in report.problems] == [
            "expts/a/loss.svg was changed after expts/a/plot_loss.py drew it, and stays as it is, though the script "
            "would draw something else; delete it, or call exptdir plot --overwrite-edited, and it is drawn again"
        ]
    assert one.text("expts/a/loss.svg") == "<svg>mine</svg>"


@pytest.mark.parametrize("mode", ["auto", "always"])
@pytest.mark.parametrize("change", [{"data.csv": "2"}, {"plot_loss.py": "# x\nread data.csv\ndraw loss.svg"}])
def test_a_figure_changed_by_hand_stays_whatever_changes(one: Bench, mode: str, change: dict[str, str]):
    drawn(one).fill({f"expts/a/{name}": text for name, text in {"loss.svg": "<svg>mine</svg>", **change}.items()})
    report = one.update(settings=FigureSettings(mode))
    assert report.ran == ("expts/a/plot_loss.py",)
    assert one.text("expts/a/loss.svg") == "<svg>mine</svg>"
    assert report.figures["expts/a/loss.svg"].state == "edited"
    assert len(report.problems) == 1
    assert one.ran() == []


def test_a_figure_changed_by_hand_is_drawn_again_when_that_is_asked_for_and_a_copy_is_kept(one: Bench):
    drawn(one).fill({"expts/a/loss.svg": "<svg>mine</svg>"})
    for copy in ("loss.edited.svg", "loss.edited2.svg"):
        report = one.update(settings=FigureSettings(overwrite_edited=True))
        assert one.text("expts/a/loss.svg") != "<svg>mine</svg>"
        assert report.scripts["expts/a/plot_loss.py"].kept["expts/a/loss.svg"].name == copy
        assert one.text(f"expts/a/{copy}") == "<svg>mine</svg>"
        assert report.problems == ()
        one.fill({"expts/a/loss.svg": "<svg>mine</svg>"})


def test_a_fresh_clone_runs_nothing(one: Bench, tmp_path: Path):
    drawn(one)
    shutil.copytree(one.base, tmp_path / "elsewhere" / "clone")
    clone = Bench(tmp_path / "elsewhere" / "clone")
    assert clone.ran() == []
    assert clone.update().figures["expts/a/loss.svg"].state == "fresh"


def test_without_its_data_a_figure_is_unknown_and_kept(one: Bench, tmp_path: Path):
    drawn(one)
    shutil.copytree(one.base, tmp_path / "elsewhere" / "clone")
    (tmp_path / "elsewhere/clone/expts/a/data.csv").unlink()
    clone = Bench(tmp_path / "elsewhere" / "clone")
    figure = clone.update().figures["expts/a/loss.svg"]
    assert (clone.jobs, figure.state, figure.reasons) == ([], "unknown", ("data.csv is not here",))
    clone.fill({"expts/a/plot_loss.py": "# new\nread data.csv\ndraw loss.svg\n"})
    report = clone.update()
    assert report.failed == ("expts/a/plot_loss.py",)
    assert clone.text("expts/a/loss.svg") == one.text("expts/a/loss.svg")


def test_a_clone_without_the_listed_data_is_unknown_and_a_deleted_file_is_stale(tmp_path: Path):
    texts = {"a/index.rst": log("x.svg"), "a/plot.py": "list .\ntry 1.csv\ntry 2.csv\ndraw x.svg"}
    texts |= {"a/1.csv": "1", "a/2.csv": "2"}
    work = bench(tmp_path, texts)
    work.ran()
    shutil.copytree(work.base, tmp_path / "elsewhere" / "clone")
    for base in (work.base, tmp_path / "elsewhere" / "clone"):
        (base / "expts/a/2.csv").unlink()
    clone = Bench(tmp_path / "elsewhere" / "clone")
    assert clone.ran() == []
    assert clone.update().figures["expts/a/x.svg"].state == "unknown"
    assert work.ran() == ["a/plot.py"]


def test_a_failure_keeps_the_figure_is_reported_and_is_tried_again_once_something_has_changed(one: Bench):
    drawn(one).fill({"expts/a/plot_loss.py": "read data.csv\nfail the disk is tired\n"})
    before, data = one.text("expts/a/loss.svg"), one.text("expts/a/data.csv")
    ran = ("expts/a/plot_loss.py",)
    for expected, change in ((ran, {}), ((), {}), (ran, {"expts/a/data.csv": "2"}), ((), {})):
        report = one.fill(change).update()
        assert report.failed == report.ran == expected
        [problem] = report.problems
        assert problem.message == "expts/a/plot_loss.py failed: ToyError: the disk is tired"
        assert (problem.path, problem.line) == (one.base / "expts/a/plot_loss.py", 2)
    assert one.update(settings=FigureSettings(retry=True)).ran == ran
    assert one.text("expts/a/loss.svg") == before
    shown = one.update(settings=FigureSettings("never"))
    assert shown.figures["expts/a/loss.svg"].state == "stale"
    assert shown.scripts["expts/a/plot_loss.py"].failure.message == problem.message
    one.fill({"expts/a/plot_loss.py": "read data.csv\ndraw loss.svg\n", "expts/a/data.csv": data})
    healed = one.update()
    assert (healed.ran, healed.problems) == ((), ())
    assert healed.figures["expts/a/loss.svg"].state == "fresh"


def test_a_first_failure_is_what_the_placeholder_of_the_figure_tells(tmp_path: Path):
    work = bench(tmp_path, {"a/index.rst": log("loss.svg"), "a/plot_loss.py": "fail no luck\ndraw loss.svg"})
    report = work.update()
    figure = report.figures["expts/a/loss.svg"]
    assert (figure.state, figure.script) == ("never run", "expts/a/plot_loss.py")
    assert report.scripts[figure.script].failure.traceback == "ToyError: no luck"


def test_other_scripts_go_on_after_a_failure(tmp_path: Path):
    texts = {"a/index.rst": log("x.svg", "y.svg"), "a/plot_x.py": "fail", "a/plot_y.py": "draw y.svg"}
    report = bench(tmp_path, texts).update()
    assert report.failed == ("expts/a/plot_x.py",)
    assert report.figures["expts/a/y.svg"].state == "fresh"


def test_a_script_without_figures_is_noted_and_not_run_again(tmp_path: Path):
    work = bench(tmp_path, {"a/index.rst": log("x.svg"), "a/plot_utils.py": "# nothing"})
    assert work.ran() == ["a/plot_utils.py"]
    assert work.ran() == []
    assert work.update().problems == ()
    work.fill({"expts/a/plot_utils.py": "# changed"})
    assert work.ran() == ["a/plot_utils.py"]


def test_a_script_that_no_longer_draws_what_is_shown_has_failed(one: Bench):
    drawn(one).fill({"expts/a/plot_loss.py": "read data.csv"})
    [problem] = one.update().problems
    assert problem.message == (
        "expts/a/plot_loss.py wrote no figure, though expts/a/loss.svg is shown and was drawn by it"
    )


def test_never_runs_and_writes_nothing(one: Bench):
    report = one.update(settings=FigureSettings("never"))
    assert (one.jobs, report.ran) == ([], ())
    assert report.planned == ("expts/a/plot_loss.py",)
    assert not (one.base / "expts/a/figures.lock").exists()


def test_always_runs_everything(one: Bench):
    drawn(one)
    assert one.ran(settings=FigureSettings("always")) == ["a/plot_loss.py"]
    assert one.ran() == []


def test_a_fresh_figure_whose_script_fails_when_it_is_run_all_the_same_says_why(one: Bench):
    drawn(one)
    one.run = lambda job: Outcome("failed", traceback="ToyError: no such module")
    report = one.update(settings=FigureSettings("always"))
    assert [problem.message for problem in report.problems] == ["expts/a/plot_loss.py failed: ToyError: no such module"]
    assert one.update().problems == ()


def test_a_dry_run_says_what_is_stale_and_leaves_no_trace(one: Bench):
    report = one.update(dry_run=True)
    assert report.planned == ("expts/a/plot_loss.py",)
    assert sorted(path.name for path in one.base.parent.rglob("*") if path.is_file()) == [
        "data.csv",
        "index.rst",
        "plot_loss.py",
    ]


@pytest.mark.parametrize("chosen", ["expts/a", "expts/a/plot.py"])
def test_only_some_are_run_where_only_some_are_asked_for(tmp_path: Path, chosen: str):
    texts = {f"{name}/index.rst": log("x.svg") for name in "ab"} | {f"{name}/plot.py": "draw x.svg" for name in "ab"}
    assert bench(tmp_path, texts).ran(only={chosen}) == ["a/plot.py"]


def test_an_input_that_changes_while_it_is_read_is_read_again(one: Bench):
    def meddle(job):
        outcome = run_toy(job)
        if len(one.jobs) == 1:
            next_tick(one.base)
            (one.base / "expts/a/data.csv").write_text("2")
            # Whatever the steps of the file system's clock.
            os.utime(one.base / "expts/a/data.csv", (2e9, 2e9))
        return outcome

    one.run = meddle
    assert one.ran() == ["a/plot_loss.py"] * 2
    assert one.ran() == []


def test_progress_is_told_in_order(one: Bench):
    told: list[tuple[str, str | None, str]] = []
    one.update(progress=lambda script, outcome, why: told.append((script.path, outcome and outcome.status, why)))
    why = "loss.svg is missing"
    assert told == [("expts/a/plot_loss.py", None, why), ("expts/a/plot_loss.py", "ok", why)]


def test_a_style_counts_by_its_content(one: Bench):
    one.settings = FigureSettings(style="our.mplstyle")
    one.fill({"our.mplstyle": "lines.linewidth: 1"})
    drawn(one)
    assert one.ran() == []
    one.fill({"our.mplstyle": "lines.linewidth: 2"})
    assert one.ran() == ["a/plot_loss.py"]
    assert one.jobs[0].style == str(one.base / "our.mplstyle")
    assert one.ran(settings=FigureSettings(style="our.mplstyle", dark=True)) == ["a/plot_loss.py"]


def test_a_file_outside_the_record_counts_here_and_is_unknown_elsewhere(one: Bench, tmp_path: Path):
    (tmp_path / "far.csv").write_text("1")
    one.fill({"expts/a/plot_loss.py": f"read {tmp_path}/far.csv\ndraw loss.svg\n"})
    drawn(one)
    assert one.ran() == []
    assert "far" not in one.ledger()
    (tmp_path / "far.csv").write_text("two")
    assert one.ran() == ["a/plot_loss.py"]
    assert one.ran() == []
    one.state = "../other state"
    assert one.update().figures["expts/a/loss.svg"].state == "unknown"


def test_a_ledger_that_was_deleted_is_known_all_the_same(one: Bench):
    one.update()
    (one.base / "expts/a/figures.lock").unlink()
    assert one.ran() == []
    assert "loss.svg" in one.ledger()
    (one.base / "expts/a/figures.lock").unlink()
    one.fill({"expts/a/data.csv": "changed"})
    assert one.ran() == ["a/plot_loss.py"]


def test_a_ledger_that_was_deleted_is_known_whoever_drew_last(one: Bench):
    one.update()
    # As `exptdir plot` does, which keeps what it remembers elsewhere than a build of Sphinx's own.
    own, one.state = one.state, "../other state"
    one.fill({"expts/a/data.csv": "changed"})
    assert one.ran() == ["a/plot_loss.py"]
    one.state = own
    assert one.ran() == []
    (one.base / "expts/a/figures.lock").unlink()
    one.fill({"expts/a/data.csv": "changed again"})
    assert one.ran() == ["a/plot_loss.py"]


def test_a_deleted_ledger_that_git_keeps_is_known_in_a_clone(one: Bench, tmp_path: Path):
    one.update()
    for command in ("init -q", "add -A", "-c user.name=a -c user.email=a@b commit -qm one"):
        subprocess.run(["git", "-C", str(one.base), *command.split()], check=True)
    clone = Bench(tmp_path / "far" / "clone")
    subprocess.run(["git", "clone", "-q", str(one.base), str(clone.base)], check=True)
    (clone.base / "expts/a/figures.lock").unlink()
    clone.fill({"expts/a/data.csv": "changed"})
    assert clone.ran() == ["a/plot_loss.py"]


def test_a_record_that_cannot_be_written_is_shown_as_it_is(one: Bench, monkeypatch: pytest.MonkeyPatch):
    one.update()
    one.fill({"expts/a/data.csv": "changed"})
    before = {path: path.read_bytes() for path in one.base.rglob("*") if path.is_file()}
    original = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **rest: mode != os.W_OK and original(path, mode, **rest))
    report = one.update()
    assert (report.ran, report.problems, report.fixed) == ((), (), ("expts/a",))
    assert report.figures["expts/a/loss.svg"].state == "stale"
    assert {path: path.read_bytes() for path in one.base.rglob("*") if path.is_file()} == before
    monkeypatch.undo()
    assert one.ran() == ["a/plot_loss.py"]
    assert one.update().fixed == ()


@pytest.mark.parametrize("moment", ["OSError: [Errno 28] No space left on device", "[Errno 12] Cannot allocate memory"])
def test_what_fails_for_want_of_room_is_tried_again(one: Bench, moment: str):
    drawn(one).fill({"expts/a/plot_loss.py": f"read data.csv\nfail {moment}\n"})
    assert one.ran() == one.ran() == ["a/plot_loss.py"]
    one.fill({"expts/a/plot_loss.py": "read data.csv\nfail ValueError\n"})
    assert one.ran() == ["a/plot_loss.py"]
    assert one.ran() == []


def test_what_fails_for_want_of_room_deep_down_is_tried_again(one: Bench):
    def full(job: Job) -> Outcome:
        text = "Traceback…\nOSError: [Errno 28] No space left on device\n\nTraceback…\nRuntimeError: it was not saved"
        return Outcome("failed", traceback=text)

    one.run = full
    assert one.ran() == one.ran() == ["a/plot_loss.py"]

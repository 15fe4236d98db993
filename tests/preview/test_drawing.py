"""Scripts that take long are drawn beside the builds: pages show what there is, and then what has been drawn."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import pytest

from exptdir.cli.serve import Terminal
from exptdir.figures.model import LEDGER
from exptdir.preview.channel import Build, BuildWarning, Built, Drawn
from exptdir.sphinxext import curves
from tests.preview.test_builder import builder
from tests.preview.warmly import RECORD, SVG, preview
from tests.sphinxext.building import titled

pytestmark = pytest.mark.usefixtures("without_matplotlib")

#: A script is at work until the test lets it end. To look for a file would make that an input.
WAITS = """\
import os, pathlib, time
while True:
    try:
        os.chmod("go", 0o600)
        break
    except FileNotFoundError:
        time.sleep(0.02)
"""
SCRIPT = f"""\
{WAITS}
size = pathlib.Path("size.txt").read_text().strip()
figure = f'<svg xmlns="http://www.w3.org/2000/svg" width="{{size}}" height="9"/>'
pathlib.Path("drawn.svg").write_text(figure)
"""
PLOTS = "expts/0006_plots"
FILES = {
    **RECORD,
    f"{PLOTS}/notes.rst": titled("Plots", ".. figure:: drawn.svg\n\n   Drawn"),
    f"{PLOTS}/plot.py": SCRIPT,
    f"{PLOTS}/size.txt": "3\n",
}
BEING_DRAWN = "This figure is being drawn."


def test_curves_that_cannot_be_drawn_hold_up_no_prose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "PATIENCE", 0)
    files = {f"{PLOTS}/notes.rst": titled("Plots", ".. expt-curves::"), f"{PLOTS}/a/metrics.csv": "step,loss\n1,2\n"}
    drawn: queue.Queue[tuple[str, ...]] = queue.Queue()
    with preview(tmp_path, {**RECORD, **files}, drawn=drawn.put) as shown:
        figures = drawn.get(timeout=60)
        shown.warm.build(figures)
        assert "cannot be shown: ImportError: nobody needs it here." in shown.html(f"{PLOTS}/notes")
        shown.save({"docs/page.md": "# Another page\n\nText.\n"})
        assert "Another page" in shown.html("docs/page")
        assert drawn.empty()


def test_pages_come_before_a_slow_figure_and_show_it_when_it_is_drawn(tmp_path: Path) -> None:
    drawn: queue.Queue[tuple[str, ...]] = queue.Queue()
    swapped = threading.Event()

    def tell(figures: tuple[str, ...]) -> None:
        drawn.put(figures)
        # What tells that all is done may be slow to end itself.
        swapped.wait(60)

    with preview(tmp_path, FILES, patience=0.05, drawn=tell) as shown:
        assert BEING_DRAWN in shown.html(f"{PLOTS}/notes")
        assert "cannot be shown: it is being drawn." in shown.html(f"{PLOTS}/notes")
        assert "Home" in shown.html("index")

        # Prose is built meanwhile, more than once.
        shown.save({"docs/page.md": "# Another page\n\nText.\n"})
        assert "Another page" in shown.html("docs/page")
        assert BEING_DRAWN in shown.html(f"{PLOTS}/notes")

        # What its script writes is told when that has ended.
        drawn_now = (str((shown.source / PLOTS / "drawn.svg").resolve()),)
        assert not shown.warm.is_concerned(drawn_now, ())
        ledger = str((shown.source / PLOTS).resolve() / LEDGER)
        assert not shown.warm.is_concerned((ledger,), (ledger,))
        assert shown.warm.is_concerned((*drawn_now, str(shown.source / "new.csv")), ())

        (shown.source / PLOTS / "go").touch()
        figures = drawn.get(timeout=60)
        assert figures == drawn_now
        shown.show(*figures)
        assert BEING_DRAWN not in shown.html(f"{PLOTS}/notes")
        swapped.set()
        shown.warm.build(figures)
        assert 'src="../../_images/' in shown.html(f"{PLOTS}/notes")

        # The figure that there is is shown while another is drawn.
        (shown.source / PLOTS / "go").unlink()
        shown.save({f"{PLOTS}/size.txt": "4\n"})
        assert BEING_DRAWN in shown.html(f"{PLOTS}/notes")
        [picture] = (shown.output / "_images").glob("drawn*.svg")
        assert 'width="3"' in picture.read_text("utf-8")
        (shown.source / PLOTS / "go").touch()
        assert (drawn.get(timeout=60), drawn.empty()) == (figures, True)
        shown.warm.build(figures)
        assert 'width="4"' in picture.read_text("utf-8")
        shown.keep("drawn")
    shown.assert_all_clean()


def test_prose_does_not_wait_for_what_has_been_shown_of_scripts_that_have_ended(tmp_path: Path) -> None:
    drawn: queue.Queue[tuple[str, ...]] = queue.Queue()
    scripts = {
        f"{PLOTS}/plot.py": f"{WAITS}pathlib.Path('drawn.svg').write_text({SVG.format(3)!r})\n",
        "expts/0007_slow/notes.rst": titled("Slow", ".. figure:: slow.svg"),
        "expts/0007_slow/plot.py": f"{WAITS}# slow.svg\n",
    }
    with preview(tmp_path, {**FILES, **scripts}, patience=0.05, drawn=drawn.put) as shown:
        assert BEING_DRAWN in shown.html(f"{PLOTS}/notes")
        (shown.source / PLOTS / "go").touch()
        figures = drawn.get(timeout=60)
        # No change of these starts another build.
        written = {path for path, _ in shown.warm.drawing.take()}
        assert written == {*figures, str((shown.source / PLOTS).resolve() / LEDGER)}
        assert shown.warm.drawing.has_news
        shown.show(*figures)
        shown.warm.build(figures)
        assert BEING_DRAWN not in shown.html(f"{PLOTS}/notes")
        assert BEING_DRAWN in shown.html("expts/0007_slow/notes")
        # The other one is still at work; there is nothing to be shown before what is edited.
        assert not shown.warm.drawing.has_news
        changed = shown.change({"docs/page.md": "# Another page\n\nText.\n"})
        assert [one.pages for one in shown.show(*changed)] == [("docs/page.html",)]
        (shown.source / "expts/0007_slow/go").touch()


def test_a_script_that_is_changed_while_it_is_at_work_is_at_work_once_more(tmp_path: Path) -> None:
    drawn: queue.Queue[tuple[str, ...]] = queue.Queue()
    with preview(tmp_path, FILES, patience=0.05, drawn=drawn.put) as shown:
        shown.save({f"{PLOTS}/plot.py": SCRIPT.replace('"go"', '"again"')})
        (shown.source / PLOTS / "go").touch()
        figures = drawn.get(timeout=60)
        assert not shown.warm.is_concerned(figures, ())
        (shown.source / PLOTS / "again").touch()
        assert drawn.get(timeout=60) == figures
        shown.warm.build(figures)
        assert BEING_DRAWN not in shown.html(f"{PLOTS}/notes")


def test_a_script_that_is_ended_with_the_preview_has_not_failed(tmp_path: Path) -> None:
    with preview(tmp_path, FILES, patience=0.05) as shown:
        assert BEING_DRAWN in shown.html(f"{PLOTS}/notes")
    (shown.source / PLOTS / "go").touch()
    with preview(tmp_path, {}) as again:
        assert shown.warm.drawing is not again.warm.drawing
        assert 'width="3"' in (again.source / PLOTS / "drawn.svg").read_text("utf-8")
        assert "could not be drawn" not in again.html(f"{PLOTS}/notes")


def test_what_nothing_depends_on_concerns_no_build(tmp_path: Path) -> None:
    with preview(tmp_path, {**FILES, f"{PLOTS}/go": "", f"{PLOTS}/train.log": "1\n"}) as shown:
        changed = shown.change({f"{PLOTS}/train.log": "1\n2\n"})
        assert not shown.warm.is_concerned(changed, changed)
        assert shown.warm.is_concerned(changed, ())
        for name in ("size.txt", "plot.py", "drawn.svg", "notes.rst"):
            changed = (str((shown.source / PLOTS / name).resolve()),)
            assert shown.warm.is_concerned(changed, changed), name
        changed = (str(shown.source / "expts/0002_second/results.csv"),)
        assert shown.warm.is_concerned(changed, changed)


def test_a_build_tells_which_scripts_are_still_at_work_and_the_last_one_what_they_took(tmp_path: Path) -> None:
    with builder(tmp_path, {**FILES, f"{PLOTS}/plot.py": f"{WAITS}raise SystemExit('no data')\n"}) as talk:
        talk.hear()
        talk.say(Build())
        first = talk.hear()
        assert isinstance(first, Built)
        assert first.drawing == (f"{PLOTS}/plot.py",)
        *_, prose = talk.save({"docs/page.md": "# Another page\n\nText.\n"})
        assert isinstance(prose, Built)
        assert prose.drawing == first.drawing and "docs/page.html" in prose.pages
        assert not any("no data" in one.text for one in prose.warnings)

        (talk.source / PLOTS / "go").touch()
        last = prose
        while last.drawing or not any("no data" in one.text for one in last.warnings):
            heard = talk.hear()
            # As the server does: whenever something has ended, it is built.
            if isinstance(heard, Drawn):
                talk.say(Build())
            last = heard if isinstance(heard, Built) else last
    # The drawing began before the first build, and ended after it.
    assert last.seconds > first.seconds


def test_the_terminal_names_the_scripts_that_are_still_at_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal, warning = Terminal(tmp_path, verbose=False), BuildWarning("wrong")
    terminal.built(Built(seconds=1.5, warnings=(warning,), drawing=("a/plot.py", "b/fig.R")), ())
    terminal.built(Built(seconds=61), ())
    said = capsys.readouterr().out
    assert said.splitlines() == [
        "Built in 1.50 s, 1 warning, a/plot.py and b/fig.R still at work",
        "Built again in 61.00 s",
    ]

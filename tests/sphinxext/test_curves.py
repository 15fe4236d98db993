"""Curves of runs: which figures, in which builders, what stands in the table; and that builds agree."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from exptdir.runs.curve_figure import draw
from exptdir.sphinxext.curves import EVENT
from exptdir.sphinxext.domain import domain_of
from tests.sphinxext.building import Built, titled, words
from tests.sphinxext.conftest import Build

METRICS = "step,train/loss,val/loss,lr\n" + "".join(f"{step},{9 - step},{8 - step % 4},0.1\n" for step in range(9))
FILES = {
    "expts/1_a/runs/7/metrics.csv": METRICS,
    "expts/1_a/runs/8/log.jsonl": '{"step": 1, "val_loss": 5}\n{"step": 2, "val_loss": 3}\n{"step": 3',
    "expts/1_a/runs/8/config.yaml": "lr: 1\n",
    "expts/1_a/runs/<i>$x^2/metrics.csv": "step,val_loss\n0,1\n",
}


def record(*options: str, argument: str = "") -> dict[str, str]:
    lines = "".join(f"   {option}\n" for option in options)
    return {"expts/1_a/notes.rst": titled("Curves", f".. expt-curves:: {argument}\n{lines}"), **FILES}


def images(built: Built) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in (built.out / "_images").glob("*.svg")}


def test_train_and_validation_are_in_one_figure_and_their_values_in_a_table(build: Build) -> None:
    built = build(record(":smooth: 0.5"))
    assert built.warnings == ""
    body = built.body("expts/1_a/notes")
    captions = [words(caption) for caption in body.select("figure figcaption")]
    assert [caption.rstrip("¶") for caption in captions] == ["loss, smoothed by 0.5"]
    found = [[words(cell) for cell in row.select("th, td")] for row in body.select("table.exptdir-datatable tr")]
    assert found == [
        ["run", "data", "last", "best", "at step", "smoothed best", "at step"],
        ["7", "train", "1", "1", "8", "1.98239", "8"],
        ["7", "validation", "8", "5", "3", "5.73333", "3"],
        ["8", "validation", "3", "3", "2", "3.66667", "2"],
        ["<i>$x^2", "validation", "1", "1", "0", "1", "0"],
    ]
    drawn = images(built)
    assert len(drawn) == 1
    texts = {
        " ".join(tag.get_text() for tag in BeautifulSoup(text, "html.parser").select("text")) for text in drawn.values()
    }
    assert {"train", "validation", "7", "8", "<i>$x^2", "loss", "step"} <= set(texts.pop().split(" "))


def test_metrics_and_runs_are_chosen(build: Build) -> None:
    chosen = [
        ("lr", "", ["lr, smoothed by 0.6"], [["run", "data"]]),
        ("val*, lr", "   :smooth: 0\n   :runs: 7\n", ["loss", "lr"], [["run", "metric"]]),
        ("LOSS", "   :runs: 8\n   :no-table:\n", ["loss, smoothed by 0.6"], []),
    ]
    parts = (f"{argument}\n{'-' * 9}\n\n.. expt-curves:: {argument}\n{options}" for argument, options, *_ in chosen)
    built = build({**FILES, "expts/1_a/notes.rst": titled("Curves", "\n".join(parts))})
    assert built.warnings == ""
    for section, (_, _, captions, heads) in zip(
        built.body("expts/1_a/notes").select("section section"), chosen, strict=True
    ):
        assert [words(caption) for caption in section.select("figure figcaption")] == captions
        assert [[words(cell) for cell in head.select("th")][:2] for head in section.select("thead")] == heads


@pytest.mark.parametrize(
    ("argument", "options", "says"),
    [
        ("nothing", (), "no scalar of these runs is called 'nothing'"),
        ("", (":runs: 9",), "there is no run '9'"),
        ("", (":config: runs/8", ":runs: config"), "these runs have no scalars"),
        ("", (":smooth: 1",), "expected a number from 0 to below 1"),
    ],
)
def test_what_is_not_there_is_said(build: Build, argument: str, options: tuple[str, ...], says: str) -> None:
    assert says in build(record(*options, argument=argument)).warnings


def test_more_runs_than_colours_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[tuple[object, object]] = []

    def legend(figure: object, handles: Any, **options: object) -> None:
        looks.extend((handle.get_color(), handle.get_marker()) for handle in handles)

    monkeypatch.setattr(importlib.import_module("matplotlib.figure").Figure, "legend", legend)
    monkeypatch.chdir(tmp_path)
    curves = [{"run": str(at), "split": "", "measured": (), "smoothed": [[1, 2], [at, at]]} for at in range(14)]
    Path("key.json").write_text(json.dumps({"metric": "loss", "curves": curves}))
    with importlib.import_module("matplotlib").rc_context():
        draw("key", "key.svg", "plain")
    assert len(set(looks)) == 14


def test_event_files_are_drawn(build: Build, tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("tensorboardX")
    writer = tensorboard.SummaryWriter(str(tmp_path / "record0/source/expts/1_a/runs/9/tb"))
    for step in range(5):
        writer.add_scalar("eval/loss", 2 - step, step)
    writer.close()
    built = build({**record(":runs: 9"), "expts/1_a/runs/9/config.yaml": "lr: 1\n"})
    assert built.warnings == ""
    assert "-2" in [words(cell) for cell in built.body("expts/1_a/notes").select("td")]


def test_each_builder_has_its_form(build: Build) -> None:
    built = build(record(), "latex")
    assert built.warnings == ""
    assert [path.suffix for path in built.out.glob("*-*.pdf")] == [".pdf"]
    assert "by step, of 7, 8" in built.text("expts/1_a/notes")
    book = {"copyright": "us", "version": "1", "epub_show_urls": "no"}
    assert built.site.build("epub", overrides=book).warnings == ""
    pages = built.site.build("html", overrides={"html_theme": "pydata_sphinx_theme"})
    light, dark = (image["src"].rpartition("/")[2] for image in pages.page("expts/1_a/notes").select("figure img"))
    assert images(pages)[light] != images(pages)[dark]


def test_what_is_not_drawn_is_told_on_the_page_and_in_each_build(build: Build) -> None:
    built = build(record(":smooth: 0"), confoverrides={"exptdir_figures": "never"})
    page = "expts/1_a/notes"

    def told(built: Built) -> str:
        assert built.located == [
            f"{page}.rst:4: WARNING: the curves of loss cannot be drawn: {said} [exptdir.figure]"
            for said in [words(built.body(page).select_one(".exptdir-placeholder")).partition("shown: ")[2][:-1]]
        ]
        assert not images(built)
        return built.located[0]

    assert "exptdir_figures is “never”" in told(built)
    built.site.overrides["exptdir_figures"] = "auto"
    failed = built.rebuild(overrides={"exptdir_plot_style": "none.mplstyle"})
    assert "The style none.mplstyle cannot be used" in told(failed)
    assert told(failed) == told(built.rebuild(overrides={"exptdir_plot_style": "none.mplstyle"}))
    drawn = built.rebuild()
    assert drawn.warnings == ""
    assert drawn.body(page).select("figure img")
    # The look of the author's other figures, of which the page tells nothing.
    style = {"look.mplstyle": "axes.facecolor: 123456\n"}
    styled = built.rebuild(style, overrides={"exptdir_plot_style": "look.mplstyle"})
    assert "#123456" in images(styled)[Path(str(styled.body(page).select("img")[0]["src"])).name]


def test_a_build_that_does_not_wait_shows_them_later(build: Build) -> None:
    told: list[tuple[str, ...]] = []
    conf = f"def setup(app):\n    app.connect('{EVENT}', lambda app: app.config.asked(app))\n"
    conf += "    app.add_config_value('asked', None, '')\n"
    built = build(record(), conf=conf, confoverrides={"asked": lambda app: (None, told.append)})
    thread = domain_of(built.app.env).curve_figures._thread
    assert thread is not None
    thread.join(60)
    assert [Path(path).suffixes for path in told[0]] == [[".svg"]]
    again = built.rebuild()
    assert again.warnings == ""
    assert again.body("expts/1_a/notes").select("figure img")
    assert not again.body("expts/1_a/notes").select(".exptdir-placeholder")
    assert len(told) == 1


def snapshot(built: Built) -> dict[str, bytes]:
    found = (path for path in built.out.rglob("*") if path.is_file())
    return {str(path.relative_to(built.out)): path.read_bytes() for path in found if path.name != "searchindex.js"}


def test_builds_agree_and_figures_that_nobody_shows_go(build: Build) -> None:
    built = build({**record(), "expts/2_b/notes.rst": titled("Other")})
    assert "0 changed" in built.rebuild().status
    more = {"expts/1_a/runs/8/log.jsonl": '{"step": 1, "val_loss": 5}\n{"step": 2, "val_loss": 1}\n'}
    changed = built.rebuild(more)
    clean = built.site.build("html", out="clean", parallel=4)
    assert snapshot(changed) == snapshot(clean)
    assert len(images(changed)) == 1
    kept = next(Path(built.app.doctreedir).glob("exptdir-curves/*.svg"))
    kept.unlink()
    assert snapshot(built.rebuild()) == snapshot(clean)
    gone = built.rebuild({"expts/1_a/notes.rst": titled("Curves")})
    assert images(gone) == {}
    assert list(Path(built.app.doctreedir).glob("exptdir-curves/*")) == []

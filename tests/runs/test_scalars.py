"""Scalars from every kind of file, half written ones included, and their smoothing."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import pytest

from exptdir.runs import ConfigurationFiles, Series, read_series, smooth, summarise


def write_events(directory: Path, values: dict[str, list[float]]) -> Path:
    """Write a file of TensorBoard's, and return it."""
    tensorboard = pytest.importorskip("tensorboardX")
    writer = tensorboard.SummaryWriter(str(directory))
    for name, numbers in values.items():
        for step, number in enumerate(numbers):
            writer.add_scalar(name, number, step)
    writer.close()
    (path,) = directory.glob("events*")
    return path


def test_tables_and_lines_of_json_are_read_by_step(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("step,train/loss,val/loss,note\n10,3.5,,x\n20,,4e0,\n30,nan,3,y\n")
    (tmp_path / "log.jsonl").write_text(
        '{"step": 1, "acc": 0.5}\n[1]\n{"step": 3, "acc": 0.75, "ok": true}\n{"step": 4, "a'
    )
    files = ConfigurationFiles()
    series = read_series(tmp_path, files)
    assert {name: (one.steps, one.values) for name, one in series.items() if name != "train/loss"} == {
        "acc": ((1, 3), (0.5, 0.75)),
        "val/loss": ((20, 30), (4, 3)),
    }
    assert series["train/loss"].steps == (10, 30)
    assert math.isnan(series["train/loss"].values[1])
    assert files.problems == []


def test_metrics_of_mlflow_are_read_by_step(tmp_path: Path) -> None:
    (tmp_path / "meta.yaml").write_text("run_id: 0f3a\n")
    (tmp_path / "metrics/val").mkdir(parents=True)
    (tmp_path / "metrics/lr").write_text("1714557600 0.5 1\n1714557601 0.25 2\n17145")
    (tmp_path / "metrics/val/loss").write_text("1714557601 2.5 2\n1714557600 3e0 1\n")
    series = read_series(tmp_path, ConfigurationFiles())
    assert {name: (one.steps, one.values) for name, one in series.items()} == {
        "lr": ((1, 2), (0.5, 0.25)),
        "val/loss": ((1, 2), (3, 2.5)),
    }
    assert (series["val/loss"].metric, series["val/loss"].split) == ("loss", "validation")


def test_scalars_are_read_as_programs_write_them(tmp_path: Path) -> None:
    # A head again, when there is more to tell; decimal commas; objects within objects.
    (tmp_path / "metrics.csv").write_text("step,loss\n1,5\n2,4,9\nstep,loss,val_loss\n3,3,6\n")
    (tmp_path / "progress.csv").write_text("step;acc\n1;0,5\n2;1,25\n")
    (tmp_path / "log.jsonl").write_text('{"step": 1, "eval": {"mse": 2, "r": {"a": "3"}}}\n')
    files = ConfigurationFiles()
    series = read_series(tmp_path, files)
    assert {name: dict(zip(one.steps, one.values, strict=True)) for name, one in series.items()} == {
        "loss": {1: 5, 2: 4, 3: 3},
        "val_loss": {3: 6},
        "acc": {1: 0.5, 2: 1.25},
        "eval.mse": {1: 2},
        "eval.r.a": {1: 3},
    }
    assert (series["eval.mse"].metric, series["eval.mse"].split) == ("mse", "validation")
    assert files.problems == []


def test_event_files_are_read_while_they_are_written(tmp_path: Path) -> None:
    path = write_events(tmp_path, {"train/loss": [3, 2, 1], "val/loss": [4]})
    series = read_series(tmp_path, ConfigurationFiles())
    assert (series["train/loss"].steps, series["train/loss"].values) == ((0, 1, 2), (3, 2, 1))
    whole = path.read_bytes()
    for end, names in ((0, []), (5, []), (len(whole) - 3, ["train/loss"])):
        path.write_bytes(whole[:end])
        files = ConfigurationFiles()
        assert (list(read_series(tmp_path, files)), files.problems) == (names, [])


def test_without_the_extra_event_files_are_told_once_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX.proto.event_pb2", None)
    (tmp_path / "metrics.csv").write_text("step,loss\n1,2\n")
    for name in ("events.out.tfevents.1", "events.out.tfevents.2"):
        (tmp_path / name).write_bytes(b"x")
    files = ConfigurationFiles()
    assert list(read_series(tmp_path, files)) == ["loss"]
    assert [problem.message for problem in files.problems] == [
        "event files of TensorBoard need the extra “tensorboard”: pip install exptdir[tensorboard]"
    ]


@pytest.mark.parametrize("content", [b"x" * 99, bytes(99), b"\0" * 12 + b"y" * 50])
def test_what_is_no_event_file_is_told(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("tensorboardX")
    (tmp_path / "events.out.tfevents.1").write_bytes(content)
    files = ConfigurationFiles()
    assert read_series(tmp_path, files) == {}
    assert "is damaged at byte 0" in files.problems[0].message


@pytest.mark.parametrize(
    ("name", "metric", "split"),
    [
        ("train/loss", "loss", "train"),
        ("val_loss", "loss", "validation"),
        ("loss/validation", "loss", "validation"),
        ("trainer/global", "trainer/global", ""),
        ("epoch_valid_mse", "epoch_mse", "validation"),
        ("eval", "eval", "validation"),
        ("retrained", "retrained", ""),
    ],
)
def test_a_name_tells_what_is_measured_on_which_data(name: str, metric: str, split: str) -> None:
    series = Series(name, (), ())
    assert (series.metric, series.split) == (metric, split)


def test_smoothing_is_that_of_tensorboard() -> None:
    # By hand: 1; (0.25 + 0.5 · 3) / 0.75 …; the sum of weights is divided out.
    assert smooth([1, 3, 5], 0.5) == pytest.approx([1, 7 / 3, 27 / 7])
    assert smooth([1, math.inf, 3], 0.5) == pytest.approx([1, math.inf, 7 / 3])
    assert smooth([2, 2, 2], 0.9) == [2, 2, 2]
    assert smooth([1, 3], 0) == [1, 3]


def test_nobody_has_to_read_numbers_off() -> None:
    loss = summarise(Series("val/loss", (1, 2, 3, 4), (5, 1, 4, 3)), 0.5)
    assert loss is not None
    assert (loss.last, loss.best, loss.best_step, loss.smoothed_step) == (3, 1, 2, 2)
    acc = summarise(Series("val_acc", (1, 2), (0.5, 0.25)), 0.0)
    assert acc is not None
    assert (acc.best, acc.best_step) == (0.5, 1)
    assert summarise(Series("x", (1,), (math.nan,)), 0.5) is None


def test_the_source_of_the_smoothing_is_stated() -> None:
    assert re.search(r"line-chart\.ts", smooth.__doc__ or "")

"""Scalars of a run, step by step: from CSV, JSON lines, MLflow's and TensorBoard's files; and their smoothing.

Of what reads event files, TensorBoard needs a server's worth of packages, and tbparse needs TensorBoard and pandas.
tensorboardX (the extra ``tensorboard``) carries the messages alone; the frame around each is described at
https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from exptdir.record.files import read_bytes
from exptdir.record.problem import Problem
from exptdir.record.walk import list_directory
from exptdir.runs.configuration import ConfigurationFiles, plain_value
from exptdir.runs.model import TooLarge, Value, flatten

#: Bytes of a file of scalars, and levels of directories below a run in which they are looked for.
LONGEST, _DEEPEST = 64 << 20, 3
_EVENTS = re.compile(r"events\.out\.tfevents\.")
_STEPS = ("step", "global_step", "_step", "iteration", "iter", "epoch", "Step")
#: Columns that say when, not what.
_WHEN = frozenset({*_STEPS, "time", "timestamp", "wall_time", "_timestamp", "_runtime", "created_at", "date"})
_SPLIT = re.compile(r"(?i)(?<![a-z])(train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|dev|test)(?![a-z])")
_SPLITS = {"tr": "train", "va": "validation", "ev": "validation", "de": "validation", "te": "test"}


class Series(NamedTuple):
    """The values of one scalar, by step."""

    name: str
    steps: tuple[float, ...]
    values: tuple[float, ...]

    @property
    def split(self) -> str:
        """Which data it is of: ``train``, ``validation``, ``test``, or nothing that is known."""
        found = _SPLIT.search(self.name)
        return _SPLITS[found[1][:2].lower()] if found else ""

    @property
    def metric(self) -> str:
        """What it measures: the name without the data that it is of."""
        bare, found = _SPLIT.subn("", self.name)
        if not found:
            return self.name
        return re.sub(r"([/_.\- ])[/_.\- ]+", r"\1", bare).strip("/_.- ") or self.name


def is_scalar_file(name: str) -> bool:
    """Tell whether a file holds scalars, by its name."""
    return name in {"metrics.csv", "metrics.jsonl", "progress.csv"} or bool(_EVENTS.match(name))


def scalar_files(directory: Path, files: ConfigurationFiles) -> list[Path]:
    """Return the files of scalars in a run's directory and some levels below it."""
    found: list[Path] = []
    waiting = [(directory, 0)]
    while waiting:
        here, depth = waiting.pop()
        files.listed[here] = None
        listing = list_directory(str(here))
        found += [here / name for name in listing.files if is_scalar_file(name) or name.endswith(".jsonl")]
        waiting += [(here / name, depth + 1) for name in listing.inside if depth < _DEEPEST]
    return sorted(found)


def read_series(directory: Path, files: ConfigurationFiles) -> dict[str, Series]:
    """Return all scalars of a run by name; where two files hold the same one, their steps are put together."""
    points: dict[str, dict[float, float]] = {}
    for path in scalar_files(directory, files):
        if _EVENTS.match(path.name):
            rows = read_events(path, files)
        else:
            text = files.text(path, LONGEST)
            rows = _rows(path, text, files) if text is not None else iter(())
        for name, step, value in rows:
            points.setdefault(name, {})[step] = value
    for name, step, value in _mlflow(directory, files):
        points.setdefault(name, {})[step] = value
    return {
        name: Series(name, tuple(sorted(of)), tuple(of[step] for step in sorted(of)))
        for name, of in sorted(points.items())
    }


def _mlflow(directory: Path, files: ConfigurationFiles) -> Iterator[tuple[str, float, float]]:
    """Yield the metrics of MLflow's file store: a file each, whose lines are time, value and step."""
    metrics = directory / "metrics"
    if not (metrics.is_dir() and (directory / "meta.yaml").is_file()):
        return
    waiting = [metrics]
    while waiting:
        here = waiting.pop()
        files.listed[here] = None
        listing = list_directory(str(here))
        waiting += [here / name for name in listing.inside]
        for path in (here / name for name in listing.files):
            for line in (files.text(path, LONGEST) or "").splitlines():
                numbers = [_number(word) for word in line.split()]
                if len(numbers) == 3 and numbers[1] is not None and numbers[2] is not None:
                    yield path.relative_to(metrics).as_posix(), numbers[2], numbers[1]


def last_values(directory: Path, files: ConfigurationFiles) -> dict[str, Value]:
    """Return the last value of each scalar that is kept as text; event files are read where curves are wanted."""
    found: dict[str, Value] = {}
    for path in scalar_files(directory, files):
        if not _EVENTS.match(path.name) and (text := files.text(path, LONGEST)) is not None:
            found.update((name, value) for name, _, value in _rows(path, text, files))
    return found


def _rows(path: Path, text: str, files: ConfigurationFiles) -> Iterator[tuple[str, float, float]]:
    """Yield the values of a table or of lines of JSON; what is no number is left out, and a line that is cut off."""
    rows: Iterator[dict[str, object]]
    delimiter = ","
    if path.suffix == ".jsonl":
        rows = json_lines(path, text, files)
    else:
        sample = text[:4096].split("\n")[0]
        delimiter = max(",;\t", key=sample.count)
        rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    try:
        for at, row in enumerate(rows):
            if isinstance(rows, csv.DictReader) and all(name == value for name, value in islice(row.items(), 2)):
                # A head again, of a program that was started again or has found more to tell.
                cells = (cell if isinstance(cell, list) else [cell] for cell in row.values())
                rows.fieldnames = [str(name) for some in cells for name in some if name]
                continue
            step = next((number for key in _STEPS if (number := _number(row.get(key))) is not None), float(at))
            for name, value in row.items():
                if delimiter == ";" and isinstance(value, str):
                    value = value.replace(",", ".")
                if isinstance(name, str) and name not in _WHEN and (number := _number(value)) is not None:
                    yield name, step, number
    except csv.Error as error:
        files.problems.append(Problem("run", f"{path.name} cannot be read to its end: {error}", path))


def json_lines(path: Path, text: str, files: ConfigurationFiles) -> Iterator[dict[str, object]]:
    """Yield the objects of a file of JSON lines."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            # The last line may still be on its way.
            if number < len(lines):
                files.problems.append(Problem("run", f"{path.name} has a line that is not JSON", path, number))
            continue
        if isinstance(row, dict):
            try:
                yield dict(flatten(row)) if any(isinstance(value, dict) for value in row.values()) else row
            except TooLarge as error:
                files.problems.append(
                    Problem("run", f"{path.name} has a line that cannot be read: {error}", path, number)
                )


def _number(value: object) -> float | None:
    if isinstance(value, str):
        value = plain_value(value) if value else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if abs(value) < 1e300 or value != value else math.inf
    return None


def read_events(path: Path, files: ConfigurationFiles) -> Iterator[tuple[str, float, float]]:
    """Yield the scalars of an event file, up to what is written of it so far."""
    files.asked[path] = None
    try:
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.record_writer import masked_crc32c
    except ImportError:
        told = Problem(
            "run",
            "event files of TensorBoard need the extra “tensorboard”: pip install exptdir[tensorboard]",
            path.parent,
        )
        if told not in files.problems:
            files.problems.append(told)
        return
    from google.protobuf.message import DecodeError

    try:
        data = read_bytes(path, LONGEST)
    except OSError as error:
        files.problems.append(Problem("run", f"{path.name} cannot be read: {error.strerror or error}", path))
        return
    at = 0
    while at + 12 <= len(data):
        length, check = struct.unpack_from("<QI", data, at)
        if masked_crc32c(data[at : at + 8]) != check:
            files.problems.append(Problem("run", f"{path.name} is damaged at byte {at:,}, or is no event file", path))
            return
        if at + 16 + length > len(data):
            return
        try:
            event = Event.FromString(data[at + 12 : at + 12 + length])
        except DecodeError:
            files.problems.append(Problem("run", f"{path.name} is damaged at byte {at:,}", path))
            return
        for value in event.summary.value:
            if value.HasField("simple_value"):
                yield value.tag, float(event.step), float(value.simple_value)
            elif value.HasField("tensor") and value.metadata.plugin_data.plugin_name == "scalars":
                number = tensor_value(value.tensor)
                if number is not None:
                    yield value.tag, float(event.step), number
        at += 16 + length


def tensor_value(tensor: object) -> float | None:
    """Return the number in a tensor that holds one (TensorFlow 2 writes scalars so)."""
    for name in ("float_val", "double_val", "int_val", "int64_val"):
        numbers = list(islice(getattr(tensor, name, ()), 1))
        if numbers:
            return float(numbers[0])
    content = bytes(getattr(tensor, "tensor_content", b""))
    form = {4: "<f", 8: "<d"}.get(len(content))
    return float(struct.unpack(form, content)[0]) if form else None


def smooth(values: Sequence[float], weight: float) -> list[float]:
    """Smooth as TensorBoard does: an exponential moving average, divided by the weight that it has gathered.

    Source: ``resmoothDataset`` in TensorBoard's ``vz_line_chart2/line-chart.ts``; without the division the first values
    would be drawn towards zero (Kingma and Ba, *Adam*, 2015, section 3). Values that are not finite stay as they
    are, and so does a series that does not change.

    Parameters
    ----------
    weight
        From 0, not at all, to below 1.
    """
    if weight <= 0 or len(set(values)) < 2:
        return list(values)
    found, last, count = [], 0.0, 0
    for value in values:
        if math.isfinite(value):
            last = last * weight + (1 - weight) * value
            count += 1
            found.append(last / (1 - weight**count))
        else:
            found.append(value)
    return found


class Summary(NamedTuple):
    """What a reader would read off a curve: each with the step at which it is reached."""

    last: float
    best: float
    best_step: float
    smoothed_best: float
    smoothed_step: float


#: Names of what is better the larger it is.
_RISING = re.compile(r"(?i)acc|auc|f1|iou|map\b|bleu|rouge|psnr|ssim|reward|return|recall|precision|score|r2\b|corr")


def rises(name: str) -> bool:
    """Tell whether more of a metric is better, by its name."""
    return bool(_RISING.search(name)) and not re.search(r"(?i)loss|err", name)


def summarise(series: Series, weight: float) -> Summary | None:
    """Return the last, the best and the best smoothed value; ``None`` where no value is finite."""
    smoothed = smooth(series.values, weight)
    points = [point for point in zip(series.values, smoothed, series.steps, strict=True) if math.isfinite(point[0])]
    if not points:
        return None
    pick = max if rises(series.name) else min
    best, good = pick(points, key=lambda point: point[0]), pick(points, key=lambda point: point[1])
    return Summary(points[-1][0], best[0], best[2], good[1], good[2])

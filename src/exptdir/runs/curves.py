"""Curves of runs: which scalars stand in a figure together, what is drawn of them, and the table of their values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from exptdir.runs.model import Run
from exptdir.runs.scalars import Series, smooth, summarise
from exptdir.tables.model import Cell, Table, plain

#: Points of a line that are drawn: no screen shows more.
_POINTS = 600
#: Figures that are drawn where none are named.
MOST_FIGURES = 6


class Curve(NamedTuple):
    """A scalar of a run."""

    run: str
    series: Series


def choose_curves(scalars: Sequence[tuple[Run, dict[str, Series]]], patterns: Sequence[str]) -> dict[str, list[Curve]]:
    """Return for each metric its curves, train and validation together.

    Parameters
    ----------
    scalars
        For each run its scalars by name.
    patterns
        What metrics or scalars are to be called; without any, those of which it is told on which data they were
        measured, or else all, up to some number.
    """
    found: dict[str, list[Curve]] = {}
    for pattern in patterns or ("*",):
        for run, every in scalars:
            for series in every.values():
                names, curve = (series.name.lower(), series.metric.lower()), Curve(run.id, series)
                if any(fnmatchcase(name, pattern.lower()) for name in names):
                    some = found.setdefault(series.metric, [])
                    some += [] if curve in some else [curve]
    if not patterns:
        told = {name: curves for name, curves in found.items() if any(curve.series.split for curve in curves)}
        found = dict(list((told or found).items())[:MOST_FIGURES])
    return found


def curve_data(metric: str, curves: Sequence[Curve], weight: float) -> dict[str, object]:
    """Return what :mod:`exptdir.runs.curve_figure` draws: what was measured, and that smoothed by a *weight*.

    Points that no screen can show are left out; what was measured stays visible behind what is smooth.
    """
    drawn = []
    for run, series in curves:
        smoothed = smooth(series.values, weight)
        measured = _thinned(series, series.values) if smoothed != list(series.values) else ()
        points = {"smoothed": _thinned(series, smoothed), "measured": measured}
        drawn.append({"run": run, "split": series.split, **points})
    return {"metric": metric, "curves": drawn}


def _thinned(series: Series, values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Leave out points between the lowest and the highest of each stretch."""
    size = math.ceil(len(values) / (_POINTS / 2))
    if size < 3:
        return list(series.steps), list(values)
    kept: list[int] = []
    for begin in range(0, len(values), size):
        stretch = range(begin, min(begin + size, len(values)))
        kept += sorted({min(stretch, key=values.__getitem__), max(stretch, key=values.__getitem__)})
    return [series.steps[at] for at in kept], [values[at] for at in kept]


def curve_table(figures: dict[str, list[Curve]], weight: float) -> Table:
    """Make the table of the last, the best and the best smoothed value of each curve, with the steps."""
    from pathlib import Path

    def number(value: float) -> Cell:
        return Cell(f"{value:.6g}", value, "number")

    # What is the same in all rows stands below the figure.
    kept = [0, 1, 2] if len(figures) > 1 else [0, 2]
    head = [("run", "metric", "data")[at] for at in kept]
    head += ["last", "best", "at step", "smoothed best", "at step"]
    rows = [tuple(Cell(name, name, "text") for name in head)]
    for metric, curves in figures.items():
        for run, series in curves:
            found = summarise(series, weight)
            if found is not None:
                names = [Cell(plain(text), text, "text") for text in (run, metric, series.split)]
                rows.append((*(names[at] for at in kept), *map(number, found)))
    return Table(tuple(rows), 1, 1, Path("curves"))

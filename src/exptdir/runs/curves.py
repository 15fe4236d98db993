"""Draws the scalars of runs: a figure a metric, train and validation in it, each run in its colour."""

from __future__ import annotations

import hashlib
import io
import math
import warnings
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from exptdir.runs.model import Run
from exptdir.runs.scalars import Series, smooth, summarise
from exptdir.tables.model import Cell, Table, plain

#: Colours that most people who see few colours tell apart, and that stand out on white and on near black
#: (after Okabe and Ito, *Color Universal Design*, 2008; its yellow and black are left out).
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_DASHES = {"validation": "-", "train": (0, (4, 1.5)), "test": (0, (1, 1.2)), "": "-"}
#: Of two schemes: what is written and what stays behind it.
_INKS = {False: ("#3a3f44", "#d0d4d8"), True: ("#d6dade", "#4a5056")}
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


def fingerprint(curves: Sequence[Curve], weight: float) -> str:
    """Digest all that a figure is made of."""
    from matplotlib import __version__

    # The number counts the changes of how a figure is drawn.
    made = f"2 {__version__} {weight!r} {[(one.run, one.series) for one in curves]!r}"
    return hashlib.sha256(made.encode("utf-8", "surrogateescape")).hexdigest()[:20]


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


def draw_curves(metric: str, curves: Sequence[Curve], weight: float, form: str, *, dark: bool = False) -> bytes:
    """Draw the curves of one metric; the same ones give the same bytes.

    Parameters
    ----------
    weight
        Of the smoothing; what was measured stays visible behind it.
    form
        ``svg`` or ``pdf``.
    dark
        Whether it stands on a dark page.
    """
    import matplotlib
    from matplotlib import style
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    ink, grid = _INKS[dark]
    look = {
        "svg.hashsalt": "exptdir", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 11,
        "text.color": ink, "axes.labelcolor": ink, "axes.edgecolor": grid, "xtick.color": ink, "ytick.color": ink,
        "grid.color": grid, "grid.linewidth": 0.5, "axes.spines.top": False, "axes.spines.right": False,
    }  # fmt: skip
    with style.context("default"), matplotlib.rc_context(look), warnings.catch_warnings():
        # Of letters that matplotlib's own font does not have; the reader's does.
        warnings.simplefilter("ignore")
        figure = Figure(figsize=(5.8, 3.8), layout="constrained")
        axes = figure.add_subplot()
        runs = list(dict.fromkeys(curve.run for curve in curves))
        for run, series in curves:
            colour = _COLOURS[runs.index(run) % len(_COLOURS)]
            dash = _DASHES[series.split]
            smoothed = smooth(series.values, weight)
            if smoothed != list(series.values):
                axes.plot(*_thinned(series, series.values), color=colour, linewidth=0.6, alpha=0.3)
            marker = "o" if len(series.values) == 1 else ""
            axes.plot(*_thinned(series, smoothed), color=colour, linewidth=1.5, linestyle=dash, marker=marker)
        axes.set_xlabel("step")
        axes.set_ylabel(metric.replace("$", r"\$"))
        axes.grid(visible=True)
        # Below, which colour is which run, and which line which data.
        splits = {curve.series.split for curve in curves}
        shown = [name for name in ("train", "validation", "test") if name in splits]
        handles = [Line2D([], [], color=ink, linestyle=_DASHES[name], label=name) for name in shown if len(shown) > 1]
        for at, run in enumerate(runs):
            name = (run if len(run) <= 40 else f"{run[:38]}…").replace("$", r"\$")
            handles.append(Line2D([], [], color=_COLOURS[at % len(_COLOURS)], linewidth=3, label=name))
        wide = max(len(str(handle.get_label())) for handle in handles)
        columns = max(1, min(len(handles), 46 // (wide + 5)))
        figure.legend(handles=handles, loc="outside lower left", ncols=columns, frameon=False)
        out = io.BytesIO()
        metadata = {"Date": None, "Creator": None} if form == "svg" else {"CreationDate": None, "Creator": None}
        figure.savefig(out, format=form, metadata=metadata, transparent=True)
    return out.getvalue()


def curve_table(figures: dict[str, list[Curve]], weight: float) -> Table:
    """Make the table of the last, the best and the best smoothed value of each curve, with the steps."""
    from pathlib import Path

    def number(value: float) -> Cell:
        return Cell(f"{value:.6g}", value, "number")

    head = ["run", "metric", "data", "last", "best", "at step", "smoothed best", "at step"]
    rows = [tuple(Cell(name, name, "text") for name in head)]
    for metric, curves in figures.items():
        for run, series in curves:
            found = summarise(series, weight)
            if found is not None:
                names = (Cell(plain(text), text, "text") for text in (run, metric, series.split))
                rows.append((*names, *map(number, found)))
    return Table(tuple(rows), 1, 1, Path("curves"))

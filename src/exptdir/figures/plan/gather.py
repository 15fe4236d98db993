"""Tells of each figure where it comes from and whether it is fresh."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from exptdir.figures.plan.check import Verdict
from exptdir.figures.plan.planner import Planner
from exptdir.figures.report import FigureReport


def figure_reports(planner: Planner, verdicts: Mapping[str, Verdict]) -> dict[str, FigureReport]:
    """Report on each figure that a script draws or drew, and on those that are shown and not there.

    Parameters
    ----------
    planner
        Knows the scripts and the ledgers.
    verdicts
        What is to be thought of each script.

    Returns
    -------
    dict
        By the figure's path.
    """
    found: dict[str, FigureReport] = {}
    for report in (*_drawn(planner, verdicts), *_left_over(planner)):
        found.setdefault(report.path, report)
    for report in _missing(planner, verdicts):
        found.setdefault(report.path, report)
    return dict(sorted(found.items()))


def _drawn(planner: Planner, verdicts: Mapping[str, Verdict]) -> Iterator[FigureReport]:
    # What a script drew in our sight counts before what it is only supposed to have drawn; of two that draw
    # the same figure the last is the one whose it is.
    entries = [(entry.adopted, key, entry) for key in planner.scripts if (entry := planner.entry(key)) is not None]
    contested = planner.contested
    for adopted, key, entry in sorted(entries, key=lambda known: known[:2]):
        for path in entry.outputs:
            if adopted or contested.get(path, [key])[-1] == key:
                yield FigureReport(path, verdicts[key].state, key, verdicts[key].reasons)


def _left_over(planner: Planner) -> Iterator[FigureReport]:
    for key in planner.scripts:
        entry = planner.entry(key)
        for path in entry.former if entry is not None else ():
            reason = f"{planner.scripts[key].path} does not draw it any more"
            yield FigureReport(path, "stale", key, (reason,))
    for path, entry in planner.orphans.items():
        if planner.checker.tree.exists(path):
            yield FigureReport(path, "stale", None, (f"{entry.script}, which drew it, is gone",))


def _missing(planner: Planner, verdicts: Mapping[str, Verdict]) -> Iterator[FigureReport]:
    by_experiment: defaultdict[str, list[str]] = defaultdict(list)
    for key, script in planner.scripts.items():
        by_experiment[script.experiment].append(key)
    for experiment, keys in by_experiment.items():
        for path in sorted(planner.shown.get(experiment, ())):
            there = planner.checker.tree.exists(path)
            likely = None if there else planner.likely(path, keys)
            if likely is not None:
                yield FigureReport(path, verdicts[likely].state, likely, verdicts[likely].reasons)

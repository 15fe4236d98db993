"""What an update found and did, for those who show it: where each figure comes from, and whether it is fresh."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exptdir.figures.model import Outcome, Script
from exptdir.figures.plan.check import Freshness, Staleness
from exptdir.figures.plan.planner import Planner
from exptdir.figures.state import Failure
from exptdir.record.problem import Problem


@dataclass(frozen=True)
class ScriptReport:
    """One script: whether its figures are fresh, and how its last run went."""

    script: Script
    verdict: Staleness
    #: The figures that it draws, the data files that it reads, the modules that it imports, relative to the base.
    figures: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    #: Why not all that it reads is known; empty where it is.
    unseen: tuple[str, ...] = ()
    #: How its last run went wrong, if it did and its figures are still not fresh.
    failure: Failure | None = None
    #: How it ended now, if it was run.
    outcome: Outcome | None = None
    #: Figures changed by hand that it has drawn again, and where the changed ones are.
    kept: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class FigureReport:
    """One figure: where it comes from and whether it is fresh."""

    #: The figure, relative to the record's base.
    path: str
    state: Freshness
    #: Key of the script that draws it, in the report's ``scripts``; ``None`` if that script is gone.
    script: str | None
    reasons: tuple[str, ...] = ()
    #: Whether it is known, or plain from the scripts' texts, that this script draws it.
    sure: bool = True


@dataclass(frozen=True)
class Report:
    """All of it."""

    #: The scripts by path and arguments.
    scripts: Mapping[str, ScriptReport]
    #: The figures that are drawn by a script, and those that are shown and not there, by path. An image that no script
    #: draws is not one of them.
    figures: Mapping[str, FigureReport]
    problems: tuple[Problem, ...] = ()
    #: Keys of the scripts that were run, adopted, and run in vain.
    ran: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    #: Keys of the scripts that are stale now: those that would be run, in a dry run or with ``never``.
    planned: tuple[str, ...] = ()
    #: Experiments whose figures are stale and whose directory cannot be written.
    fixed: tuple[str, ...] = ()
    seconds: float = 0.0


def figure_reports(planner: Planner, verdicts: Mapping[str, Staleness]) -> dict[str, FigureReport]:
    """Report, by path, on each figure that a script draws or drew, and on those that are shown and not there."""
    found: dict[str, FigureReport] = {}
    exists = planner.checker.tree.exists
    # What a script drew in our sight counts before what it is only supposed to have drawn; of two that draw
    # the same figure the last is the one whose it is.
    entries = [(entry.adopted, key, entry) for key in planner.scripts if (entry := planner.entry(key)) is not None]
    contested = planner.contested
    for adopted, key, entry in sorted(entries, key=lambda known: known[:2]):
        for path in entry.outputs:
            if adopted or contested.get(path, [key])[-1] == key:
                verdict = verdicts[key]
                # Of several figures of a script one may have been edited, and the others are as it drew them.
                state = "fresh" if verdict.state == "edited" and path not in verdict.edited else verdict.state
                sure = not adopted or planner.naming(path, planner.scripts[key].experiment, adopted=False) == [key]
                found.setdefault(path, FigureReport(path, state, key, verdict.reasons, sure))
    # What is left over of a script that draws it no more, or that is gone.
    for _, key, entry in entries:
        for path in entry.former:
            reason = f"{planner.scripts[key].path} does not draw it any more"
            found.setdefault(path, FigureReport(path, "stale", key, (reason,)))
    for path in filter(exists, planner.orphans):
        reason = f"{planner.orphans[path].script}, which drew it, is gone"
        found.setdefault(path, FigureReport(path, "stale", None, (reason,)))
    by_experiment: defaultdict[str, list[str]] = defaultdict(list)
    for key, script in planner.scripts.items():
        by_experiment[script.experiment].append(key)
    for experiment, keys in by_experiment.items():
        for path in planner.shown.get(experiment, ()):
            likely = None if exists(path) else planner.likely(path, keys)
            if likely is not None:
                found.setdefault(path, FigureReport(path, verdicts[likely].state, likely, verdicts[likely].reasons))
    return dict(sorted(found.items()))

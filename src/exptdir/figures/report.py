"""What an update found and did, for those who show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exptdir.figures.ledger.state import Failure
from exptdir.figures.model import Outcome, Script
from exptdir.figures.plan.check import Freshness, Verdict
from exptdir.record.problem import Problem


@dataclass(frozen=True)
class ScriptReport:
    """One script: whether its figures are fresh, and how its last run went.

    Parameters
    ----------
    script
        The script.
    verdict
        Whether its figures are fresh, and why not.
    figures
        The figures that it draws, relative to the record's base.
    inputs
        The data files that it reads, relative to the record's base.
    modules
        The modules of the record that it imports.
    unseen
        Why not all that it reads is known; empty where it is.
    failure
        How its last run went wrong, if it did and its figures are still not fresh.
    outcome
        How it ended now, if it was run.
    kept
        Figures changed by hand that it has drawn again, and where the changed ones are.
    """

    script: Script
    verdict: Verdict
    figures: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    failure: Failure | None = None
    outcome: Outcome | None = None
    kept: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class FigureReport:
    """One figure: where it comes from and whether it is fresh.

    Parameters
    ----------
    path
        The figure, relative to the record's base.
    state
        Whether it is fresh.
    script
        Key of the script that draws it, in the report's ``scripts``; ``None`` if that script is gone.
    reasons
        Why it is not fresh.
    """

    path: str
    state: Freshness
    script: str | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """All of it.

    Parameters
    ----------
    scripts
        The scripts by path and arguments.
    figures
        The figures that are drawn by a script, and those that are shown and not there, by path. An image that
        no script draws is not one of them.
    problems
        What is wrong, in this and in earlier runs.
    ran, adopted, failed
        Keys of the scripts that were run, adopted, and run in vain.
    planned
        Keys of the scripts that are stale now: those that would be run, in a dry run or with ``never``.
    seconds
        How long it took.
    """

    scripts: Mapping[str, ScriptReport]
    figures: Mapping[str, FigureReport]
    problems: tuple[Problem, ...] = ()
    ran: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()
    seconds: float = 0.0

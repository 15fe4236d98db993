"""What is written down, and what is copied, just before a script is run."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from exptdir.figures.ledger.state import State
from exptdir.figures.model import Job, Script
from exptdir.figures.plan.check import Verdict
from exptdir.figures.plan.facts import Before
from exptdir.figures.plan.keeping import Keeping
from exptdir.figures.plan.planner import Planner
from exptdir.figures.settings import FigureSettings


@dataclass
class Prepared:
    """A script that is about to be run, or running.

    Parameters
    ----------
    key
        The script.
    job
        What the worker is told.
    before
        What was known before.
    keeping
        Copies of figures that must not be lost.
    """

    key: str
    job: Job
    before: Before
    keeping: Keeping


def prepare(planner: Planner, state: State, settings: FigureSettings, script: Script, verdict: Verdict) -> Prepared:
    """Get a script ready to be run.

    Parameters
    ----------
    planner
        Knows the scripts and the ledgers.
    state
        What is remembered on this machine.
    settings
        How figures are kept up to date.
    script
        The script.
    verdict
        Why it is run.

    Raises
    ------
    OSError
        When a figure that may be lost cannot be copied.
    """
    tree, old = planner.checker.tree, planner.entry(script.key)
    # Who asks for everything to be drawn again means the figures that were there before, too.
    first = old is None and settings.mode != "always"
    keeping = Keeping(tree, state, planner.unowned(script.experiment) if first else [], verdict.edited)
    outputs = {*script.outputs, *(() if old is None else old.outputs)}
    job = Job(
        base=tree.base,
        script=tree.absolute(script.path),
        cwd=os.path.normpath(tree.absolute(script.folder)),
        scratch=str(state.scratch(script.key)),
        args=script.args,
        language=script.language,
        timeout=script.timeout or settings.timeout,
        memory=settings.memory,
        style=tree.style_path(settings) or settings.style,
        dark=settings.dark,
        outputs=tuple(sorted(map(tree.absolute, outputs))),
    )
    known = {path for paths in planner.shown.values() for path in paths if tree.exists(path)}
    before = Before(
        digest=tree.digest(script.path) or "",
        style=tree.style(script, settings),
        started=time.time_ns(),
        known=frozenset(known | outputs),
        old=old,
    )
    return Prepared(script.key, job, before, keeping)

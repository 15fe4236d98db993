"""What is written down, and what is copied, just before a script is run."""

from __future__ import annotations

import os
import posixpath
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from exptdir.figures.known import State
from exptdir.figures.model import FigureSettings, Job, Script, dark_name
from exptdir.figures.plan.check import Staleness
from exptdir.figures.plan.new_entry import Before
from exptdir.figures.plan.planner import Planner


@dataclass
class Prepared:
    """A script that is about to be run, or running.

    Parameters
    ----------
    job
        What the worker is told.
    before
        What was known before.
    kept
        Figures that somebody edited and that are to be drawn again, and where a copy of each is kept.
    why
        Why it is run.
    """

    key: str
    job: Job
    before: Before
    kept: dict[str, Path]
    why: str = ""


def prepare(planner: Planner, state: State, settings: FigureSettings, script: Script, verdict: Staleness) -> Prepared:
    """Get a script ready to be run.

    Parameters
    ----------
    planner
        Knows the scripts and the ledgers.
    state
        What is remembered on this machine.
    settings
        How figures are kept up to date.
    verdict
        Why it is run.

    Raises
    ------
    OSError
        When a figure that may be lost cannot be copied.
    """
    tree, old = planner.checker.tree, planner.entry(script.key)
    outputs = {*script.outputs, *(() if old is None else old.outputs)}
    # What a script that is gone drew has to be taken over by another.
    own = outputs | planner.orphans.keys() | set(() if old is None else old.former)
    own |= {posixpath.join(posixpath.dirname(path), dark_name(posixpath.basename(path))) for path in own}
    kept: dict[str, Path] = {}
    for path in verdict.edited if settings.overwrite_edited else ():
        figure = Path(tree.absolute(path))
        names = (f"{figure.stem}.edited{number}{figure.suffix}" for number in ("", *range(2, 1000)))
        kept[path] = next(place for name in names if not (place := figure.with_name(name)).exists())
        shutil.copy2(figure, kept[path])
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
        # Who asks for everything to be drawn again means the figures that were there before, too.
        own=None if settings.mode == "always" else tuple(sorted(map(tree.absolute, own))),
        edited=tuple(tree.absolute(path) for path in verdict.edited if path not in kept),
    )
    known = {path for paths in planner.shown.values() for path in paths if tree.exists(path)}
    before = Before(
        digest=tree.digest(script.path) or "",
        style=tree.style(script, settings),
        started=time.time_ns(),
        known=frozenset(known | outputs),
        old=old,
    )
    return Prepared(script.key, job, before, kept, "; ".join(verdict.reasons))

"""Copies of figures that a run must not, or may only with a copy kept, put others in the place of.

What is written down, and what is copied, just before a script is run.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from exptdir.figures.known import State
from exptdir.figures.model import FigureSettings, Job, Script
from exptdir.figures.plan.check import Verdict
from exptdir.figures.plan.new_entry import Before
from exptdir.figures.plan.planner import Planner
from exptdir.figures.plan.tree import Tree
from exptdir.record.files import write


class Keeping:
    """The copies made before one run.

    Parameters
    ----------
    tree
        The record's files.
    state
        Where copies are put.
    protected
        Figures that were there before us: a script that is run for another figure's sake must leave them.
    edited
        Figures that were changed by hand after they were drawn: a copy is kept.

    Raises
    ------
    OSError
        When a copy cannot be made; then the script must not be run.
    """

    def __init__(self, tree: Tree, state: State, protected: Iterable[str], edited: Iterable[str]) -> None:
        self._tree = tree
        self._copies: dict[str, tuple[str, Path, bool]] = {}
        paths = dict.fromkeys(protected, True) | dict.fromkeys(edited, False)
        for path, back in sorted(paths.items()):
            digest = tree.digest(path)
            if digest is not None:
                copy = state.kept(path, digest)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(tree.absolute(path), copy)
                self._copies[path] = (digest, copy, back)

    def settle(self) -> dict[str, Path]:
        """Put back what was to stay, and drop the copies that nobody needs.

        Returns
        -------
        dict
            Figures that were changed by hand and are now drawn anew, and the copies of what they were.

        Raises
        ------
        OSError
            When a figure cannot be put back; its copy stays.
        """
        kept: dict[str, Path] = {}
        for path, (digest, copy, back) in self._copies.items():
            if self._tree.digest(path) != digest:
                if not back:
                    kept[path] = copy
                    continue
                times = copy.stat()
                target = Path(self._tree.absolute(path))
                write(target, copy.read_bytes())
                os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
            copy.unlink()
        return kept


@dataclass
class Prepared:
    """A script that is about to be run, or running.

    Parameters
    ----------
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

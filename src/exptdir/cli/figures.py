"""What commands need of figures: their settings, where what is remembered of them lies, and how they stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from exptdir.cli.session import Session
from exptdir.record.home import OUTPUT

if TYPE_CHECKING:
    from concurrent.futures import Future

    from exptdir.figures.model import FigureSettings, Job, Mode, Outcome
    from exptdir.figures.report import Report
    from exptdir.record.model import Experiment, Record

#: Figures and the ledger by their names; a directory without these has nothing to be judged.
_SIGNS = (".py", ".r", ".jl", ".lock")


def doctrees(session: Session) -> Path:
    """Return where builds keep their state."""
    return session.base / OUTPUT / "doctrees"


def state_dir(session: Session) -> Path:
    """Return where what is remembered of figures lies, which is where builds look for it."""
    return doctrees(session) / "exptdir-figures"


def figure_settings(session: Session, mode: Mode) -> FigureSettings:
    """Return the settings of figures; *mode* stands for the record's own, which is for builds."""
    from exptdir.figures.model import FigureSettings

    return FigureSettings.of(session.conf.settings, mode, session.conf.exclude)


def examine(session: Session, record: Record) -> Report:
    """Judge the figures of a record without running or writing anything."""
    from exptdir.figures.update import update

    return update(record, figure_settings(session, "auto"), state_dir(session), _refuse, dry_run=True)


def _refuse(job: Job) -> Future[Outcome]:
    raise RuntimeError(f"{job.script} is not to be run")


def may_have_figures(session: Session, experiment: Experiment) -> bool:
    """Tell cheaply whether there is anything to judge: a program or a ledger in the experiment's directories."""
    from exptdir.record.walk import walk

    below = walk(session.base, experiment.key)
    return any(name.lower().endswith(_SIGNS) for _, files, _, _ in below for name in files)


def figures_of(session: Session, experiment: Experiment) -> list[dict[str, Any]]:
    """Return how the figures of one experiment stand."""
    from exptdir.record.model import Record

    prefix = f"{experiment.key}/"
    every = session.record.experiments.items()
    parts = {key: one for key, one in every if key == experiment.key or key.startswith(prefix)}
    report = examine(session, Record(session.base, parts))
    return [
        {"path": figure.path, "state": figure.state, "script": figure.script, "reasons": list(figure.reasons)}
        for figure in report.figures.values()
        if figure.script is None or report.scripts[figure.script].script.experiment == experiment.key
    ]

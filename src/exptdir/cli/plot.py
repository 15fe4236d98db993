"""``exptdir plot``, and what other commands need of figures: where what is remembered of them lies, how they stand."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exptdir.cli.options import ExperimentType, command, dry_run_option, echo_json, json_option
from exptdir.cli.session import Session
from exptdir.errors import ConfigurationError
from exptdir.record.home import OUTPUT
from exptdir.record.settings import check_executor

if TYPE_CHECKING:
    from concurrent.futures import Future

    from exptdir.figures.model import FigureSettings, Job, Mode, Outcome, Script
    from exptdir.figures.plan.scheduler import Progress as Told
    from exptdir.figures.update import Report
    from exptdir.record.model import Record


def doctrees(session: Session) -> Path:
    """Return where builds keep their state."""
    return session.base / OUTPUT / "doctrees"


def figure_settings(session: Session, mode: Mode) -> FigureSettings:
    """Return the settings of figures; *mode* stands for the record's own, which is for builds."""
    from exptdir.figures.model import FigureSettings

    return FigureSettings.of(session.conf.settings, mode, session.conf.exclude)


def examine(session: Session, record: Record) -> Report:
    """Judge the figures of a record without running or writing anything."""
    from exptdir.figures.update import update

    def refuse(job: Job) -> Future[Outcome]:
        raise RuntimeError(f"{job.script} is not to be run")

    where = doctrees(session) / "exptdir-figures"
    return update(record, figure_settings(session, "auto"), where, refuse, dry_run=True)


@command(
    "Draw the figures that are stale.",
    "exptdir plot",
    "exptdir plot 63 64 --force",
    "exptdir plot --dry-run",
    page="howto/figures",
)
@click.argument("expts", metavar="[EXPT]...", nargs=-1, type=ExperimentType())
@click.option("-f", "--force", is_flag=True, help="Draw fresh figures too.")
@click.option(
    "--overwrite-edited", is_flag=True, help="Draw figures changed by hand too; yours are kept as out.edited.svg."
)
@click.option("-j", "--jobs", metavar="N", type=click.IntRange(0), help="Scripts at once; 0: as many as processors.")
@click.option(
    "--executor",
    metavar="WHERE",
    help="What runs the scripts: local, dask, or “dask ADDRESS”; by default what exptdir_figure_executor says.",
)
@dry_run_option
@json_option
def plot(
    session: Session,
    expts: tuple[str, ...],
    force: bool,
    overwrite_edited: bool,
    jobs: int | None,
    executor: str | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Draw the figures that are stale, of all experiments or of some.

    Tries scripts again that failed before. Ends with 1 if a script fails; its figures stay as they were.
    """
    only = sorted({session.experiment(text, writes=not dry_run).key for text in expts}) if expts else None
    if dry_run:
        report = examine(session, session.record)
        keys = report.scripts if force else report.planned
        meant = (key for key in keys if only is None or report.scripts[key].script.experiment in only)
        verdicts = {key: report.scripts[key].verdict for key in meant}
        if as_json:
            echo_json([{"script": key, "reasons": list(verdict.reasons)} for key, verdict in verdicts.items()])
        else:
            for key, verdict in verdicts.items():
                click.echo(f"{click.style(key, bold=True)}: {'; '.join(verdict.reasons) or verdict.state}")
            if not verdicts:
                click.echo("Nothing is stale.", err=True)
            session.tell(report.unknown)
        return 0
    from exptdir.figures.run.runner import Submitter
    from exptdir.figures.update import update

    if session.conf.settings.figures == "never":
        said = "exptdir_figures keeps builds from running plot scripts, not this command."
        click.echo(said, err=True)
    settings = figure_settings(session, "always" if force else "auto")
    settings = replace(settings, overwrite_edited=overwrite_edited, retry=True)
    where, private = doctrees(session) / "exptdir-figures", (session.base / OUTPUT,)
    own = session.conf.settings
    choice, workers = own.figure_executor if executor is None else executor, own.figure_jobs if jobs is None else jobs
    try:
        check_executor(choice)
    except ConfigurationError:
        raise click.UsageError(f"--executor is local, dask or “dask ADDRESS”, not {choice!r}") from None
    with Submitter(choice, workers) as to, _progress() as progress:
        report = update(session.record, settings, where, to.submit, only=only, progress=progress, private=private)
    if as_json:
        echo_json(
            {
                "ran": list(report.ran),
                "adopted": list(report.adopted),
                "failed": list(report.failed),
                "kept": {path: str(copy) for one in report.scripts.values() for path, copy in one.kept.items()},
                "problems": [one.message for one in (*report.problems, *report.unknown)],
                "seconds": round(report.seconds, 3),
            }
        )
    else:
        # What is wrong with others was not asked for.
        told = (*report.problems, *report.unknown)
        owners = ((one, session.record.around(os.path.relpath(one.path or "", session.base))) for one in told)
        session.tell(one for one, owner in owners if only is None or owner is None or owner.key in only)
        for path, copy in (pair for one in report.scripts.values() for pair in one.kept.items()):
            click.echo(f"{path}: what it was before is kept as {copy.name}", err=True)
        done = f"Figures: {report.counts} ({report.seconds:.1f} s)." if report.counts else "Nothing is stale."
        click.echo(done, err=True)
    return 1 if report.failed else 0


@contextmanager
def _progress() -> Iterator[Told]:
    """Show each script as it begins and ends: a bar on a terminal, a line otherwise."""
    terminal = sys.stderr.isatty()
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    shape = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*shape, console=Console(stderr=True), transient=True, disable=not terminal) as shown:
        task, begun = shown.add_task("", total=0), 0

        def progress(script: Script, outcome: Outcome | None, why: str) -> None:
            nonlocal begun
            if outcome is None:
                begun += 1
                shown.update(task, total=begun, description=script.key)
                return
            shown.advance(task)
            reason = f" ({why})" if why else ""
            said = f"{script.key}: {outcome.status}{reason}, {outcome.seconds:.1f} s"
            if terminal:
                shown.console.print(said, markup=False, highlight=False)
            else:
                click.echo(said, err=True)

        yield progress

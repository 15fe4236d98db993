"""``exptdir new`` and ``exptdir entry``."""

from __future__ import annotations

import os
import shlex
import subprocess
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exptdir.cli.options import ExperimentType, StatusType, command
from exptdir.cli.session import Session

if TYPE_CHECKING:
    from exptdir.record.edits.plan import Plan

_edit_option = click.option("-e", "--edit", is_flag=True, help="Open the log in $VISUAL or $EDITOR.")
_date_option = click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The day of the entry; by default today.",
)


@command(
    "Begin an experiment.",
    "exptdir new 'Train a smaller network'",
    "exptdir new 'At eight degrees' --parent 63 --tag cold --edit",
    "cd $(dirname $(exptdir new 'Heat'))",
)
@click.argument("title")
@click.option("--parent", metavar="EXPT", type=ExperimentType(), help="Nest it in this experiment.")
@click.option("--name", help="The directory's name; by default made of the title.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be given several times.")
@click.option("--status", type=StatusType(), help="Its status.")
@click.option("--template", metavar="NAME", help="A template of yours, in _templates of the record root.")
@click.option("--md", "suffix", flag_value=".md", help="Write the log in Markdown.")
@click.option("--rst", "suffix", flag_value=".rst", help="Write the log in reStructuredText.")
@_date_option
@_edit_option
def new(
    session: Session,
    title: str,
    parent: str | None,
    name: str | None,
    tags: tuple[str, ...],
    status: str | None,
    template: str | None,
    suffix: str | None,
    day: datetime | None,
    edit: bool,
) -> None:
    """Begin a new experiment, and print the path of its log.

    It gets the next number, a directory such as 0064_title, and a log with today's entry, in the format of the
    newest experiment.
    """
    from exptdir.record.create import NewExperiment, new_experiment

    status = known_status(session, status) if status is not None else None
    above = None if parent is None else session.experiment(parent, writes=True).key
    wanted = NewExperiment(title, _today(day), name, above, tags, status, template, suffix)
    made: list[Path] = []

    def plan() -> Plan:
        plan, log, _ = new_experiment(session.conf, session.record, wanted)
        made.append(log)
        return plan

    session.carry_out(plan)
    _finish(session, made[0], edit)


@command(
    "Add a dated entry to a log.", "exptdir entry 'Repeated with fresh medium'", "exptdir entry 63 'Second try' --edit"
)
@click.argument("expt_and_title", metavar="[EXPT] TITLE", nargs=-1, required=True)
@_date_option
@_edit_option
def entry(session: Session, expt_and_title: tuple[str, ...], day: datetime | None, edit: bool) -> None:
    """Add a dated entry to a log, in the log's own style, and print the path of the log.

    The date, the heading and the order are as in the log's other entries; nothing else in the file changes.
    """
    from exptdir.record.edits.entry import add_entry

    if len(expt_and_title) > 2:
        raise click.UsageError("give at most an experiment and a title; a title of several words needs quotes")
    *named, title = expt_and_title
    found = session.experiment(named[0] if named else None, writes=True)
    # Only this one log counts, which is read under the lock; the record need not be read again.
    order = session.conf.settings.date_order
    session.carry_out(lambda: add_entry(session.record, found, title, _today(day), order=order), again=False)
    _finish(session, found.log, edit)


def _today(day: datetime | None) -> date:
    return date.today() if day is None else day.date()


def known_status(session: Session, status: str) -> str:
    """Return a status as facts have it (``In-Progress`` is ``in progress``), and refuse one that is not known."""
    from exptdir.record.check import meaning
    from exptdir.record.facts_values import status_word

    statuses = session.conf.settings.statuses
    if meaning(status_word(status), statuses) is None:
        raise click.UsageError(f"unknown status {status!r}; known: {', '.join(statuses)}")
    return status_word(status)


def _finish(session: Session, log: Path, edit: bool) -> None:
    click.echo(os.path.relpath(log, session.start))
    if edit:
        command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        try:
            subprocess.run([*shlex.split(command), str(log)], check=True)
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            raise click.ClickException(f"the editor {command!r} could not be used: {error}") from None

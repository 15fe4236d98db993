"""``exptdir new`` and ``entry``, and ``status`` and ``tag``: facts, written where they already are."""

from __future__ import annotations

import os
import shlex
import subprocess
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exptdir.cli.options import ExperimentType, StatusType, command, dry_run_option, expt_argument
from exptdir.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exptdir.record.model import Experiment

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
@click.option("--template", metavar="NAME", help="Your template, from _templates of the record root.")
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

    It gets the next number, a directory such as 0064_title, and a log with today's entry in the newest one's format. In
    a record whose directories begin with days and not with numbers, its directory does, too.
    """
    from exptdir.record.create import NewExperiment, new_experiment

    status = known_status(session, status) if status is not None else None
    above = None if parent is None else session.experiment(parent, writes=True).key
    wanted = NewExperiment(title, _today(day), name, above, tags, status, template, suffix, by_day=True)
    for twin in session.record.experiments.values():
        if twin.title == title:
            click.echo(f"note: {twin.label()} has the same title", err=True)
    # Its log comes first.
    plan = session.carry_out(lambda: new_experiment(session.conf, session.record, wanted)[0])
    _finish(session, plan.edits[0].path, edit)


@command(
    "Add a dated entry to a log.", "exptdir entry 'Repeated with fresh medium'", "exptdir entry 63 'Second try' --edit"
)
@click.argument("expt_and_title", metavar="[EXPT] TITLE", nargs=-1, required=True)
@_date_option
@_edit_option
def entry(session: Session, expt_and_title: tuple[str, ...], day: datetime | None, edit: bool) -> None:
    """Add a dated entry to a log, in the log's own style, and print the path of the log.

    Date, heading and order are as in its other entries; nothing else in the file changes.
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


@command("Set the status of an experiment.", "exptdir status 63 complete", "exptdir status 'in progress'")
@click.argument("expt_and_status", metavar="[EXPT] STATUS", nargs=-1, required=True, type=StatusType())
@dry_run_option
def status(session: Session, expt_and_status: tuple[str, ...], dry_run: bool) -> None:
    """Set the status of an experiment, in the file that has it already.

    Otherwise it goes into expt.toml, the top of the log or .expt/, whichever there is.
    """
    if len(expt_and_status) > 2:
        raise click.UsageError("give at most an experiment and a status; a status of two words needs quotes")
    *named, text = expt_and_status
    value = known_status(session, text)
    found = session.experiment(named[0] if named else None, writes=not dry_run)
    _set(session, found, "status", value, dry_run)


@command("Add or remove tags.", "exptdir tag 63 pcr gel", "exptdir tag . cold --remove warm")
@expt_argument
@click.argument("tags", nargs=-1)
@click.option("-r", "--remove", multiple=True, metavar="TAG", help="Remove this tag; may be given several times.")
@dry_run_option
def tag(session: Session, expt: str, tags: tuple[str, ...], remove: tuple[str, ...], dry_run: bool) -> None:
    """Add tags to an experiment, or remove some, in the file that lists them already.

    A dot means the experiment that you are in. Without tags, it lists those that there are.
    """
    found = session.experiment(None if expt == "." else expt, writes=bool(tags or remove) and not dry_run)
    if any("," in one or not one.strip() for one in tags):
        raise click.UsageError("a tag has no commas, and is not empty")
    if not tags and not remove:
        click.echo("\n".join(found.tags), nl=bool(found.tags))
        return
    kept = [one for one in dict.fromkeys((*found.tags, *tags)) if one not in remove]
    _set(session, found, "tags", kept, dry_run)


def _set(session: Session, experiment: Experiment, fact: str, value: str | Sequence[str], dry_run: bool) -> None:
    from exptdir.record.edits.facts import set_fact

    plan = session.carry_out(lambda: set_fact(session.record, experiment, fact, value), dry_run=dry_run, again=False)
    click.echo("".join(f"{line}\n" for line in plan.summary(session.start)), nl=False)

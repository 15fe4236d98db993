"""``exptdir status`` and ``exptdir tag``: facts, written where they already are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from exptdir.cli.new import known_status
from exptdir.cli.options import ExperimentType, StatusType, command, dry_run_option
from exptdir.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exptdir.record.model import Experiment


@command("Set the status of an experiment.", "exptdir status 63 complete", "exptdir status 'in progress'")
@click.argument("expt_and_status", metavar="[EXPT] STATUS", nargs=-1, required=True, type=StatusType())
@dry_run_option
def status(session: Session, expt_and_status: tuple[str, ...], dry_run: bool) -> None:
    """Set the status of an experiment, in the file that has it already.

    Where none has it, it goes into expt.toml, the top of the log or .expt/, whichever the experiment has.
    """
    if len(expt_and_status) > 2:
        raise click.UsageError("give at most an experiment and a status; a status of two words needs quotes")
    *named, text = expt_and_status
    value = known_status(session, text)
    found = session.experiment(named[0] if named else None, writes=not dry_run)
    _set(session, found, "status", value, dry_run)


@command("Add or remove tags.", "exptdir tag 63 pcr gel", "exptdir tag . cold --remove warm")
@click.argument("expt", metavar="EXPT", type=ExperimentType())
@click.argument("tags", nargs=-1)
@click.option("-r", "--remove", multiple=True, metavar="TAG", help="Take this tag away; may be given several times.")
@dry_run_option
def tag(session: Session, expt: str, tags: tuple[str, ...], remove: tuple[str, ...], dry_run: bool) -> None:
    """Add tags to an experiment, or take some away, in the file that lists them already.

    A dot stands for the experiment that you are in. Without tags, those that it has are listed.
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
    click.echo("\n".join(plan.summary()), nl=bool(plan.summary()))

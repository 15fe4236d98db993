"""``exptdir renumber``, ``rename`` and ``move``: experiments with every reference to them, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from exptdir.cli.options import ExperimentType, command, dry_run_option, expt_argument
from exptdir.cli.session import NoExperiment, Session

if TYPE_CHECKING:
    from exptdir.record.edits.plan import Plan
    from exptdir.record.model import Experiment


@command(
    "Change an experiment's number.",
    "exptdir renumber 64 71",
    "exptdir renumber 64 71 -n",
    "exptdir renumber --conflicts",
)
@click.argument("expt", metavar="[EXPT]", type=ExperimentType(), required=False)
@click.argument("number", metavar="[NUMBER]", type=click.IntRange(0), required=False)
@click.option("--conflicts", is_flag=True, help="Give a new number to each that shares one with an older experiment.")
@dry_run_option
def renumber(session: Session, expt: str | None, number: int | None, conflicts: bool, dry_run: bool) -> int:
    """Change an experiment's number: in its directory's name, its facts and every reference to it.

    Where two branches took one number, --conflicts gives the later experiment a new one, by what git knows. What git
    cannot tell stays, is named, and makes the command end with 1.
    """
    from exptdir.record.edits import relocate
    from exptdir.record.scan import numbers_left_out

    def left_out() -> dict[int, str]:
        return numbers_left_out(session.record, session.conf.scan_settings)

    exclude = session.conf.exclude
    if conflicts:
        if expt is not None:
            raise click.UsageError("--conflicts finds the experiments by itself")
        return _apply(
            session, lambda: relocate.mend_conflicts(session.record, exclude=exclude, left_out=left_out()), dry_run
        )
    if expt is None or number is None:
        raise click.UsageError("give the experiment and its new number, or --conflicts")
    return _carry_out(
        session,
        expt,
        lambda one: relocate.renumber(session.record, one, number, exclude=exclude, left_out=left_out()),
        dry_run,
    )


@command("Change the name of a directory.", "exptdir rename 64 'train_larger_cnn'", "exptdir rename . heat")
@expt_argument
@click.argument("name")
@dry_run_option
def rename(session: Session, expt: str, name: str, dry_run: bool) -> int:
    """Change the name of an experiment's directory to NAME. Its number stays, and references follow."""
    from exptdir.record.edits import relocate

    exclude = session.conf.exclude
    return _carry_out(session, expt, lambda one: relocate.rename(session.record, one, name, exclude=exclude), dry_run)


@command("Move an experiment.", "exptdir move 64 --under 12", "exptdir move 64 --top")
@expt_argument
@click.option("--under", metavar="EXPT", type=ExperimentType(), help="Nest it in this experiment.")
@click.option("--top", is_flag=True, help="Take it out of the experiments that it is nested in.")
@dry_run_option
def move(session: Session, expt: str, under: str | None, top: bool, dry_run: bool) -> int:
    """Move an experiment with all that is nested in it. Paths and references follow."""
    from exptdir.record.edits import relocate

    if (under is not None) == top:
        raise click.UsageError("say where to: either --under EXPT or --top")
    chosen = session.experiment(under, writes=not dry_run).key if under is not None else None

    def plan(experiment: Experiment) -> Plan:
        above = None if chosen is None else _still_there(session, chosen)
        return relocate.move(session.record, experiment, above, exclude=session.conf.exclude)

    return _carry_out(session, expt, plan, dry_run)


def _still_there(session: Session, key: str) -> Experiment:
    found = session.record.experiments.get(key)
    if found is None:
        raise NoExperiment(f"{key} is gone")
    return found


def _carry_out(session: Session, expt: str, make: Callable[[Experiment], Plan], dry_run: bool) -> int:
    chosen = session.experiment(None if expt == "." else expt, writes=not dry_run).key
    return _apply(session, lambda: make(_still_there(session, chosen)), dry_run)


def _apply(session: Session, make: Callable[[], Plan], dry_run: bool) -> int:
    """Carry out a plan, and say what it was; 1 if it leaves something open."""
    plan = session.carry_out(make, dry_run=dry_run)
    for line in plan.summary():
        click.echo(line)
    session.tell(plan.problems)
    return 1 if plan.problems else 0

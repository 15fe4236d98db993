"""``exptdir journal``, ``exptdir tasks`` and the board of ``exptdir list``: what pages collect, in the terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from exptdir.cli.list import STATUS_COLOURS, bold, columns, dim
from exptdir.cli.options import ExperimentType, echo_json, examples, json_option, one_line
from exptdir.cli.session import Session

if TYPE_CHECKING:
    from exptdir.record.model import Experiment


@click.command(
    short_help="List the entries, newest first.",
    epilog=examples(
        "exptdir journal --since 7d",
        "exptdir journal --tag pcr --last 20",
        "exptdir journal --expt 63",
        page="howto/journal",
    ),
)
@click.option("--since", metavar="DAY", help="Only from this day on: 2024-05-21, or 7d, 2w, 6m, 1y before today.")
@click.option("--until", metavar="DAY", help="Only up to this day.")
@click.option("--tag", "tags", multiple=True, help="Only those with this tag, or of an experiment with it.")
@click.option("--expt", "expts", multiple=True, type=ExperimentType(), help="Only of this experiment and those in it.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the N newest.")
@json_option
@click.pass_obj
def journal(
    session: Session,
    since: str | None,
    until: str | None,
    tags: tuple[str, ...],
    expts: tuple[str, ...],
    last: int | None,
    as_json: bool,
) -> int:
    """List the dated entries of all logs, drafts included, newest first. Ends with 1 if there are none like that."""
    from exptdir.record.timeline import first_day, timeline, today

    now = today()
    first = first_day(since, now).isoformat() if since else ""
    end = first_day(until, now).isoformat() if until else "9999"
    keys = {session.experiment(text).key for text in expts}
    found = []
    for entry in timeline(session.conf, session.record):
        around = {one.key for one in (entry.experiment, *session.record.ancestors(entry.experiment))}
        wanted = first <= entry.day <= end and (not keys or not keys.isdisjoint(around))
        if wanted and set(tags) <= {*entry.tags, *entry.experiment.tags}:
            found.append(entry)
    if last is not None:
        del found[last:]
    if as_json:
        echo_json(
            [
                {
                    "day": entry.day,
                    "title": entry.heading.rest,
                    "experiment": entry.experiment.address,
                    "reference": entry.reference,
                    "tags": list(entry.tags),
                    "path": str(entry.experiment.log.relative_to(session.base)),
                    "line": entry.heading.heading.line,
                    "text": entry.text,
                }
                for entry in found
            ]
        )
    elif found:
        rows = [
            (entry.day, one_line(entry.experiment.label()), one_line(entry.heading.rest or entry.text))
            for entry in found
        ]
        click.echo("\n".join(columns(rows, [dim, bold, None], flexible=2)))
    else:
        click.echo("no entry is like that", err=True)
    return int(not found)


@click.command(
    short_help="List what is still to do.",
    epilog=examples("exptdir tasks", "exptdir tasks --expt 63", page="howto/journal"),
)
@click.option("--expt", "expts", multiple=True, type=ExperimentType(), help="Only of this experiment and those in it.")
@json_option
@click.pass_obj
def tasks(session: Session, expts: tuple[str, ...], as_json: bool) -> None:
    """List what the logs say is still to do, by experiment.

    That is boxes that are not ticked (“- [ ]”), the directive todo, and lines that begin with a word such as TODO
    (exptdir_task_markers).
    """
    from exptdir.record.timeline import open_tasks

    keys = {session.experiment(text).key for text in expts}
    found = [
        task
        for task in open_tasks(session.conf, session.record)
        if not keys
        or not keys.isdisjoint(one.key for one in (task.experiment, *session.record.ancestors(task.experiment)))
    ]
    if as_json:
        echo_json(
            [
                {
                    "experiment": task.experiment.address,
                    "text": task.text,
                    "path": str(task.experiment.log.relative_to(session.base)),
                    "line": task.line,
                }
                for task in found
            ]
        )
        return
    for key, below in groupby(found, key=lambda task: task.experiment.key):
        experiment = session.record.experiments[key]
        path = experiment.log.relative_to(session.base)
        click.echo(bold(one_line(experiment.label("#{id}: {title}"))) + dim(f"  {one_line(str(path))}"))
        for task in below:
            click.echo(f"  {dim(f'{task.line:4}')}  {one_line(task.text)}")


def echo_board(session: Session, found: list[Experiment], as_json: bool) -> None:
    """Write experiments by their status, and by whom they are blocked.

    Parameters
    ----------
    found
        The experiments, in the order in which they are to stand.
    """
    from exptdir.record.check import blockers, status

    statuses = session.conf.settings.statuses
    board: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        waits = [other.address for other in blockers(session.record, one, statuses)]
        row = {"experiment": one.address, "title": one.title or one.name, "blocked_by": waits}
        board.setdefault(status(session.record, one, statuses) or "", []).append(row)
    order = [*statuses, "blocked", *sorted(board)]
    board = {name: board[name] for name in sorted(board, key=order.index)}
    if as_json:
        echo_json(board)
        return
    for name, rows in board.items():
        colour = STATUS_COLOURS.get(statuses.get(name, ""), "red" if name else "white")
        click.echo(click.style(one_line(name or "no status"), fg=colour, bold=True) + dim(f"  {len(rows)}"))
        for row in rows:
            blocked = f"  waits for {', '.join(row['blocked_by'])}" if row["blocked_by"] else ""
            click.echo(
                f"  {bold(one_line(str(row['experiment'])))}  {one_line(str(row['title']))}{dim(one_line(blocked))}"
            )

"""``exptdir journal``, ``exptdir tasks`` and the board of ``exptdir list``: what pages collect, in the terminal."""

from __future__ import annotations

from collections.abc import Callable
from itertools import dropwhile, groupby
from typing import TYPE_CHECKING, Any

import click

from exptdir.cli.list import STATUS_COLOURS, bold, columns, dim
from exptdir.cli.options import ExperimentType, command, echo_json, json_option, one_line
from exptdir.cli.session import NoExperiment, Session

if TYPE_CHECKING:
    from exptdir.record.model import Experiment


@command(
    "List the entries, newest first.",
    "exptdir journal --since 7d",
    "exptdir journal --tag pcr --last 20",
    "exptdir journal --expt 63",
    page="howto/journal",
)
@click.option("--since", metavar="DAY", help="Only from this day on: 2024-05-21, or 7d, 2w, 6m, 1y before today.")
@click.option("--until", metavar="DAY", help="Only up to this day.")
@click.option("--tag", "tags", multiple=True, help="Only those with this tag, or of an experiment with it.")
@click.option("--expt", "expts", multiple=True, type=ExperimentType(), help="Only of this experiment and those in it.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the N newest.")
@json_option
def journal(
    session: Session,
    since: str | None,
    until: str | None,
    tags: tuple[str, ...],
    expts: tuple[str, ...],
    last: int | None,
    as_json: bool,
) -> int:
    """List the dated entries of all logs, drafts included, newest first. Ends with 1 if none fits."""
    from exptdir.record.timeline import first_day, timeline, today

    now = today()
    first = first_day(since, now).isoformat() if since else ""
    end = first_day(until, now).isoformat() if until else "9999"
    is_meant = _test(session, expts)
    found = [
        entry
        for entry in timeline(session.conf, session.record)
        if first <= entry.day <= end
        and is_meant(entry.experiment)
        and set(tags) <= {*entry.tags, *entry.experiment.tags}
    ]
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
                    "path": str(entry.path.relative_to(session.base)),
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
        click.echo("no entry fits", err=True)
    return int(not found)


@command("List what is still to do.", "exptdir tasks", "exptdir tasks --expt 63", page="howto/journal")
@click.option("--expt", "expts", multiple=True, type=ExperimentType(), help="Only of this experiment and those in it.")
@json_option
def tasks(session: Session, expts: tuple[str, ...], as_json: bool) -> None:
    """List what the logs say is still to do, by experiment.

    These are boxes “- [ ]”, the directive todo, and lines that begin with a word such as TODO (exptdir_task_markers).
    """
    from exptdir.record.timeline import open_tasks

    is_meant = _test(session, expts)
    found = [
        (one.experiment, one.text, str(one.path.relative_to(session.base)), one.line)
        for one in open_tasks(session.conf, session.record)
        if is_meant(one.experiment)
    ]
    if as_json:
        echo_json([{"experiment": of.address, "text": text, "path": path, "line": at} for of, text, path, at in found])
        return
    for (title, path), below in groupby(found, key=lambda task: (task[0].label("#{id}: {title}"), task[2])):
        click.echo(bold(one_line(title)) + dim(f"  {one_line(path)}"))
        for _of, text, _path, line in below:
            click.echo(f"  {dim(f'{line:4}')}  {one_line(text)}")


def _test(session: Session, expts: tuple[str, ...]) -> Callable[[Experiment], bool]:
    """Return a test for the experiments that were named, and for those in them; all pass where none was."""
    keys = {session.experiment(text).key for text in expts}
    return lambda one: not keys or any(above.key in keys for above in (one, *session.record.ancestors(one)))


def echo_board(session: Session, found: list[Experiment], as_json: bool) -> None:
    """Write experiments, in their order, by their status, and by whom they are blocked."""
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


def show_entry(session: Session, text: str, as_json: bool) -> bool:
    """Write the entry that a reference means, as it stands in its log; say whether the reference means an entry.

    Raises NoExperiment if there is no such entry.
    """
    from exptdir.record.documents import Document
    from exptdir.record.files import read_log
    from exptdir.record.reference import Resolution, experiment_at, resolve

    found = resolve(session.record, text, experiment_at(session.record, session.start), lambda *_: False)
    if not isinstance(found, Resolution) or found.kind != "entry":
        return False
    one, day = found.experiment, str(found.date)
    log = Document.log_of(session.conf, one)
    entry = next((entry for entry in log.entries if (entry.day, entry.n) == (found.date, found.n)), None)
    if entry is None:
        which = day if found.n == 1 else f"{day}.{found.n}"
        there = f"; its last is of {log.days[-1]}" if log.days else ""
        raise NoExperiment(f"{one.label('#{id}')} has no entry {which}{there}")
    # One of a log in another form, which a page shows, stands in that file.
    heading, file = entry.heading, log.places[entry.heading]
    beside = [other for other, place in log.places.items() if place == file]
    after = (other.start for other in beside if other.start > heading.start)
    inside = (other.start for other in beside if other.level > heading.level > 0)
    end = min({*after} - {*inside}, default=None)
    path, text = file.relative_to(session.base).as_posix(), log.text if file == log.path else read_log(file)
    lines = text.splitlines()[heading.end : end]
    if file != log.path:
        # Its title may be underlined.
        lines = list(dropwhile(lambda line: not any(map(str.isalnum, line)), lines))
    lines = "\n".join(lines).strip("\n").split("\n")
    if as_json:
        plain = {"experiment": one.address, "date": day, "n": entry.n, "title": entry.rest, "path": path}
        echo_json(plain | {"line": heading.line, "text": "\n".join(lines)})
        return True
    click.echo(bold(one_line(f"{one.label('#{id}')}  {day}  {entry.rest}".rstrip())))
    click.echo(dim(f"{path}:{heading.line}"))
    for line in lines:
        # What moves a terminal's cursor stays in the file.
        click.echo("".join(one if one.isprintable() else " " for one in line.expandtabs()))
    return True

"""``exptdir list`` and ``exptdir find``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from exptdir.cli.columns import STATUS_COLOURS, bold, columns, dim
from exptdir.cli.options import StatusType, echo_json, examples, json_option, one_line
from exptdir.cli.session import Session

if TYPE_CHECKING:
    from exptdir.record.documents import Hit
    from exptdir.record.model import Experiment


@click.command(
    "list",
    short_help="List the experiments.",
    epilog=examples("exptdir list --status 'in progress'", "exptdir list --tag pcr --last 10"),
)
@click.option("--status", "statuses", multiple=True, type=StatusType(), help="Only those with this status.")
@click.option("--tag", "tags", multiple=True, help="Only those with this tag; with several, with all of them.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the N that were worked on last, newest first.")
@json_option
@click.pass_obj
def list_(session: Session, statuses: tuple[str, ...], tags: tuple[str, ...], last: int | None, as_json: bool) -> int:
    """List the experiments, with their status, tags and the days of their first and last entries.

    Ends with 1 if no experiment has the status and the tags that were asked for.
    """
    from exptdir.record.check import status
    from exptdir.record.documents import Document
    from exptdir.record.facts_values import status_word
    from exptdir.record.model import in_order

    rows = []
    plain, there = {status_word(text) for text in statuses}, {"blocked", *map(status_word, session.conf.statuses)}
    for one in in_order(session.record.experiments.values()):
        stands = status(session.record, one, session.conf.statuses)
        there.add(stands or "")
        if (not plain or stands in plain) and set(tags) <= set(one.tags):
            rows.append(_Row(one, stands, Document.log_of(session.conf, one).days))
    if last is not None:
        rows.sort(key=lambda row: (row.last or row.begun or "", row.experiment.id or 0), reverse=True)
        del rows[last:]
    none = bool(statuses or tags) and not rows
    if none:
        unknown = sorted(plain - there)
        known = f"; there are {', '.join(sorted(there - {''}))}" if unknown else ""
        click.echo(f"no status {unknown[0]!r}{known}" if unknown else "no experiment is like that", err=True)
    if as_json:
        echo_json([_plain(row) for row in rows])
        return int(none)

    def coloured(text: str) -> str:
        return click.style(text, fg=STATUS_COLOURS.get(session.conf.statuses.get(text, ""), "red"))

    cells = [_cells(row) for row in rows]
    click.echo("\n".join(columns(cells, [bold, None, coloured, dim, dim], flexible=1)), nl=bool(cells))
    return int(none)


class _Row(NamedTuple):
    """An experiment, the status to show, and the days of its entries."""

    experiment: Experiment
    status: str | None
    days: list[str]

    @property
    def begun(self) -> str | None:
        """The day on which it began, by its facts, else by its first entry."""
        day = self.experiment.begun
        return day.isoformat() if day is not None else next(iter(self.days), None)

    @property
    def last(self) -> str | None:
        """The day of its last entry."""
        return self.days[-1] if self.days else None


def _plain(row: _Row) -> dict[str, Any]:
    return {
        "id": row.experiment.id,
        "name": row.experiment.name,
        "title": row.experiment.title or row.experiment.name,
        "path": row.experiment.key,
        "status": row.status,
        "tags": list(row.experiment.tags),
        "begun": row.begun,
        "last_entry": row.last,
        "entries": len(row.days),
    }


def _cells(row: _Row) -> tuple[str, ...]:
    one, first, last = row.experiment, row.begun or "", row.last or ""
    title = one.title or one.name
    days = f"{first} … {last}" if last and last != first else first
    if one.id is None and title != one.name:
        title = f"{one.name}: {title}"
    number = f"#{one.id}" if one.id is not None else ""
    return (number, one_line(title), one_line(row.status or ""), one_line(", ".join(one.tags)), one_line(days))


@click.command(
    short_help="Find words in the documents.",
    epilog=examples("exptdir find loss plateau", "exptdir find 学习率", "exptdir find 'learning rate'"),
)
@click.argument("words", nargs=-1, required=True)
@click.option("-l", "--names-only", is_flag=True, help="Write only the names of the files.")
@json_option
@click.pass_obj
def find(session: Session, words: tuple[str, ...], names_only: bool, as_json: bool) -> int:
    """Find the documents that hold all WORDS, and show the lines that do.

    Case does not matter, and parts of words count. Words in quotes stand together. Ends with 1 if nothing is found.
    """
    from exptdir.record.documents import search

    hits = list(search(session.conf, words))
    if as_json:
        echo_json([_hit(session, hit) for hit in hits])
    elif not hits:
        click.echo(f"no document holds {' and '.join(map(repr, words))}", err=True)
    before = ""
    for hit in hits if not as_json else ():
        if hit.path != before:
            _heading(session, hit, names_only)
        if not names_only:
            text, at = "", 0
            for start, end in hit.spans:
                text += one_line(hit.text[at:start]) + click.style(one_line(hit.text[start:end]), fg="red", bold=True)
                at = end
            text += one_line(hit.text[at:])
            place = f"  [{one_line(hit.heading)}]" if hit.heading and hit.heading not in hit.text else ""
            click.echo(f"  {dim(f'{hit.line:4}')}  {text}{dim(place)}")
        before = hit.path
    return 0 if hits else 1


def _heading(session: Session, hit: Hit, names_only: bool) -> None:
    if names_only:
        click.echo(hit.path)
        return
    owner = session.record.around(hit.path.rpartition(".")[0])
    label = f"{owner.label('#{id}: {title}')}  " if owner is not None else ""
    click.echo(bold(one_line(label)) + dim(hit.path))


def _hit(session: Session, hit: Hit) -> dict[str, Any]:
    owner = session.record.around(hit.path.rpartition(".")[0])
    return {
        "path": hit.path,
        "line": hit.line,
        "text": hit.text,
        "heading": hit.heading,
        "experiment": None if owner is None else owner.address,
    }

"""``exptdir list`` and ``exptdir find``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from exptdir.cli.columns import STATUS_COLOURS, bold, columns, dim
from exptdir.cli.options import StatusType, echo_json, examples, json_option, one_line
from exptdir.cli.session import Session

if TYPE_CHECKING:
    from exptdir.record.indexfile import Item
    from exptdir.record.search import Hit


@click.command("list", epilog=examples("exptdir list --status 'in progress'", "exptdir list --tag pcr --last 10"))
@click.option("--status", "statuses", multiple=True, type=StatusType(), help="Only those with this status.")
@click.option("--tag", "tags", multiple=True, help="Only those with this tag; with several, with all of them.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the N that were worked on last, newest first.")
@json_option
@click.pass_obj
def list_(session: Session, statuses: tuple[str, ...], tags: tuple[str, ...], last: int | None, as_json: bool) -> None:
    """List the experiments, with their status, tags and the days of their first and last entries."""
    rows = [(key, item, _status(session, key, item)) for key, item in session.index.items.items()]
    if statuses or tags:
        plain = {status.lower().replace("_", " ") for status in statuses}
        rows = [row for row in rows if (not plain or row[2] in plain) and set(tags) <= set(row[1].tags)]
    if last is None:
        rows.sort(key=_listing_order)
    else:
        rows = sorted(rows, key=_newest_order, reverse=True)[:last]
    if as_json:
        echo_json([_plain(*row) for row in rows])
        return

    def coloured(status: str) -> str:
        return click.style(status, fg=STATUS_COLOURS.get(session.conf.statuses.get(status, ""), "red"))

    cells = list(map(_cells, rows))
    click.echo("\n".join(columns(cells, [bold, None, coloured, dim, dim], flexible=1)), nl=bool(cells))


#: The path of an experiment, what is known of it, and its status.
_Row = tuple[str, "Item", "str | None"]


def _status(session: Session, key: str, item: Item) -> str | None:
    """Return the status to show, as the others of the record make it."""
    if not item.waits:
        return item.status
    from exptdir.record.check import status

    return status(session.record, session.record.experiments[key], session.conf.statuses)


def _plain(key: str, item: Item, status: str | None) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "title": item.title,
        "path": key,
        "status": status,
        "tags": list(item.tags),
        "begun": item.begun,
        "last_entry": item.last,
        "entries": item.entries,
    }


def _newest_order(row: _Row) -> tuple[str, int]:
    _, item, _ = row
    return (item.last or item.begun or "", item.id or 0)


def _listing_order(row: _Row) -> tuple[bool, int, object]:
    key, item, _ = row
    if item.id is not None:
        return (False, item.id, ())
    from exptdir.record.model import natural_key

    return (True, 0, natural_key(key))


def _cells(row: _Row) -> tuple[str, ...]:
    _, item, status = row
    first, last, title = item.begun or "", item.last or "", item.heading or item.name
    days = f"{first} … {last}" if last and last != first else first
    if item.id is None and title != item.name:
        title = f"{item.name}: {title}"
    number = f"#{item.id}" if item.id is not None else ""
    return (number, one_line(title), one_line(status or ""), one_line(", ".join(item.tags)), one_line(days))


@click.command(epilog=examples("exptdir find loss plateau", "exptdir find 学习率", "exptdir find 'learning rate'"))
@click.argument("words", nargs=-1, required=True)
@click.option("-l", "--names-only", is_flag=True, help="Write only the names of the files.")
@json_option
@click.pass_obj
def find(session: Session, words: tuple[str, ...], names_only: bool, as_json: bool) -> int:
    """Find the documents that hold all WORDS, and show the lines that do.

    Case does not matter, and parts of words count. Words in quotes stand together. Ends with 1 if nothing is found.
    """
    from exptdir.record.search import search

    hits = search(session.conf, words)
    if as_json:
        found = [_hit(session, hit) for hit in hits]
        echo_json(found)
        return 0 if found else 1
    before = ""
    for hit in hits:
        if hit.path != before:
            _heading(session, hit, names_only)
        if not names_only:
            _line(hit)
        before = hit.path
    return 0 if before else 1


def _heading(session: Session, hit: Hit, names_only: bool) -> None:
    if names_only:
        click.echo(hit.path)
        return
    owner = session.record.around(hit.path.rpartition(".")[0])
    label = f"{owner.label('#{id}: {title}')}  " if owner is not None else ""
    click.echo(bold(one_line(label)) + dim(hit.path))


def _line(hit: Hit) -> None:
    text, at = "", 0
    for start, end in hit.spans:
        text += one_line(hit.text[at:start]) + click.style(one_line(hit.text[start:end]), fg="red", bold=True)
        at = end
    text += one_line(hit.text[at:])
    place = f"  [{one_line(hit.heading)}]" if hit.heading and hit.heading not in hit.text else ""
    click.echo(f"  {dim(f'{hit.line:4}')}  {text}{dim(place)}")


def _hit(session: Session, hit: Hit) -> dict[str, Any]:
    owner = session.record.around(hit.path.rpartition(".")[0])
    return {
        "path": hit.path,
        "line": hit.line,
        "text": hit.text,
        "heading": hit.heading,
        "experiment": None if owner is None else owner.address,
    }

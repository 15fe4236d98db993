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
    rows = [_row(session, key, item) for key, item in session.index.items.items()]
    rows = [row for row in rows if _wanted(row, statuses, tags)]
    if last is None:
        rows.sort(key=_listing_order)
    else:
        rows = sorted(rows, key=_newest_order, reverse=True)[:last]
    if as_json:
        echo_json(rows)
        return
    meanings = session.conf.statuses
    cells = [_cells(row) for row in rows]

    def coloured(status: str) -> str:
        return click.style(status, fg=STATUS_COLOURS.get(meanings.get(status, ""), "red"))

    click.echo("\n".join(columns(cells, [bold, None, coloured, dim, dim], flexible=1)), nl=bool(cells))


def _row(session: Session, key: str, item: Item) -> dict[str, Any]:
    status = item.status
    if item.waits:
        from exptdir.record.check import status as shown

        status = shown(session.record, session.record.experiments[key], session.conf.statuses)
    return {
        "id": item.id,
        "name": item.name,
        "title": item.title,
        "path": key,
        "status": status,
        "tags": list(item.tags),
        "begun": item.begun,
        "last_entry": item.last,
        "entries": item.count,
    }


def _wanted(row: dict[str, Any], statuses: tuple[str, ...], tags: tuple[str, ...]) -> bool:
    plain = {status.lower().replace("_", " ") for status in statuses}
    return (not plain or row["status"] in plain) and set(tags) <= set(row["tags"])


def _newest_order(row: dict[str, Any]) -> tuple[str, int]:
    return (row["last_entry"] or row["begun"] or "", row["id"] or 0)


def _listing_order(row: dict[str, Any]) -> tuple[bool, int, object]:
    from exptdir.record.model import natural_key

    if row["id"] is not None:
        return (False, row["id"], ())
    return (True, 0, natural_key(row["path"]))


def _cells(row: dict[str, Any]) -> list[str]:
    first, last = row["begun"] or "", row["last_entry"] or ""
    days = f"{first} … {last}" if last and last != first else first
    title = row["title"] if row["id"] is not None or row["title"] == row["name"] else f"{row['name']}: {row['title']}"
    number = f"#{row['id']}" if row["id"] is not None else ""
    return [number, *map(one_line, (title, row["status"] or "", ", ".join(row["tags"]))), days]


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

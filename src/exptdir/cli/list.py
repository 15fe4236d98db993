"""``exptdir list`` and ``exptdir find``, and the columns of text that stand below one another, whatever the script."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from exptdir.cli.options import StatusType, echo_json, examples, json_option, one_line
from exptdir.cli.session import Session

if TYPE_CHECKING:
    from exptdir.record.documents import Hit
    from exptdir.record.model import Experiment


#: The colours of statuses by what they mean.
STATUS_COLOURS = {"open": "yellow", "done": "green", "dropped": "bright_black"}

Style = Callable[[str], str]


def width(text: str) -> int:
    """Return the number of cells that a text takes in a terminal."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, cells: int) -> str:
    """Shorten a text to so many cells."""
    if width(text) <= cells:
        return text
    kept, used = "", 1
    for character in text:
        used += _cells_of(character)
        if used > cells:
            break
        kept += character
    return kept + "…"


def columns(rows: Sequence[Sequence[str]], styles: Sequence[Style | None], flexible: int) -> Iterable[str]:
    """Lay out rows.

    Parameters
    ----------
    rows
        Cells of equal number.
    styles
        For each column what dresses a cell once its width is known.
    flexible
        The column that is cut where a terminal is too narrow.
    """
    if not rows:
        return
    upright = list(zip(*rows, strict=True))
    widths = [_widest(texts) for texts in upright]
    dressed = click.get_current_context().color
    if not (sys.stdout.isatty() if dressed is None else dressed):
        # click would take it off again, at some cost for ten thousand rows.
        styles = [None] * len(styles)
    if sys.stdout.isatty():
        room = shutil.get_terminal_size().columns - sum(widths) - 2 * (len(widths) - 1) + widths[flexible]
        widths[flexible] = min(widths[flexible], max(room, 20))
    laid_out = (_column(*each) for each in zip(upright, widths, styles, strict=True))
    yield from ("  ".join(row).rstrip() for row in zip(*laid_out, strict=True))


def _narrow(texts: Sequence[str]) -> bool:
    """Tell whether each character takes one cell; asked of all texts at once, as there may be ten thousand."""
    return all(_cells_of(character) == 1 for character in set("".join(texts)))


def _widest(texts: Sequence[str]) -> int:
    return max(map(len if _narrow(texts) else width, texts), default=0)


def _column(texts: Sequence[str], cells: int, style: Style | None) -> list[str]:
    if style is None and _narrow(texts) and _widest(texts) <= cells:
        return [text.ljust(cells) for text in texts]
    return [_cell(text, cells, style) for text in texts]


def _cell(text: str, cells: int, style: Style | None) -> str:
    shown = cut(text, cells)
    gap = " " * (cells - width(shown))
    return (style(shown) if style is not None and shown else shown) + gap


def dim(text: str) -> str:
    """Dress what matters less."""
    return click.style(text, dim=True)


def bold(text: str) -> str:
    """Dress what matters most."""
    return click.style(text, bold=True)


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
    configured = session.conf.settings.statuses
    plain, there = {status_word(text) for text in statuses}, {"blocked", *map(status_word, configured)}
    for one in in_order(session.record.experiments.values()):
        stands = status(session.record, one, configured)
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
        return click.style(text, fg=STATUS_COLOURS.get(session.conf.settings.statuses.get(text, ""), "red"))

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

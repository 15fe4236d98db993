"""``exptdir list``, ``show`` and ``find``, and columns of text that stand below one another, whatever the script."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from exptdir.cli.options import ExperimentType, StatusType, command, echo_json, json_option, one_line
from exptdir.cli.session import NoExperiment, Session

if TYPE_CHECKING:
    from exptdir.record.model import Experiment

#: Figures and the ledger by their names; a directory without these has nothing to be judged.
_SIGNS = (".py", ".r", ".jl", ".lock")
#: The colours of statuses by what they mean.
STATUS_COLOURS = {"open": "yellow", "done": "green", "dropped": "bright_black"}

Style = Callable[[str], str]


def width(text: str) -> int:
    """Return the number of cells that a text takes in a terminal."""
    wide = ((unicodedata.combining(one), unicodedata.east_asian_width(one) in "WF") for one in text)
    return len(text) if text.isascii() else sum(0 if combining else 1 + broad for combining, broad in wide)


def cut(text: str, cells: int) -> str:
    """Shorten a text to so many cells."""
    if width(text) <= cells:
        return text
    while text and width(text) >= cells:
        text = text[:-1]
    return text + "…"


def columns(rows: Sequence[Sequence[str]], styles: Sequence[Style | None], flexible: int) -> Iterable[str]:
    """Lay out rows, which have cells of equal number.

    *styles* has for each column what dresses a cell once its width is known; the *flexible* one is cut where a terminal
    is too narrow.
    """
    if not rows:
        return
    widths = [max(map(width, texts)) for texts in zip(*rows, strict=True)]
    if sys.stdout.isatty():
        room = shutil.get_terminal_size().columns - sum(widths) - 2 * (len(widths) - 1) + widths[flexible]
        widths[flexible] = min(widths[flexible], max(room, 20))
    for row in rows:
        cells = []
        for text, space, style in zip(row, widths, styles, strict=True):
            shown = cut(text, space)
            cells.append((style(shown) if style is not None and shown else shown) + " " * (space - width(shown)))
        yield "  ".join(cells).rstrip()


#: What matters less, and what matters most.
dim, bold = partial(click.style, dim=True), partial(click.style, bold=True)


@command(
    "List the experiments.",
    "exptdir list --status 'in progress'",
    "exptdir list --tag pcr --last 10",
    "exptdir list --board",
    name="list",
)
@click.option("--status", "statuses", multiple=True, type=StatusType(), help="Only those with this status.")
@click.option("--tag", "tags", multiple=True, help="Only those with this tag; with several, with all of them.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the N that were worked on last, newest first.")
@click.option("--board", is_flag=True, help="Show them by status, and who blocks whom.")
@click.option("--runs", is_flag=True, help="List the runs in their logs instead.")
@json_option
def list_(
    session: Session,
    statuses: tuple[str, ...],
    tags: tuple[str, ...],
    last: int | None,
    board: bool,
    runs: bool,
    as_json: bool,
) -> int:
    """List the experiments with their status, tags, and first and last days. Ends with 1 if none fits."""
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
    if not statuses and not tags and last is None:
        session.tell_folders_without_log()
    if none:
        unknown, known = sorted(plain - there), ", ".join(sorted(there - {""}))
        click.echo(
            f"no status {unknown[0]!r}; there are {known}" if unknown else "no experiment is like that", err=True
        )
    if runs and not none:
        from exptdir.cli.runs import list_runs

        return list_runs(session, [row.experiment for row in rows], as_json)
    if board and not none:
        from exptdir.cli.journal import echo_board

        echo_board(session, [row.experiment for row in rows], as_json)
        return 0
    if as_json:
        echo_json([row.plain() for row in rows])
        return int(none)

    def coloured(text: str) -> str:
        return click.style(text, fg=STATUS_COLOURS.get(configured.get(text, ""), "red"))

    cells = [row.cells() for row in rows]
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

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "id": self.experiment.id,
            "name": self.experiment.name,
            "title": self.experiment.title or self.experiment.name,
            "path": self.experiment.key,
            "status": self.status,
            "tags": list(self.experiment.tags),
            "begun": self.begun,
            "last_entry": self.last,
            "entries": len(self.days),
        }

    def cells(self) -> tuple[str, ...]:
        """Return it as a row of text."""
        one, first, last = self.experiment, self.begun or "", self.last or ""
        title = one.title or one.name
        days = f"{first} … {last}" if last and last != first else first
        if one.id is None and title != one.name:
            title = f"{one.name}: {title}"
        number = f"#{one.id}" if one.id is not None else ""
        return (number, one_line(title), one_line(self.status or ""), one_line(", ".join(one.tags)), one_line(days))


@command(
    "Find words in the documents.", "exptdir find loss plateau", "exptdir find 学习率", "exptdir find 'learning rate'"
)
@click.argument("words", nargs=-1, required=True)
@click.option("-l", "--names-only", is_flag=True, help="Write only the names of the files.")
@json_option
def find(session: Session, words: tuple[str, ...], names_only: bool, as_json: bool) -> int:
    """Find the documents that hold all WORDS, and show the lines with the most of them.

    Case does not matter, parts of words count, words in quotes stand together. Ends with 1 if nothing is found.
    """
    from exptdir.record.documents import search
    from exptdir.record.model import in_order

    # As in a list: the days of their names, not how these are written, say which comes first.
    places = {one.key: at for at, one in enumerate(in_order(session.record.experiments.values()), 1)}

    owned = [
        (hit, session.record.around(hit.path.rpartition(".")[0])) for hit in search(session.conf, session.record, words)
    ]
    found = sorted(owned, key=lambda pair: places[pair[1].key] if pair[1] is not None else 0)
    if as_json:
        plain = ("path", "line", "text", "heading")
        told = (
            {name: getattr(hit, name) for name in plain} | {"experiment": one and one.address} for hit, one in found
        )
        echo_json([*told])
        return int(not found)
    if not found:
        click.echo(f"no document holds {' and '.join(map(repr, words))}", err=True)
    before = ""
    for hit, owner in found:
        if hit.path != before and names_only:
            click.echo(hit.path)
        elif hit.path != before:
            label = f"{owner.label('#{id}: {title}')}  " if owner is not None else ""
            click.echo(bold(one_line(label)) + dim(hit.path))
        if not names_only:
            text, at = "", 0
            for start, end in hit.spans:
                text += one_line(hit.text[at:start]) + click.style(one_line(hit.text[start:end]), fg="red", bold=True)
                at = end
            text += one_line(hit.text[at:])
            place = f"  [{one_line(hit.heading)}]" if hit.heading and hit.heading not in hit.text else ""
            click.echo(f"  {dim(f'{hit.line:4}')}  {text}{dim(place)}")
        before = hit.path
    return int(not found)


@command(
    "Show one experiment, entry or run.",
    *("exptdir show 63", "exptdir show 'train cnn'", "exptdir show 63@2024-05-21"),
    *("exptdir show 63/13-2", "exptdir show --json"),
)
@click.argument("expt", metavar="[EXPT]", type=ExperimentType(), required=False)
@json_option
def show(session: Session, expt: str | None, as_json: bool) -> None:
    """Show one experiment: its facts, entries, runs, figures and references; or an entry, or what is said of a run.

    Write an entry or a run as in references, with or without its experiment.
    """
    from exptdir.cli.journal import show_entry
    from exptdir.cli.runs import find_run, show_run
    from exptdir.record.check import status
    from exptdir.record.documents import Document, cited_by, refers_to

    if expt and show_entry(session, expt, as_json):
        return
    run = find_run(session, expt) if expt else None
    try:
        one = session.experiment(expt) if run is None else run[0]
    except NoExperiment:
        run = find_run(session, expt, anywhere=True) if expt else None
        if run is None:
            raise
    if run is not None:
        show_run(session, *run, as_json)
        return
    log = Document.log_of(session.conf, one)
    begun = one.begun or min((entry.day for entry in log.entries if entry.day), default=None)
    found: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "title": one.title,
        "path": one.key,
        "log": one.log.relative_to(session.base).as_posix(),
        "status": status(session.record, one, session.conf.settings.statuses),
        "tags": one.tags,
        "begun": begun and begun.isoformat(),
        "prerequisites": one.prerequisites,
        "builds_on": one.builds_on,
        "parent": session.record.parent(one),
        "children": session.record.children(one),
        "entries": [
            {"date": entry.day and entry.day.isoformat(), "n": entry.n, "title": entry.rest, "line": entry.heading.line}
            for entry in log.entries
        ],
        "runs": log.runs,
        "figures": _figures(session, one),
        "refers_to": [*refers_to(session.record, one, log.references)],
        "cited_by": cited_by(session.conf, session.record, one),
    }
    if as_json:
        echo_json(found, default=lambda other: other.address)
        return
    figures = (
        f"{figure['path']}  {figure['state']}" + (f" ({'; '.join(figure['reasons'])})" if figure["reasons"] else "")
        for figure in found["figures"]
    )
    facts: dict[str, Iterable[str | Experiment | None]] = {
        "log": [found["log"]],
        "status": [found["status"]],
        "tags": [", ".join(one.tags)],
        "begun": [found["begun"]],
        "waits for": [", ".join(one.prerequisites)],
        "builds on": [", ".join(one.builds_on)],
        "part of": [found["parent"]],
        "parts": found["children"],
        "entries": [f"{entry['date'] or '?'}  {entry['title']}" for entry in found["entries"]],
        "runs": found["runs"],
        "figures": figures,
        "refers to": found["refers_to"],
        "cited by": found["cited_by"],
    }
    click.echo(bold(one_line(one.label("#{id}: {title}"))))
    for name, values in facts.items():
        for at, value in enumerate(value for value in values if value):
            line = one_line(value if isinstance(value, str) else value.label("#{id}  {title}"))
            click.echo(f"{dim(f'{name if at == 0 else str():9}')}  {line}".rstrip())


def _figures(session: Session, experiment: Experiment) -> list[dict[str, Any]]:
    """Return how the figures of an experiment stand, if there is a program or a ledger in its directories at all."""
    from exptdir.record.walk import walk

    below = walk(session.base, experiment.key)
    if not any(name.lower().endswith(_SIGNS) for _, files, _, _ in below for name in files):
        return []
    from exptdir.cli.plot import examine
    from exptdir.record.model import Record

    every = session.record.experiments.items()
    parts = {key: one for key, one in every if f"{key}/".startswith(f"{experiment.key}/")}
    report = examine(session, Record(session.base, parts))
    return [
        {"path": figure.path, "state": figure.state, "script": figure.script, "reasons": list(figure.reasons)}
        for figure in report.figures.values()
        if figure.script is None or report.scripts[figure.script].script.experiment == experiment.key
    ]

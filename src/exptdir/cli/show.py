"""``exptdir show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from exptdir.cli.list import bold, dim
from exptdir.cli.options import echo_json, examples, experiment_argument, json_option, one_line
from exptdir.cli.session import Session

if TYPE_CHECKING:
    from exptdir.record.documents import Overview
    from exptdir.record.entries import DatedHeading
    from exptdir.record.model import Experiment


@click.command(
    short_help="Show one experiment.",
    epilog=examples("exptdir show 63", "exptdir show 'train cnn'", "exptdir show --json"),
)
@experiment_argument(required=False)
@json_option
@click.pass_obj
def show(session: Session, expt: str | None, as_json: bool) -> None:
    """Show one experiment: its facts, entries, runs, figures, and who refers to whom."""
    from exptdir.record.documents import overview

    found = overview(session.conf, session.record, session.experiment(expt))
    figures = _figures(session, found.experiment)
    if as_json:
        one, parent = found.experiment, found.parent
        echo_json(
            {
                "id": one.id,
                "name": one.name,
                "title": one.title,
                "path": one.key,
                "log": one.log.relative_to(session.base).as_posix(),
                "status": found.status,
                "tags": list(one.tags),
                "begun": found.begun.isoformat() if found.begun else None,
                "prerequisites": list(one.prerequisites),
                "parent": parent.address if parent is not None else None,
                "children": [child.address for child in found.children],
                "entries": [_entry(entry) for entry in found.entries],
                "runs": list(found.runs),
                "figures": figures,
                "refers_to": [other.address for other in found.refers_to],
                "cited_by": [other.address for other in found.cited_by],
            }
        )
    else:
        _print(session, found, figures)


def _figures(session: Session, experiment: Experiment) -> list[dict[str, Any]]:
    from exptdir.cli.figures import may_have_figures

    if not may_have_figures(session, experiment):
        return []
    from exptdir.cli.figures import figures_of

    return figures_of(session, experiment)


def _entry(entry: DatedHeading) -> dict[str, Any]:
    day = entry.day.isoformat() if entry.day else None
    return {"date": day, "n": entry.n, "title": entry.rest, "line": entry.heading.line}


def _print(session: Session, found: Overview, figures: list[dict[str, Any]]) -> None:
    one, parent = found.experiment, found.parent
    click.echo(bold(one_line(one.label("#{id}: {title}"))))
    _fact("log", one.log.relative_to(session.base).as_posix())
    _fact("status", found.status)
    _fact("tags", ", ".join(one.tags))
    _fact("begun", found.begun.isoformat() if found.begun else None)
    _fact("waits for", ", ".join(one.prerequisites))
    _fact("part of", None if parent is None else _named(parent))
    _list("parts", [_named(child) for child in found.children])
    _list("entries", [f"{entry.day or '?'}  {entry.rest}" for entry in found.entries])
    _list("runs", list(found.runs))
    _list("figures", [_figure(figure) for figure in figures])
    _list("refers to", [_named(other) for other in found.refers_to])
    _list("cited by", [_named(other) for other in found.cited_by])


def _named(experiment: Experiment) -> str:
    return experiment.label("#{id}  {title}")


def _figure(figure: dict[str, Any]) -> str:
    why = f" ({'; '.join(figure['reasons'])})" if figure["reasons"] else ""
    return f"{figure['path']}  {figure['state']}{why}"


def _fact(name: str, value: str | None) -> None:
    if value:
        click.echo(f"{dim(f'{name:9}')}  {one_line(value)}")


def _list(name: str, lines: list[str]) -> None:
    for at, line in enumerate(lines):
        click.echo(f"{dim(f'{name if at == 0 else str():9}')}  {one_line(line)}".rstrip())

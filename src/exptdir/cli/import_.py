"""``exptdir import``: logs in other forms as pages, and the notebooks of other tools."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exptdir.cli.options import command, dry_run_option
from exptdir.cli.session import Session

if TYPE_CHECKING:
    from exptdir.logs.import_ import ImportedLog, Parts
    from exptdir.record.edits.plan import Plan


@command(
    "Take over a log, or a notebook of another tool.",
    "exptdir import ../old/notes.txt --dry-run",
    "exptdir import log.csv --one-a-run --rst",
    "exptdir import ../enzymes",
    name="import",
    page="howto/logs",
)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--format", "form", metavar="FORMAT", default="", help="Form of the log; by default found.")
@click.option("--runs", metavar="DIR", default="", help="Beside the log: a directory or a configuration for each run.")
@click.option("--one-a-run", "parts", flag_value="run", help="Nest an experiment for each run in that of the log.")
@click.option("--one-an-entry", "parts", flag_value="entry", help="Nest an experiment for each dated entry.")
@click.option("--title", default="", help="Title of the log's page; by default its own, or made of the file's name.")
@click.option("--md", "suffix", flag_value=".md", help="Write pages in Markdown.")
@click.option("--rst", "suffix", flag_value=".rst", help="Write pages in reStructuredText.")
@click.option("--kind", type=click.Choice(["exmemo"]), default="exmemo", help="What a directory is.", show_default=True)
@dry_run_option
def import_(
    session: Session,
    path: Path,
    form: str,
    runs: str,
    parts: Parts | None,
    title: str,
    suffix: str | None,
    kind: str,
    dry_run: bool,
) -> None:
    """Make pages of a log, or write a conf.py for another tool's notebook.

    A log such as notes.txt, log.csv or journal.org becomes an experiment with entries, runs and links; one that is an
    experiment gets a page beside it. The command says what it recognised and what not. The log stays as it is, and
    nothing is overwritten.

    Of a directory, a notebook of exmemo, nothing is changed: where there is a conf.py, the new one is called
    conf.new.py. --dry-run prints it.
    """
    path = Path(os.path.abspath(session.start / path))
    if path.is_dir():
        import_notebook(session, path, dry_run)
        return
    from exptdir.logs.import_ import import_log
    from exptdir.record.facts_values import LogForm

    done: list[ImportedLog] = []

    def plan() -> Plan:
        done.append(
            import_log(
                session.conf,
                session.record,
                path,
                form=LogForm(form, runs),
                parts=parts or "",
                title=title,
                suffix=suffix,
                today=date.today(),
            )
        )
        return done[0].plan

    for line in session.carry_out(plan, dry_run=dry_run).summary(session.start):
        click.echo(line)
    report(done[0])


def report(done: ImportedLog) -> None:
    """Say what was recognised, and what was not."""
    found = done.found
    states, undated = [one.state for one in found.references], sum(one.day is None for one in found.entries)
    counts = {
        "entries": f"{len(found.entries) - undated}" + f", and {undated} whose day is not certain" * (undated > 0),
        "runs": f"{len(found.runs)}",
        "references": f"{states.count('resolved')} linked, {states.count('ambiguous')} that may mean several, "
        f"{states.count('left')} that lead nowhere",
        "quantities": f"{len(found.metrics)}",
        "tasks": f"{sum(not task.done for task in found.tasks)} open, {sum(task.done for task in found.tasks)} done",
        "tags": f"{len(found.tags)}",
    }
    click.echo(f"Read as {found.format}:", err=True)
    for name, count in counts.items():
        click.echo(f"  {name:10}  {count}", err=True)
    for line in done.notes:
        click.echo(f"note: {line}", err=True)


def import_notebook(session: Session, directory: Path, dry_run: bool) -> None:
    """Write a ``conf.py`` for a notebook of exmemo, and say what else must change."""
    from exptdir.exchange.exmemo import import_exmemo
    from exptdir.record.edits.apply import locked
    from exptdir.record.edits.plan import Plan, create

    found = import_exmemo(directory)
    if dry_run:
        click.echo(found.text, nl=False)
    else:
        with locked(found.path.parent) as writer:
            writer.apply(Plan(found.path.parent, (create(found.path, found.text),)))
        click.echo(f"create {os.path.relpath(found.path, session.start)}")
    for line in found.left_out:
        click.echo(f"left out, {line}", err=True)
    for line in found.notes:
        click.echo(f"note: {line}", err=True)

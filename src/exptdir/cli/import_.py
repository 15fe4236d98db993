"""``exptdir import``: takes over what another tool has kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exptdir.cli.options import dry_run_option, examples
from exptdir.cli.session import Session

if TYPE_CHECKING:
    from exptdir.exchange.exmemo import Import


def _exmemo(directory: Path) -> Import:
    from exptdir.exchange.exmemo import import_exmemo

    return import_exmemo(directory)


#: What can be imported; each is read by a function that returns what is to be written and said.
_KINDS: Mapping[str, Callable[[Path], Import]] = {"exmemo": _exmemo}


@click.command(
    "import",
    short_help="Take over a notebook of another tool.",
    epilog=examples("exptdir import ../enzymes", "exptdir import notebook --dry-run"),
)
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(list(_KINDS)), default="exmemo", show_default=True, help="What it is.")
@dry_run_option
@click.pass_obj
def import_(session: Session, directory: Path, kind: str, dry_run: bool) -> None:
    """Take over a notebook of another tool: write a conf.py for it, and say what else must change.

    Nothing that is there is changed: where there is a conf.py, the new one is called conf.new.py. With --dry-run it is
    printed.
    """
    from exptdir.record.edits.apply import locked
    from exptdir.record.edits.plan import Plan, create

    found = _KINDS[kind](Path(os.path.abspath(session.start / directory)))
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

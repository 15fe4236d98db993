"""Arguments and options that several commands have."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from exptdir.cli.session import Session

if TYPE_CHECKING:
    _Text = click.ParamType[str]
else:
    # Older versions of click have no parameter for it.
    _Text = click.ParamType


def check_jobs(jobs: str) -> None:
    """Refuse a number of processes that is none."""
    if jobs != "auto" and not (jobs.isascii() and jobs.isdigit() and int(jobs)):
        raise click.BadParameter(f"{jobs!r} is neither a number of processes nor “auto”.", param_hint="--jobs")


def command(
    short_help: str, *examples: str, name: str | None = None, page: str = "howto/command", **settings: Any
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command of a function that takes the session first.

    The *examples* stand at the end of its help, and *page* is where the manual says more.
    """
    end = "\n".join(["\b", "Examples:", *(f"  {line}" for line in examples), "", f"Manual: docs/{page}.md"])

    def decorate(function: Callable[..., Any]) -> click.Command:
        return click.command(name, click.Command, short_help=short_help, epilog=end, **settings)(
            click.pass_obj(function)
        )

    return decorate


class ExperimentType(_Text):
    """What an experiment may be called; shells complete its number or name."""

    name = "expt"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the experiments whose number or name begins like that."""
        from exptdir.record.model import in_order

        try:
            record = Session(Path().absolute()).record
        except (click.ClickException, OSError):
            return []
        ordered = in_order(record.experiments.values())
        names = ((str(one.id) if one.id is not None else one.name, one.title or one.name) for one in ordered)
        return [CompletionItem(name, help=title) for name, title in names if name.startswith(incomplete)]


class StatusType(_Text):
    """A status of the record's; shells complete it."""

    name = "status"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the statuses that begin like that."""
        try:
            statuses = Session(Path().absolute()).conf.settings.statuses
        except (click.ClickException, OSError):
            return []
        return [CompletionItem(name) for name in statuses if name.startswith(incomplete.lower())]


expt_argument = click.argument("expt", metavar="EXPT", type=ExperimentType())
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
dry_run_option = click.option("-n", "--dry-run", is_flag=True, help="Only say what would be done.")


def echo_json(value: object, default: Callable[[Any], object] | None = None) -> None:
    """Write a value as JSON that people can read too; *default* says what stands for what JSON does not know."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=default))


def one_line(text: str) -> str:
    """Take out of a text of the record what would move the cursor or ring the bell."""
    return text if text.isprintable() else re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text)

"""The group of all commands: each is imported when it is called or helped with."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from exptdir import __version__
from exptdir.cli.session import Session
from exptdir.errors import ExptdirError
from exptdir.record.problem import nearest

#: The module and the function of each command, in the order in which help lists them.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("init", "init"),
    "new": ("new", "new"),
    "entry": ("new", "entry"),
    "list": ("list", "list_"),
    "show": ("list", "show"),
    "find": ("list", "find"),
    "journal": ("journal", "journal"),
    "tasks": ("journal", "tasks"),
    "status": ("new", "status"),
    "tag": ("new", "tag"),
    "renumber": ("move", "renumber"),
    "rename": ("move", "rename"),
    "move": ("move", "move"),
    "check": ("check", "check"),
    "plot": ("plot", "plot"),
    "build": ("build", "build"),
    "serve": ("serve", "serve"),
    "import": ("import_", "import_"),
}


class Commands(click.Group):
    """A group that knows its commands by name and imports them one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            likely = [] if ctx.resilient_parsing else nearest(cmd_name, COMMANDS, n=1)
            return ctx.fail(f"no command '{cmd_name}'; perhaps you mean “{likely[0]}”") if likely else None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"exptdir.cli.{module}"), name)
        return command


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="An experiment (EXPT) is its number, part of its name or title, or the directory you are in.\n\n"
    "Manual: docs/howto/command.md, or the site that “make site” builds in a clone of exptdir.",
)
@click.version_option(__version__, "--version", prog_name="exptdir", message="%(prog)s %(version)s")
@click.option(
    "-C",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Work as if called in this directory.",
)
@click.option("--color/--no-color", default=None, help="Colours, or none; by default where a terminal shows them.")
@click.pass_context
def exptdir(ctx: click.Context, directory: Path | None, color: bool | None) -> None:
    """Keep a lab notebook of plain files, from any directory inside it."""
    if color is None and os.environ.get("NO_COLOR"):
        color = False
    ctx.color = color
    ctx.obj = Session((directory or Path()).absolute() if directory is None else directory.resolve())


def run(argv: Sequence[str] | None = None) -> int:
    """Run a command and say how it ended, without ever showing a traceback for what is the user's to mend."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = exptdir.main(args=None if argv is None else list(argv), prog_name="exptdir", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ExptdirError as error:
        click.echo(f"Error: {error}", err=True)
        return 1
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except BrokenPipeError:
        # Whoever read has had enough; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        click.echo(f"Error: {error.filename or ''}: {error.strerror or error}".replace(" : ", " "), err=True)
        return 1

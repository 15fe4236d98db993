"""The directive of the manual that renders the ``exptdir`` command from its own declarations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from exptdir_reference import _Generated

from exptdir import cli
from exptdir.cli.app import COMMANDS, exptdir
from exptdir.cli.session import EXIT_CODES

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its name."""
    context = click.Context(exptdir)
    for name in COMMANDS:
        command = exptdir.get_command(context, name)
        assert command is not None
        yield name, command


def options(command: click.Command) -> list[click.Option]:
    """Return the options of a command that help shows."""
    return [option for option in command.params if isinstance(option, click.Option) and not option.hidden]


def _literal(text: str) -> str:
    """Return a text as reStructuredText that shows it unchanged."""
    return re.sub(r"([*`|\\_])", r"\\\1", text)


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        yield from (_literal(" ".join(paragraph.split())), "")


def _usage(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"exptdir {name}")
    return f"exptdir {name} {' '.join(command.collect_usage_pieces(context))}"


def _examples(command: click.Command) -> list[str]:
    lines = (command.epilog or "").split("\n")
    return [line.strip() for line in lines if line.startswith("  ")]


class CommandsDirective(_Generated):
    """``.. exptdir-commands::``: every command with its options and examples."""

    source = Path(cli.__file__)

    def lines(self) -> Iterator[str]:
        """Yield a section for each command, and the exit codes."""
        for path in sorted(Path(cli.__file__).parent.glob("*.py")):
            self.env.note_dependency(str(path))
        yield from self._options(exptdir)
        for name, command in commands():
            yield from (f".. _command-{name}:", "", name, "-" * len(name), "")
            yield from (".. code-block:: text", "", f"   {_usage(name, command)}", "")
            yield from _paragraphs(command.help or "")
            yield from self._options(command)
            yield from (".. code-block:: sh", "", *(f"   {line}" for line in _examples(command)), "")
        yield from ("Exit codes", "----------", "")
        for code, meaning in EXIT_CODES.items():
            yield from (f"``{code}``", f"   {meaning}", "")

    def _options(self, command: click.Command) -> Iterator[str]:
        context = click.Context(command)
        for option in options(command):
            record = option.get_help_record(context)
            if record is not None:
                yield from (f"``{record[0]}``", f"   {_literal(record[1])}", "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("exptdir-commands", CommandsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

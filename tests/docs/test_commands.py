"""The manual's reference of the command is whole, and its examples are commands that there are."""

from __future__ import annotations

import re
import sys

import click
import pytest
from bs4 import BeautifulSoup

from exptdir.cli.app import COMMANDS, exptdir
from exptdir.cli.session import EXIT_CODES
from tests.docs.conftest import DOCS, Build

sys.path.insert(0, str(DOCS / "_ext"))
import exptdir_commands

HOWTO = (DOCS / "howto/command.md").read_text("utf-8")
DECLARED = dict(exptdir_commands.commands())


@pytest.fixture(scope="module")
def sections(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BeautifulSoup]:
    """Build the page, and return its sections by title."""
    from tests.docs.conftest import build as fixture

    make: Build = fixture.__wrapped__(tmp_path_factory.mktemp("commands"))
    conf = f"import sys\nsys.path.insert(0, {str(DOCS / '_ext')!r})\nextensions = ['exptdir_commands']\n"
    page = (DOCS / "reference/commands.rst").read_text("utf-8")
    built = make({"conf.py": conf, "index.rst": page.replace(":doc:`../howto/command`", "The manual")})
    assert built.warnings == []
    found = BeautifulSoup(built.page("index"), "html.parser").select("section section")
    return {section.find("h2").get_text().rstrip("¶"): section for section in found}


def test_every_command_has_a_section(sections):
    assert list(sections) == [*COMMANDS, "Exit codes"]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_option_is_documented(sections, name):
    terms = [term.get_text() for term in sections[name].select("dt code")]
    for option in exptdir_commands.options(DECLARED[name]):
        spelt = [term for term in terms if set(option.opts) <= set(re.split(r"[ ,]+", term))]
        assert spelt, f"{name} {option.opts}"
    assert f"exptdir {name}" in sections[name].select("pre")[-1].get_text()


def test_exit_codes_are_documented(sections):
    assert [int(term.get_text()) for term in sections["Exit codes"].select("dt code")] == list(EXIT_CODES)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_is_in_the_how_to(name):
    assert f"exptdir {name}" in HOWTO or re.search(rf"`{name}`", HOWTO)


def examples() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", HOWTO, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for text in blocks for line in text.split("\n")]
    lines += re.findall(r"`(exptdir [a-z][^`]*)`", HOWTO)
    for command in DECLARED.values():
        lines += exptdir_commands._examples(command)
    return [line.partition("  #")[0] for line in lines if line.startswith("exptdir ")]


@pytest.mark.parametrize("line", examples())
def test_examples_are_understood(line):
    import shlex

    _, name, *arguments = shlex.split(line)
    command = exptdir.get_command(click.Context(exptdir), name)
    assert command is not None
    context = click.Context(command, resilient_parsing=True)
    command.parse_args(context, ["." if argument == "DIR" else argument for argument in arguments])

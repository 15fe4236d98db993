"""What holds for all commands: help, exit codes, a quick start, no colours in pipes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from exptdir import __version__
from exptdir.cli.app import COMMANDS, exptdir
from tests.cli.conftest import SOURCE, Run, write

HEAVY = {"sphinx", "docutils", "matplotlib", "openpyxl", "numpy", "pandas", "rich", "concurrent.futures.process"}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SOURCE)}
NAMES = list(COMMANDS)


def command(name: str) -> click.Command:
    found = exptdir.get_command(click.Context(exptdir), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_with_examples(run: Run, name):
    done = run(name, "--help")
    assert done.code == 0
    assert "Examples:" in done.out and f"exptdir {name}" in done.out.partition("Examples:")[2]
    assert command(name).get_short_help_str()
    page = re.search(r"^ *Manual: (docs/\S+\.md)$", done.out, re.MULTILINE)
    assert page is not None and (SOURCE.parent / page[1]).is_file()


def test_no_sentence_of_help_is_cut(run: Run):
    for arguments in ((), *((name,) for name in NAMES)):
        for columns in ("80", "100"):
            os.environ["COLUMNS"] = columns
            # In the line of usage, dots stand for more of the same.
            text = run(*arguments, "--help").out.partition("\n\n")[2]
            assert text and not re.search(r"(\.\.\.|…)$", text, re.MULTILINE), text
    del os.environ["COLUMNS"]


@pytest.mark.parametrize("name", NAMES)
def test_help_begins_with_a_verb(name):
    others = {"An", "A", "The", "This", "It", "In", "With", "Experiments", "For"}
    first = [(command(name).help or "").split()[0], command(name).get_short_help_str().split()[0]]
    assert first[0].istitle() and not others.intersection(first)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_says_what_it_does(name):
    silent = [option.name for option in command(name).params if isinstance(option, click.Option) and not option.help]
    assert silent == []


def test_version(run: Run):
    assert run("--version").out == f"exptdir {__version__}\n"


def test_outside_of_a_record_the_exit_code_is_4(run: Run, tmp_path: Path):
    done = run("list", at="..")
    assert done.code == 4
    assert "exptdir -C record" in done.err and "Traceback" not in done.err


def test_a_record_is_found_from_any_directory_in_it(run: Run):
    assert run("list").out == run("list", at="expts/0064_data/0065_more").out != ""


def test_another_projects_conf_is_not_a_record(run: Run, record: Path):
    write(record / "expts/0063_train_cnn/docs", {"conf.py": 'extensions = ["sphinx.ext.todo"]\n'})
    assert run("list", at="expts/0063_train_cnn/docs").code == 0


def test_directory_may_be_given(run: Run):
    assert run("-C", "record", "list", at="..").out == run("list").out


def test_wrong_usage_ends_with_2(run: Run):
    for arguments in (["lsit"], ["list", "--nothing"], ["show", "1", "2"], ["status", "63", "x", "y"]):
        assert run(*arguments).code == 2


def test_a_misspelt_command_is_told_with_what_may_be_meant(run: Run):
    assert "no command 'lsit'; perhaps you mean “list”" in run("lsit").err
    done = run("qqqqqq")
    assert done.code == 2 and "No such command 'qqqqqq'" in done.err


def test_a_computed_value_of_conf_is_told(run: Run, record: Path):
    (record / "conf.py").write_text('extensions = ["exptdir"]\nexptdir_roots = [name for name in ["expts"]]\n')
    done = run("list")
    assert done.code == 0 and "#63" in done.out
    assert "conf.py:2: exptdir_roots is computed" in done.err


def test_conf_is_never_run(run: Run, record: Path):
    (record / "conf.py").write_text('extensions = ["exptdir"]\nopen("ran", "w")\n1 / 0\n')
    assert run("list").code == 0
    assert not (record / "ran").exists()


def test_above_a_record_the_way_into_it_is_told(run: Run, record: Path):
    write(record.parent, {"another/conf.py": "extensions = []\n"})
    assert "; try “exptdir -C record”" in run("list", at="..").err
    assert "make one with “exptdir init”" in run("list", at="../another").err


def test_where_several_are_meant_each_is_named_once(run: Run, record: Path):
    write(record, {f"expts/{day}_gel/index.md": f"# Gel {day}\n" for day in ("2023-02-01", "2023-02-08")})
    done = run("show", "gel 2023")
    assert done.code == 3
    lines = ["  2023-02-01_gel  Gel 2023-02-01", "  2023-02-08_gel  Gel 2023-02-08"]
    assert done.err.splitlines()[1:3] == lines


def test_colours_are_for_terminals_only(run: Run, monkeypatch):
    assert "\x1b" not in run("list").out
    assert "\x1b" in run("--color", "list").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("list").out


PROBE = """
import sys
from exptdir.cli import main
code = main(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


EVERYDAY = [["list"], ["show", "63"], ["find", "loss"], ["new", "X"], ["--help"], ["entry", "63", "X"]]


@pytest.mark.parametrize("arguments", EVERYDAY, ids=" ".join)
def test_everyday_commands_load_nothing_heavy(record: Path, arguments):
    command = [sys.executable, "-c", PROBE, *arguments]
    done = subprocess.run(command, cwd=record, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert not HEAVY.intersection(done.stderr.split())


def test_a_reader_who_has_had_enough_gets_no_traceback(record: Path):
    write(record, {f"expts/{number:04}_x/index.md": "# " + "x" * 400 + "\n" for number in range(100, 400)})
    line = f"'{sys.executable}' -m exptdir list | head -n 1"
    done = subprocess.run(line, shell=True, cwd=record, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("#63") and done.stderr == ""


def test_shells_complete_experiments_and_statuses(record: Path, monkeypatch):
    monkeypatch.chdir(record)
    expt = next(param for param in command("show").params if param.name == "expt")
    context = click.Context(command("show"))
    assert [item.value for item in expt.type.shell_complete(context, expt, "6")] == ["63", "64", "65"]
    status = command("status").params[0]
    assert [item.value for item in status.type.shell_complete(context, status, "com")] == ["complete"]


def test_names_that_are_no_text_are_shown_as_escapes(run: Run, record: Path):
    try:
        write(record, {"expts/0070_\udcff/index.md": b"# X\n", "expts/0071_x/index.md": b"# X\n\n![x](\xff.svg)\n"})
    except OSError:
        pytest.skip("the file system takes no such names")
    write(record, {"expts/0071_x/\udcff.csv": b"1\n", "expts/0071_x/fig_\udcff.py": b"\n"})
    for arguments in (["list"], ["list", "--json"], ["show", "71"], ["find", "x"], ["renumber", "71", "72"]):
        done = run(*arguments)
        assert done.code == 0 and "Traceback" not in done.err
    for arguments in (["check"], ["check", "--json"]):
        done = run(*arguments)
        assert done.code == 1 and "0070_\\udcff" in done.out and "its name is not UTF-8" in done.out

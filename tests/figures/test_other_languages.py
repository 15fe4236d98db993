"""R and Julia, by programs that stand in for ``Rscript`` and ``julia``: what is theirs is the start, not the language.

The stand-in takes the options and arguments that the real one takes and runs the script with the shell; so a
``plot.R`` here is a shell script.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from exptdir.figures.model import FigureSettings
from exptdir.figures.run.outcome import headline, line_of
from exptdir.figures.run.runner import LocalExecutor, run_job
from exptdir.figures.update import Report, update
from exptdir.record.scan import scan
from tests.figures.test_integration import fill
from tests.figures.toys import log

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")

STAND_IN = """#!/bin/sh
while case $1 in --*) true;; *) false;; esac; do shift; done
script=$1; shift
PROGRAM=${0##*/} exec sh "$script" "$@"
"""
#: Draws the data: a text of it.
DRAW = 'printf "<svg><!-- %s %s --></svg>" "$*" "$(cat data/*.csv)" > loss.svg\n'
DECLARED = """[[figure]]
script = "plot.R"
args = ["--title", "größer & more"]
outputs = ["loss.svg"]
inputs = ["data/*.csv", "../shared/limits.txt"]
timeout = 30
"""


@dataclass
class Lab:
    """A record with an experiment, and the programs on its machine."""

    base: Path
    programs: Path
    executor: LocalExecutor

    def install(self, name: str, text: str = STAND_IN) -> None:
        self.programs.mkdir(exist_ok=True)
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def bring(self, files: dict[str, str] | None = None) -> Report:
        """Change files of the experiment, and bring its figures up to date."""
        fill(self.base, {f"a/{name}": text for name, text in (files or {}).items()})
        state = self.base.parent / "state"
        return update(scan(self.base), FigureSettings(), state, lambda job: self.executor.submit(run_job, job))

    def figure(self, name: str = "loss.svg") -> str:
        return (self.base / "expts/a" / name).read_text()


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    with LocalExecutor(1, warm=False) as made:
        yield made


@pytest.fixture
def lab(tmp_path: Path, executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Make a lab in which nothing is installed but the stand-ins and what every system has."""
    made = Lab(tmp_path / "größer record", tmp_path / "bin", executor)
    monkeypatch.setenv("PATH", os.pathsep.join([str(made.programs), "/usr/bin", "/bin"]))
    made.install("Rscript")
    made.install("julia")
    fill(made.base, {"a/index.rst": log("loss.svg"), "a/data/one.csv": "1", "b/index.rst": log(), "b/x.csv": "1"})
    return made


@pytest.mark.parametrize(("script", "program"), [("plot.R", "Rscript"), ("loss_plot.jl", "julia")])
def test_a_script_draws_in_its_directory_and_then_rests(lab: Lab, script: str, program: str):
    # Not in the experiment: there any file counts as data.
    report = lab.bring({script: 'test -d data && echo "$PROGRAM in $JULIA_PROJECT" > ../../seen\n' + DRAW})
    assert (report.problems, report.ran) == ((), (f"expts/a/{script}",))
    assert (lab.base / "seen").read_text() == f"{program} in @.\n"
    assert lab.figure() == "<svg><!--  1 --></svg>"
    assert lab.bring().ran == ()
    assert report.scripts[f"expts/a/{script}"].unseen == ({"plot.R": "r"}.get(script, "julia"),)


@pytest.mark.parametrize("script", ["plot.R", "plot.jl"])
def test_any_data_file_of_the_experiment_counts_where_none_is_declared(lab: Lab, script: str):
    drawn = (f"expts/a/{script}",)
    assert lab.bring({script: DRAW}).ran == drawn
    assert lab.bring({"data/one.csv": "5"}).ran == drawn
    assert lab.bring({"data/deep/new.txt": "6"}).ran == drawn
    assert lab.bring({script: DRAW + "# changed\n"}).ran == drawn
    assert lab.bring({"index.rst": log("loss.svg") + "More text.\n"}).ran == ()
    fill(lab.base, {"b/x.csv": "2"})
    assert lab.bring().ran == ()
    (lab.base / "expts/a/data/deep/new.txt").unlink()
    # An input that is gone leaves the figure in doubt, and it is kept.
    assert lab.bring().figures["expts/a/loss.svg"].state == "unknown"
    assert lab.figure() == "<svg><!--  5 --></svg>"


def test_arguments_and_inputs_are_those_that_are_declared(lab: Lab):
    files = {"expt.toml": DECLARED, "plot.R": DRAW, "unrelated.csv": "1", "../shared/limits.txt": "9"}
    drawn = ('expts/a/plot.R ["--title", "größer & more"]',)
    report = lab.bring(files)
    assert report.problems == ()
    assert lab.figure() == "<svg><!-- --title größer & more 1 --></svg>"
    assert report.scripts[report.ran[0]].inputs == ("expts/a/data/one.csv", "expts/shared/limits.txt")
    assert lab.bring({"unrelated.csv": "2"}).ran == ()
    assert lab.bring({"../shared/limits.txt": "10"}).ran == report.ran == drawn
    assert lab.bring({"data/two.csv": "2"}).ran == drawn
    assert lab.bring({"expt.toml": DECLARED.replace("& more", "")}).ran == ('expts/a/plot.R ["--title", "größer "]',)
    assert lab.figure().startswith("<svg><!-- --title größer  1")


def runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_script_that_takes_too_long_is_ended_with_all_that_it_started(lab: Lab):
    lab.bring({"expt.toml": DECLARED, "plot.R": DRAW})
    before = lab.figure()
    hangs = "echo '<svg half' > loss.svg\nsleep 600 & echo $! > child\nwait\n"
    # On a machine that stands still it has not begun by then.
    for seconds in (3, 60):
        slow = DECLARED.replace("timeout = 30", f"timeout = {seconds}")
        [problem] = lab.bring({"expt.toml": slow, "plot.R": hangs}).problems
        assert problem.message == f"expts/a/plot.R did not end within {seconds} seconds and was stopped"
        assert problem.path == lab.base / "expts/a/plot.R"
        assert lab.figure() == before
        if (said := lab.base / "expts/a/child").exists() and said.read_text():
            break
    child = int(said.read_text())
    deadline = time.monotonic() + 60
    while runs(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(child)


R_SAYS = """
cat >&2 <<'END'
Loading required package: ggplot2
Error in read.csv("data/nine.csv") : 
  cannot open file 'data/nine.csv'
Calls: source -> withVisible -> read.csv
Execution halted
END
exit 1
"""  # noqa: W291
JULIA_SAYS = """
cat >&2 <<END
ERROR: LoadError: UndefVarError: \\`valeus\\` not defined in \\`Main\\`
Stacktrace:
 [1] top-level scope
   @ $PWD/plot.jl:12
in expression starting at $PWD/plot.jl:12
END
exit 1
"""


@pytest.mark.parametrize(
    ("script", "says", "line", "message"),
    [
        ("plot.R", R_SAYS, None, "Error in read.csv(\"data/nine.csv\") : cannot open file 'data/nine.csv'"),
        ("plot.jl", JULIA_SAYS, 12, "UndefVarError: `valeus` not defined in `Main`"),
        ("plot.jl", "exit 3\n", None, "The script ended itself with exit status 3."),
    ],
    ids=["R", "Julia", "silent"],
)
def test_a_failure_is_told_in_the_words_of_the_program(lab: Lab, script, says, line, message):
    lab.bring({script: DRAW})
    before = lab.figure()
    [problem] = lab.bring({script: "echo half > loss.svg\n" + says}).problems
    assert problem.message == f"expts/a/{script} failed: {message}"
    assert (problem.path, problem.line) == (lab.base / "expts/a" / script, line)
    assert lab.figure() == before


@pytest.mark.parametrize(("script", "program"), [("plot.R", "Rscript"), ("plot.jl", "julia")])
def test_a_program_that_is_not_installed_is_named_and_the_other_scripts_go_on(lab: Lab, script: str, program: str):
    lab.bring({script: DRAW})
    (lab.programs / program).unlink()
    # What is fresh needs no program, on any machine.
    assert lab.bring().problems == ()
    before = lab.figure()
    python = "open('other.svg', 'w').write('<svg></svg>')\n"
    report = lab.bring({"data/one.csv": "2", "plot.py": python, "index.rst": log("loss.svg", "other.svg")})
    [problem] = report.problems
    assert problem.message == f"expts/a/{script} cannot be run: {program} is not installed"
    assert problem.path == lab.base / "expts/a" / script
    assert (report.figures["expts/a/loss.svg"].state, report.figures["expts/a/other.svg"].state) == ("stale", "fresh")
    assert lab.figure() == before
    lab.install(program)
    assert lab.bring().problems == ()
    assert lab.figure() == "<svg><!--  2 --></svg>"


@pytest.mark.parametrize(
    ("language", "said", "line", "told"),
    [
        ("r", "Error: object 'x' not found\nExecution halted", None, "Error: object 'x' not found"),
        ("r", "Error in f() (from plot.R#3) : no\nExecution halted", 3, "Error in f() (from plot.R#3) : no"),
        ("r", "Error in source(\"x\") : plot.R:7:1: unexpected symbol\n6: a\n7: b c\n", 7,
         "Error in source(\"x\") : plot.R:7:1: unexpected symbol"),
        ("r", "Killed", None, "Killed"),
        ("julia", "ERROR: LoadError: ParseError:\n# Error @ /a/plot.jl:3:5\nx = \n", 3, "ParseError:"),
        ("julia", "ERROR: SystemError: opening file \"/a/plot.jl\": No such file", None,
         "SystemError: opening file \"/a/plot.jl\": No such file"),
        ("julia", "ERROR: LoadError: no\nin expression starting at /a/otherplot.jl:3", None, "no"),
        ("julia", "", None, ""),
        ("python", "Traceback\nValueError: no", None, "ValueError: no"),
        ("python", '  File "a.py", line 3\n    for:\n       ^\nSyntaxError: no', None, "SyntaxError: no"),
        ("python", 'Traceback\n  File "a.py", line 1, in f\n    f()\n  [Previous line repeated 9 times]\nE: no\n a\nb',
         None, "E: no"),
        ("python", '  + Exception Group Traceback\n  |   File "a.py", line 1, in f\n  |     f()\n  | Group: no\n'
         '  +-+--- 1 ---\n    |   File "a.py", line 2, in g\n    |     g()\n    | E: so\n    +----', None, "Group: no"),
        ("python", 'It was killed.\nThread 0x1:\n  File "a.py", line 1 in f\n\n', None, "It was killed."),
        ("python", "It ended with 2.\nusage: a\nepoch 7", None, "It ended with 2."),
        ("r", "Error: no\nExecution halted\nThe figure a.svg could not be put back (no space); its copy is b.", None,
         "The figure a.svg could not be put back (no space); its copy is b."),
    ],
)  # fmt: skip
def test_the_error_is_found_in_what_was_printed(language, said, line, told):
    script = "/a/plot.R" if language == "r" else "/a/plot.jl"
    assert (headline(language, said), line_of(language, said, script)) == (told, line)

"""Which files are plot scripts, and what is said of those that are listed wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from exptdir.figures.find import Finder, find_scripts
from exptdir.figures.model import Script
from exptdir.record.scan import scan


def find(base: Path, texts: dict[str, str], **options):
    for name, text in texts.items():
        path = base / "expts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return find_scripts(scan(base), **options)


def paths(found) -> list[str]:
    return [script.path.removeprefix("expts/") for script in found[0]]


def test_names_decide_and_a_training_script_is_never_found(tmp_path: Path):
    names = ("plot.py", "plot_x.py", "loss_plot.py", "fig1.py", "plot.R", "b_plot.jl", "figs/deep/plot.py")
    others = ("train.py", "replot.py", "plots.txt", "plot.pyc", ".plot.py", "plot.ipynb", "Plot.py")
    # Programs that real records hold, none of which is there to draw.
    others += ("fignet_train.py", "figure8_robot_train.py", "plots.py", "plotting.py", "tests/fig_test.py")
    others += ("sub/tests/plot.py", "configure.py", "figures.R")
    found = find(tmp_path, {f"a/{name}": "" for name in ("index.rst", *names, *others)} | {"plot_out.py": ""})
    assert paths(found) == sorted(f"a/{name}" for name in names)
    assert {script.language for script in found[0]} == {"python", "r", "julia"}
    assert found[1] == ()


def test_a_script_belongs_to_the_innermost_experiment(tmp_path: Path):
    texts = {f"{name}/{file}": "" for name in ("a", "a/b/c") for file in ("index.rst", "plot.py")} | {"a/b/plot.py": ""}
    scripts, _ = find(tmp_path, texts)
    assert {script.path: script.experiment for script in scripts} == {
        "expts/a/plot.py": "expts/a",
        "expts/a/b/plot.py": "expts/a",
        "expts/a/b/c/plot.py": "expts/a/b/c",
    }


def test_links_environments_and_hidden_directories_are_not_entered(tmp_path: Path):
    texts = {"a/index.rst": "", "a/env/pyvenv.cfg": "", "a/env/lib/plot.py": "", "a/.x/plot.py": "", "b/plot.py": ""}
    texts |= {"a/__pycache__/plot.py": "", "a/node_modules/x/plot.py": ""}
    (tmp_path / "expts/a").mkdir(parents=True)
    (tmp_path / "expts/a/linked").symlink_to("../b")
    assert paths(find(tmp_path, texts)) == []


def test_patterns_are_configurable_and_may_have_directories(tmp_path: Path):
    texts = {"a/index.rst": "", "a/draw.py": "", "a/scripts/x.py": "", "a/plot.py": ""}
    assert paths(find(tmp_path, texts, patterns=("draw*", "scripts/*.py"))) == ["a/draw.py", "a/scripts/x.py"]


def test_a_pattern_with_a_directory_says_where_tests_or_not(tmp_path: Path):
    texts = {"a/index.rst": "", "a/tests/plot_x.py": "", "a/plot.py": ""}
    assert paths(find(tmp_path, texts, patterns=("plot*", "tests/plot_*"))) == ["a/plot.py", "a/tests/plot_x.py"]


def test_what_is_excluded_is_not_found(tmp_path: Path):
    find(tmp_path, {"a/index.rst": "", "a/old/plot.py": "", "a/plot.py": ""})
    record = scan(tmp_path)
    found = find_scripts(record, found=Finder().survey(record, lambda path: path == "expts/a/old"))
    assert paths(found) == ["a/plot.py"]


def test_a_listed_script_replaces_the_one_that_is_found_by_name(tmp_path: Path):
    toml = """
[[figure]]
script = "plot.py"
args = ["--metric", "mae"]
outputs = ["mae.svg"]
inputs = ["../data/*.csv"]
timeout = 600

[[figure]]
script = "plot.py"
args = ["--metric", "rmse"]
"""
    scripts, problems = find(tmp_path, {"a/index.rst": "", "a/plot.py": "", "a/expt.toml": toml})
    assert problems == ()
    first = Script(
        path="expts/a/plot.py",
        experiment="expts/a",
        args=("--metric", "mae"),
        outputs=("expts/a/mae.svg",),
        inputs=("expts/data/*.csv",),
        timeout=600.0,
        line=2,
    )
    assert scripts == (first, Script("expts/a/plot.py", "expts/a", args=("--metric", "rmse"), line=9))


def test_a_listed_script_may_have_any_name_and_lie_elsewhere_in_the_record(tmp_path: Path):
    toml = '[[figure]]\nscript = "../lib/draw.py"'
    found = find(tmp_path, {"a/index.rst": "", "lib/draw.py": "", "a/expt.toml": toml})
    assert paths(found) == ["lib/draw.py"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", 'it has no script = "…"'),
        ("script = 3", 'it has no script = "…"'),
        ('script = "nix.py"', "there is no file “nix.py”"),
        ('script = "notes.txt"', "no Python, R or Julia script"),
        ('script = "/etc/plot.py"', "lies outside the record"),
        ('script = "../../../plot.py"', "lies outside the record"),
        ('script = "plot.py"\ntimeout = "long"', "timeout must be a number of seconds above 0"),
        ('script = "plot.py"\ntimeout = 0', "timeout must be"),
        ('script = "plot.py"\ntimeout = true', "timeout must be"),
        ('script = "plot.py"\ntimeout = inf', "timeout must be"),
        ('script = "plot.py"\nargs = "--x"', "args must be a list of strings"),
        ('script = "plot.py"\nargs = [1]', "args must be a list of strings"),
        ('script = "plot.py"\nargs = ["\\u0000"]', "args must be a list of strings"),
        ('script = "plot.py"\noutputs = ["x.csv"]', "“x.csv” in outputs is no figure"),
        ('script = "plot.py"\noutputs = ["../../../x.svg"]', "lies outside the record"),
        ('script = "plot.py"\ninputs = ["/data/*.csv"]', "lies outside the record"),
        ('script = "plot.py"\nouput = ["x.svg"]', "the key “ouput” is not one of script, args"),
    ],
)
def test_a_table_that_is_wrong_is_passed_over_and_told_with_its_line(tmp_path: Path, table: str, said: str):
    toml = f'id = 3\n\n[[figure]]\nscript = "fig.py"\n\n[[figure]]\n{table}\n'
    texts = {"a/index.rst": "", "a/plot.py": "", "a/fig.py": "", "a/notes.txt": "", "a/expt.toml": toml}
    scripts, problems = find(tmp_path, texts)
    assert ("expts/a/fig.py", 3) in {(script.path, script.line) for script in scripts}
    [problem] = problems
    assert said in problem.message
    assert (problem.kind, problem.path, problem.line) == ("figure", tmp_path / "expts/a/expt.toml", 6)


def test_a_script_listed_twice_is_taken_once(tmp_path: Path):
    toml = '[[figure]]\nscript = "plot.py"\n' * 2
    scripts, [problem] = find(tmp_path, {"a/index.rst": "", "a/plot.py": "", "a/expt.toml": toml})
    assert (len(scripts), problem.line) == (1, 3)
    assert "listed twice" in problem.message


@pytest.mark.parametrize("toml", ["[[figure", "figure = 3", "figure = [1, 2]", "\xff", "[figure]\nscript = 'plot.py'"])
def test_a_file_that_makes_no_sense_is_no_traceback(tmp_path: Path, toml: str):
    find(tmp_path, {"a/index.rst": "", "a/plot.py": ""})
    (tmp_path / "expts/a/expt.toml").write_bytes(toml.encode("latin-1"))
    assert paths(find_scripts(scan(tmp_path))) == ["a/plot.py"]

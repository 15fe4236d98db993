"""Finding a record, and reading its ``conf.py`` without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from exptdir.record.home import find_conf, read_conf
from exptdir.record.walk import LOG_NAMES


def conf(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "conf.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_plain_values_are_read(tmp_path: Path):
    text = 'exptdir_roots = ["a"]\nexptdir_plot_dark: bool = True\nsource_suffix = ".rst"\nhtml_theme = "x"\n'
    found = read_conf(conf(tmp_path, text))
    assert found.values == {"roots": ["a"], "plot_dark": True, "source_suffix": ".rst"}
    assert found.problems == ()
    assert (found.scan_settings.roots, found.scan_settings.suffixes) == (["a"], [".rst"])


def test_lists_may_be_added_to(tmp_path: Path):
    found = read_conf(conf(tmp_path, 'exclude_patterns = ["a"]\nexclude_patterns += ["b/*"]\n'))
    assert found.exclude("a") and found.exclude("b/c") and not found.exclude("c")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("exptdir_roots = sorted(['a'])\n", 1),
        ("import os\nif os.name:\n    exptdir_roots = ['a']\n", 3),
        ("exptdir_roots = ['a']\nexptdir_roots += other()\n", 2),
        ("exptdir_roots = ['a']\nexptdir_roots += 3\n", 2),
        ("for exptdir_roots in [['a']]: pass\n", 1),
    ],
)
def test_what_is_computed_is_a_problem_with_its_line(tmp_path: Path, text, line):
    [problem] = read_conf(conf(tmp_path, text)).problems
    assert problem.line == line and "exptdir_roots is computed" in problem.message


def test_values_of_the_wrong_kind_leave_the_defaults(tmp_path: Path):
    text = 'exptdir_roots = 3\nexptdir_log_names = [1]\nexptdir_statuses = ["x"]\nexclude_patterns = None\n'
    found = read_conf(conf(tmp_path, text))
    assert found.scan_settings.roots == ["expts"] and found.scan_settings.log_names == list(LOG_NAMES)
    assert "complete" in found.settings.statuses
    # As a build says it, and where.
    assert [(problem.line, problem.message) for problem in found.problems] == [
        (1, "exptdir_roots = 3: expected a list of strings; the default is used"),
        (2, "exptdir_log_names = [1]: expected a list of strings; the default is used"),
        (
            3,
            "exptdir_statuses = ['x']: expected a dict from each status to 'open', 'done' or 'dropped'; "
            "the default is used",
        ),
    ]


def test_a_switch_that_is_not_valid_keeps_scripts_from_running(tmp_path: Path):
    found = read_conf(conf(tmp_path, "exptdir_figures = False\n"))
    assert found.settings.figures == "never" and "counts as 'never'" in found.problems[0].message


@pytest.mark.parametrize("text", ["if\n", b"\xff\xfe", b"\0", "(" * 5000])
def test_what_is_no_python_is_a_problem(tmp_path: Path, text):
    found = read_conf(conf(tmp_path, text))
    assert "is not Python" in found.problems[0].message and found.values == {}


def test_the_nearest_conf_that_names_exptdir_counts(tmp_path: Path):
    inner = tmp_path / "a/b"
    inner.mkdir(parents=True)
    conf(tmp_path, "extensions = ['exptdir']\n")
    conf(inner, "extensions = ['myexptdirs']\n")
    assert find_conf(inner) == tmp_path / "conf.py"
    conf(inner, "extensions = ['exptdir']\n")
    assert find_conf(inner) == inner / "conf.py"

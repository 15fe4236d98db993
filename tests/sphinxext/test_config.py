"""Options with values that are not valid: a warning, and the default instead."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from exptdir.record.settings import Settings
from tests.sphinxext.building import titled
from tests.sphinxext.conftest import Build

RECORD = {"expts/1_a/notes.rst": titled("A", ":expt:`1`\n")}

INVALID = [
    ("roots", "expts"),
    ("roots", [1]),
    ("log_names", None),
    ("statuses", ["new"]),
    ("statuses", {"new": "maybe"}),
    ("ref_format", 5),
    ("ref_format", "{number}"),
    ("ref_format", "{"),
    ("title_format", "{0}"),
    ("date_order", "dmy"),
    ("entry_list", True),
    ("cited_by", "yes"),
    ("navigation", "left"),
    ("navigation_window", 0),
    ("navigation_window", True),
    ("missing_assets", "error"),
    ("asset_roots", "data"),
    ("table_limit", -1),
    ("figures", "perhaps"),
    ("plot_scripts", "plot*.py"),
    ("plot_style", None),
    ("plot_dark", "yes"),
    ("figure_timeout", 0),
    ("figure_timeout", "1"),
    ("figure_memory", "much"),
    ("figure_memory", -1),
    ("figure_jobs", -1),
    ("figure_executor", "cloud"),
    ("figure_executor", 5),
    ("figure_versions", 1),
    ("figure_provenance", "no"),
    ("python", 3),
    ("repository_url", "javascript:alert(1)"),
    ("editor_url", "vscode://file/{file}"),
    ("watch_ignore", "x.log"),
    ("header", "small"),
    ("mentions", "everywhere"),
    ("list_format", "{colour}"),
    ("feed_url", "notebook.example.org"),
    ("task_markers", "TODO"),
    ("hashtags", "yes"),
    ("archive", "yearly"),
    ("drafts", "all"),
]


def test_every_option_is_tried_here():
    assert {name for name, _ in INVALID} == {option.name for option in fields(Settings)}


@pytest.mark.parametrize(("name", "value"), INVALID)
def test_an_invalid_value_is_reported_and_the_default_used(build: Build, name: str, value: Any):
    built = build(RECORD, "text", conf=f"exptdir_{name} = {value!r}\n")
    (warning,) = built.located
    assert warning.startswith(f"conf.py:1: WARNING: exptdir_{name} = {value!r}: expected ")
    used = "it counts as 'never'" if name == "figures" else "the default is used"
    assert warning.endswith(f"; {used} [exptdir.config]")
    assert "#1" in built.text("expts/1_a/notes")


def test_a_value_of_another_type_is_reported_once(build: Build):
    # Not by Sphinx too, whose message says nothing of what would be right.
    assert len(build(RECORD, "text", conf="exptdir_statuses = {'new': 5}\n").located) == 1


def test_a_status_whose_meaning_is_no_text_is_reported(build: Build):
    assert "[exptdir.config]" in build(RECORD, "text", conf="exptdir_statuses = {'new': []}\n").warnings


def test_markdown_is_left_out_where_only_rst_is_wanted(build: Build):
    built = build({**RECORD, "expts/2_b/notes.md": "# B\n"}, "text", conf='source_suffix = ".rst"\n')
    assert "myst_parser" not in built.app.extensions
    assert built.app.env.found_docs == {"index", "expts/1_a/notes"}
    assert built.warnings == ""


def test_companions_that_the_author_lists_are_not_set_up_twice(build: Build):
    built = build(RECORD, "text", conf='extensions = ["exptdir", "sphinx_design", "myst_parser"]\n')
    assert built.warnings == ""
    # The author's Markdown is the author's.
    assert "dollarmath" not in built.app.config.myst_enable_extensions


def test_roots_and_log_names(build: Build):
    files = {
        "1_a/journal.rst": titled("A"),
        "1_a/notes.rst": ":orphan:\n\n" + titled("Not"),
        "index.rst": titled("H", ":expt:`1`"),
    }
    built = build(files, conf='exptdir_roots = ["."]\nexptdir_log_names = ["journal"]\n')
    assert built.body().select_one("a.exptdir-ref")["href"] == "1_a/journal.html"
    assert built.warnings == ""

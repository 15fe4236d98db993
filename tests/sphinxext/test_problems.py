"""Problems are reported at every build, so that ``-W`` fails the second time as it does the first."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from exptdir.sphinxext.warnings_ import Subtype
from tests.sphinxext.building import CONF as CONF_EXPTDIR
from tests.sphinxext.building import Built, Link, Site, titled
from tests.sphinxext.conftest import Build

TEXT = """
See :expt:`99`, :doi:`none` and :math:`\\nosuchcommand`.

.. image:: gone.png

.. datatable:: broken.xlsx

.. expt-runs::

5/6/2024: Which?
----------------

2042-05-20: Really?
-------------------

Text.
"""
RECORD = {
    "expts/1_a/notes.rst": titled("A", TEXT),
    "expts/6_d/notes.md": "# Rival\n",
    "expts/1_a/broken.xlsx": "no workbook",
    "expts/1_a/2.yaml": "rate: [1,\n",
    "expts/1_b/notes.rst": titled("B"),
    "expts/1_b/expt.toml": 'status = "odd"\nprerequisites = ["98", "5"]\n',
    "expts/1_b/figures.lock": "unreadable\n",
    "expts/5_c/notes.rst": titled("C"),
    "expts/5_c/expt.toml": 'prerequisites = ["5"]\nbuilds_on = ["97"]\n',
    "expts/6_d/notes.rst": titled("D"),
    "expts/6_d/expt.toml": "= not TOML\n",
}
CONF = 'exptdir_roots = ["expts", "nowhere"]\nexptdir_entry_list = "sideways"\n'


@pytest.fixture(scope="module")
def first(build_once: Build) -> Built:
    return build_once(RECORD, conf=CONF)


def test_every_subtype_of_warning_can_be_seen(first: Built):
    assert set(re.findall(r"\[exptdir\.(\w+)\]", first.warnings)) == {subtype.name for subtype in Subtype}


def test_every_warning_of_ours_names_the_file_and_the_line(first: Built):
    for line in first.located:
        if "[exptdir." in line and "[exptdir.config]" not in line and "[exptdir.root]" not in line:
            assert re.match(r"[\w./]+:\d+: WARNING: ", line), line
    said = first.warnings.replace("\n", " ").replace(f"{first.site.source}/", "")
    assert "expts/1_b/expt.toml:1: WARNING: #1: unknown status 'odd'" in said
    assert "expts/5_c/expt.toml:2: WARNING: #5: no experiment or run '97'" in said


def test_a_second_build_that_changes_nothing_reports_the_same(first: Built):
    second = first.rebuild()
    assert "updating environment: 0 added, 0 changed, 0 removed" in second.status
    assert sorted(ours(second)) == sorted(ours(first))
    third = second.rebuild(parallel=2)
    assert sorted(ours(third)) == sorted(ours(first))


def ours(built: Built) -> list[str]:
    return [line for line in built.located if "[exptdir." in line]


def test_what_is_mended_is_no_longer_reported(build: Build):
    built = build({"expts/1_a/notes.rst": titled("A", ":expt:`2`\n")})
    assert len(built.located) == 1
    mended = built.rebuild({"expts/2_b/notes.rst": titled("B")})
    assert mended.warnings == ""
    assert "notes.html" in str(mended.body("expts/1_a/notes").select_one("a.exptdir-ref"))
    broken = mended.rebuild({"expts/2_b/notes.rst": None})
    assert "no experiment or run '2'" in broken.warnings
    assert not broken.body("expts/1_a/notes").select("a.exptdir-ref")


def test_warnings_can_be_suppressed_by_subtype(build: Build):
    built = build(RECORD, conf=CONF + 'suppress_warnings = ["exptdir.ref", "exptdir.asset"]\n')
    assert "[exptdir.ref]" not in built.warnings
    assert "[exptdir.asset]" not in built.warnings
    assert "[exptdir.table]" in built.warnings


@pytest.mark.parametrize(
    "name", ["with space", 'it\'s "quoted" & <b>', "实验 一", "🧪 test", "ünï", "50% #1", "[x]", "a*b", "{a}"]
)
def test_directories_of_any_name(build: Build, name: str):
    files = {
        f"expts/{name}/notes.rst": titled("Odd one", "Back to :expt:`2`. x\n\n.. datatable:: r.csv\n"),
        f"expts/{name}/r.csv": "a,b\n1,2\n",
        "expts/2_b/notes.rst": titled(
            "B", "See :expt:`the odd one <" + name.replace("<", "\\<").replace(">", "\\>") + ">`\n"
        ),
    }
    built = build(files)
    page = built.body(f"expts/{name}/notes")
    assert page.select_one("table td") is not None
    if "<" not in name:
        assert built.warnings == ""
        link = built.body("expts/2_b/notes").select_one("a.exptdir-ref")
        assert link["href"].startswith("../")


def test_links_that_loop_do_no_harm(build: Build):
    files = {
        "expts/1_a/notes.rst": titled("A"),
        "expts/1_a/self": Link("."),
        "expts/1_a/up": Link("../.."),
        "loop": Link("loop"),
    }
    built = build(files)
    assert built.app.env.found_docs == {"index", "expts/1_a/notes"}
    assert built.warnings == ""


def test_a_project_without_experiments_still_builds(build: Build):
    built = build({"index.rst": titled("Home")})
    (warning,) = built.located
    assert "the record root 'expts' does not exist [exptdir.root]" in warning


def test_two_logs_of_one_rank_are_warned_of_and_sphinx_uses_the_same(build: Build):
    built = build({"expts/1_a/notes.rst": titled("From rst"), "expts/1_a/notes.md": "# From md\n"})
    (problem,) = [line for line in built.located if "[exptdir.log]" in line]
    used = re.search(r"(\S+) is used", problem)[1]
    assert f"From {used.rpartition('.')[2]}" in built.html("expts/1_a/notes")


def test_an_excluded_log_is_no_experiment(tmp_path):
    site = Site(tmp_path)
    files = {
        "expts/1_a/notes.rst": titled("A"),
        "expts/old/2_b/notes.rst": titled("B"),
        "index.rst": titled("H", ":expt:`2`"),
    }
    built = site.build("html", files, overrides={"exclude_patterns": ["expts/old"]})
    assert "no experiment or run '2'; nearest: 1" in built.warnings


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("name", ["index.md", "fig_x.py", "data.csv", "notes.txt"])
def test_a_named_pipe_does_not_hang_a_build(tmp_path: Path, name: str):
    site = Site(tmp_path)
    site.write({"expts/1_a/notes.rst": titled("A"), "expts/2_b/data.txt": ""})
    os.mkfifo(site.source / "expts/1_a" / name)
    os.mkfifo(site.source / "expts/2_b/index.md")
    done = site.build()
    assert set(done.app.env.found_docs) == {"expts/1_a/notes", "index"}
    assert "2_b/index.md:1: WARNING: index.md is no regular file, so it is left alone" in done.warnings


def test_a_log_that_sphinx_reads_and_we_do_not_is_told(tmp_path: Path):
    site = Site(tmp_path)
    conf = CONF_EXPTDIR + 'source_suffix = {".rst": "restructuredtext", ".txt": "restructuredtext"}\n'
    files = {"expts/1_a/notes.rst": titled("A"), "expts/2_b/log.txt": ":orphan:\n\n" + titled("B")}
    done = site.build(files={"conf.py": conf, **files})
    [warning] = done.located
    assert warning.startswith("expts/2_b/log.txt:1: WARNING: log.txt is no log that can be read here")

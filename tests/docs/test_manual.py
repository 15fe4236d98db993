"""The manual is complete, and what it tells the reader to do works."""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from exptdir.record.dates import DateContext, parse_title_date
from exptdir.record.facts_values import FACT_OF_KEY
from exptdir.record.settings import PREFIX, Settings
from exptdir.sphinxext.domain import ROLES, ExptDomain
from exptdir.sphinxext.journal.journal import JournalDirective
from exptdir.sphinxext.journal.listing import ListDirective
from exptdir.sphinxext.protocol import TEXT_SUFFIXES
from exptdir.sphinxext.tables.directive import DatatableDirective
from exptdir.sphinxext.toctree import PLACEHOLDERS
from exptdir.sphinxext.warnings_ import Subtype
from tests.docs.conftest import DOCS, ROOT, Build
from tests.own_record import build_own_record

sys.path.insert(0, str(DOCS / "_ext"))
from exptdir_reference import read_case

PAGES = {
    path.relative_to(DOCS).as_posix(): path.read_text("utf-8")
    for suffix in ("*.md", "*.rst")
    for path in sorted(DOCS.rglob(suffix))
}
MANUAL = "\n".join(PAGES.values())
PROBLEMS = DOCS / "reference" / "problems"

_FENCE = re.compile(r"^(`{3,})\{code-block\} (\w+)\n((?::\w+:[^\n]*\n)*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A ``code-block`` of a Markdown page."""

    caption: str
    name: str
    text: str


def blocks(page: str) -> list[Block]:
    found = []
    for _, _, options, text in _FENCE.findall(PAGES[page]):
        given = dict(re.findall(r":(\w+): (.*)\n", options))
        found.append(Block(given.get("caption", ""), given.get("name", ""), text))
    return found


def block(page: str, name: str) -> str:
    return next(found.text for found in blocks(page) if found.name == name)


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the record that the repository is."""
    return build_own_record(tmp_path_factory.mktemp("manual"))


# --- everything is there ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [option.name for option in fields(Settings)])
def test_configuration_values_are_in_the_manual(manual, name):
    page = (manual / "docs/reference/configuration.html").read_text("utf-8")
    assert f'id="confval-{PREFIX}{name}"' in page
    # The reference is generated: the value must also be named where it is of use.
    assert f"{PREFIX}{name}" in MANUAL


@pytest.mark.parametrize("name", [subtype.name for subtype in Subtype])
def test_warnings_are_in_the_manual(manual, name):
    page = (manual / "docs/reference/warnings.html").read_text("utf-8")
    assert f'id="exptdir-{name}"' in page
    for line in read_case(PROBLEMS / f"{name}.txt").warnings:
        assert f"[exptdir.{name}]" in line


@pytest.mark.parametrize("role", [*(f"expt:{name}" for name in ROLES if name != "expt"), "expt", "doi", "cell"])
def test_roles_are_in_the_reference(role):
    page = PAGES["reference/roles.rst"]
    assert f".. rst:role:: {role}\n" in page
    assert f":{role}:`" in page or role == "expt:builds-on"


@pytest.mark.parametrize(
    "directive",
    [
        *("datatable", "update", "protocol", "toctree", "expt-figures", "expt-log", "todo"),
        *("expt-runs", "expt-diff", "expt-lineage", "expt-curves"),
        *("expt-journal", "expt-list", "expt-tasks", "expt-tags", "expt-calendar", "expt-graph"),
        *(f"expt:{name}" for name in ExptDomain.directives),
    ],
)
def test_directives_are_in_the_reference(directive):
    page = PAGES["reference/directives.rst"]
    assert f".. rst:directive:: .. {directive}::" in page
    assert re.search(rf"^ +\.\. {directive}::", page, re.MULTILINE)


@pytest.mark.parametrize(
    "option", sorted({*DatatableDirective.option_spec, *JournalDirective.option_spec, *ListDirective.option_spec})
)
def test_options_are_in_the_reference(option):
    page = PAGES["reference/directives.rst"]
    assert f".. rst:directive:option:: {option}\n" in page
    assert f":{option}:" in page


def test_examples_are_live(manual):
    for page, text in PAGES.items():
        marked = len(re.findall(r"^ *(?:\.\. example::|`{3,}\{example\})", text, re.MULTILINE))
        built = (manual / "docs" / page).with_suffix(".html").read_text("utf-8")
        assert built.count('class="manual-example docutils container"') == marked, page


def test_small_lists_agree_with_the_code():
    assert PLACEHOLDERS[0] in PAGES["reference/directives.rst"]
    assert PLACEHOLDERS[1] in PAGES["howto/migrate.md"]
    for suffix in TEXT_SUFFIXES:
        assert f"``{suffix}``" in PAGES["reference/directives.rst"]
    for key in FACT_OF_KEY:
        assert f"`{key}`" in PAGES["reference/facts.md"]


def test_pages_are_reached_from_the_front_page(manual):
    """A page in no toctree would be a warning of Sphinx's, but for those that say ``:orphan:``."""
    assert not [page for page, text in PAGES.items() if re.search(r"^:?orphan:", text, re.MULTILINE)]


def test_nothing_comes_from_the_network(manual):
    loaded = re.compile(r"""<(?:script|img|iframe)[^>]*\ssrc="(?:https?:)?//|<link[^>]*\srel="stylesheet"[^>]*//""")
    for path in manual.rglob("*.html"):
        assert not loaded.search(path.read_text("utf-8")), path


# --- what it says is so ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [subtype.name for subtype in Subtype])
def test_problems_give_the_warnings_that_are_shown(build: Build, name):
    case = read_case(PROBLEMS / f"{name}.txt")
    built = build({"conf.py": 'extensions = ["exptdir"]\n', "index.md": "# Record\n", **case.files})
    assert [line for line in built.warnings if "[exptdir." in line] == case.warnings


def date_forms() -> list[list[str]]:
    with (DOCS / "reference/date_forms.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))[1:]


@pytest.mark.parametrize(("title", "day", "rest"), date_forms())
def test_date_forms(title, day, rest):
    found = parse_title_date(title, context=DateContext(previous=date(2024, 5, 2)))
    if day == "no entry":
        assert found is None
    elif day == "a warning":
        assert found is not None and found.date is None and found.problem
    else:
        assert found is not None and not found.problem
        assert (found.date, found.rest) == (date.fromisoformat(day), rest)


def test_tutorial(build: Build):
    files: defaultdict[str, str] = defaultdict(str)
    # What is to be copied stands in the block as it is, and the sentence before it names the file.
    told = re.compile(r"`((?!_build)[\w/]+\.\w+)`[^`]*:\n\n(`{3,})\w+\n(.*?)^\2$", re.MULTILINE | re.DOTALL)
    for name, _, text in told.findall(PAGES["tutorial.md"]):
        files[name] += ("\n" if files[name] else "") + text
    assert len(files) == 6 and "code-block" not in PAGES["tutorial.md"]
    built = build(files)
    assert built.warnings == []
    assert "#1: Period and length" in built.page("index")
    first = built.page("expts/0001_period_and_length/index")
    assert re.search(r'<img [^>]*src="[^"]*periods[^"]*\.svg"', first)
    assert "Period by length." in first and "1.42" in first
    assert "Cited by" in first and "the period grew with the length" in first
    second = built.page("expts/0002_heat/index")
    assert 'href="../0001_period_and_length/index.html#entry-2024-05-21"' in second


def test_migrated_configuration(build: Build):
    use = block("howto/migrate.md", "migrate-use")
    files = {
        "conf.py": block("howto/migrate.md", "migrate-new-conf"),
        "index.rst": "Enzymes\n=======\n\n.. toctree::\n\n   .experiments\n\n.. todolist::\n",
        "train/.expt/id": "63\n",
        "train/.expt/status": "in progress\n",
        "train/notes.rst": "Train\n=====\n\n2024/05/21\n----------\n\nLine |br| break.\n\n" + use,
        "test/.expt/id": "64\n",
        "test/notes.rst": "Test\n====\n\nAs in :expt:`63` and :expt:`train`.\n\n.. todo:: More.\n",
    }
    built = build(files)
    assert built.warnings == []
    page = built.page("train/notes")
    assert 'href="https://www.rcsb.org/structure/5HXY"' in page
    assert "scripts/20240521_train" in page
    rows = re.findall(r"<p>(wild type|mutant)</p></td>\s*<td><p>(.*?)</p></td>\s*<td><p>(.*?)</p>", page)
    assert rows == [("wild type", "0.031", "0.620"), ("mutant", "0.028", "0.560")]
    assert "OD600/20" in page
    assert built.page("test/notes").count("#63: Train") >= 2
    assert "#64: Test" in built.page("index")


def test_old_configuration_is_whole():
    """It cannot be run without exmemo, but it is a program, and the new one takes up what it sets."""
    old = block("howto/migrate.md", "migrate-old-conf")
    compile(old, "conf.py", "exec")
    for word in ("favicon_path", "get_html_theme_path", "exmemo.sphinx.notebook"):
        assert word in old


def test_readme_configuration(build: Build):
    text = (ROOT / "README.md").read_text("utf-8")
    conf, log = re.findall(r"^```(?:python|markdown)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    built = build({"conf.py": conf, "index.md": "# My notebook\n", "expts/0001_first_try/index.md": log})
    assert built.warnings == []
    assert 'id="entry-2024-05-21"' in built.page("expts/0001_first_try/index")
    assert text.index("pip install .") < text.index("make site") < text.index("make test") < 2000
    # A code host shows neither includes nor anything else that Sphinx makes.
    assert "{include}" not in text and "{literalinclude}" not in PAGES["five_minutes.md"]
    picture = ROOT / re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)[0]
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size < 200_000
    assert text.index("![") < 700


def test_recipes_for_ci_are_yaml():
    for name in ("publish-github", "publish-gitlab"):
        assert isinstance(yaml.safe_load(block("howto/publish.md", name)), dict)
    recipe = block("howto/publish.md", "publish-github")
    assert "pull_request_target" not in recipe
    assert yaml.safe_load(recipe)["permissions"] == {"contents": "read"}


def test_placeholder_is_as_the_manual_says(tmp_path: Path, build: Build):
    directory = tmp_path / "record/expts/0001_cress"
    directory.mkdir(parents=True)
    (directory / "heights.svg").symlink_to("/data/2024/cress/heights.svg")
    built = build(
        {
            "conf.py": 'extensions = ["exptdir"]\n',
            "index.md": "# Record\n",
            "expts/0001_cress/index.md": "# Cress\n\n```{figure} heights.svg\nHeights.\n```\n",
        }
    )
    shown = re.sub(r"<[^>]+>", "", built.page("expts/0001_cress/index"))
    promised = re.search(r"^> (.*)$", PAGES["howto/data.md"], re.MULTILINE)
    assert promised is not None
    assert promised[1].replace("`", "") in shown


def test_directories_outside_may_be_allowed(tmp_path: Path, build: Build):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/heights.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    text = PAGES["howto/data.md"]
    setting = re.search(r"^exptdir_asset_roots = .*$", text, re.MULTILINE)
    image = re.search(r"^!\[heights\]\(\.\..*\)$", text, re.MULTILINE)
    assert setting is not None and image is not None
    files = {
        "conf.py": 'extensions = ["exptdir"]\n' + setting[0],
        "index.md": "# Record\n",
        "expts/0001_cress/index.md": f"# Cress\n\n{image[0]}\n",
    }
    built = build(files)
    assert built.warnings == []
    assert list((built.out / "_images").glob("heights*.svg"))

"""Promise 2, edit by edit: build, edit, build; then every file is a clean build's, and a third build writes none.

Each case is one that a page's own text and time do not tell: what it tried to read and did not find, numbers that
other pages decide, and files of the output that no document makes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.forking import sphinx_build
from tests.sphinxext.building import Content, Files, write

#: Sphinx's own state, which the promise leaves out.
STATE = {"searchindex.js", ".buildinfo", ".buildinfo.bak"}
OLD = 1_500_000_000
SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
#: The lightest theme: what a theme adds is asked elsewhere.
CONF = 'extensions = ["exptdir"]\nhtml_theme = "basic"\n'
MATH = ".. math:: y\n   :label: one\n"
OTHER_MATH = ".. math:: x\n   :label: new\n\n"

#: What is added to ``conf.py``, the record before (beside a home page and experiment 1), and the edit.
CASES: dict[str, tuple[str, Files, Files]] = {
    "a status that any shows": (
        "",
        {"plan.rst": ":orphan:\n\nPlan\n====\n\nSee :any:`1`.\n", "expts/0001_first/expt.toml": 'status = "new"\n'},
        {"expts/0001_first/expt.toml": 'status = "complete"\n'},
    ),
    "a title that any shows": (
        "",
        {"plan.rst": ":orphan:\n\nPlan\n====\n\nSee :any:`expts/0001_first/index`.\n"},
        {"expts/0001_first/index.md": "# Another title\n"},
    ),
    "an equation's number": (
        "",
        {"expts/0002_b/index.rst": "B\n=\n\nFrom :eq:`one`.\n", "expts/0001_a/index.rst": f"A\n=\n\n{MATH}"},
        {"expts/0001_a/index.rst": f"A\n=\n\n{OTHER_MATH}{MATH}"},
    ),
    "a figure's number": (
        "numfig = True\n",
        {
            "expts/0002_b/index.rst": "B\n=\n\nSee :numref:`loss`.\n",
            "expts/0001_a/index.rst": "A\n=\n\n.. _loss:\n\n.. figure:: a.svg\n\n   One\n",
            "expts/0001_a/a.svg": SVG,
        },
        {"expts/0001_a/index.rst": "A\n=\n\n.. figure:: a.svg\n\n   New\n\n.. _loss:\n\n.. figure:: a.svg\n\n   One\n"},
    ),
    "an include appears": (
        "",
        {"expts/0002_b/index.rst": "B\n=\n\n.. include:: days.inc\n"},
        {"expts/0002_b/days.inc": "Text.\n"},
    ),
    "an include appears in Markdown": (
        "",
        {"expts/0002_b/index.md": "# B\n\n```{include} days.inc\n```\n"},
        {"expts/0002_b/days.inc": "Text.\n"},
    ),
    "an include of an include appears": (
        "",
        {"expts/0002_b/index.rst": "B\n=\n\n.. include:: a.inc\n", "expts/0002_b/a.inc": ".. include:: b.inc\n"},
        {"expts/0002_b/b.inc": "Text.\n"},
    ),
    "a listing appears": (
        "",
        {"expts/0002_b/index.rst": "B\n=\n\n.. literalinclude:: run.py\n"},
        {"expts/0002_b/run.py": "print()\n"},
    ),
    "a table's file appears": (
        "",
        {"expts/0002_b/index.rst": "B\n=\n\n.. csv-table::\n   :file: t.csv\n"},
        {"expts/0002_b/t.csv": "a,b\n1,2\n"},
    ),
    "the other side of a difference": (
        "",
        {
            "expts/0002_b/index.rst": "B\n=\n\n.. literalinclude:: new.txt\n   :diff: old.txt\n",
            "expts/0002_b/new.txt": "a\n",
            "expts/0002_b/old.txt": "b\n",
        },
        {"expts/0002_b/old.txt": "c\n"},
    ),
    "a page that Markdown links to goes": (
        "",
        {"expts/0002_b/plan.md": "# Plan\n", "expts/0002_b/index.md": "# B\n\nSee [the plan](plan.md).\n"},
        {"expts/0002_b/plan.md": None},
    ),
    "a page that Markdown links to comes": (
        "",
        {"expts/0002_b/index.md": "# B\n\nSee [the plan](plan.md).\n"},
        {"expts/0002_b/plan.md": "# Plan\n"},
    ),
    "a file that Markdown links to comes": (
        "",
        {"expts/0002_b/index.md": "# B\n\nSee [the data](data.csv).\n"},
        {"expts/0002_b/data.csv": "1\n"},
    ),
    "a better format of an image": (
        "",
        {"expts/0002_b/index.rst": "B\n=\n\n.. image:: loss.*\n", "expts/0002_b/loss.gif": GIF},
        {"expts/0002_b/loss.svg": SVG},
    ),
    "the better format of an image goes": (
        "",
        {
            "expts/0002_b/index.rst": "B\n=\n\n.. image:: loss.*\n",
            "expts/0002_b/loss.gif": GIF,
            "expts/0002_b/loss.svg": SVG,
        },
        {"expts/0002_b/loss.svg": None},
    ),
    "an image in any format comes": (
        "",
        {"expts/0002_b/index.rst": "B\n=\n\n.. image:: loss.*\n"},
        {"expts/0002_b/loss.svg": SVG},
    ),
    "an image in the language of the record comes": (
        'language = "de"\n',
        {"expts/0002_b/index.rst": "B\n=\n\n.. figure:: loss.svg\n", "expts/0002_b/loss.svg": SVG},
        {"expts/0002_b/loss.de.svg": SVG.replace("9", "8")},
    ),
    "two experiments of one number": (
        "",
        {
            "expts/0005_a/index.md": "# A\n",
            "expts/0005_b/index.md": "# B\n",
            "expts/0007_c/index.rst": "C\n=\n\nSee :ref:`expt-5`.\n",
        },
        {"expts/0005_a/index.md": "# A\n\nMore.\n"},
    ),
    "a page in a table of contents goes": (
        "",
        {"expts/0002_b/plan.md": "# Plan\n", "expts/0002_b/index.rst": "B\n=\n\n.. toctree::\n\n   plan\n"},
        {"expts/0002_b/plan.md": None},
    ),
    "a page in the home page's table of contents goes": (
        "html_theme = 'pydata_sphinx_theme'\n",
        {"plan.md": "# Plan\n", "index.md": "# P\n\n```{toctree}\nplan\n```\n"},
        {"plan.md": None},
    ),
    "a page in a table of contents comes": (
        "",
        {"expts/0002_b/index.rst": "B\n=\n\n.. toctree::\n\n   plan\n"},
        {"expts/0002_b/plan.md": "# Plan\n"},
    ),
    "a page that a pattern finds": (
        "",
        {"pages/a.md": "# A\n", "index.md": "# P\n\n```{toctree}\n:glob:\n\npages/*\n```\n"},
        {"pages/b.md": "# B\n"},
    ),
    "numbered pages": (
        "",
        {"pages/one.md": "# One\n", "index.md": "# P\n\n```{toctree}\n:numbered:\n\npages/one\n```\n"},
        {"pages/one.md": "# One\n\nMore.\n"},
    ),
    "one more numbered page": (
        "",
        {
            "pages/one.md": "# One\n",
            "pages/two.md": "# Two\n",
            "index.md": "# P\n\n```{toctree}\n:numbered:\n\npages/two\n```\n",
        },
        {"index.md": "# P\n\n```{toctree}\n:numbered:\n\npages/one\npages/two\n```\n"},
    ),
    "no general index": ("", {}, {"conf.py": CONF + "html_use_index = False\n"}),
    "no sources": ("", {}, {"conf.py": CONF + "html_copy_source = False\n"}),
    "another suffix of pages": ("", {}, {"conf.py": CONF + 'html_file_suffix = ".htm"\n'}),
    "an extra file goes": (
        "html_extra_path = ['extra']\n",
        {"extra/one.txt": "1", "extra/two.txt": "2"},
        {"extra/two.txt": None},
    ),
    "a static file goes": (
        "html_static_path = ['look']\n",
        {"look/one.txt": "1", "look/two.txt": "2"},
        {"look/two.txt": None},
    ),
    "another style sheet": (
        "html_static_path = ['look']\nhtml_css_files = ['own.css']\n",
        {"look/own.css": "p { color: red }"},
        {"look/own.css": "p { color: blue }"},
    ),
    "another script": (
        "html_static_path = ['look']\nhtml_js_files = ['own.js']\n",
        {"look/own.js": "1;"},
        {"look/own.js": "2;"},
    ),
    "a term that another page defines": (
        "",
        {
            "pages/terms.rst": ":orphan:\n\nTerms\n=====\n\n.. glossary::\n\n   loss\n      What falls.\n",
            "expts/0002_b/index.rst": "B\n=\n\nThe :term:`loss`.\n",
        },
        {"pages/terms.rst": ":orphan:\n\nTerms\n=====\n\n.. glossary::\n\n   gain\n      What rises.\n"},
    ),
    "a section that another page names": (
        "",
        {
            "pages/a.rst": ":orphan:\n\nA\n=\n\n.. _here:\n\nOne\n---\n\nText.\n",
            "expts/0002_b/index.rst": "B\n=\n\nSee :ref:`here` and :doc:`/pages/a`.\n",
        },
        {"pages/a.rst": ":orphan:\n\nAlpha\n=====\n\n.. _here:\n\nAnother\n-------\n\nText.\n"},
    ),
    "tasks that another page collects": (
        'extensions += ["sphinx.ext.todo"]\ntodo_include_todos = True\n',
        {
            "pages/all.rst": ":orphan:\n\nAll\n===\n\n.. todolist::\n",
            "expts/0002_b/index.rst": "B\n=\n\n.. todo:: Weigh it.\n",
        },
        {"expts/0002_b/index.rst": "B\n=\n\n.. todo:: Weigh it again.\n"},
    ),
    "an experiment moves": (
        "",
        {
            "expts/0002_b/index.rst": "B\n=\n\nSee :expt:`3` and :expt:`1`.\n\n2024-05-06: Begun\n-----------------\n",
            "expts/0003_c/index.rst": "C\n=\n\nAfter :expt:`2@2024-05-06`.\n\n.. image:: a.svg\n",
            "expts/0003_c/a.svg": SVG,
        },
        {
            "expts/0003_c/index.rst": None,
            "expts/0003_c/a.svg": None,
            "expts/0002_b/0003_c/index.rst": "C\n=\n\nAfter :expt:`2@2024-05-06`.\n\n.. image:: a.svg\n",
            "expts/0002_b/0003_c/a.svg": SVG,
        },
    ),
}
for name, (log, before, after) in {
    "a table": ("```{datatable} d.csv\n```\n", "a,b\n1,2\n", "a,b\n8,9\n"),
    "an image": ("![](d.svg)\n", SVG, SVG.replace("9", "8")),
    "an include": ("```{include} d.inc\n```\n", "One.\n", "Two.\n"),
    "a download": ("{download}`d.txt`\n", "One.\n", "Two.\n"),
}.items():
    file = (
        "expts/0002_b/" + {"a table": "d.csv", "an image": "d.svg", "an include": "d.inc", "a download": "d.txt"}[name]
    )
    CASES[f"{name} with an older time"] = ("", {"expts/0002_b/index.md": f"# B\n\n{log}", file: before}, {file: after})
#: Cases in which one file changes that is no page, and one page only shows or names it: they can share their builds.
TOGETHER = [
    name
    for name, (conf, _, edit) in CASES.items()
    if not conf and len(edit) == 1 and Path(*edit).parent == Path("expts/0002_b") and Path(*edit).suffix != ".md"
]
CASES["a log with an older time"] = ("", {"expts/0002_b/index.md": "# B\n"}, {"expts/0002_b/index.md": "# C\n"})


def own(files: Files, number: int) -> Files:
    """Move a case to an experiment of its own, with names that no other case has."""

    def renamed(text: str) -> str:
        return text.replace("0002_b", f"{number:04}_b").replace("loss.", f"loss{number}.").replace("d.", f"d{number}.")

    return {renamed(name): renamed(content) if isinstance(content, str) else content for name, content in files.items()}


def contents(out: Path) -> dict[str, bytes]:
    """Return every file of an output that the promise is about."""
    files = (path for path in out.rglob("*") if path.is_file() and path.name not in STATE)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def times(out: Path) -> dict[str, int]:
    """Return when each of these files was written, but for the theme's, which Sphinx writes at each build."""
    return {name: (out / name).stat().st_mtime_ns for name in contents(out) if not name.startswith("_static/")}


def build(source: Path, out: Path) -> Path:
    """Build in a process of its own, since Sphinx keeps checksums of style sheets as long as one lasts."""
    done = sphinx_build("-b", "html", "-d", out.with_name(f"{out.name}-doctrees"), source, out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case not in TOGETHER])
def test_every_file_is_that_of_a_clean_build_and_a_third_writes_none(tmp_path: Path, case: str):
    conf, files, edit = CASES[case]
    check(tmp_path, conf, files, edit, edit if "older" in case else ())


@pytest.mark.slow
def test_every_file_is_that_of_a_clean_build_where_one_page_shows_what_has_changed(tmp_path: Path):
    files: dict[str, Content] = {}
    edits: dict[str, Content] = {}
    older: list[str] = []
    for number, case in enumerate(TOGETHER, 11):
        _, before, edit = CASES[case]
        files |= own(before, number)
        edits |= own(edit, number)
        older += own(edit, number) if "older" in case else ()
    assert len(edits) == len(TOGETHER) > 12
    check(tmp_path, "", files, edits, older)


def check(tmp_path: Path, conf: str, files: Files, edit: Files, older: Iterable[str]) -> None:
    """Build, edit, build; some of the edited files get a time that is older than before."""
    source = tmp_path / "source"
    start = {
        "conf.py": CONF + conf,
        "index.md": "# P\n",
        "expts/0001_first/index.md": "# First\n",
    }
    write(source, {**start, **files})
    build(source, tmp_path / "out")
    write(source, edit)
    for name in older:
        os.utime(source / name, (OLD, OLD))
    found, expected = contents(build(source, tmp_path / "out")), contents(build(source, tmp_path / "clean"))
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    written = times(tmp_path / "out")
    assert times(build(source, tmp_path / "out")) == written

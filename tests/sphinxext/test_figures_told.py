"""What pages tell of figures that are stale, could not be drawn, or were drawn from what is nobody else's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from exptdir.figures.run.runner import LocalExecutor
from tests.sphinxext.building import Built, Files, Link, the, titled, words
from tests.sphinxext.conftest import Build
from tests.sphinxext.test_figures import BROKEN, DIRECTORY, FILES, PAGE, SCRIPT

Record = Callable[..., Built]
INDEX: Files = {**FILES, "index.rst": titled("Home", ".. expt-figures::\n")}
#: Fails in a module of its own, called over several lines, in a file of an installed package.
DEEP: Files = {
    **FILES,
    f"{DIRECTORY}/plot_growth.py": (
        "import part\n\n\ndef draw():\n    part.read(\n        'nothing.json',\n    )\n\n\ndraw()\n"
    ),
    f"{DIRECTORY}/part.py": "import json\n\n\ndef read(name):\n    json.loads(name)\n",
}


@pytest.fixture
def record(build: Build, without_matplotlib: None) -> Record:
    def begin(files: Files, **overrides: object) -> Built:
        executor = {"exptdir_figure_executor": partial(LocalExecutor, 1, warm=False)}
        return build(files, "html", confoverrides={**executor, **overrides})

    return begin


def items(built: Built) -> list[list[str]]:
    """Return the paragraphs of the items of the index that hold text."""
    found = the(built.body("index"), ".exptdir-figure-index").select("li")
    return [[text for part in item.select("p") if (text := words(part))] for item in found]


def test_the_index_marks_what_is_stale(record: Record) -> None:
    built = record(INDEX)
    assert items(built) == [["#1: It grows."]]
    built = built.rebuild({f"{DIRECTORY}/plot_growth.py": BROKEN})
    (shown,) = items(built)
    assert shown[0] == "#1: It grows."
    assert shown[1].startswith("This figure is out of date:") and "no <data> today" in shown[1]
    assert items(built.rebuild({f"{DIRECTORY}/plot_growth.py": SCRIPT})) == [["#1: It grows."]]


def test_the_index_lists_what_could_not_be_drawn(record: Record) -> None:
    built = record({**INDEX, f"{DIRECTORY}/plot_growth.py": BROKEN})
    (shown,) = items(built)
    assert shown[0] == "#1: It grows."
    assert shown[1].startswith("This figure could not be drawn:")
    item = the(the(built.body("index"), ".exptdir-figure-index"), "li")
    assert not item.select("img")
    assert str(the(item, "a")["href"]).startswith(f"{PAGE}.html")


@pytest.mark.parametrize(("said", "end"), [("Row 1.", "Row 1."), ("Which?", "Which?"), ("Row 1", "Row 1.")])
def test_what_went_wrong_ends_as_a_sentence(record: Record, said: str, end: str) -> None:
    built = record({**FILES, f"{DIRECTORY}/plot_growth.py": f"raise ValueError({said!r})\n"})
    assert words(the(built.body(PAGE), ".exptdir-figure-mark")).endswith(f"failed: ValueError: {end}")


@pytest.mark.parametrize("earlier", [True, False])
def test_a_traceback_begins_at_the_authors_line_and_keeps_its_indentation(record: Record, earlier: bool) -> None:
    built = record(FILES if earlier else DEEP)
    if earlier:
        built = built.rebuild(DEEP)
    text = the(built.body(PAGE), "pre" if not earlier else "details.exptdir-figure-fault pre").get_text()
    first, second, *rest = text.splitlines()
    assert first == "Traceback (most recent call last):"
    assert second == f'  File "{DIRECTORY}/plot_growth.py", line 10, in <module>'
    assert rest[0] == "    draw()"
    assert f'  File "{DIRECTORY}/part.py", line 5, in read' in rest
    assert '  File "json/__init__.py", line ' in text
    assert str(built.site.source) not in text and os.sep + "lib" not in text


def test_data_that_were_only_counted_and_are_a_link_that_leads_nowhere_are_named(record: Record) -> None:
    script = SCRIPT.replace('Path("width.txt").read_text().strip()', 'len(list(Path("data").glob("*.txt")))')
    built = record({**FILES, f"{DIRECTORY}/plot_growth.py": script, f"{DIRECTORY}/data/1.txt": "1"})
    shutil.rmtree(built.site.source / DIRECTORY / "data")
    built = built.rebuild({f"{DIRECTORY}/data": Link("nowhere")})
    mark = words(the(built.body(PAGE), ".exptdir-figure-mark"))
    assert mark == "Whether this figure is up to date cannot be told: data leads nowhere."


def put_rscript(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have scripts in R be run as those of the shell are."""
    program = directory / "Rscript"
    program.write_text('#!/bin/sh\nexec sh "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("name", "script", "last"),
    [
        ("plot_growth.py", "from pathlib import Path\n\nopen(Path.home() / 'such.csv')\n", "'~/such.csv'"),
        ("plot_growth.py", "import sys\n\nraise OSError(sys.executable)\n", "OSError: python"),
        ("plot_growth.py", "print('usage: plot_growth.py FILE')\nraise SystemExit(2)\n", "usage: plot_growth.py FILE"),
        ("plot_growth.py", "import os\n\nos.abort()\n", "line 3 in <module>"),
        ("plot_growth.R", "echo Error: no such $PWD/data.csv >&2\nexit 1\n", f"Error: no such {DIRECTORY}/data.csv"),
    ],
)
def test_what_went_wrong_is_shown_once_and_tells_nothing_of_the_machine(
    record: Record, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, script: str, last: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    put_rscript(tmp_path, monkeypatch)
    built = record({f"{DIRECTORY}/notes.rst": FILES[f"{DIRECTORY}/notes.rst"], f"{DIRECTORY}/{name}": script})
    fault = the(built.body(PAGE), "pre").get_text().rstrip()
    assert last in fault.splitlines()[-1]
    assert fault.count(last) == 1
    assert str(tmp_path) not in fault


def test_a_script_that_prints_one_letter_leaves_the_sentence_whole(
    record: Record, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put_rscript(tmp_path, monkeypatch)
    notes = f"{DIRECTORY}/notes.rst"
    built = record({notes: FILES[notes], f"{DIRECTORY}/plot_growth.R": "echo s\nexit 1\n"})
    lines = the(built.body(PAGE), "pre").get_text().split("\n")
    assert [line for line in lines if line] == ["The script ended itself with exit status 1.", "s"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_git_does_not_keep_is_named_and_not_copied(record: Record, build: Build) -> None:
    reads = "Path('token.txt').read_text()\nPath('link.txt').read_text()"
    script = SCRIPT.replace(".strip()", f".strip()\n{reads}")
    # A link is kept, and what it leads to is not.
    files = {f"{DIRECTORY}/token.txt": "secret-42", f"{DIRECTORY}/link.txt": Link("token.txt")}
    built = record({**FILES, f"{DIRECTORY}/plot_growth.py": script, **files})
    source = built.site.source
    (source / ".gitignore").write_text("token.txt\n")
    for command in ("init -q", "add -A", "-c user.name=a -c user.email=a@b commit -qm one"):
        subprocess.run(["git", "-C", str(source), *command.split()], check=True)
    built = built.site.build("html", out="again")
    origin = the(built.body(PAGE), "details.exptdir-figure-origin")
    assert {"width.txt", "token.txt"} <= {words(code) for code in origin.select("li code")}
    assert "width.txt" in {words(link) for link in origin.select("li a")}
    assert not {"token.txt", "link.txt"} & {words(link) for link in origin.select("li a")}
    assert not [path for path in built.out.rglob("*") if path.is_file() and b"secret-42" in path.read_bytes()]


def test_a_record_that_cannot_be_written_says_so_once_and_without_a_warning(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = record(FILES)
    original = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **rest: mode != os.W_OK and original(path, mode, **rest))
    built = built.rebuild({f"{DIRECTORY}/width.txt": "77\n"})
    assert built.warnings == ""
    said = [line for line in built.status.splitlines() if "cannot be written" in line]
    assert said == [f"figures: {DIRECTORY} cannot be written, so figures are shown as they are and none is drawn"]
    assert words(the(built.body(PAGE), ".exptdir-figure-mark")) == "This figure is out of date: width.txt has changed."


def test_a_script_that_merely_imports_what_draws_a_figure_is_not_said_to_have_drawn_it(record: Record) -> None:
    files = {f"{DIRECTORY}/plot_all.py": "import drawing\n\ndrawing.draw()\n", f"{DIRECTORY}/drawing.py": SCRIPT}
    old = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    built = record({f"{DIRECTORY}/notes.rst": FILES[f"{DIRECTORY}/notes.rst"], f"{DIRECTORY}/growth.svg": old, **files})
    assert "rawn by" not in words(built.body(PAGE))

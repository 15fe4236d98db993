"""``init``, ``build`` and ``import``: a record from nothing, or from another tool's."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from exptdir.record.home import read_conf
from tests.cli.conftest import Run, contents, write

HOWTO = Path(__file__).resolve().parents[2] / "docs/howto"


@pytest.mark.parametrize("form", ["--md", "--rst"])
def test_a_new_record_builds_at_once_without_a_warning(run: Run, tmp_path: Path, form):
    done = run("init", "My notebook", form, "--author", 'A. "Person" \\', at="..")
    assert done.code == 0
    base = tmp_path / "My notebook"
    run("new", "Second", "--tag", "x", at="../My notebook")
    assert run("check", at="../My notebook").err == "Nothing is wrong.\n"
    built = run("build", "--strict", at="../My notebook")
    assert (built.code, built.err) == (0, "")
    assert built.out == (base / "_build/html/index.html").resolve().as_uri() + "\n"
    page = (base / "_build/html/index.html").read_text("utf-8")
    assert "My notebook" in page and "#1: First experiment" in page and "#2: Second" in page


def test_init_keeps_what_is_there(run: Run, tmp_path: Path):
    base = tmp_path.resolve() / "used"
    write(base, {"index.rst": "Mine\n", ".gitignore": "x\n", "README.md": "# Code\n", "src/x.py": "1\n"})
    before = contents(base)
    done = run("init", at="../used")
    assert {path: contents(base)[path] for path in before} == before
    assert "keep   index.rst" in done.out and "create conf.py" in done.out
    assert "add the line /_build/ to .gitignore" in done.err
    assert 'include_patterns = ["index.rst", "expts/**"]' in (base / "conf.py").read_text()
    after = contents(base)
    assert run("init", at="../used").code == 0
    assert contents(base) == after


def test_init_finds_experiments_that_are_there_already(run: Run, tmp_path: Path):
    logs = ("trial_a/notes.md", "trial_b/notes.md", "trial_b/again/notes.md")
    write(tmp_path / "used", {f"work/{log}": "# Trial\n" for log in logs})
    said = run("init", at="../used").err
    assert 'exptdir_roots = ["work"] and include_patterns = ["index.*", "work/**"] in conf.py, to take work/*/' in said
    assert 'exptdir_roots = ["other"] and include' in run("init", "--root", "other", at="../used").err
    assert "exptdir_roots" not in run("init", "other", at="..").err
    assert "exptdir_roots" not in run("init", "another", "--root", "notes", at="..").err


def test_the_first_experiment_is_the_persons_or_an_example_that_says_how_to_delete_it(run: Run, tmp_path: Path):
    assert "an example" not in run("init", "mine", "--first", "Period & length", at="..").out
    assert (tmp_path / "mine/expts/0001_period_length/index.md").read_text("utf-8").startswith("# Period & length\n")
    said = run("init", "other", "--rst", at="..").out
    folder = "expts/0001_first_experiment"
    assert f"delete other/{folder} when you begin your own" in said
    assert f"delete the folder ``{folder}``" in (tmp_path / f"other/{folder}/index.rst").read_text("utf-8")
    assert run("new", "Second", at="../other").out == "expts/0002_second/index.rst\n"


DATED = {f"2023-0{month}-02_gel/README.md": "# Gel\n" for month in range(1, 4)}
MESSY = {**DATED, "photos/1.jpg": b"x", "README.md": "# Mine\n", "src/run.py": "1\n"}


def test_folders_that_are_there_are_offered_as_experiments(run: Run, tmp_path: Path, monkeypatch):
    asked = []
    monkeypatch.setattr("exptdir.cli.init.can_ask", lambda: True)
    monkeypatch.setattr("click.confirm", lambda text, **options: asked.append(text) or True)
    write(tmp_path / "lab", MESSY)
    said = run("init", at="../lab")
    assert asked == ["3 of the folders here hold a log. Take them as experiments?", "Write these files?"]
    assert 'exptdir_roots = ["."]' in (tmp_path / "lab/conf.py").read_text()
    assert "No log, so no experiment: photos, src. Call a log index.md, or notes, log, README." in said.err
    for command in ("list", "check"):
        assert "No log, so no experiment: photos, src." in run(command, at="../lab").err
    assert run("build", "--strict", at="../lab").code == 0
    home = (tmp_path / "lab/_build/html/index.html").read_text("utf-8")
    assert all(f"{name.partition('/')[0]}" in home for name in DATED)


def test_nothing_is_written_that_was_not_named_before(run: Run, tmp_path: Path, monkeypatch):
    write(tmp_path / "lab", MESSY)
    before = contents(tmp_path / "lab")
    said = run("init", "--dry-run", at="../lab")
    assert "3 folders here hold a log. To take them as experiments: exptdir init --root ." in said.err
    assert contents(tmp_path / "lab") == before
    named = {line.removeprefix("create ").partition(",")[0] for line in said.out.splitlines()}

    def refuse(text, **options):
        raise click.Abort

    monkeypatch.setattr("exptdir.cli.init.can_ask", lambda: True)
    monkeypatch.setattr("click.confirm", refuse)
    assert run("init", at="../lab").code == 130
    assert contents(tmp_path / "lab") == before
    assert run("init", "--yes", at="../lab").code == 0
    assert set(contents(tmp_path / "lab")) - set(before) == named


def test_init_keeps_away_from_another_sphinx_project(run: Run, tmp_path: Path):
    base = tmp_path.resolve() / "docs"
    write(base, {"conf.py": "project = 'X'\n"})
    done = run("init", at="../docs")
    assert done.code == 1 and "another Sphinx project" in done.err
    assert "add “exptdir” to its extensions" in done.err
    assert list(contents(base)) == ["conf.py"]
    # Also where the experiments that are there are that project's.
    write(
        tmp_path / "lab",
        {"notebook/conf.py": "import exmemo.sphinx\n", **{f"notebook/{k}": v for k, v in DATED.items()}},
    )
    done = run("init", at="../lab")
    assert done.code == 1 and done.err.endswith("to take it over: exptdir import notebook\n")
    assert run("init", "--root", "notebook", at="../lab").code == 0


def test_init_is_refused_within_an_experiment(run: Run, record: Path):
    before = contents(record)
    done = run("init", at="expts/0063_train_cnn")
    assert done.code == 1 and done.err.endswith("is in the experiment #63 of a record already\n")
    assert contents(record) == before


def test_init_says_that_pages_of_quarto_are_not_read(run: Run, tmp_path: Path):
    write(tmp_path / "blog", {"index.qmd": "---\ntitle: Blog\n---\n", "posts/a/index.qmd": "x\n"})
    assert "save pages that end in .qmd as .md" in run("init", at="../blog").err


def test_what_is_to_be_typed_next_can_be_typed(run: Run, tmp_path: Path):
    done = run("init", "a lab's", at="..")
    assert done.code == 0
    line = done.err.rpartition("Next: ")[2].partition(";")[0]
    subprocess.run(line, shell=True, cwd=tmp_path, check=True)


def test_recipes_lie_where_the_forge_looks(run: Run, tmp_path: Path):
    top = tmp_path.resolve() / "code"
    write(top, {".git/HEAD": "ref: refs/heads/main\n"})
    run("init", "lab/notes", "--ci", "github", at="../code")
    recipe = (top / ".github/workflows/site.yml").read_text()
    assert "python -m sphinx -W lab/notes _build/html" in recipe
    assert "pip install -r lab/notes/requirements.txt" in recipe
    assert not (top / ".gitlab-ci.yml").exists()
    run("init", "other", "--ci", "none", at="../code")
    assert not (top / "other/.github").exists()


def test_recipes_are_those_of_the_manual(run: Run, tmp_path: Path):
    run("init", "new", "--ci", "both", at="..")
    text = (HOWTO / "publish.md").read_text("utf-8")
    recipes = dict(re.findall(r"^:name: publish-(\w+)\n\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert (tmp_path / "new/.github/workflows/site.yml").read_text() == recipes["github"]
    assert (tmp_path / "new/.gitlab-ci.yml").read_text() == recipes["gitlab"]
    assert yaml.safe_load(recipes["github"])


def test_a_strict_build_fails_on_a_warning(run: Run, record: Path):
    write(record, {"expts/0070_x/index.md": "# X\n\n{expt}`62`\n"})
    done = run("build", "dummy", "--strict", "--", "-D", "exptdir_figures=never")
    assert done.code == 1


def test_build_says_nothing_of_a_builder_that_is_none(run: Run):
    done = run("build", "nonsense")
    assert done.code == 1 and "nonsense" in done.err


# --- import ----------------------------------------------------------------------------------------------------


def old_conf() -> str:
    text = (HOWTO / "migrate.md").read_text("utf-8")
    found = re.search(r"^:name: migrate-old-conf\n\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    base = tmp_path.resolve() / "enzymes"
    files = {
        "notebook/conf.py": old_conf() + "language = None\n",
        "notebook/index.rst": "Enzymes\n=======\n\n.. toctree::\n\n   {notebook_entries}\n",
        "notebook/train/.expt/id": "63\n",
        "notebook/train/notes.rst": (
            "Train\n=====\n\n:pdb:`5HXY`, :datadir:`x`, :pubmed:`1`; |br|\n\n.. od::\n\n   a: 0.1\n"
        ),
    }
    write(base, files)
    return base


def test_import_writes_a_conf_beside_the_old_one_and_changes_nothing_else(run: Run, project: Path):
    before = contents(project)
    done = run("import", "enzymes", at="..")
    assert (done.code, done.out) == (0, "create enzymes/notebook/conf.new.py\n")
    after = contents(project)
    assert set(after) - set(before) == {"notebook/conf.new.py"}
    assert {path: after[path] for path in before} == before
    assert "language = None (not needed)" in done.err
    assert "line 17: from sphinx_rtd_theme" in done.err and "1 × pubmed: nothing stands for it" in done.err
    assert run("import", "enzymes", at="..").code == 1


def test_the_imported_conf_builds(run: Run, project: Path):
    run("import", "enzymes", at="..")
    new = project / "notebook/conf.new.py"
    assert read_conf(new).values["ref_format"] == "#{id}: {title}"
    text = new.read_text("utf-8")
    assert "programoutput" not in text and "mathjax" not in text and "sphinx.ext.todo" in text
    new.replace(project / "notebook/conf.py")
    notes = project / "notebook/train/notes.rst"
    notes.write_text(notes.read_text().replace(":pubmed:`1`", ""))
    (project / "notebook/.static").mkdir()
    assert run("build", "--strict", at="../enzymes/notebook").code == 0
    page = (project / "notebook/_build/html/train/notes.html").read_text("utf-8")
    assert 'href="https://www.rcsb.org/structure/5HXY"' in page and "#63: Train" in page
    assert 'href="train/notes.html">#63: Train</a>' in (project / "notebook/_build/html/index.html").read_text("utf-8")


def test_the_classes_are_those_of_the_manual(run: Run, project: Path):
    manual = (HOWTO / "migrate.md").read_text("utf-8")
    text = run("import", "enzymes", "--dry-run", at="..").out
    for name in ("PdbRole", "DatadirRole", "OdDirective"):
        found = re.search(rf"^class {name}.*?(?=^class |^def |^# )", text, re.MULTILINE | re.DOTALL)
        assert found is not None and found[0].strip() in manual


def test_import_refuses_what_is_no_project(run: Run, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert run("import", "empty", at="..").code == 1
    assert "record of exptdir already" in run("import", "record", at="..").err
    write(tmp_path / "broken", {"conf.py": "import exmemo\nif\n"})
    done = run("import", "broken", at="..")
    assert done.code == 1 and "is not Python" in done.err


ORIGINS = [
    ({}, "exptdir==0.1.0"),
    ({"url": "https://example.org/x/exptdir.git", "vcs_info": {"vcs": "git", "commit_id": "ab12"}}, "@ab12"),
    ({"url": "https://me:secret@example.org/x.zip", "archive_info": {}}, "exptdir @ https://example.org/x.zip"),
    ({"url": "file:///nowhere/exptdir", "dir_info": {}}, "# Where exptdir is installed from"),
]


@pytest.mark.parametrize(("origin", "line"), ORIGINS)
def test_requirements_name_where_exptdir_came_from(run: Run, record: Path, monkeypatch, origin, line):
    from importlib.metadata import Distribution

    class Installed:
        version = "0.1.0"

        def read_text(self, name):
            return json.dumps(origin) if origin else None

    monkeypatch.setattr(Distribution, "from_name", lambda name: Installed())
    assert run("init", "notes", "--ci", "none").code == 0
    written = (record / "notes/requirements.txt").read_text()
    assert line in written and written != "exptdir\n" and "secret" not in written

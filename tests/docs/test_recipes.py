"""The manual's recipes for those who publish, each run as far as one machine can."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from exptdir.cli import main
from tests.docs.conftest import DOCS, ROOT

PUBLISH = (DOCS / "howto/publish.md").read_text("utf-8")
#: As if exptdir were installed in the environment of the tests, whose programs come first.
ENVIRONMENT = {
    **os.environ,
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    "PYTHONPATH": str(ROOT / "src"),
}


def recipe(name: str) -> dict:
    found = re.search(rf"^:name: publish-{name}\n\n(.*?)^```$", PUBLISH, re.MULTILINE | re.DOTALL)
    assert found is not None
    return yaml.safe_load(found[1])


def run(command: str, directory: Path, **variables: str) -> str:
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=directory,
        env={**ENVIRONMENT, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def record(tmp_path: Path) -> Path:
    assert main(["-C", str(tmp_path), "init", "notes", "--first", "First try"]) == 0
    return tmp_path / "notes"


def test_a_project_of_sphinx_quickstart_becomes_a_record_by_one_line(tmp_path):
    commands = re.search(r"^```sh\n(sphinx-quickstart.*?)^```$", PUBLISH, re.MULTILINE | re.DOTALL)
    assert commands is not None
    run(commands[1], tmp_path)
    assert "#1: First try" in (tmp_path / "_build/html/index.html").read_text("utf-8")
    assert main(["-C", str(tmp_path), "list"]) == 0


def test_a_folder_of_markdown_files_becomes_a_record(tmp_path):
    commands = re.search(r"^```sh\n(for file .*?)^```$", (DOCS / "first_hour.md").read_text("utf-8"), re.M | re.DOTALL)
    assert commands is not None
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/learning rates.md").write_text(
        "---\ntitle: Rates\ncategories: [lr]\n---\n\n## Setup\n\nThree.\n"
    )
    (tmp_path / "notes/dropout.md").write_text("# Dropout\n\nNo days.\n")
    shown = run(commands[1], tmp_path)
    assert re.findall(r"^  ([\w ]+): (\w+)", shown, re.M) == [("dropout", "Dropout"), ("learning rates", "Rates")]
    assert "create expts" not in shown


def test_the_commands_of_the_forges_build_a_new_record(record):
    steps = [step.get("run", "") for step in recipe("github")["jobs"]["build"]["steps"]]
    lines = [*steps, *recipe("gitlab")["pages"]["script"]]
    builds = [line for line in lines if "sphinx" in line]
    assert len(builds) == 2 and any("pip install -r requirements.txt" in line for line in steps)
    for line in builds:
        run(line, record)
        where = record / line.split()[-1]
        assert "#1: First try" in (where / "index.html").read_text("utf-8")
        assert (record / "requirements.txt").is_file()


def test_read_the_docs_builds_a_new_record(record, tmp_path):
    wanted = recipe("readthedocs")
    assert wanted["version"] == 2 and set(wanted["build"]) == {"os", "tools", "jobs"}
    for command in wanted["build"]["jobs"]["post_checkout"]:
        run(command, record)
    assert (record / wanted["sphinx"]["configuration"]).is_file()
    assert all((record / step["requirements"]).is_file() for step in wanted["python"]["install"])
    # What it runs: https://docs.readthedocs.com/platform/stable/builds.html
    command = "python -m sphinx -T -b html -d _build/doctrees -D language=en . $READTHEDOCS_OUTPUT/html"
    run(command, record, READTHEDOCS="True", READTHEDOCS_OUTPUT=str(tmp_path / "out"))
    assert "#1: First try" in (tmp_path / "out/html/index.html").read_text("utf-8")

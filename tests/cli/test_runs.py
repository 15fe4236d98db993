"""``exptdir list --runs``, ``show`` of a run, and what commands say of logs in other forms."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run, write

LIST = """\
**[`b/13`](13.yaml) wider**

loss: 2.5

**[`b/14`](14.yaml)**

- `b/14-0`: batch=32, valid=45.7
- As `b/13`.
"""


@pytest.fixture
def notebook(record: Path) -> Path:
    shutil.rmtree(record / "expts")
    files = {
        "expts/1_sweep/README.md": LIST,
        "expts/1_sweep/expt.toml": '[log]\nformat = "runs"\n',
        "expts/2_days/notes.txt": "2024/5/6 {\n    warm\n}\n5/17 {\n    cold\n}\n",
        "expts/3_table/log.csv": "run,log,result\n1,warm,good\n2,cold, but not too much,bad\n",
        "expts/4_page/notes.md": "# Page\n\n```{expt:run} 13-3\n```\n\n```{expt-log} versions.txt\n```\n",
        "expts/4_page/versions.txt": "v0\n--\nsmall\n\nv1\n--\nwide\n",
    }
    write(record, files)
    return record


def test_runs_are_listed_where_logs_tell_of_them(run: Run, notebook: Path) -> None:
    lines = [" ".join(line.split()) for line in run("list", "--runs").out.splitlines()]
    assert lines == [
        "#1 b/13 wider expts/1_sweep/README.md:1",
        "#1 b/14 expts/1_sweep/README.md:5",
        "#1 b/14-0 expts/1_sweep/README.md:7",
        "#3 1 expts/3_table/log.csv:2",
        "#3 2 expts/3_table/log.csv:3",
        "#4 13-3 expts/4_page/notes.md:3",
        "#4 v0 expts/4_page/versions.txt:1",
        "#4 v1 expts/4_page/versions.txt:5",
    ]
    found = json.loads(run("list", "--runs", "--json").out)
    assert found[1] == {"experiment": "1", "run": "b/14", "title": "", "path": "expts/1_sweep/README.md", "line": 5}


@pytest.mark.parametrize("typed", ["b/14-0", "1/b/14-0"])
def test_a_run_is_shown_with_what_is_said_of_it(run: Run, notebook: Path, typed: str) -> None:
    lines = [" ".join(line.split()) for line in run("show", typed).out.splitlines()]
    assert lines == [
        "b/14-0",
        "part of #1 sweep",
        "log expts/1_sweep/README.md:7",
        "sweep of b/14",
        "given batch 32",
        "result valid 45.7",
    ]
    found = json.loads(run("show", "b/13", "--json").out)
    assert found["mentions"] == [{"line": 8, "text": "As `b/13`."}]


def test_a_log_alone_is_listed_found_and_shown(run: Run, notebook: Path) -> None:
    lines = [" ".join(line.split()) for line in run("list").out.splitlines()]
    assert lines[1] == "#2 days 2024-05-06 … 2024-05-17"
    assert "expts/2_days/notes.txt" in run("find", "cold").out
    shown = run("show", "2").out
    assert "2024-05-17" in shown and "notes.txt" in shown


def test_what_is_wrong_with_a_log_is_told_with_its_line(run: Run, notebook: Path) -> None:
    (notebook / "expts/2_days/notes.txt").write_text("3/4 {\n  a\n}\n3/15 {\n  b\n}\n", "utf-8")
    (notebook / "expts/2_days/expt.toml").write_text('[log]\nformats = "runs"\n', "utf-8")
    (notebook / "expts/1_sweep/expt.toml").write_text('[log]\nformat = "rums"\n', "utf-8")
    told = run("check").out
    assert "expts/2_days/notes.txt:4: warning: the year of “3/15” cannot be told" in told
    assert "expts/3_table/log.csv:3: error: ',' stands in prose or brackets" in told
    assert "expts/2_days/expt.toml:1: error: [log] has no “formats”" in told
    assert "expts/1_sweep/README.md: error: no reader of logs is called 'rums'; did you mean runs?" in told


def test_facts_go_beside_a_log_and_entries_are_its_authors(run: Run, notebook: Path) -> None:
    before = (notebook / "expts/2_days/notes.txt").read_text("utf-8")
    run("status", "2", "complete")
    assert (notebook / "expts/2_days/expt.toml").read_text("utf-8") == 'status = "complete"\n'
    assert "write the entry there" in run("entry", "2", "more").err
    assert (notebook / "expts/2_days/notes.txt").read_text("utf-8") == before


def test_runs_with_files_are_listed_shown_and_checked(run: Run, notebook: Path) -> None:
    files = {
        "expts/5_fit/notes.md": "# Fit\n\n```{expt-runs}\n```\n\n```{expt-log} runs.txt\n```\n",
        "expts/5_fit/runs.txt": "**[`b/7`](7.yaml)**\n\nGood.\n\n**`b/8`**\n\nLost.\n",
        "expts/5_fit/7.yaml": "lr: 0.1\nckpt: ckpt/9/last.pt\n",
        "expts/5_fit/runs/9/metrics.json": '{"loss": 2}',
        "expts/5_fit/runs/9/config.yaml": "a: [\n",
    }
    write(notebook, files)
    lines = [" ".join(line.split()) for line in run("list", "--runs").out.splitlines()]
    assert lines[-3:] == [
        "#5 b/7 expts/5_fit/runs.txt:1",
        "#5 b/8 expts/5_fit/runs.txt:5",
        "#5 9 expts/5_fit/runs/9/config.yaml:1",
    ]
    lines = [" ".join(line.split()) for line in run("show", "5/b/7").out.splitlines()]
    assert lines[3:] == ["file 7.yaml", "checkpoint 9", "setting lr 0.1", "ckpt ckpt/9/last.pt"]
    assert "loss 2" in run("show", "5/9").out
    found = json.loads(run("show", "b/7", "--json").out)
    assert (found["settings"]["lr"], found["goes_back_to"]) == (0.1, ["9"])
    told = run("check").out
    assert "expts/5_fit/runs/9: warning: the log does not mention the run 9 [run]" in told
    assert "expts/5_fit/notes.md: warning: the run b/8, which is mentioned, has no files [run]" in told
    assert "expts/5_fit/runs/9/config.yaml:2: warning: config.yaml cannot be read: it is not YAML" in told

"""``journal``, ``tasks`` and ``list --board``: what a person sees in the terminal of what logs say."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.cli.conftest import Run, write

LOGS = {
    "expts/0063_train_cnn/index.md": (
        "---\nstatus: in progress\ntags: [cnn]\n---\n\n# Train a network\n\n## 2024-05-20: Begun\n\n"
        ":tags: wet\n\nFirst.\n\n"
        "- [ ] label `it`\n- [x] sleep\n\n```\nTODO: code\n```\n\n## 2024-02-29\n\nLeap.\n\n"
        "Todo: more\nTODOs are none\n"
    ),
    "expts/0064_data/notes.rst": (
        "Gather data\n===========\n\n2024-05-21\n----------\n\nText.\n\nnext exp: again\n\n.. todo::\n\n"
        "   Write up,\n   soon.\n"
    ),
    "expts/0064_data/0065_more/index.md": "---\nprerequisites: [63]\nstatus: draft\n---\n# More\n\n"
    "## 2024-05-19: Nested\n\nx\n",
}


@pytest.fixture(autouse=True)
def logs(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1716422400")  # 2024-05-23
    write(record, LOGS)


def test_the_journal_is_newest_first_and_shows_the_text_of_what_has_no_title(run: Run):
    assert run("journal").out.splitlines() == [
        "2024-05-21  #64  Text.",
        "2024-05-20  #63  Begun",
        "2024-05-19  #65  Nested",
        "2024-02-29  #63  Leap.",
    ]


def test_the_journal_can_be_narrowed(run: Run):
    assert [row["reference"] for row in run("journal", "--json", "--since", "3d").json] == [
        "64@2024-05-21",
        "63@2024-05-20",
    ]
    assert [row["line"] for row in run("journal", "--json", "--tag", "cnn", "--tag", "wet").json] == [8]
    assert [row["day"] for row in run("journal", "--json", "--expt", "64", "--until", "2024-05-20").json] == [
        "2024-05-19"
    ]
    assert len(run("journal", "--json", "--last", "1").json) == 1
    nothing = run("journal", "--since", "2025-01-01")
    assert (nothing.code, nothing.out) == (1, "") and "no entry fits" in nothing.err
    assert "neither a date such as 2024-05-21 nor a time such as 30d" in run("journal", "--since", "soon").err


def test_tasks_are_those_that_are_open(run: Run):
    assert run("tasks").out.splitlines() == [
        "#63: Train a network  expts/0063_train_cnn/index.md",
        "    14  label `it`",
        "    25  more",
        "#64: Gather data  expts/0064_data/notes.rst",
        "     9  again",
        "    11  Write up, soon.",
    ]
    assert [task["line"] for task in run("tasks", "--json", "--expt", "63").json] == [14, 25]


ODD_DAYS = "# X\n\n## 2024-02-29: b\n\n## 2042-02-28: far\n\n## 2024-03-01: d\n\n## 2024-02-28: a\n\n## 2024-02-29: c\n"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_days_are_as_typed_in_every_zone_and_counted_from_the_day_in_utc(
    run: Run, record: Path, monkeypatch: pytest.MonkeyPatch, zone: str
):
    # A second before March 2024.
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1709251199")
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    write(record, {"expts/0070_x/index.md": ODD_DAYS})

    def titles(*arguments: str) -> str:
        return "".join(entry["title"] for entry in run("journal", "--expt", "70", "--json", *arguments).json)

    assert titles() == "fardcba"
    assert titles("--since", "1d", "--until", "0d") == "cba"
    assert titles("--since", "0d", "--until", "2024-02-29") == "cb"
    references = [entry["reference"] for entry in run("journal", "--expt", "70", "--json").json]
    assert references[2:4] == ["70@2024-02-29.2", "70@2024-02-29"]
    told = [(one["line"], one["message"]) for one in run("check", "--json").json if one["kind"] == "future"]
    assert told == [(5, "“2042-02-28” is more than a year ahead")]
    monkeypatch.undo()
    time.tzset()


def test_tasks_of_logs_in_other_forms_are_listed(run: Run, record: Path):
    write(record, {"expts/0070_x/notes.txt": "2024-08-01\n- [ ] weigh\n- [x] sow\n\nTODO: water\n"})
    found = run("tasks", "--expt", "70", "--json").json
    assert [(one["line"], one["text"]) for one in found] == [(2, "weigh"), (5, "water")]


def test_what_stands_in_a_log_that_a_page_shows_is_located_in_that_file(run: Run, record: Path):
    log = "v0 2024-08-01\n=============\n\nfirst\n\n- [ ] weigh\n\nv1 2042-09-02\n=============\n\nsecond\n"
    write(record, {"expts/0070_x/index.md": "# X\n\n```{expt-log} notes.txt\n```\n", "expts/0070_x/notes.txt": log})
    file = "expts/0070_x/notes.txt"
    found = run("journal", "--expt", "70", "--json").json
    assert [(one["path"], one["line"], one["title"]) for one in found] == [(file, 8, "v1"), (file, 1, "v0")]
    assert [(one["path"], one["line"]) for one in run("tasks", "--expt", "70", "--json").json] == [(file, 6)]
    assert run("show", "70@2024-08-01").out.splitlines()[1:] == [f"{file}:1", "first", "", "- [ ] weigh"]
    told = [one for one in run("check", "--json").json if one["kind"] == "future"]
    assert [(one["path"], one["line"]) for one in told] == [(file, 8)]


def test_a_board_says_who_blocks_whom(run: Run):
    lines = run("list", "--board").out.splitlines()
    assert lines[:4] == ["in progress  1", "  63  Train a network", "blocked  1", "  65  More  waits for 63"]
    board = run("list", "--board", "--json").json
    assert board["blocked"] == [{"experiment": "65", "title": "More", "blocked_by": ["63"]}]

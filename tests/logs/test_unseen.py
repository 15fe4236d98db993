"""Logs as people write them, by hand and for this: what is found in each was written down before a reader saw it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from exptdir.logs import read_log, read_log_text, readers

HERE = Path(__file__).parent
WANTED = json.loads((HERE / "unseen.json").read_text("utf-8"))


@pytest.mark.parametrize("name", WANTED)
def test_format_runs_and_days_are_found(name: str) -> None:
    wanted, found = WANTED[name], read_log(HERE / "unseen" / name)
    days = [entry.day.isoformat() if entry.day else "" for entry in found.entries]
    assert (found.format, len(found.runs), days) == (wanted["format"], wanted["runs"], wanted["days"])


def test_references_lead_where_they_are_meant_to() -> None:
    wanted = Counter(
        (name, line, target)
        for name, log in WANTED.items()
        for line, targets in log["references"].items()
        for target in targets
    )
    got = Counter(
        (name, str(one.line), one.targets[0])
        for name in WANTED
        for one in read_log(HERE / "unseen" / name).references
        if one.state == "resolved"
    )
    assert list((got - wanted).elements()) == []
    # One leads ahead, which may be another series; of a range the ends are links.
    assert sorted((wanted - got).elements()) == [("headings.md", "19", "2"), ("numbered.txt", "18", "6")]


@pytest.mark.parametrize("name", WANTED)
@pytest.mark.parametrize("format", readers())
def test_no_word_is_lost_whatever_the_reader(name: str, format: str) -> None:
    path = HERE / "unseen" / name
    found = read_log(path, format)
    blocks = Counter(
        word for block in found.walk() for text in (block.text, block.label) for word in re.findall(r"\w+", text)
    )
    blocks += Counter(word for block in found.walk() for tag in block.tags for word in re.findall(r"\w+", tag))
    text = re.sub(r"^(\s*[-*+]?\s*)\[[xX]\]", r"\1", path.read_text("utf-8"), flags=re.MULTILINE)
    assert Counter(re.findall(r"\w+", text)) - blocks == Counter()


def test_a_name_that_labels_a_run_is_no_quantity() -> None:
    found = read_log(HERE / "unseen" / "labels.txt")
    assert [metric.name for metric in found.metrics if metric.name.startswith("resnet")] == []


def test_an_experiment_and_its_variant_name_a_row_together() -> None:
    table = "experiment_id,variant,lr,mean\n" + "".join(
        f"exp{at:03},{name},0.1,{at}.5\n" for at in range(3) for name in ("base", "wide", "deep", "both")
    )
    found = read_log_text(table, "log.csv")
    assert [run.id for run in found.runs][:5] == [
        "exp000/base",
        "exp000/wide",
        "exp000/deep",
        "exp000/both",
        "exp001/base",
    ]
    # Where the two do not tell rows apart, their numbers do.
    again = read_log_text(table.replace("wide", "base"), "log.csv")
    assert [run.id for run in again.runs][:2] == ["row-1", "row-2"]


def test_what_the_last_model_was_like_is_no_run() -> None:
    text = "v1\n--\nwet\n\nv2\n--\nsame as last small model\n\nv3\n--\nsame as last but dry\n\nv4\n--\nas before, wet\n"
    found = read_log_text(text, "notes.txt")
    assert [(one.text, one.targets) for one in found.references] == [("last", ("v2",)), ("before", ("v3",))]


def test_boxes_between_titles_of_restructuredtext_are_tasks() -> None:
    found = read_log_text("Notes\n=====\n\n[!] buy seeds\n[x] wet rows\n\n- [ ] dry rows\n", "notes.rst")
    assert [(task.text, task.done, task.line) for task in found.tasks] == [
        ("buy seeds", False, 4),
        ("wet rows", True, 5),
        ("dry rows", False, 7),
    ]


def test_a_directory_beside_the_log_may_be_named_like_a_numbered_run() -> None:
    log = "### Run 3\n\nwet\n\n### Run 4\n\nsee `exp_5`\n\n### Run 6\n\nas in exp 5, dry\n"
    found = read_log_text(log, "notes.md", runs=["exp_5"])
    assert [(one.text, one.state, one.targets) for one in found.references] == [
        ("exp_5", "resolved", ("exp_5",)),
        ("exp 5", "resolved", ("exp_5",)),
    ]

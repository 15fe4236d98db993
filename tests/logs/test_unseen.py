"""Logs as people write them, by hand and for this: what is found in each was written down before a reader saw it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from exptdir.logs import read_log, readers

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

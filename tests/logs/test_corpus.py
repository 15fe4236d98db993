"""Logs of other people: nothing is lost, and references are right; only line numbers and targets are kept here."""

from __future__ import annotations

import json
import os
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from exptdir.logs import LogDocument, LogError, read_log, read_log_text, readers

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
LABELS = json.loads((Path(__file__).parent / "references.json").read_text("utf-8"))
FILES = sorted(path for room in ("seeds", "logs") for path in (CORPUS / room).glob("*"))

pytestmark = pytest.mark.skipif(not FILES, reason="the corpus is not here")


def read(path: Path, format: str = "") -> LogDocument:
    runs = [run.name for run in (CORPUS / "journal_runs").iterdir()] if path.name.startswith("002_") else ()
    return read_log(path, format, runs=runs)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def text_of(found: LogDocument) -> list[str]:
    """Return all words of a document in the order of its blocks."""
    shown: list[str] = []
    for block in found.walk():
        before = block.kind == "section" or block.label[:1].isdigit() or block.kind == "code"
        shown += words(block.label if before else "") + words(block.text) + words("" if before else block.label)
    return shown


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("format", ["", *readers()])
def test_no_word_is_lost_whatever_the_reader(path: Path, format: str) -> None:
    found = read(path, format)
    shown = iter(text_of(found))
    lines = read_text(path).splitlines()
    lost = [(number, word) for number, line in enumerate(lines, 1) for word in line_words(line) if word not in shown]
    assert lost[:5] == []


def read_text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")


def line_words(line: str) -> list[str]:
    """Return the words of a line, but for what only marks it up: a box that is ticked, what begins and ends code."""
    line = re.sub(r"^(\s*[-*+]?\s*)\[[xX]\]", r"\1", line)
    return words(re.sub(r"^\s*(?:#\+(?:begin|end)_\w+)", "", line, flags=re.IGNORECASE))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_damaged_copies_are_read_or_refused(path: Path) -> None:
    chance = random.Random(path.name)
    text = read_text(path)
    for _ in range(2 * int(os.environ.get("EXPTDIR_FUZZ", "1"))):
        cut = sorted(chance.sample(range(len(text)), 2))
        junk = "".join(chance.choice("{}|\"'`*#[]()<>\n\t,;:=~\x00\ufeff0一") for _ in range(40))
        damaged = text[: cut[0]] + junk + text[cut[1] :]
        for format in ("", *readers()):
            try:
                read_log_text(damaged, path.name, format)
            except LogError:
                continue


def test_references_are_right() -> None:
    """At least 95 % of what is resolved is what a person reads there; what a person is unsure of is not resolved."""
    wrong, right, missed = [], 0, 0
    for name, labels in LABELS.items():
        path = next(path for path in FILES if path.name.startswith(name))
        found = read(path)
        wanted = Counter((line, target) for line, targets in labels.items() for target in targets)
        got = Counter((str(one.line), one.targets[0]) for one in found.references if one.state == "resolved")
        wrong += [(name, *one) for one in (got - wanted).elements()]
        right += (got & wanted).total()
        missed += (wanted - got).total()
    assert right / (right + len(wrong)) >= 0.97, wrong
    assert right / (right + missed) >= 0.94

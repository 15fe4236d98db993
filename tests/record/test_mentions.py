"""Unlinked mentions: which words of a text name an experiment or an entry, and which only look as if they did."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from exptdir.record.audit import Audit
from exptdir.record.home import read_conf
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.markup.references import prose
from exptdir.record.mentions import MentionFinder
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.scan import scan
from tests.limits import calls

BASE = Path("/record")
PATHS = [
    "0005_five",
    "0034_train_cnn",
    "0034_train_cnn/0035_on_other_data",
    "20240628_qpcr",
    "pilot",
    "follow-up",
    "a/twice_named",
]
TITLES = {
    "0034_train_cnn": "Does a larger network help?",
    "0034_train_cnn/0035_on_other_data": "The same on other data",
    "pilot": "Second [try]_",
    "follow-up": "用更大的网络再训练",
}


def experiment(path: str) -> Experiment:
    name = path.rpartition("/")[2]
    number = int(name[:4]) if name[:4].isdigit() and name[4:5] == "_" else None
    return Experiment(
        id=number,
        key=f"expts/{path}",
        path=path,
        log=BASE / "expts" / path / "index.md",
        name=name[5:] if number is not None else name,
    )


@pytest.fixture(scope="module")
def finder() -> MentionFinder:
    experiments = [*map(experiment, PATHS), experiment("b/twice_named")]
    record = Record(BASE, {one.key: one for one in experiments})
    entries = {
        "expts/0034_train_cnn": [(date(2024, 6, 28), 1), (date(2023, 6, 28), 1), (date(2024, 3, 4), 1)],
        "expts/pilot": [(date(2024, 6, 28), 1), (date(2024, 5, 1), 1)],
    }
    return MentionFinder(record, {f"expts/{path}": title for path, title in TITLES.items()}, entries)


def found(finder: MentionFinder, text: str, own: str = "", day: date | None = None) -> list[tuple[str, str]]:
    named = finder.find(text, experiment(own) if own else None, day)
    return [(text[one.start : one.end], one.reference) for one in named]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("As in experiment 34, it failed.", [("experiment 34", "34")]),
        ("Expt. #0034 and exp 5.", [("Expt. #0034", "34"), ("exp 5", "5")]),
        ("experiments 5, 34 and 99 agree", [("experiments 5", "5"), ("34", "34")]),
        ("与实验 34 相同", [("实验 34", "34")]),
        ("Does a larger\nnetwork help? It does.", [("Does a larger\nnetwork help", "34")]),
        ("does a larger network help", [("does a larger network help", "34")]),
        ("我们用更大的网络再训练了一次", [("用更大的网络再训练", "follow-up")]),
        ("train_cnn was slow, 20240628_qpcr was not.", [("train_cnn", "34"), ("20240628_qpcr", "20240628_qpcr")]),
        ("See 0034_train_cnn.", [("0034_train_cnn", "34")]),
    ],
)
def test_words_that_name_an_experiment(finder: MentionFinder, text: str, shown: list[tuple[str, str]]):
    assert found(finder, text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "experiment 34.5 and experiment 34% and experiment 34/35",
        "experiment 99",
        "this experiment. 34 plants",
        "a thought experiment 2034",
        "expts/0034_train_cnn/plot.py and train_cnn.py and ../train_cnn and train_cnn-2",
        "Train_CNN",
        "a pilot, a follow-up, a second try",
        "Second try",
        "Second [try]_",
        "twice_named",
        "A larger network does help",
    ],
)
def test_words_that_name_none(finder: MentionFinder, text: str):
    assert found(finder, text) == []


@pytest.mark.parametrize(
    ("text", "own", "day", "shown"),
    [
        # One of the same log rather than another, and of the year before.
        ("the 6/28 experiment", "0034_train_cnn", date(2024, 8, 1), "34@2024-06-28"),
        ("the 6/28 experiment", "0034_train_cnn", date(2024, 1, 1), "34@2023-06-28"),
        ("experiment of 2024-06-28", "pilot", date(2024, 8, 1), "pilot@2024-06-28"),
        ("the 5/1 experiment", "0034_train_cnn", date(2024, 8, 1), "pilot@2024-05-01"),
        ("the 2024/05/01 experiment", "", None, "pilot@2024-05-01"),
        # Two logs have an entry of that day.
        ("the 6/28 experiment", "0005_five", date(2024, 8, 1), None),
        # It is this one, or still to come, or long ago; or no day at all.
        ("the 5/1 experiment", "pilot", date(2024, 5, 1), None),
        ("the 5/1 experiment", "0005_five", date(2024, 4, 1), None),
        ("the 5/1 experiment", "0005_five", date(2025, 6, 1), None),
        ("13/45 experiment and a 1/2 experiment", "0005_five", date(2024, 8, 1), None),
    ],
)
def test_a_day_names_an_entry(finder: MentionFinder, text: str, own: str, day: date | None, shown: str | None):
    assert [reference for _words, reference in found(finder, text, own, day)] == ([shown] if shown else [])


def test_an_experiment_does_not_mention_itself_nor_the_aim_of_what_it_is_part_of(finder: MentionFinder):
    own = "0034_train_cnn/0035_on_other_data"
    assert found(finder, "experiment 35 asks: does a larger network help?", own) == []
    assert found(finder, "experiment 34", own) == [("experiment 34", "34")]


def test_what_is_code_a_link_or_no_prose_is_left_out():
    text = (
        "# Experiment 1\n\n`train_cnn` and `cd train_cnn` and {expt}`experiment 2` and [experiment 3](#3)\n"
        "<https://example.org/experiment> and <https://example.org/experiment/4>\n\n```\nexperiment 5\n```\n"
        "\n:tags: experiment 6\n\nLast.\n"
    )
    blocks = read_blocks(text, markdown=True)
    shown = " ".join(" ".join(part for _start, part in prose(blocks)).split())
    assert shown == "# Experiment 1 train_cnn and and {expt} and and Last."
    assert all(text[start : start + len(part)].count("\n") == part.count("\n") for start, part in prose(blocks))


def test_each_word_is_followed_a_bounded_way_however_many_names_begin_alike(monkeypatch: pytest.MonkeyPatch):
    experiments = [experiment(f"{n:04}_x") for n in range(1, 400)]
    titles = {one.key: "again and " * 15 + f"number {one.id}" for one in experiments}
    finder = MentionFinder(Record(BASE, {one.key: one for one in experiments}), titles, {})
    steps = 0

    class Counted(dict):
        def __contains__(self, word: object) -> bool:
            nonlocal steps
            steps += 1
            return super().__contains__(word)

    def counted(tree: dict) -> Counted:
        return Counted({word: below if word == " " else counted(below) for word, below in tree.items()})

    monkeypatch.setattr(finder, "_tree", counted(finder._tree))
    text = "again and " * 5_000
    assert found(finder, text) == []
    assert steps < 100 * len(text.split())


def test_a_log_of_many_entries_and_references_takes_steps_as_many_as_its_lines(tmp_path: Path):
    conf = tmp_path / "conf.py"
    conf.write_text('extensions = ["exptdir"]\nexptdir_roots = ["expts"]\n')
    for name in ("1_a", "2_b"):
        (tmp_path / "expts" / name).mkdir(parents=True)
        (tmp_path / "expts" / name / "index.md").write_text("# Title\n")

    def steps(entries: int) -> int:
        days = (date(2001, 1, 1) + timedelta(days=number) for number in range(entries))
        text = "".join(f"## {day}\n\nSee {{expt}}`2`.\n\nAs in experiment 2.\n\n" for day in days)
        (tmp_path / "expts/1_a/index.md").write_text(f"# Title\n\n{text}")
        found = read_conf(conf)
        record = scan(tmp_path, found.scan_settings)
        told: list[Problem] = []
        count = calls(lambda: told.extend(Audit(found, record).unlinked_mentions()))
        assert len(told) == entries
        return count

    steps(10)
    assert steps(800) < 5 * steps(200)

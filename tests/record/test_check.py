"""What is wrong with a record as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from exptdir.record.check import check, status
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem

BASE = Path("/record")


def expt(key: str, number: int | None = None, **facts: object) -> Experiment:
    log = BASE / key / "notes.rst"
    origins = {fact: (BASE / key / "expt.toml", at) for at, fact in enumerate(facts, 1)}
    return Experiment(key=key, path=key, log=log, name=key, id=number, origins=origins, **facts)


def record(*experiments: Experiment) -> Record:
    return Record(BASE, {experiment.key: experiment for experiment in experiments})


def only(problems: list[Problem]) -> Problem:
    (problem,) = problems
    return problem


def test_a_sound_record_has_no_problems():
    found = record(
        expt("a", 1, status="complete"),
        expt("b", 2, prerequisites=("1", "#1", "a"), status="in progress"),
        expt("c"),
        expt("d"),
    )
    assert check(found) == []


def test_each_further_experiment_of_one_id_is_named_with_the_first():
    problems = check(record(expt("a", 5), expt("b", 5), expt("c", 5), expt("d", 6)))
    assert [(problem.kind, problem.message) for problem in problems] == [
        ("id", "'b': id 5 is taken by 'a' already"),
        ("id", "'c': id 5 is taken by 'a' already"),
    ]
    assert problems[0].path == BASE / "b/notes.rst"


def test_an_unknown_status_is_named_with_the_known_and_the_nearest():
    problem = only(check(record(expt("a", 1, status="complet"))))
    assert (problem.kind, problem.path, problem.line) == ("status", BASE / "a/expt.toml", 1)
    assert problem.message == (
        "#1: unknown status 'complet' (known: new, ready, in progress, complete, abandoned); did you mean 'complete'?"
    )


def test_a_status_that_is_the_meaning_of_another_is_no_misspelling_of_a_third():
    assert only(check(record(expt("a", 1, status="done")))).message.endswith("did you mean 'complete'?")


def test_statuses_are_the_authors():
    found = record(expt("a", status="running"))
    assert check(found, {"running": "open"}) == []
    assert "known: paused" in only(check(found, {"paused": "open"})).message


def test_a_prerequisite_that_does_not_exist_is_named_with_the_nearest():
    problem = only(check(record(expt("train_cnn", prerequisites=("trian_cnn",)))))
    assert (problem.kind, problem.path, problem.line) == ("prerequisite", BASE / "train_cnn/expt.toml", 1)
    assert problem.message == "train_cnn: no experiment or run 'trian_cnn'; nearest: train_cnn"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1@2024-06-28", "'1@2024-06-28' is a reference to an entry, not to an experiment"),
        ("", "the reference is empty"),
        # Runs are not known here, so nothing can be said of them.
        ("1/v5", "no experiment or run '1/v5'"),
    ],
)
def test_a_prerequisite_must_be_an_experiment(text: str, message: str):
    problem = only(check(record(expt("a", 1), expt("b", 2, prerequisites=(text,)))))
    assert problem.message.startswith(f"#2: {message}")


def test_what_an_experiment_builds_on_must_exist_and_may_build_on_it():
    problem = only(check(record(expt("a", 1, builds_on=("2",)), expt("b", 2, builds_on=("a", "9")))))
    assert (problem.kind, problem.path, problem.line) == ("ref", BASE / "b/expt.toml", 1)
    assert problem.message == "#2: no experiment or run '9'; nearest: 2, 1"


def chain(length: int, *, closed: bool) -> Record:
    return record(
        *(
            expt(f"e{n:05}", n, prerequisites=(str(n + 1 if n < length else 1),) if n < length or closed else ())
            for n in range(1, length + 1)
        )
    )


def test_a_circle_is_shown_once():
    problem = only(check(chain(3, closed=True)))
    assert (problem.kind, problem.message) == ("prerequisite", "#1: waits for itself: #1 → #2 → #3 → #1")


def test_an_experiment_that_waits_for_itself():
    assert only(check(record(expt("a", 1, prerequisites=("1",))))).message == "#1: waits for itself: #1 → #1"


def test_two_circles_and_what_hangs_on_them():
    found = record(
        expt("a", 1, prerequisites=("2", "3")),
        expt("b", 2, prerequisites=("1",)),
        expt("c", 3, prerequisites=("4",)),
        expt("d", 4, prerequisites=("3",)),
        expt("e", 5, prerequisites=("1", "3")),
    )
    assert [problem.message.partition(": ")[2] for problem in check(found)] == [
        "waits for itself: #1 → #2 → #1",
        "waits for itself: #3 → #4 → #3",
    ]


def test_two_ways_to_one_prerequisite_are_no_circle():
    found = record(
        expt("a", 1, prerequisites=("2", "3")),
        expt("b", 2, prerequisites=("4",)),
        expt("c", 3, prerequisites=("4",)),
        expt("d", 4),
    )
    assert check(found) == []


@pytest.mark.parametrize("closed", [False, True])
def test_long_chains(closed: bool):
    problems = check(chain(5000, closed=closed))
    assert len(problems) == closed


@pytest.mark.parametrize(
    ("own", "other", "shown"),
    [
        ("ready", "complete", "ready"),
        ("ready", "in progress", "blocked"),
        ("ready", None, "blocked"),
        ("ready", "abandoned", "blocked"),
        (None, "new", "blocked"),
        (None, "complete", None),
        ("complete", "new", "complete"),
        ("abandoned", "new", "abandoned"),
    ],
)
def test_an_open_experiment_is_blocked_while_a_prerequisite_is_not_done(
    own: str | None, other: str | None, shown: str | None
):
    waiting = expt("a", 1, status=own, prerequisites=("2",))
    assert status(record(waiting, expt("b", 2, status=other)), waiting) == shown


def test_one_of_several_prerequisites_blocks_and_a_missing_one_does_not():
    done, open_ = expt("b", 2, status="complete"), expt("c", 3)
    waiting = expt("a", 1, status="ready", prerequisites=("2", "3"))
    assert status(record(waiting, done, open_), waiting) == "blocked"
    assert status(record(waiting, done), waiting) == "ready"


def test_the_meaning_of_statuses_is_the_authors():
    waiting = expt("a", 1, status="planned", prerequisites=("2",))
    found = record(waiting, expt("b", 2, status="published"))
    assert status(found, waiting, {"planned": "open", "published": "done"}) == "planned"
    assert status(found, waiting, {"planned": "open", "published": "open"}) == "blocked"

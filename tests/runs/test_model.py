"""Which runs are meant, when two values are the same, and settings that nobody can have written."""

from __future__ import annotations

from typing import Any

import pytest

from exptdir.runs.model import Parent, Run, Runs, TooLarge, flatten, identity

SWEEP = [Run(f"13-{n}", (f"b/13-{n}",), parents=[Parent("13", "part of", "13.yaml")]) for n in range(5)]
RUNS = Runs([Run("11", ("b/11",)), Run("12", ("b/12",), tags=("good",)), Run("13", ("b/13",), is_sweep=True), *SWEEP])


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", "11 12 13-0 13-1 13-2 13-3 13-4"),
        ("13-0..13-2, 11", "13-0 13-1 13-2 11"),
        ("b/13-3..b/13-4", "13-3 13-4"),
        ("b/13-3..4,12", "13-3 13-4 12"),
        ("11..13", "11 12 13-0 13-1 13-2 13-3 13-4"),
        ("13", "13-0 13-1 13-2 13-3 13-4"),
        ("B/13-*", "13-0 13-1 13-2 13-3 13-4"),
        ("#Good, 12", "12"),
    ],
)
def test_runs_are_chosen_by_name_range_pattern_sweep_and_tag(text: str, ids: str) -> None:
    found, troubles = RUNS.choose(text)
    assert ([run.id for run in found], troubles) == (ids.split(), [])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("11, 13-9", "there is no run '13-9'; did you mean 13-"),
        ("13-3..13-7", "there is no run 13-7"),
        ("a..b", "'a..b' is no range"),
        ("#bad", "there is no run '#bad'"),
    ],
)
def test_what_names_no_run_is_said(text: str, says: str) -> None:
    _, (trouble,) = RUNS.choose(text)
    assert trouble.startswith(says)


def test_a_name_that_several_have_is_not_guessed() -> None:
    runs = Runs([Run("x/1", ("1",)), Run("y/1", ("1",))])
    assert runs.choose("1")[1] == ["'1' may be any of x/1, y/1"]


@pytest.mark.parametrize(
    ("one", "other", "same"), [(1, 1.0, True), (1, True, False), ("1", 1, False), (float("nan"), float("nan"), True)]
)
def test_values_are_the_same_as_people_see_them(one: Any, other: Any, same: bool) -> None:
    assert (identity(one) == identity(other)) is same


def test_nested_keys_are_joined_and_none_is_lost() -> None:
    tree = {"a": {"b": 1, "c": {}}, "a.b": 2, 3: [1, {"x": None}], "d": None}
    assert flatten(tree) == {"a.b": 1, "a.c": "{}", '"a.b"': 2, "3": '[1, {"x": null}]', "d": None}


def test_settings_without_end_are_refused() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    doubled: Any = "x"
    for _ in range(60):
        doubled = [doubled, doubled]
    for tree in (endless, {"a": doubled}, {str(n): n for n in range(30_000)}):
        with pytest.raises(TooLarge):
            flatten(tree)

"""Conditions on rows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exptdir.errors import TableError
from exptdir.tables import Cell, Table, read_text, select

RUNS = """run,loss,model,learning rate,µl,when,val.loss,note
run2,0.5,cnn,0.1,1,2024-05-01,0.6,best so far
run10,0.25,mlp,,2,2024-05-02 10:30,0.3,
13,,cnn,0.3,3,2024-06-02,0.2,true
13-3,0.125,rnn,0.3,30,unknown,0.9,x
"""


def runs(content: str = RUNS) -> Table:
    return read_text(content, name="the content", path=Path("log.rst"))


def kept(condition: str, table: Table | None = None) -> list[str]:
    shown = select(table or runs(), rows=condition)
    return [row[0].text for row in shown.rows[shown.header_rows :]]


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("loss < 0.4", ["run10", "13-3"]),
        ('loss < 0.6 and model == "cnn"', ["run2"]),
        ('model == "cnn" or model == "rnn"', ["run2", "13", "13-3"]),
        ('not model == "cnn"', ["run10", "13-3"]),
        ('model != "cnn"', ["run10", "13-3"]),
        ('model in ("mlp", "rnn")', ["run10", "13-3"]),
        ('model not in ["mlp", "rnn"]', ["run2", "13"]),
        ('"so" in note', ["run2"]),
        ('"n1" in run', ["run10"]),
        ('note in "best so far, x"', ["run2", "13-3"]),
        ("0.2 <= loss <= 0.5", ["run2", "run10"]),
        ("loss == 1 / 4", ["run10"]),
        ("(loss + 0.1) * 2 > 1 - -0.1", ["run2"]),
        ("val.loss > loss", ["run2", "run10", "13-3"]),
        ("µl >= 3", ["13", "13-3"]),
        ("`learning rate` == 0.3", ["13", "13-3"]),
        ("MODEL == 'rnn'", ["13-3"]),
        ("E > 2", ["13", "13-3"]),
        ("loss < 0.4\nand µl > 2", ["13-3"]),
        ('run == "13"', ["13"]),
        ("run == 13", ["13"]),
        ('run in ("13", "13-3")', ["13", "13-3"]),
        ("note == true", ["13"]),
        ("loss == empty", ["13"]),
        ("loss != empty", ["run2", "run10", "13-3"]),
        ("note in (empty, 'x')", ["run10", "13-3"]),
    ],
)
def test_rows_that_meet_a_condition_are_shown(condition: str, wanted: list[str]) -> None:
    assert kept(condition) == wanted


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ('when >= "2024-05-02"', ["run10", "13"]),
        ('when <= "2024-05-02"', ["run2", "run10"]),
        ('when == "2024-05-02"', ["run10"]),
        ('when > "2024-05-02 09:00"', ["run10", "13"]),
        ('"2024-05-01" < when < "2024-06-01"', ["run10"]),
        ('when == "unknown"', ["13-3"]),
    ],
)
def test_dates_compare_with_dates_as_texts(condition: str, wanted: list[str]) -> None:
    assert kept(condition) == wanted


@pytest.mark.parametrize(
    "condition",
    ['loss < "x"', "model < 3", "when < 3", "loss < empty", "model + 1 == 2", "loss / 0 < 1", "µl * 1e308 < 0"],
)
def test_what_cannot_be_compared_meets_no_condition(condition: str) -> None:
    assert kept(condition) == []


@pytest.mark.parametrize(
    "condition", ["loss < 1", "loss >= 0", "loss != 3", "loss == 3", "loss in (1, 2)", "loss not in (1,)"]
)
def test_an_empty_cell_meets_no_comparison(condition: str) -> None:
    assert "13" not in kept(condition)


def test_texts_are_told_apart_by_case() -> None:
    assert kept('model == "CNN"') == []


def test_durations_are_no_dates() -> None:
    when = Cell("1:00", dt.timedelta(hours=1), "date")
    shown = Table(((Cell("a", "a", "text"),), (when,)), 1, 0, Path("t.csv"))
    assert select(shown, rows='a < "2024-05-01"').n_rows == 1


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("loss = 3", "write == to compare"),
        ("loss < 3 && µl > 2", "write and, or, not in words"),
        ("learning rate < 3", "names of several words in backticks"),
        ("los < 3", "there is no column 'los': its columns are 'loss', "),
        ("loss", "because of 'loss': it compares nothing"),
        ("loss < 1 and 3", "because of '3': it compares nothing"),
        ("(loss < 3) == true", "because of 'loss < 3': it is no number, text or column"),
        ("loss is empty", "write == and != instead of is and is not"),
        ("loss ** 9 < 1", r"because of 'loss \*\* 9'"),
        ("abs(loss) < 1", r"because of 'abs\(loss\)'"),
        ("`learning rate`[0] < 1", r"because of '`learning rate`\[0\]'"),
        ("loss < 1j", "because of '1j'"),
        ("", "cannot be read"),
        ("loss <", "cannot be read"),
        ("(" * 300, "cannot be read"),
        ("-" * 900 + "1 < loss", "nested too deeply"),
        ("loss < 1 or " * 200 + "loss < 1", "longer than 1000 characters"),
    ],
)
def test_what_cannot_be_read_is_refused_with_advice(condition: str, message: str) -> None:
    with pytest.raises(TableError, match=message) as caught:
        kept(condition)
    assert "\n" not in str(caught.value) and "_ticked_" not in str(caught.value)


@pytest.mark.parametrize(
    "condition",
    [
        "__import__('os').system('true') == 0",
        "().__class__ == 1",
        "[x for x in (1, 2)] == 1",
        "(lambda: 1)() == 1",
        "(x := 3) == 3",
        "f'{loss}' == ''",
        "b'x' == ''",
        "loss if loss < 1 else loss",
    ],
)
def test_nothing_is_evaluated(condition: str) -> None:
    with pytest.raises(TableError):
        kept(condition)


WORDS = st.sampled_from(
    [
        *("loss", "model", "`learning rate`", "E", "0.5", "'cnn'", "empty", "true", "0x", "1e999", "é"),
        *("<", "==", "!=", "in", "not", "and", "or", "(", ")", ",", "-", "/", "*"),
        *('"', ".", "`", "\\", "#", "lambda", ":", "\0", "["),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.lists(WORDS, max_size=14).map(" ".join), st.text(max_size=60)))
def test_any_text_is_a_condition_or_refused(condition: str) -> None:
    try:
        assert set(kept(condition)) <= {"run2", "run10", "13", "13-3"}
    except TableError as error:
        assert str(error)

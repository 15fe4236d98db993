"""The grammar of references, and what each means in a record."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exptdir.errors import ReferenceSyntaxError
from exptdir.record import problem
from exptdir.record.model import Experiment, Record
from exptdir.record.reference import (
    Kind,
    Reference,
    Resolution,
    Unresolved,
    nearest,
    parse_reference,
    resolve,
)

DAY = date(2024, 6, 28)
EPOCH_RUN = "2022_m12_d18@01_37_34_max_epoch"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("63", Reference("63")),
        ("0063", Reference("0063")),
        ("#63", Reference("63")),
        (" 63 ", Reference("63")),
        ("train_cnn", Reference("train_cnn")),
        ("b/13-3", Reference("b/13-3")),
        ("63@2024-06-28", Reference("63", date=DAY)),
        ("63@2024/06/28", Reference("63", date=DAY)),
        ("63@2024-06-28.2", Reference("63", date=DAY, n=2)),
        ("a/b@2024-06-28.12", Reference("a/b", date=DAY, n=12)),
        ("@2024-06-28", Reference(date=DAY)),
        ("@2024/06/28.3", Reference(date=DAY, n=3)),
        ("63#results", Reference("63", label="results")),
        ("63#a#b", Reference("63", label="a#b")),
        ("-1", Reference(up=1)),
        ("-12", Reference(up=12)),
        # What is not exactly a date to the end is no entry.
        (EPOCH_RUN, Reference(EPOCH_RUN)),
        ("63@2024-06-28 ", Reference("63", date=DAY)),
        ("63@2024-06/28", Reference("63@2024-06/28")),
        ("63@2024-6-28", Reference("63@2024-6-28")),
        ("63@2024-06-31", Reference("63@2024-06-31")),
        ("63@2024-06-28.0", Reference("63@2024-06-28.0")),
        ("63@2024-06-28.", Reference("63@2024-06-28.")),
        ("63@2024-06-28x", Reference("63@2024-06-28x")),
        ("x@y@2024-06-28", Reference("x@y", date=DAY)),
        ("-0", Reference("-0")),
        ("-x", Reference("-x")),
        ("#x", Reference("#x")),
        ("v5", Reference("v5")),
    ],
)
def test_the_grammar(text: str, reference: Reference):
    assert parse_reference(text) == reference


@pytest.mark.parametrize("text", ["", "  ", "\n", "63#"])
def test_what_is_no_reference(text: str):
    with pytest.raises(ReferenceSyntaxError):
        parse_reference(text)


PIECES = st.sampled_from(["63", "@", "#", "/", "-", ".", "2024-06-28", "2024/06/28", "b", " ", "\0", "٣", "\ud800"])
ANYTHING = st.one_of(st.text(), st.lists(PIECES).map("".join))


@given(ANYTHING)
def test_parsing_fails_in_one_way_only(text: str):
    try:
        found = parse_reference(text)
    except ReferenceSyntaxError:
        return
    assert (found.up > 0) + bool(found.date) + bool(found.label) <= 1
    assert found.n >= 1


@given(st.from_regex(r"[a-z0-9/_]{0,8}", fullmatch=True), st.dates(date(1000, 1, 1)), st.integers(1, 99))
def test_what_is_written_as_an_entry_is_read_as_that_entry(target: str, day: date, n: int):
    assert parse_reference(f"{target}@{day:%Y-%m-%d}.{n}") == Reference(target, date=day, n=n)


BASE = Path("/record")
RUNS = {
    "expts/b": {"13-3", "14", "x/y", EPOCH_RUN},
    "expts/0063_train_cnn": {"v5", "13-3", "b"},
    "expts/b/14": {"1"},
}


def expt(key: str, number: int | None = None, name: str | None = None) -> Experiment:
    path = key.removeprefix("expts/")
    name = name or path.rpartition("/")[2]
    return Experiment(key=key, path=path, log=BASE / key / "notes.rst", name=name, id=number)


ALL = [
    expt("expts/0063_train_cnn", 63, "train_cnn"),
    expt("expts/0063_train_cnn/0064_sub", 64, "sub"),
    expt("expts/0063_train_cnn/0064_sub/deep"),
    expt("expts/20240628"),
    expt("expts/b"),
    expt("expts/b/14"),
    expt("expts/c#"),
    expt("expts/d@2024-06-28"),
    expt("expts/one/same"),
    expt("expts/two/same"),
    expt("expts/twin1", 7),
    expt("expts/twin2", 7),
    expt("expts/-1"),
    expt("expts/数据 集"),
]
RECORD = Record(BASE, {experiment.key: experiment for experiment in ALL})
DEEP = RECORD.experiments["expts/0063_train_cnn/0064_sub/deep"]
CNN = RECORD.experiments["expts/0063_train_cnn"]


def run_exists(experiment: Experiment, run: str) -> bool:
    return run in RUNS.get(experiment.key, ())


def lookup(text: str, current: Experiment | None = None, kind: Kind | None = None) -> Resolution | Unresolved:
    return resolve(RECORD, text, current, run_exists, kind)


def reached(text: str, current: Experiment | None = None, kind: Kind | None = None) -> tuple[str, str, object]:
    found = lookup(text, current, kind)
    assert isinstance(found, Resolution), found
    part = {"entry": (found.date, found.n), "run": found.run, "label": found.label}.get(found.kind)
    return found.kind, found.experiment.path, part


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("63", "0063_train_cnn"),
        ("0063", "0063_train_cnn"),
        ("#63", "0063_train_cnn"),
        ("train_cnn", "0063_train_cnn"),
        ("0063_train_cnn", "0063_train_cnn"),
        ("expts/0063_train_cnn", "0063_train_cnn"),
        ("0063_train_cnn/0064_sub/deep", "0063_train_cnn/0064_sub/deep"),
        ("deep", "0063_train_cnn/0064_sub/deep"),
        ("b/14", "b/14"),
        ("/b/", "b"),
        ("one/same", "one/same"),
        ("20240628", "20240628"),
        ("c#", "c#"),
        ("d@2024-06-28", "d@2024-06-28"),
        ("expts/-1", "-1"),
        ("数据 集", "数据 集"),
    ],
)
@pytest.mark.parametrize("kind", [None, "experiment"])
def test_experiments(text: str, path: str, kind: Kind | None):
    assert reached(text, None, kind) == ("experiment", path, None)


@pytest.mark.parametrize(("text", "path"), [("-1", "0063_train_cnn/0064_sub"), ("-2", "0063_train_cnn")])
def test_steps_towards_the_root(text: str, path: str):
    assert reached(text, DEEP) == ("experiment", path, None)


@pytest.mark.parametrize(
    ("text", "current", "path", "run"),
    [
        ("b/13-3", None, "b", "13-3"),
        ("63/v5", None, "0063_train_cnn", "v5"),
        ("b/14/1", None, "b/14", "1"),
        ("b/x/y", None, "b", "x/y"),
        (f"b/{EPOCH_RUN}", None, "b", EPOCH_RUN),
        ("v5", CNN, "0063_train_cnn", "v5"),
        # An experiment of that name elsewhere does not hide what is said in full.
        ("b/13-3", CNN, "b", "13-3"),
    ],
)
@pytest.mark.parametrize("kind", [None, "run"])
def test_runs(text: str, current: Experiment | None, path: str, run: str, kind: Kind | None):
    assert reached(text, current, kind) == ("run", path, run)


def test_an_experiment_wins_over_a_run_unless_the_kind_is_said():
    assert reached("b/14") == ("experiment", "b/14", None)
    assert reached("b/14", kind="run") == ("run", "b", "14")
    assert reached("b", CNN) == ("experiment", "b", None)
    assert reached("b", CNN, "run") == ("run", "0063_train_cnn", "b")


@pytest.mark.parametrize(
    ("text", "current", "expected"),
    [
        ("63@2024-06-28", None, ("entry", "0063_train_cnn", (DAY, 1))),
        ("train_cnn@2024/06/28.2", None, ("entry", "0063_train_cnn", (DAY, 2))),
        ("@2024-06-28", DEEP, ("entry", DEEP.path, (DAY, 1))),
        ("63#results", None, ("label", "0063_train_cnn", "results")),
    ],
)
def test_entries_and_labels(text: str, current: Experiment | None, expected: tuple[str, str, object]):
    assert reached(text, current) == expected
    assert reached(text, current, "entry") == expected


def test_where_an_entry_is_meant_a_bare_date_is_one():
    assert reached("2024-06-28", DEEP, "entry") == ("entry", DEEP.path, (DAY, 1))
    assert reached("d@2024-06-28", None, "experiment") == ("experiment", "d@2024-06-28", None)


@pytest.mark.parametrize(
    ("text", "current", "kind", "message"),
    [
        ("65", None, None, "no experiment or run '65'; nearest: 64, 63, 7"),
        ("trian_cnn", None, None, "no experiment or run 'trian_cnn'; nearest: train_cnn"),
        ("nothing/alike@2024-06-28", None, None, "no experiment or run 'nothing/alike'"),
        ("b/15", None, None, "experiment 'b' has no run '15'"),
        ("b/15", None, "experiment", "no experiment or run 'b/15'"),
        ("v5", None, None, "no experiment or run 'v5'"),
        ("-3", DEEP, None, "'-3' leads above the record: '0063_train_cnn/0064_sub/deep' has 2 above it"),
        ("-1", None, None, "'-1' counts from an experiment, and this page belongs to none"),
        ("@2024-06-28", None, None, "the reference names no experiment, and this page belongs to none"),
        ("", None, None, "the reference is empty"),
        ("63#", None, None, "'63#' has no label after its '#'"),
        ("63", None, "entry", "'63' is a reference to an experiment, not to an entry"),
        ("63/v5", None, "entry", "'63/v5' is a reference to a run, not to an entry"),
        ("63/v5", None, "experiment", "'63/v5' is a reference to a run, not to an experiment"),
        ("63@2024-06-28", None, "run", "'63@2024-06-28' is a reference to an entry, not to a run"),
        ("63", None, "run", "no experiment or run '63'"),
    ],
)
def test_what_leads_nowhere_says_why(text: str, current: Experiment | None, kind: Kind | None, message: str):
    found = lookup(text, current, kind)
    assert isinstance(found, Unresolved)
    assert found.message.startswith(message)
    assert not found.ambiguous


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("same", ("one/same", "two/same")),
        ("same/13", ("one/same", "two/same")),
        ("same@2024-06-28", ("one/same", "two/same")),
        ("7", ("twin1", "twin2")),
    ],
)
def test_what_may_mean_several_is_not_guessed(text: str, candidates: tuple[str, ...]):
    found = lookup(text)
    assert isinstance(found, Unresolved)
    assert (found.ambiguous, found.candidates) == (True, candidates)
    assert all(candidate in found.message for candidate in candidates)


@given(ANYTHING, st.sampled_from([None, "experiment", "entry", "run"]), st.sampled_from([None, DEEP]))
def test_resolving_never_fails(text: str, kind: Kind | None, current: Experiment | None):
    found = lookup(text, current, kind)
    if isinstance(found, Unresolved):
        assert found.message
    elif kind is not None:
        assert found.kind in {kind, "label"}


@pytest.mark.parametrize("text", ["9" * 5000, "-" + "9" * 5000, "63@2024-06-28." + "9" * 5000, "#" + "9" * 5000])
def test_numbers_without_end_are_no_numbers(text: str):
    assert isinstance(lookup(text, DEEP), Unresolved)


def test_nearest_names_are_in_order_of_likeness():
    assert nearest(RECORD, "train_cn")[0] == "train_cnn"
    assert nearest(RECORD, "46")[0] == "64" or nearest(RECORD, "46")[0] == "63"
    assert nearest(RECORD, "qqqqqqqq") == ()
    assert nearest(Record(BASE, {}), "63") == ()


def test_thousands_of_dead_links_cost_no_comparison_with_every_name(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    real = problem.get_close_matches

    def counted(word: str, names: list[str], **more: Any) -> list[str]:
        compared.append(len(names))
        return real(word, names, **more)

    monkeypatch.setattr(problem, "get_close_matches", counted)
    names = [f"2024-{at % 12 + 1:02}-{at % 28 + 1:02}-post-{at}" for at in range(2000)]
    base = Path("/r")
    made = (Experiment(key=name, path=name, log=base / name / "index.md", name=name) for name in names)
    record = Record(base, {experiment.key: experiment for experiment in made})
    links = [f"../{name}/index.qmd" for name in names[:500]]
    found = [resolve(record, link, None, lambda _experiment, _run: False) for link in links]
    assert compared == [] and all(isinstance(one, Unresolved) for one in found)
    [first] = [one for one in found[:1] if isinstance(one, Unresolved)]
    assert names[0] in first.message and first.message == first.message
    assert len(compared) == 1 and max(compared) <= 40

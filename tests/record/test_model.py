"""The record as a value: who is inside whom, in what order, and by what name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exptdir.record.model import Experiment, Record, in_order, natural_key

BASE = Path("/record")


def expt(key: str, number: int | None = None, **facts: object) -> Experiment:
    path = key.removeprefix("expts/")
    name = facts.pop("name", key.rpartition("/")[2])
    return Experiment(key=key, path=path, log=BASE / key / "notes.rst", name=name, id=number, **facts)


def record(*experiments: Experiment) -> Record:
    return Record(BASE, {experiment.key: experiment for experiment in experiments})


NESTED = record(
    expt("expts/10_ten", 10),
    expt("expts/9_nine", 9),
    expt("expts/9_nine/run10"),
    expt("expts/9_nine/run2"),
    expt("expts/9_nine/data/inner", 1),
    expt("expts/9_nine/data/inner/deep"),
    expt("expts/named"),
    expt("expts/group/inside"),
    expt("other/inside", 5),
)


def paths(found: object) -> list[str]:
    return [experiment.key.removeprefix("expts/") for experiment in found]


def test_children_and_ancestors_pass_over_directories_that_are_no_experiments():
    assert paths(NESTED.children(None)) == ["other/inside", "9_nine", "10_ten", "group/inside", "named"]
    nine = NESTED.experiments["expts/9_nine"]
    assert paths(NESTED.children(nine)) == ["9_nine/data/inner", "9_nine/run2", "9_nine/run10"]
    deep = NESTED.experiments["expts/9_nine/data/inner/deep"]
    assert paths(NESTED.ancestors(deep)) == ["9_nine/data/inner", "9_nine"]
    assert NESTED.children(deep) == ()
    assert NESTED.parent(nine) is None


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ("", ["other/inside", "9_nine", "10_ten", "group/inside", "named"]),
        (".", ["other/inside", "9_nine", "10_ten", "group/inside", "named"]),
        ("expts", ["9_nine", "10_ten", "group/inside", "named"]),
        ("expts/", ["9_nine", "10_ten", "group/inside", "named"]),
        ("expts/9_nine", ["9_nine/data/inner", "9_nine/run2", "9_nine/run10"]),
        ("expts/9_nine/data", ["9_nine/data/inner"]),
        ("expts/9", []),
    ],
)
def test_the_outermost_experiments_below_a_directory(directory: str, expected: list[str]):
    assert paths(NESTED.below(directory)) == expected


@pytest.mark.parametrize(
    ("docname", "expected"),
    [
        ("expts/9_nine/notes", "expts/9_nine"),
        ("expts/9_nine/extra", "expts/9_nine"),
        ("expts/9_nine/data/table", "expts/9_nine"),
        ("expts/9_nine/data/inner/a/b/page", "expts/9_nine/data/inner"),
        ("expts/page", None),
        ("index", None),
    ],
)
def test_a_page_belongs_to_the_nearest_experiment_around_it(docname: str, expected: str | None):
    found = NESTED.around(docname)
    assert (found.key if found else None) == expected


def test_lookup_by_document_id_path_and_name():
    found = record(expt("expts/0063_train", 63, name="train"), expt("expts/a/0063_train", 63, name="train"))
    assert list(found.by_docname) == ["expts/0063_train/notes", "expts/a/0063_train/notes"]
    assert paths(found.by_id[63]) == ["0063_train", "a/0063_train"]
    assert paths(found.by_path["a/0063_train"]) == paths(found.by_path["expts/a/0063_train"]) == ["a/0063_train"]
    assert len(found.by_name["train"]) == len(found.by_name["0063_train"]) == 2


@pytest.mark.parametrize(
    ("number", "template", "shown"),
    [
        (63, "#{id}", "#63"),
        (None, "#{id}", "train"),
        (63, "#{id}: {title}", "#63: Train {x}"),
        (None, "#{id}: {title}", "train: Train {x}"),
        (None, "No. {id}", "No. train"),
        (63, "{name} in {path}", "train in a/train"),
    ],
)
def test_labels(number: int | None, template: str, shown: str):
    assert expt("expts/a/train", number, title="Train {x}").label(template) == shown


def test_without_a_title_the_name_stands_for_it():
    assert expt("expts/a/train", 63).label("#{id}: {title}") == "#63: train"


def test_documents_and_addresses():
    numbered, named = expt("expts/63_a", 63), expt("expts/a/b")
    assert (numbered.docname, numbered.address) == ("expts/63_a/notes", "63")
    assert (named.docname, named.address) == ("expts/a/b/notes", "a/b")


def test_order_is_by_id_and_then_by_name_as_people_count():
    found = in_order([expt("b"), expt("a10"), expt("a9"), expt("z", 2), expt("y", 10), expt("zero", 0)])
    assert [experiment.key for experiment in found] == ["zero", "z", "y", "a9", "a10", "b"]


@given(st.lists(st.text()))
def test_any_names_can_be_ordered(names: list[str]):
    assert sorted(names, key=natural_key) == sorted(names, key=natural_key)

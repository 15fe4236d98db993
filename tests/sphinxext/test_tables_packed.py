"""What pages keep of a table: texts, looks and sort keys, the same cells as were read, and no more than are shown."""

from __future__ import annotations

import json
import pickle
import random
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from exptdir.sphinxext.tables.packed_table import column_kinds, natural_widths, pack, sort_key
from exptdir.sphinxext.tables.scripts import rest_of
from exptdir.tables import Cell, Look, Table
from exptdir.tables.model import PLAIN

HEAD = (Cell("name", "name", "text"), Cell("n", "n", "text"))


def table(*rows: tuple[Cell, ...], headers: int = 1) -> Table:
    return Table(rows=(HEAD, *rows), header_rows=headers, header_columns=0, path=Path("t.csv"))


def number(value: Any, text: str) -> Cell:
    return Cell(text, value, "number")


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        (number(0.5, "0.5"), None),
        (number(0.5, "50%"), "0.5"),
        (number(1 / 3, "0.33"), "0.333333333"),
        (number(1234, "1,234"), "1234"),
        (number(1e300, "lots"), None),
        (number(float("nan"), "nan"), None),
        (number(10**400, "huge"), None),
        (Cell("1/5/2024", datetime(2024, 5, 1), "date"), "2024-05-01"),
        (Cell("2024-05-01", date(2024, 5, 1), "date"), None),
        (Cell("10 am", time(10), "date"), "10:00:00"),
        (Cell("36:00", timedelta(hours=36), "date"), "129600"),
        (Cell("TRUE", True, "bool"), None),
        (Cell("50%", "50%", "text"), None),
    ],
)
def test_sort_keys_are_there_only_where_the_text_does_not_sort_by_itself(cell: Cell, key: str | None):
    assert sort_key(cell) == key


def test_columns_of_one_kind_are_known():
    rows = [(Cell("a", "a", "text"), number(1, "1")), (Cell("", None, "empty"), Cell("", None, "empty"))]
    assert column_kinds(table(*rows)) == ["text", "number"]
    assert column_kinds(table(*rows, (number(2, "2"), Cell("x", "x", "text")))) == ["text", "text"]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["12%", "9.5 %", "NaN", ""], "number"),
        (["−12,5 %", "< 0.1%"], "number"),
        (["12%", "none of it"], "text"),
        (["12% w/v"], "text"),
        (["NaN", "-"], "text"),
    ],
)
def test_percentages_stand_with_numbers(texts: list[str], kind: str):
    rows = [(HEAD[0], Cell(text, text or None, "text" if text else "empty")) for text in texts]
    shown = table(*rows)
    assert column_kinds(shown)[1] == kind == json.loads(rest_of(table(*rows, *rows), 1))["kinds"][1]
    packed = pack(shown)
    kinds = [packed.dresses[dress].kind for _, dress in packed.dressed]
    assert kinds == ["text", *(kind if text else "empty" for text in texts)]


def test_only_what_is_shown_is_kept():
    rows = [(Cell(f"row{at}", at, "text"), number(at, str(at))) for at in range(1_000)]
    packed = pack(table(*rows), limit=10)
    assert len(packed.texts) == 11
    assert "row9" in packed.astext() and "row10" not in packed.astext()
    assert len(pickle.dumps(packed)) < 2_000


def test_rows_that_look_alike_cost_little():
    look = Look(bold=True, ink="c00000")
    rows = [(Cell(f"row{at}", at, "text", look), number(at, str(at))) for at in range(1_000)]
    packed = pack(table(*rows))
    assert len(packed.dresses) <= 4
    assert len(pickle.dumps(packed)) < 60_000


def test_widths_follow_the_longest_line():
    lines = Cell("two\nlines", "", "text")
    rows = [(Cell("a long text here", "", "text"), lines), (Cell("x" * 90, "", "text"), HEAD[1])]
    assert natural_widths(table(*rows)) == [40, 5]


LOOKS = (PLAIN, Look(bold=True), Look(ink="c00000"))
VALUES = (None, "x", 0.5, float("inf"), 10**400, date(2024, 5, 1), timedelta(1), True)
KINDS = ("empty", "text", "number", "date", "bool", "error")


def cells(choice: random.Random) -> Cell:
    return Cell(
        choice.choice(["", "a", "0.5", "line\nline", "\u2028"]),
        choice.choice(VALUES),
        choice.choice(KINDS),  # type: ignore[arg-type]
        choice.choice(LOOKS),
        rowspan=choice.randint(1, 3),
        colspan=choice.randint(1, 2),
        covered=choice.random() < 0.2,
    )


@pytest.mark.parametrize("seed", range(40))
def test_any_cells_can_be_packed_and_written(seed: int):
    choice = random.Random(seed)
    limit = choice.randint(0, 3)
    given_table = table(*((cells(choice), cells(choice)) for _ in range(choice.randint(0, 6))))
    packed = pack(given_table, limit)
    shown = given_table.rows[: 1 + limit] if limit else given_table.rows
    assert [[text for text in row if text] for row in packed.texts[1:]] == [
        [cell.text for cell in row if cell.text and not cell.covered] for row in shown[1:]
    ]
    for at, row in enumerate(packed.dressed):
        assert all(packed.dresses[dress].rowspan <= len(shown) - at for dress in row)
    json.loads(rest_of(given_table, limit))

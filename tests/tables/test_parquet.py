"""Parquet files."""

from __future__ import annotations

import datetime as dt
import decimal
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from exptdir.errors import TableError
from exptdir.tables import Table, parquet, read_table, select
from tests.tables.making import texts
from tests.tables.refusing import refusal


def write(tmp_path: Path, columns: dict[str, list[Any]], **options: Any) -> Path:
    """Save a file; pyarrow is an extra."""
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_values_are_written_plainly(tmp_path: Path) -> None:
    columns = {
        "run": ["a", "", None],
        "loss": [0.1, 1e-7, float("nan")],
        "step": [1, 2**60, None],
        "ok": [True, False, None],
        "when": [dt.datetime(2024, 5, 1, 10, 30), dt.datetime(2024, 5, 2), None],
        "day": [dt.date(2024, 5, 1), None, None],
        "took": [dt.timedelta(hours=25), None, None],
        "price": [decimal.Decimal("1.50"), None, None],
        "raw": [b"\x00\xff", None, None],
        "list": [[1, 2], [], None],
        "struct": [{"a": 1, "b": "é"}, None, None],
    }
    shown = read_table(write(tmp_path, columns))
    assert ["|".join(row) for row in texts(shown)] == [
        "run|loss|step|ok|when|day|took|price|raw|list|struct",
        'a|0.1|1|true|2024-05-01 10:30:00|2024-05-01|1 day, 1:00:00|1.50|00ff|[1, 2]|{"a": 1, "b": "é"}',
        "|1e-07|1152921504606846976|false|2024-05-02 00:00:00|||||[]|",
        "|nan|||||||||",
    ]
    assert [cell.kind for cell in shown.rows[1]] == (
        ["text", "number", "number", "bool", "date", "date", "date", "number", "text", "text", "text"]
    )
    assert (shown.header_rows, shown.header_columns, shown.problems) == (1, 0, ())


def test_names_of_columns_are_the_header_even_above_texts(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, {"1": ["x"], "2": ["y"]})).header_rows == 1
    assert texts(select(read_table(write(tmp_path, {"a": [1, 2], "b": ["x", "y"]})), rows="a > 1")) == [
        ["a", "b"],
        ["2", "y"],
    ]


def test_only_the_first_rows_are_read_and_the_rest_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, {"a": list(range(100)), "b": list(range(100))}, row_group_size=10)
    monkeypatch.setattr(parquet, "MAX_CELLS", 50)
    shown = read_table(path)
    assert (shown.n_rows, shown.omitted) == (26, 75)
    assert shown.rows[-1][0].text == "24"
    assert select(shown, limit=5).omitted == 95


def test_what_unpacks_past_the_bounds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, {"a": ["x" * 1000] * 100})
    monkeypatch.setattr(parquet, "MAX_BYTES", 100)
    assert "save the part to show as a file of its own" in refusal(path)


def test_without_pyarrow_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1....PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert refusal(path) == 'Parquet files are read by pyarrow: install it with pip install "exptdir[parquet]"'


def test_no_rows_and_no_columns(tmp_path: Path) -> None:
    assert texts(read_table(write(tmp_path, {"a": [], "b": []}))) == [["a", "b"]]
    assert "has 0 columns" in refusal(write(tmp_path, {}))


def test_damaged_copies_make_a_table_or_a_refusal(tmp_path: Path) -> None:
    data = write(tmp_path, {"a": list(range(50)), "b": ["x"] * 50, "c": [[1, 2]] * 50}).read_bytes()
    numbers, path, refused = random.Random(10), tmp_path / "t.parquet", 0
    for _ in range(100):
        damaged = bytearray(data[: numbers.randrange(4, len(data))] if numbers.random() < 0.3 else data)
        for _ in range(numbers.randrange(6)):
            damaged[numbers.randrange(4, len(damaged))] = numbers.randrange(256)
        path.write_bytes(damaged)
        try:
            assert isinstance(read_table(path), Table)
        except TableError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 30

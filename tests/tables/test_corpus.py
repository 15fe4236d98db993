"""Every table of a real notebook that nobody here wrote."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from exptdir.errors import TableError
from exptdir.tables import Table, read_table
from exptdir.tables.read import SUFFIXES

NOTEBOOK = Path(__file__).parents[2].parent / "shared" / "corpus" / "notebook"


@pytest.fixture(scope="module")
def tables() -> dict[Path, Table | TableError]:
    if not NOTEBOOK.is_dir():
        pytest.skip(f"the corpus is not here: {NOTEBOOK}")
    found: dict[Path, Table | TableError] = {}
    for path in sorted(NOTEBOOK.rglob("*")):
        if path.suffix in SUFFIXES and path.is_file():
            try:
                found[path] = read_table(path)
            except TableError as error:
                found[path] = error
    return found


def test_all_are_shown_but_those_that_hold_nothing(tables: dict[Path, Table | TableError]) -> None:
    refused = [str(shown) for shown in tables.values() if isinstance(shown, TableError)]
    assert len(tables) > 150
    assert all("is empty" in message for message in refused)
    assert len(refused) <= 5


def test_all_are_rectangular_and_small(tables: dict[Path, Table | TableError]) -> None:
    for path, shown in tables.items():
        if isinstance(shown, Table):
            assert {len(row) for row in shown.rows} == {shown.n_columns}, path
            assert any(cell.text for cell in shown.rows[0]) and any(cell.text for cell in shown.rows[-1]), path
            if path.suffix == ".xlsx":
                assert shown.n_columns < 40, path


def test_the_sheet_that_claims_most_is_read_by_what_it_holds(tables: dict[Path, Table | TableError]) -> None:
    claims = [path for path in tables if path.name == "reactions.xlsx"]
    if not claims:
        pytest.skip("that workbook is no longer part of the corpus")
    tracemalloc.start()
    shown = read_table(claims[0])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (shown.n_rows, shown.n_columns) == (42, 7)
    # A cell for each place that it claims would be gigabytes; what it holds takes five mebibytes.
    assert most < 50 * 2**20


def test_no_number_shows_the_noise_of_its_binary(tables: dict[Path, Table | TableError]) -> None:
    noisy = [
        (path.name, cell.text)
        for path, shown in tables.items()
        if isinstance(shown, Table) and path.suffix == ".xlsx"
        for row in shown.rows
        for cell in row
        if cell.kind == "number" and len(cell.text.lstrip("-")) > 12
    ]
    assert noisy == []

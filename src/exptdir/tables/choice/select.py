"""A part of a table: some of its columns in a chosen order, the rows that meet a condition, sorted, the first few."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise

from exptdir.record.problem import Problem
from exptdir.tables.choice.columns import Columns, split_list
from exptdir.tables.choice.compare import amounts, sort_key
from exptdir.tables.choice.expression import parse_condition
from exptdir.tables.grid import anchors
from exptdir.tables.model import COVERED, Cell, Table, is_missing


def select(
    table: Table,
    *,
    columns: str | None = None,
    rows: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
) -> Table:
    """Return a part of a table.

    Shown are the *columns*, in this order: names or letters, separated by commas; and the *rows* that meet a condition
    (see :func:`exptdir.tables.choice.expression.parse_condition`), at most *limit* below the headers; the rest is
    counted in ``omitted``. They are sorted by the columns *sort*, separated by commas, the most important first; a
    minus sign before one turns its order round. Empty cells come last.

    Conditions and sort keys may name columns that are not chosen. Header rows always stay. A cell that is
    merged over several rows stands in each of them once filtering or sorting has torn it apart.

    Raises TableError if a column is unknown or a condition cannot be read.
    """
    named = Columns(table)
    body = list(range(table.header_rows, table.n_rows))
    # Put into each cell that is hidden by a merged one what that one says.
    full = [list(row) for row in table.rows]
    for (row, column), (above, beside) in anchors(table.rows).items():
        full[row][column] = table.rows[above][beside]
    if rows is not None:
        condition, comparisons = parse_condition(rows, lambda name, quoted: named.find(name, quoted=quoted))
        body = [at for at in body if condition(full[at])]
        doubts = [Problem("table", message, table.path) for one in comparisons if (message := one.doubt)]
        table = replace(table, problems=(*table.problems, *doubts))
    if sort is not None:
        # Sort by the last key first: each sorting leaves the order of what is equal to it as it was.
        for sign, name, quoted in reversed(split_list(sort)):
            column = named.find(name, quoted=quoted)
            cells = {at: full[at][column] for at in body if full[at][column].kind != "empty"}
            there = {at: cell for at, cell in cells.items() if not is_missing(cell)}
            texts = any(cell.kind == "text" for cell in there.values())
            values = dict(zip(there, amounts(list(there.values())) if texts else (), strict=False))
            # What stands for a number that is missing comes last as well.
            filled = list(there if values or any(cell.kind == "number" for cell in cells.values()) else cells)
            filled.sort(key=lambda at: values.get(at, 0) if values else sort_key(cells[at]), reverse=sign == "-")
            body = list(dict.fromkeys([*filled, *body]))
    moved = body != list(range(table.header_rows, table.n_rows))
    omitted = max(len(body) - limit, 0) if limit is not None else 0
    body = body[:limit]
    kept = list(range(table.n_columns)) if columns is None else named.find_all(columns)
    taken = [*range(table.header_rows), *body]
    # A line stays where it ran between a column and the next one that is kept.
    ends = [*kept[1:], *(at + 1 for at in kept[-1:])] if kept == sorted(kept) else kept
    ruled = [new for new, (at, end) in enumerate(zip(kept, ends, strict=True)) if table.rules_right & {*range(at, end)}]
    return replace(
        table,
        rows=_take(table, taken, kept, moved),
        header_columns=len([at for at, old in enumerate(kept) if old == at and at < table.header_columns]),
        letters=tuple(named.letters[at] for at in kept) if columns is not None else table.letters,
        rules_below=frozenset() if moved else frozenset(row for row in table.rules_below if row < len(taken)),
        rules_right=frozenset(ruled),
        omitted=table.omitted + omitted,
    )


def _take(table: Table, rows: list[int], columns: list[int], moved: bool) -> tuple[tuple[Cell, ...], ...]:
    """Return the cells of some rows and columns, merged where all that they were merged over stays together."""
    grid = [[table.rows[row][column] for column in columns] for row in rows]
    at_row = {old: new for new, old in enumerate(rows)}
    for top, left in dict.fromkeys(anchors(table.rows).values()):
        cell = table.rows[top][left]
        down = [at_row[row] for row in range(top, top + cell.rowspan) if row in at_row]
        whole = (len(down) == cell.rowspan or not moved) and all(below - at == 1 for at, below in pairwise(down))
        across = [new for new, old in enumerate(columns) if left <= old < left + cell.colspan]
        for places in [down] if down and whole else [[row] for row in down]:
            # What is kept of it may stand in several places: each unbroken run is merged by itself.
            for _, group in groupby(enumerate(across), key=lambda pair: pair[1] - pair[0]):
                run = [new for _, new in group]
                for row in places:
                    grid[row][run[0] : run[-1] + 1] = [COVERED] * len(run)
                grid[places[0]][run[0]] = cell._replace(rowspan=len(places), colspan=len(run))
    return tuple(map(tuple, grid))

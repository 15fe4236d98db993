"""A part of a table: some of its columns in a chosen order, the rows that meet a condition, sorted, the first few."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from exptdir.record.problem import Problem
from exptdir.tables.choice.columns import Columns, split_list
from exptdir.tables.choice.compare import sort_key
from exptdir.tables.choice.expression import parse_condition
from exptdir.tables.grid import anchors
from exptdir.tables.model import COVERED, Table, is_missing


def select(
    table: Table,
    *,
    columns: str | None = None,
    rows: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
) -> Table:
    """Return a part of a table.

    Conditions and sort keys may name columns that are not chosen. Header rows always stay. A cell that is
    merged over several rows stands in each of them once filtering or sorting has torn it apart.

    Parameters
    ----------
    columns
        Columns to show, in this order: names or letters, separated by commas.
    rows
        Condition that shown rows meet (see :func:`exptdir.tables.choice.expression.parse_condition`).
    sort
        Columns to sort by, separated by commas, the most important first; a minus sign before one turns its
        order round. Empty cells come last.
    limit
        How many rows below the headers are shown at most; the rest is counted in ``omitted``.

    Raises
    ------
    TableError
        If a column is unknown or a condition cannot be read.
    """
    named = Columns(table)
    body = list(range(table.header_rows, table.n_rows))
    # Put into each cell that is hidden by a merged one what that one says.
    full = [list(row) for row in table.rows]
    for (row, column), (above, beside) in anchors(table.rows).items():
        full[row][column] = table.rows[above][beside]
    if rows is not None:
        condition = parse_condition(rows, lambda name, quoted: named.find(name, quoted=quoted))
        body = [at for at in body if condition(full[at])]
        doubts = [Problem("table", message, table.path) for message in condition.doubts()]
        table = replace(table, problems=(*table.problems, *doubts))
    if sort is not None:
        # Sort by the last key first: each sorting leaves the order of what is equal to it as it was.
        for sign, name, quoted in reversed(split_list(sort)):
            column = named.find(name, quoted=quoted)
            # What stands for a number that is missing comes last as well.
            numeric = any(full[at][column].kind == "number" for at in body)
            empty = [
                at for at in body if full[at][column].kind == "empty" or (numeric and is_missing(full[at][column]))
            ]
            last = set(empty)
            filled = [at for at in body if at not in last]
            filled.sort(key=lambda at: sort_key(full[at][column]), reverse=sign == "-")
            body = filled + empty
    moved = body != list(range(table.header_rows, table.n_rows))
    omitted = 0
    if limit is not None:
        omitted = max(len(body) - limit, 0)
        body = body[:limit]
    table = _take_rows(table, [*range(table.header_rows), *body], moved)
    if columns is not None:
        kept = named.find_all(columns)
        grid = [[row[at] for at in kept] for row in table.rows]
        owners = anchors(table.rows)
        for top, left in dict.fromkeys(owners.values()):
            cell = table.rows[top][left]
            if cell.colspan == 1:
                continue
            # What is kept of it may stand in several places: each unbroken run is merged by itself.
            places = [new for new, at in enumerate(kept) if left <= at < left + cell.colspan]
            for _, group in groupby(enumerate(places), key=lambda pair: pair[1] - pair[0]):
                run = [new for _, new in group]
                start, width = run[0], len(run)
                for row in range(top, min(top + cell.rowspan, len(grid))):
                    grid[row][start : start + width] = [COVERED] * width
                grid[top][start] = cell._replace(colspan=width)
        ordered = kept == sorted(kept)
        # A line stays where it ran between a column and the next one that is kept.
        ends = [*kept[1:], kept[-1] + 1]
        ruled = [new for new, at in enumerate(kept) if any(at <= rule < ends[new] for rule in table.rules_right)]
        table = replace(
            table,
            rows=tuple(map(tuple, grid)),
            header_columns=len([at for at, old in enumerate(kept) if old == at and at < table.header_columns]),
            letters=tuple(named.letters[at] for at in kept),
            rules_right=frozenset(ruled if ordered else ()),
        )
    return replace(table, omitted=table.omitted + omitted)


def _take_rows(table: Table, kept: list[int], moved: bool) -> Table:
    if kept == list(range(table.n_rows)):
        return table
    owners = anchors(table.rows)
    grid = [list(table.rows[at]) for at in kept]
    at_row = {old: new for new, old in enumerate(kept)}
    for top, left in dict.fromkeys(owners.values()):
        cell = table.rows[top][left]
        places = [at_row[row] for row in range(top, top + cell.rowspan) if row in at_row]
        whole = len(places) == cell.rowspan or not moved
        intact = whole and places == list(range(places[0], places[0] + len(places))) if places else False
        for new in [] if intact and len(places) == cell.rowspan else places:
            first = not intact or new == places[0]
            height = len(places) if intact else 1
            # Write a merged cell, or what it hides, into one row.
            row = grid[new]
            row[left : left + cell.colspan] = [COVERED] * cell.colspan
            if first:
                row[left] = cell._replace(rowspan=height)
    return replace(
        table,
        rows=tuple(map(tuple, grid)),
        rules_below=frozenset() if moved else frozenset(row for row in table.rules_below if row < len(kept)),
    )

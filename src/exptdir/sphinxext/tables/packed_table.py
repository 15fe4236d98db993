"""A table's rows as plain values: what a document keeps of them, where a node a cell would be far too much.

A node for a cell, one for its paragraph and one for its text cost half a millisecond by the time that Sphinx has
read, copied, pickled and written them. A row of texts and a row of small numbers cost a few microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from docutils.utils import column_width

if TYPE_CHECKING:
    from exptdir.tables import Cell, Look, Table, TextRun

#: Characters of a label that stays in one line.
_LABEL = 24
#: A text that is a number to a reader.
_PERCENT = re.compile(r"\s*[<>≤≥~≈±+−-]?\s?[0-9][0-9.,]*\s?[%‰]\s*\Z")


class Dress(NamedTuple):
    """What cells share that are shown alike: their kind, their look and how far they reach."""

    kind: str
    look: Look
    rowspan: int
    colspan: int


class Extra(NamedTuple):
    """What few cells have: a link, and parts with a look of their own."""

    href: str | None
    runs: tuple[TextRun, ...]


class PackedTable(NamedTuple):
    """The rows of a table as they are shown."""

    #: The cells' texts; ``None`` for a cell that a merged neighbour hides.
    texts: tuple[tuple[str | None, ...], ...]
    #: For each cell, which of the looks in the table, *dresses*, it has.
    dressed: tuple[tuple[int, ...], ...]
    dresses: tuple[Dress, ...]
    #: What cells are sorted by whose text will not do, and links and rich text, by row and column.
    orders: dict[tuple[int, int], str]
    extras: dict[tuple[int, int], Extra]
    #: How many rows and columns are headers.
    header_rows: int
    header_columns: int
    #: The columns that hold numbers alone below their heading.
    numeric: frozenset[int]
    #: Whether the first column holds nothing longer than labels, such as "patient 10".
    labels: bool
    #: Rows and columns after which a line runs.
    rules_below: frozenset[int]
    rules_right: frozenset[int]
    #: The anchors of rows, by row.
    ids: dict[int, tuple[str, ...]]

    def astext(self) -> str:
        """Return the cells' texts, as a search looks through them."""
        return "\n".join("\t".join(text for text in row if text) for row in self.texts)


def pack(table: Table, limit: int = 0, ids: Mapping[int, tuple[str, ...]] | None = None) -> PackedTable:
    """Return the header rows of a table and the first *limit* others (0: all of them) as plain values."""
    shown = table.rows[: table.header_rows + limit] if limit else table.rows
    head = tuple(
        # Bold font throughout says no more than that this is a header.
        row
        if any(cell.text and (cell.runs or not cell.look.bold) for cell in row)
        else tuple(cell._replace(look=cell.look._replace(bold=False)) for cell in row)
        for row in shown[: table.header_rows]
    )
    shown = (*head, *shown[table.header_rows :])
    numeric = frozenset(at for at, kind in enumerate(column_kinds(table)) if kind == "number")
    # Looks are shared by the cells of a style and live as long as the table.
    places: dict[tuple[str, int, int, int], int] = {}
    dresses, orders, extras = list[Dress](), dict[tuple[int, int], str](), dict[tuple[int, int], Extra]()
    # Most rows are dressed alike, and one tuple for all of them is what is pickled.
    dressed, alike = list[tuple[int, ...]](), dict[tuple[int, ...], tuple[int, ...]]()
    texts = [[None if cell.covered else cell.text for cell in row] for row in shown]
    for at, row in enumerate(shown):
        # A merged cell ends with the headers, or with what is shown.
        most, found = (table.header_rows if at < table.header_rows else len(shown)) - at, []
        for column, cell in enumerate(row):
            if cell.href or cell.runs:
                extras[at, column] = Extra(cell.href, cell.runs)
            order = sort_key(cell, column in numeric)
            if order is not None:
                orders[at, column] = order
            # What stands for a number stands with the numbers.
            counted = cell.kind == "text" and column in numeric and at >= table.header_rows
            kind, rowspan = "number" if counted else cell.kind, min(cell.rowspan, most)
            key = kind, id(cell.look), rowspan, cell.colspan
            if key not in places:
                places[key] = len(dresses)
                dresses.append(Dress(kind, cell.look, rowspan, cell.colspan))
            found.append(places[key])
            for place in range(at + most, min(at + cell.rowspan, len(shown))):
                texts[place][column : column + cell.colspan] = [""] * cell.colspan
        dressed.append(alike.setdefault(tuple(found), tuple(found)))
    return PackedTable(
        texts=tuple(map(tuple, texts)),
        dressed=tuple(dressed),
        dresses=tuple(dresses),
        orders=orders,
        extras=extras,
        header_rows=min(table.header_rows, len(shown)),
        header_columns=table.header_columns,
        numeric=numeric,
        labels=all(len(row[0].text) <= _LABEL and "\n" not in row[0].text for row in shown[table.header_rows :]),
        rules_below=frozenset(row for row in table.rules_below if row < len(shown)),
        rules_right=table.rules_right,
        ids={row: anchors for row, anchors in (ids or {}).items() if row < len(shown)},
    )


def column_kinds(table: Table) -> list[str]:
    """Return for each column the one kind of value that it holds below its heading, or else ``text``."""
    from exptdir.tables.model import is_missing

    below = table.rows[table.header_rows :]
    kinds = [{row[at].kind for row in below} - {"empty"} for at in range(table.n_columns)]
    for at, found in enumerate(kinds):
        # Percentages, and what stands for a number that is missing, stand with the numbers.
        others = (row[at] for row in below if row[at].kind in {"text", "error"})
        counted = not found & {"bool", "date"} and all(is_missing(one) or _PERCENT.match(one.text) for one in others)
        if counted and ("number" in found or any(_PERCENT.match(row[at].text) for row in below)):
            kinds[at] = {"number"}
    return [next(iter(found)) if len(found) == 1 else "text" for found in kinds]


def sort_key(cell: Cell, numeric: bool = False) -> str | None:
    """Return what a cell, perhaps of a column of numbers, is sorted by, where its text does not sort by itself.

    That is a number with nine digits, which tell the values of a table apart and keep pages small, or a date in
    the order year, month, day, or, like an empty cell, nothing for what stands for a number; ``None`` where the text
    is as good.
    """
    value = cell.value
    if cell.kind == "number":
        return _number_key(value, cell.text) if isinstance(value, (int, float)) else None
    if numeric and cell.kind == "text":
        from exptdir.tables.model import is_missing

        return "" if is_missing(cell) else None
    if cell.kind != "date":
        return None
    if isinstance(value, timedelta):
        return _number_key(value.total_seconds(), cell.text)
    if isinstance(value, (date, datetime, time)):
        key = value.isoformat().removesuffix("T00:00:00")
        return None if key == cell.text else key
    return None


def _number_key(value: float, text: str) -> str | None:
    try:
        # Percentages and units are no numbers to a browser; an exception for each would cost the most here.
        if text[-1:].isdigit() and float(text) == value:
            return None
    except ValueError:
        pass
    # Neither infinities, nor what is none, nor numbers that a browser could not hold.
    return f"{value:.9g}" if -1e300 < value < 1e300 else None


def natural_widths(table: Table, widest: int = 40, rows: int = 500) -> list[int]:
    """Return for each column its share of the width: how wide its longest text is (some characters count twice)."""
    longest = [1] * table.n_columns
    for row in table.rows[:rows]:
        for column, cell in enumerate(row):
            length = max(map(len if cell.text.isascii() else column_width, cell.text.split("\n")))
            longest[column] = max(longest[column], min(length, widest))
    return longest

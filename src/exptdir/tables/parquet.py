"""Parquet files, which pyarrow reads: names of columns as the header, values written plainly."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

from exptdir.errors import TableError
from exptdir.tables.grid import Sheet
from exptdir.tables.model import EMPTY, Cell, plain
from exptdir.tables.ranges import MAX_COLUMN, Box
from exptdir.tables.read import SheetlessFile

#: Cells that are read; the rows beyond are counted only.
MAX_CELLS = 1_000_000
#: Unpacked bytes of the row groups that are read: a single value may be as large as its writer wanted.
MAX_BYTES = 256 * 2**20
#: Characters of a value that are shown, as in a spreadsheet.
_LONGEST = 32_767
_BATCH = 4_096


def open_parquet(path: Path) -> SheetlessFile:
    """Open a Parquet file and read its names of columns and at most :data:`MAX_CELLS` cells.

    Raises TableError if pyarrow is not installed, or the file is damaged or too large.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise TableError('Parquet files are read by pyarrow: install it with pip install "exptdir[parquet]"') from None
    try:
        with ParquetFile(path) as file:
            names = list(file.schema_arrow.names)
            columns = len(names)
            if not 0 < columns <= MAX_COLUMN:
                raise TableError(f"the file has {columns} columns, and a table has 1 to {MAX_COLUMN}")
            metadata = file.metadata
            rows: int = min(metadata.num_rows, MAX_CELLS // columns)
            first, size = 0, 0
            for number in range(metadata.num_row_groups):
                if first < rows:
                    group = metadata.row_group(number)
                    first, size = first + group.num_rows, size + group.total_byte_size
            if size > MAX_BYTES:
                raise TableError(
                    f"the first rows of the file unpack to {size // 2**20} MiB, more than the "
                    f"{MAX_BYTES // 2**20} MiB that are read: save the part to show as a file of its own"
                )
            batches = file.iter_batches(batch_size=_BATCH)
            columnwise = (zip(*(one.to_pylist() for one in batch.columns), strict=True) for batch in batches)
            read = chain([names], islice(chain.from_iterable(columnwise), rows))
            shown = (
                (number, {at: cell for at, value in enumerate(row, start=1) if (cell := cell_of(value)) is not EMPTY})
                for number, row in enumerate(read, start=1)
            )
            cells = {number: row for number, row in shown if row}
    except (ArrowException, OSError, ValueError, ArithmeticError, LookupError, TypeError, NotImplementedError) as error:
        reason = ([*str(error).splitlines(), ""][0] or type(error).__name__)[:120]
        raise TableError(f"the file is damaged ({reason}): write it again") from error
    sheet = Sheet(path, None, cells, header_boxes=[Box(1, 1, 1, columns)])
    return SheetlessFile("a Parquet file", sheet, metadata.num_rows - rows)


def cell_of(value: Any) -> Cell:
    """Return the cell of a value."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return Cell(str(value).lower(), value, "bool")
    if isinstance(value, int | float):
        # NaN and the infinities are no numbers that could be sorted or formatted.
        finite = value - value == 0
        return Cell(repr(value), value, "number") if finite else _text_cell(repr(value))
    if isinstance(value, Decimal):
        return Cell(f"{value:f}", float(value), "number") if value.is_finite() else _text_cell(str(value))
    if isinstance(value, dt.datetime):
        return Cell(value.isoformat(" "), value, "date")
    if isinstance(value, dt.time):
        since = dt.datetime.combine(dt.date.min, value) - dt.datetime.min
        return Cell(value.isoformat(), since, "date")
    if isinstance(value, dt.timedelta):
        return Cell(str(value), value, "date")
    if isinstance(value, dt.date):
        return Cell(value.isoformat(), dt.datetime(value.year, value.month, value.day), "date")
    if isinstance(value, bytes):
        return _text_cell(value[: _LONGEST // 2].hex())
    if not isinstance(value, str):
        # Lists and structures.
        value = json.dumps(
            value, ensure_ascii=False, default=lambda one: one.hex() if isinstance(one, bytes) else str(one)
        )
    return _text_cell(value)


def _text_cell(text: str) -> Cell:
    text = plain(text[:_LONGEST])
    return Cell(text, text, "text") if text.strip() else EMPTY

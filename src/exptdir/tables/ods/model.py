"""What is found in the XML of an OpenDocument spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass, field

from exptdir.tables.cellrows import CellRows
from exptdir.tables.model import Cell
from exptdir.tables.ods.odf import Styles
from exptdir.tables.ranges import Box


@dataclass
class OdsTable:
    """A sheet as far as a table shows it.

    Parameters
    ----------
    name, style
        Its name, and that of its style, which may hide it.
    cells
        What holds something; rows that repeat share their cells.
    merged
        Merged ranges.
    hidden_rows, hidden_columns
        What is hidden or filtered out.
    header_rows, header_columns
        The last row and column that are repeated on each printed page.
    """

    name: str
    style: str
    cells: CellRows[Cell] = field(default_factory=CellRows)
    merged: list[Box] = field(default_factory=list)
    hidden_rows: list[range] = field(default_factory=list)
    hidden_columns: list[range] = field(default_factory=list)
    header_rows: int = 0
    header_columns: int = 0


@dataclass
class OdsDocument:
    """What a document holds.

    Parameters
    ----------
    tables
        Its sheets.
    styles
        Its styles.
    names, databases
        Named ranges and the ranges of data with a header row: names and addresses.
    """

    tables: list[OdsTable] = field(default_factory=list)
    styles: Styles = field(default_factory=Styles)
    names: list[tuple[str, str]] = field(default_factory=list)
    databases: list[tuple[str, str]] = field(default_factory=list)

"""Spreadsheets and delimited files as tables: what a person sees in the cells, without Sphinx."""

from exptdir.tables.choice.formats import apply_formats
from exptdir.tables.choice.select import select
from exptdir.tables.model import Cell, Look, Table, TextRun
from exptdir.tables.ranges import CellReference, parse_cell_reference
from exptdir.tables.read import TableReader, read_table, read_text

__all__ = [
    "Cell",
    "CellReference",
    "Look",
    "Table",
    "TableReader",
    "TextRun",
    "apply_formats",
    "parse_cell_reference",
    "read_table",
    "read_text",
    "select",
]

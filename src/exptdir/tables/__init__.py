"""Spreadsheets and delimited files as tables: what a person sees in the cells, without Sphinx."""

from .model import Cell, Table
from .reading import read_table

__all__ = ["Cell", "Table", "read_table"]

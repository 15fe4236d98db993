"""Spreadsheets and delimited files as tables: what a person sees in the cells, without Sphinx."""

from .model import Cell, Look, Table, TextRun
from .reading import read_table

__all__ = ["Cell", "Look", "Table", "TextRun", "read_table"]

"""The XML of an OpenDocument spreadsheet (OpenDocument 1.3, part 3, §9), read in one pass.

A sheet in such a file has its full size: what is empty is written as one cell or row that repeats, a million times
and more. Only what holds something is kept, and rows that repeat share their cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO
from xml.parsers import expat

from exptdir.errors import TableError
from exptdir.tables.collection import collection_paused
from exptdir.tables.grid import MAX_CELLS
from exptdir.tables.model import EMPTY, Cell
from exptdir.tables.ods.model import OdsDocument, OdsTable
from exptdir.tables.ods.odf import NUMBER_STYLE, Attributes, Key, Names
from exptdir.tables.ods.text import CellText, make_cell
from exptdir.tables.package import read_chunks
from exptdir.tables.ranges import MAX_COLUMN, MAX_ROW, Box

#: What may stand in a sheet or a cell and is no part of its text, with all that is in it.
_SKIPPED = frozenset(
    {
        "office:annotation",
        "office:forms",
        "table:shapes",
        "table:tracked-changes",
        "table:scenario",
        "table:table-source",
        "table:content-validations",
        "text:note",
        "text:ruby-text",
        "draw:frame",
        "draw:g",
        "draw:custom-shape",
    }
)
_PROPERTIES = frozenset(
    {
        "style:text-properties",
        "style:paragraph-properties",
        "style:table-cell-properties",
        "style:table-properties",
    }
)


def parse_document(stream: IO[bytes], document: OdsDocument) -> None:
    """Read the XML of a document, or of its styles.

    Parameters
    ----------
    stream
        The XML, unpacked.
    document
        Takes what is found.

    Raises
    ------
    TableError
        If there are more cells than a table can have, or a document type is declared.
    xml.parsers.expat.ExpatError
        If it is not well-formed.
    ValueError
        If a number in it is none.
    """
    reader = _Reader(document)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    with collection_paused():
        for chunk in read_chunks(stream):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)


def _refuse(*_: object) -> None:
    raise TableError("the file is refused: it declares a document type (DTD), as no real spreadsheet does")


class _Reader:
    """Handlers of the parser; one method an element."""

    def __init__(self, document: OdsDocument) -> None:
        self.document = document
        self.names = Names()
        self.skipped = 0
        self.style: Key | None = None
        self.table: OdsTable | None = None
        self.row = self.column = self.placed = 0
        self.row_style = ""
        self.repeated = 1
        self.cells: dict[int, Cell] = {}
        self.column_styles: list[tuple[range, str]] = []
        self.cell: Attributes | None = None
        self.text = CellText(document.styles)
        self.starts: dict[str, Callable[[Attributes], None]] = {
            "style:style": self._style,
            "style:default-style": self._style,
            "table:table": self._table,
            "table:table-column": self._table_column,
            "table:table-row": self._table_row,
            "table:table-cell": self._table_cell,
            "table:covered-table-cell": self._table_cell,
            "table:named-range": self._named_range,
            "table:database-range": self._database_range,
        }
        self.ends: dict[str, Callable[[], None]] = {
            "style:style": self._style_end,
            "style:default-style": self._style_end,
            "table:table": self._table_end,
            "table:table-header-rows": self._header_rows_end,
            "table:table-header-columns": self._header_columns_end,
            "table:table-row": self._table_row_end,
            "table:table-cell": self._table_cell_end,
            "table:covered-table-cell": self._table_cell_end,
        }

    def start(self, full: str, attributes: Attributes) -> None:
        name = self.names[full]
        if self.skipped or name in _SKIPPED or (name == "table:table" and self.cell is not None):
            self.skipped += 1
        elif self.cell is not None:
            self.text.start(name, self.names.all(attributes) if attributes else {})
        elif name in self.starts:
            self.starts[name](self.names.all(attributes))
        elif name in _PROPERTIES and self.style is not None:
            self.document.styles.properties.setdefault(self.style, {}).update(self.names.all(attributes))

    def end(self, full: str) -> None:
        if self.skipped:
            self.skipped -= 1
            return
        name = self.names[full]
        if name in self.ends:
            self.ends[name]()
        elif self.cell is not None:
            self.text.end(name)

    def characters(self, data: str) -> None:
        if self.cell is not None and not self.skipped:
            self.text.characters(data)

    def _style(self, attributes: Attributes) -> None:
        self.style = Key(attributes.get("style:family", ""), attributes.get("style:name", ""))
        if "style:parent-style-name" in attributes:
            self.document.styles.parents[self.style] = attributes["style:parent-style-name"]
        if NUMBER_STYLE in attributes:
            self.document.styles.properties.setdefault(self.style, {})[NUMBER_STYLE] = attributes[NUMBER_STYLE]

    def _style_end(self) -> None:
        self.style = None

    def _table(self, attributes: Attributes) -> None:
        self.table = OdsTable(attributes.get("table:name", ""), attributes.get("table:style-name", ""))
        self.row = self.column = 0
        self.column_styles = []

    def _table_end(self) -> None:
        if self.table is not None:
            self.document.tables.append(self.table)
        self.table = None

    def _header_rows_end(self) -> None:
        if self.table is not None:
            self.table.header_rows = self.row

    def _header_columns_end(self) -> None:
        if self.table is not None:
            self.table.header_columns = self.column

    def _table_column(self, attributes: Attributes) -> None:
        count = _count(attributes.get("table:number-columns-repeated"), MAX_COLUMN - self.column)
        columns = range(self.column + 1, self.column + count + 1)
        self.column += count
        self.column_styles.append((columns, attributes.get("table:default-cell-style-name", "")))
        if self.table is not None and attributes.get("table:visibility", "visible") != "visible":
            self.table.hidden_columns.append(columns)

    def _table_row(self, attributes: Attributes) -> None:
        self.repeated = _count(attributes.get("table:number-rows-repeated"), MAX_ROW - self.row)
        self.column, self.cells = 0, {}
        self.row_style = attributes.get("table:default-cell-style-name", "")
        if self.table is not None and attributes.get("table:visibility", "visible") != "visible":
            self.table.hidden_rows.append(range(self.row + 1, self.row + self.repeated + 1))

    def _table_row_end(self) -> None:
        if self.table is not None and self.cells:
            self.placed += len(self.cells) * self.repeated
            if self.placed > MAX_CELLS:
                raise TableError(f"the file has more than {MAX_CELLS:,} cells, more than a table can have")
            for row in range(self.row + 1, self.row + self.repeated + 1):
                self.table.cells.rows[row] = self.cells
        self.row += self.repeated

    def _table_cell(self, attributes: Attributes) -> None:
        self.cell = attributes
        self.text.begin()

    def _table_cell_end(self) -> None:
        attributes, self.cell = self.cell or {}, None
        count = _count(attributes.get("table:number-columns-repeated"), MAX_COLUMN - self.column)
        first = self.column + 1
        self.column += count
        style = attributes.get("table:style-name") or self.row_style
        made = make_cell(attributes, self.text, lambda: style or self._column_style(first))
        if made is not EMPTY:
            if len(self.cells) + count > MAX_COLUMN:
                raise TableError("the file has rows of more columns than a table can have")
            self.cells.update(dict.fromkeys(range(first, self.column + 1), made))
        self._merge(attributes, first)

    def _merge(self, attributes: Attributes, column: int) -> None:
        wide = _count(attributes.get("table:number-columns-spanned"), MAX_COLUMN - column + 1)
        high = _count(attributes.get("table:number-rows-spanned"), MAX_ROW - self.row)
        if self.table is not None and (wide > 1 or high > 1):
            self.table.merged.append(Box(self.row + 1, column, self.row + high, column + wide - 1))

    def _column_style(self, column: int) -> str:
        return next((style for columns, style in self.column_styles if column in columns), "")

    def _named_range(self, attributes: Attributes) -> None:
        name, address = attributes.get("table:name", ""), attributes.get("table:cell-range-address", "")
        self.document.names.append((name, address))

    def _database_range(self, attributes: Attributes) -> None:
        if attributes.get("table:contains-header", "true") == "true":
            name, address = attributes.get("table:name", ""), attributes.get("table:target-range-address", "")
            self.document.databases.append((name, address))


def _count(text: str | None, most: int) -> int:
    """Read a number of repetitions, of which no more count than there is room for."""
    if text is None:
        return min(1, most)
    return max(min(int(text) if len(text) < 12 else most, most), 0)

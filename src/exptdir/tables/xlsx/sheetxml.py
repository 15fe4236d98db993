"""The XML of one worksheet (ECMA-376 part 1, §18.3.1), read in one pass.

openpyxl reads workbooks in two ways, and neither fits. Its normal mode knows merged cells, links and frozen
panes, but makes an object of every cell that was ever formatted (149,514 of which 15,043 hold something, in
one workbook of 477 kB) and of every cell of a merged range or of a range with a link, so that a merge of
whole columns stops it. Its read-only mode knows none of them. Neither tells a formula without a stored value
from an empty cell. Its texts have lost their parts of several looks, and importing it takes longer than reading
a usual workbook. So none of it is used here: only what holds something is kept, and ranges stay ranges.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from typing import IO
from xml.parsers import expat

from exptdir.tables.cellrows import CellRows, RawCell
from exptdir.tables.collection import collection_paused
from exptdir.tables.ranges import MAX_COLUMN, MAX_ROW, Box, column_number, parse_range
from exptdir.tables.xlsx.fastxml import FastRows
from exptdir.tables.xlsx.inlineruns import Handler, InlineRuns
from exptdir.tables.xlsx.runs import Run

#: Namespaces of SpreadsheetML, transitional and strict (ECMA-376 part 1, annex A).
_NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_DIGITS = "0123456789"
_TRUE = frozenset({"1", "true"})
_CHUNK = 2**20


@dataclass
class SheetXml:
    """What the XML of a sheet holds that a table can show."""

    cells: CellRows[RawCell] = field(default_factory=CellRows)
    blanks: CellRows[int] = field(default_factory=CellRows)
    #: Types of the cells.
    types: set[str] = field(default_factory=set)
    merged: list[Box] = field(default_factory=list)
    links: list[tuple[Box, str]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    frozen_rows: int = 0
    frozen_columns: int = 0
    filters: list[Box] = field(default_factory=list)
    #: Texts in the cells themselves that have several looks.
    rich: dict[tuple[int, int], tuple[Run, ...]] = field(default_factory=dict)
    #: Numbers of the metadata that values have, counted from 1.
    metadata: dict[tuple[int, int], int] = field(default_factory=dict)


def parse_sheet(stream: IO[bytes], blanks: Collection[int] = frozenset(), *, fast: bool = True) -> SheetXml:
    """Read the XML of a worksheet.

    Parameters
    ----------
    stream
        The part, unpacked.
    blanks
        Numbers of the styles of which the empty cells are wanted too, by default none. Those in rows that hold
        nothing are left out all the same: some workbooks have millions.
    fast
        Whether rows in their usual form are read without the parser, which makes no difference but in time.

    Returns
    -------
    SheetXml
        Cells that hold a value or a formula, and what is said about rows, columns and ranges.

    Raises
    ------
    xml.parsers.expat.ExpatError
        If it is not well-formed.
    ValueError
        If an address or a number in it is none.
    """
    reader = _Reader(blanks)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parse = partial(_parse, parser)
    chunks = iter(partial(stream.read, _CHUNK), b"")
    with collection_paused():
        if fast:
            rows = FastRows(parse, reader.take, blanks, reader.take_blanks)
            rows.feed(chunks)
            reader.sheet.types |= rows.types
        else:
            for chunk in chunks:
                parse(chunk)
        parser.Parse(b"", True)
    return reader.sheet


def _parse(parser: expat.XMLParserType, piece: bytes) -> None:
    parser.Parse(piece, False)


class _Reader:
    """Handlers of the parser; one method an element."""

    def __init__(self, blanks: Collection[int]) -> None:
        self.sheet = SheetXml()
        self.blanks = blanks
        self.row = self.column = 0
        self.row_blanks: dict[int, int] = {}
        self.row_used = False
        self.attributes: dict[str, str] = {}
        self.stored: list[str] = []
        self.formula: list[str] | None = None
        self.filled = self.phonetic = False
        self.target: list[str] | None = None
        self.columns: dict[str, int] = {}
        self.runs = InlineRuns(self.stored)
        self.starts = _in_namespaces(
            {
                "c": self._cell,
                "v": self._value,
                "f": self._formula,
                "t": self._text_run,
                "row": self._row,
                "rPh": self._phonetic,
                "col": self._col,
                "pane": self._pane,
                "mergeCell": self._merge,
                "hyperlink": self._hyperlink,
                "autoFilter": self._filter,
                **self.runs.starts,
            }
        )
        self.ends = _in_namespaces(
            {
                "c": self._cell_end,
                "row": self._row_end,
                "v": self._capture_end,
                "f": self._capture_end,
                "t": self._capture_end,
                "rPh": self._phonetic_end,
                **self.runs.ends,
            }
        )

    def take(self, cells: dict[int, RawCell]) -> None:
        """Add cells of the current row, which the parser has not seen."""
        self.sheet.cells.put_row(self.row, cells)

    def take_blanks(self, styles: dict[int, int]) -> None:
        """Add empty cells of the current row, which the parser has not seen."""
        self.sheet.blanks.put_row(self.row, styles)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        handler = self.starts.get(name)
        if handler is not None:
            handler(attributes)

    def end(self, name: str) -> None:
        handler = self.ends.get(name)
        if handler is not None:
            handler({})

    def text(self, data: str) -> None:
        if self.target is not None:
            self.target.append(data)

    def _row(self, attributes: dict[str, str]) -> None:
        self.row = int(attributes.get("r", self.row + 1))
        self.column, self.attributes = 0, {}
        self.row_blanks, self.row_used = {}, False
        if not 1 <= self.row <= MAX_ROW:
            raise ValueError(f"row {self.row} is out of bounds")
        if attributes.get("hidden") in _TRUE:
            self.sheet.hidden_rows.add(self.row)

    def _cell(self, attributes: dict[str, str]) -> None:
        # Most cells may be empty ones with a format: what a cell says is worked out once it holds something.
        if "r" not in attributes:
            self.column = self._place() + 1
        self.attributes = attributes
        self.filled, self.formula = False, None

    def _place(self) -> int:
        """Return the column of the current cell."""
        reference = self.attributes.get("r")
        if reference is not None:
            letters = reference.rstrip(_DIGITS)
            if letters not in self.columns:
                self.columns[letters] = column_number(letters)
            self.column = self.columns[letters]
        if not 0 <= self.column <= MAX_COLUMN:
            raise ValueError(f"column {self.column} is out of bounds")
        return self.column

    def _cell_end(self, _: dict[str, str]) -> None:
        if not self.filled and self.formula is None:
            self._blank()
            return
        stored = "".join(self.stored) or None if self.filled else None
        self.stored.clear()
        if stored is not None or self.formula is not None:
            formula = "=" + "".join(self.formula) if self.formula is not None else None
            style, kind = int(self.attributes.get("s", 0)), self.attributes.get("t", "n")
            self.sheet.cells.put(self.row, self._place(), RawCell(style, kind, stored, formula))
            self.sheet.types.add(kind)
            self._note_extras()
            self.row_used = True
        else:
            self._blank()

    def _note_extras(self) -> None:
        at = self.row, self.column
        if runs := self.runs.take():
            self.sheet.rich[at] = runs
        if "vm" in self.attributes:
            self.sheet.metadata[at] = int(self.attributes["vm"])

    def _blank(self) -> None:
        if self.blanks and (style := int(self.attributes.get("s", 0))) in self.blanks:
            self.row_blanks[self._place()] = style

    def _row_end(self, _: dict[str, str]) -> None:
        if self.row_used:
            self.sheet.blanks.put_row(self.row, self.row_blanks)

    def _value(self, _: dict[str, str]) -> None:
        self.filled = True
        self.target = self.stored

    def _text_run(self, _: dict[str, str]) -> None:
        if not self.phonetic:
            self._value({})

    def _formula(self, _: dict[str, str]) -> None:
        self.target = self.formula = []

    def _capture_end(self, _: dict[str, str]) -> None:
        self.target = None

    def _phonetic(self, _: dict[str, str]) -> None:
        self.phonetic = True

    def _phonetic_end(self, _: dict[str, str]) -> None:
        self.phonetic = False

    def _col(self, attributes: dict[str, str]) -> None:
        if attributes.get("hidden") in _TRUE:
            last = min(int(attributes["max"]), MAX_COLUMN)
            self.sheet.hidden_columns.update(range(int(attributes["min"]), last + 1))

    def _pane(self, attributes: dict[str, str]) -> None:
        # In a pane that is only split, these are lengths in points. topLeftCell would not do: it is where the
        # rest was scrolled to when the workbook was saved.
        if attributes.get("state") in {"frozen", "frozenSplit"}:
            self.sheet.frozen_rows = int(float(attributes.get("ySplit", 0)))
            self.sheet.frozen_columns = int(float(attributes.get("xSplit", 0)))

    def _merge(self, attributes: dict[str, str]) -> None:
        self.sheet.merged.append(parse_range(attributes["ref"]))

    def _hyperlink(self, attributes: dict[str, str]) -> None:
        if (target := _relation(attributes)) is not None:
            self.sheet.links.append((parse_range(attributes["ref"]), target))

    def _filter(self, attributes: dict[str, str]) -> None:
        if "ref" in attributes:
            self.sheet.filters.append(parse_range(attributes["ref"]))


def _in_namespaces(handlers: dict[str, Handler]) -> dict[str, Handler]:
    return {f"{space} {name}": handler for space in _NAMESPACES for name, handler in handlers.items()}


def _relation(attributes: dict[str, str]) -> str | None:
    """Return the ``r:id`` of an element, whichever of the two namespaces it is in."""
    return next((value for name, value in attributes.items() if name.endswith("relationships id")), None)

"""From what a workbook stores for a cell to the cell as it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from exptdir.errors import TableError
from exptdir.tables.cellrows import CellRows, RawCell
from exptdir.tables.grid import Position
from exptdir.tables.memo import Memo
from exptdir.tables.model import EMPTY, PLAIN, Cell, Look, TextRun, plain, safe_link
from exptdir.tables.parts import unescape
from exptdir.tables.ranges import Box
from exptdir.tables.xlsx.styledcells import StyledCells

_HYPERLINK = re.compile(r'=\s*HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)


#: Types of cells that hold something if they hold anything, as long as no shared text is blank.
_NEVER_BLANK = frozenset({"n", "s", "b", "e", "d"})


@dataclass(frozen=True, slots=True)
class Style:
    """What a cell's style says, as far as a table shows it."""

    code: str = "General"
    look: Look = PLAIN


def _no_runs(_: RawCell, __: Look) -> tuple[TextRun, ...]:
    return ()


@dataclass
class CellMaker:
    """Makes cells of one sheet; equal ones are made once.

    Parameters
    ----------
    strings
        The workbook's shared strings, without escapes.
    style
        Looks a style up by its number.
    date1904
        Whether dates count from 1904.
    links
        Ranges with a link.
    runs
        Returns the parts of a shared or inline text that has several looks, given the cell and the look of its
        style.
    """

    strings: Sequence[str]
    style: Callable[[int], Style]
    date1904: bool
    links: Sequence[tuple[Box, str]]
    runs: Callable[[RawCell, Look], tuple[TextRun, ...]] = _no_runs

    def __post_init__(self) -> None:
        """Put the links of single cells where they are found at once: a sheet may have thousands."""
        self._wide_links = [(box, target) for box, target in self.links if box[:2] != box[2:]]
        self._cell_links = {box[:2]: target for box, target in self.links if box[:2] == box[2:]}
        self._linked_rows = {row for row, _ in self._cell_links}
        self._styles = Memo(self._styled)
        self._numbers = Memo(self._numbers_of)
        self._made = Memo(self._make)
        self._holds = Memo(self._holds_something)

    def used(self, cells: CellRows[RawCell], types: Set[str]) -> CellRows[RawCell]:
        """Return the cells in which a person sees more than blanks, or would under another number format.

        Parameters
        ----------
        cells
            All cells.
        types
            The types of cells that occur among them.

        Returns
        -------
        CellRows
            Those that hold something.
        """
        if not any(map(str.isspace, self.strings)) and "" not in self.strings and types <= _NEVER_BLANK:
            return cells
        holds = self._holds
        rows: dict[int, dict[int, RawCell]] = {}
        for number, row in cells.rows.items():
            some = {column: raw for column, raw in row.items() if raw.type == "n" or holds[raw]}
            if some:
                rows[number] = row if len(some) == len(row) else some
        return CellRows(rows)

    def make(self, at: Position, raw: RawCell) -> Cell:
        """Make the cell at a position."""
        cell, target = self._made[raw], self._link(at)
        return cell if target is None else cell._replace(href=target)

    def make_row(self, row: int, cells: dict[int, RawCell] | None, columns: Sequence[int]) -> list[Cell]:
        """Make the cells of a row in given columns.

        Parameters
        ----------
        row
            The row's number.
        cells
            Its cells by column, if there are any.
        columns
            The columns.

        Returns
        -------
        list of Cell
            A cell for each column.
        """
        if cells is None:
            return [EMPTY] * len(columns)
        found = map(cells.get, columns)
        if self._wide_links or row in self._linked_rows:
            pairs = zip(columns, found, strict=True)
            return [EMPTY if raw is None else self.make((row, column), raw) for column, raw in pairs]
        made, numbers = self._made, self._numbers
        row_cells = []
        for raw in found:
            if raw is None:
                row_cells.append(EMPTY)
                continue
            style, kind, stored, formula = raw
            if kind == "n" and formula is None and stored is not None:
                row_cells.append(numbers[style](stored))
            else:
                row_cells.append(made[raw])
        return row_cells

    def _styled(self, number: int) -> StyledCells:
        style = self.style(number)
        return StyledCells(style.code, style.look, self.date1904)

    def _numbers_of(self, style: int) -> Callable[[str], Cell]:
        return self._styles[style].numbers()

    def _holds_something(self, raw: RawCell) -> bool:
        if raw.stored is None:
            return raw.formula is not None
        return bool(self._text(raw).strip())

    def _make(self, raw: RawCell) -> Cell:
        if raw.type == "s" and raw.formula is None and raw.stored is not None:
            return self._text_cell(raw, self._shared(raw.stored))
        cell = self._shown(raw)
        if raw.formula and (match := _HYPERLINK.match(raw.formula)):
            return cell._replace(href=safe_link(match[1]))
        return cell

    def _shown(self, raw: RawCell) -> Cell:
        styled = self._styles[raw.style]
        stored = raw.stored
        if stored is None:
            return Cell(plain(raw.formula or ""), raw.formula, "text", styled.look)
        if raw.type == "n":
            return styled.number(stored)
        if raw.type == "b":
            truth = stored.strip() in {"1", "true"}
            return Cell("TRUE" if truth else "FALSE", truth, "bool", styled.look)
        if raw.type == "e":
            return Cell(plain(stored), stored, "error", styled.look)
        if raw.type == "d":
            return styled.iso_date(stored)
        return self._text_cell(raw, self._text(raw))

    def _text_cell(self, raw: RawCell, text: str) -> Cell:
        cell = self._styles[raw.style].text(text)
        runs = self.runs(raw, cell.look) if raw.type != "str" else ()
        # A number format may have changed the text.
        return cell._replace(runs=runs) if runs and "".join(run.text for run in runs) == cell.text else cell

    def _text(self, raw: RawCell) -> str:
        text = raw.stored or ""
        if raw.type == "s":
            return self._shared(text)
        if raw.type in {"str", "inlineStr"}:
            return unescape(text)
        return text

    def _shared(self, number: str) -> str:
        if number.isdecimal() and len(number) < 10 and int(number) < len(self.strings):
            return self.strings[int(number)]
        raise TableError(
            f"a cell refers to a shared text ({number[:20]}) that the workbook does not have: the file is damaged; "
            f"open it in a spreadsheet program and save it again"
        )

    def _link(self, at: Position) -> str | None:
        if at in self._cell_links:
            return self._cell_links[at]
        for box, target in self._wide_links:
            if box.top <= at[0] <= box.bottom and box.left <= at[1] <= box.right:
                return target
        return None

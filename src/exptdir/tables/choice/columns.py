"""Columns as authors name them: by what their headers say, or by their letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from exptdir.errors import TableError
from exptdir.record.problem import listed, shortened
from exptdir.tables.grid import anchors
from exptdir.tables.headers import is_unit
from exptdir.tables.model import COVERED, Table
from exptdir.tables.ranges import column_letters, column_number

#: One item of a list of columns: in quotation marks (doubled inside) or backticks, or free of commas.
_ITEM = re.compile(r'\s*+([-+]?)\s*+(?:"((?:[^"]|"")*+)"\s*+|`([^`]*+)`\s*+|([^,]*+))(,|\Z)')
_LETTERS = re.compile(r"([A-Za-z]{1,3})(?::([A-Za-z]{1,3}))?\Z")
_MAX_LENGTH = 10_000
#: Names that a message lists.
_LISTED = 8
_LONGEST = 40


class Columns:
    """The columns of a table, to be found by name.

    A column is called what its last header row says, if that is no row of units; where it is empty, what stands above.
    What one above says of a single column names it, too.
    """

    def __init__(self, table: Table) -> None:
        count = table.n_columns
        self.letters = table.letters or tuple(column_letters(at + 1) for at in range(count))
        head = table.rows[: table.header_rows]
        if len(head) > 1 and all(is_unit(cell.text) for cell in head[-1]):
            head = head[:-1]
        owners = anchors(head)
        names, self._above = [""] * table.n_columns, list[list[str]]()
        for top, row in enumerate(head):
            for left, cell in enumerate(row):
                if cell.covered and cell == COVERED:
                    above, beside = owners.get((top, left), (top, left))
                    cell = head[above][beside]
                names[left] = _spaced(cell.text) or names[left]
            self._above.append([*names])
        self.names = names
        self._numbers = {letters: at for at, letters in enumerate(self.letters)}

    def find(self, name: str, *, quoted: bool = False) -> int:
        """Return the place of a column, counted from 0; if there is none, or several, the error names the nearest.

        Its *name* is what its header says, otherwise the same in other case, otherwise its letters, unless it is
        *quoted*: marked by the author as a name, which letters are not.
        """
        for same in (_spaced, _folded):
            found = self._by_name(name, same)
            if len(found) > 1:
                letters = " and ".join(self.letters[at] for at in found[:_LISTED])
                raise TableError(f"{len(found)} columns are called {shortened(name)!r}: choose by letter ({letters})")
            if found:
                return found[0]
        if not quoted and name.upper() in self._numbers:
            return self._numbers[name.upper()]
        none = f"the table has no header row, so that its columns are {self._span()}"
        known = f"its columns are {listed(_spaced(name), filter(None, self.names))}" if any(self.names) else none
        raise TableError(f"there is no column {shortened(name)!r}: {known}")

    def find_all(self, text: str) -> list[int]:
        """Return the places of the columns that a list names, in its order; ``C:E`` stands for all from C to E.

        Raises TableError if one is unknown, ambiguous or named twice.
        """
        places: list[int] = []
        for sign, name, quoted in split_list(text):
            name = name if quoted else sign + name
            match = None if quoted else _LETTERS.match(name)
            if match and match[2] and not self._by_name(name, _folded):
                first, last = sorted(map(column_number, match.groups()))
                found = [at for at, letters in enumerate(self.letters) if first <= column_number(letters) <= last]
                if not found:
                    raise TableError(f"there are no columns {name}: the table has {self._span()}")
            else:
                found = [self.find(name, quoted=quoted)]
            for at in found:
                if at in places:
                    raise TableError(f"the column {shortened(name)!r} is chosen twice: name each column once")
                places.append(at)
        return places

    def _by_name(self, name: str, same: Callable[[str], str]) -> list[int]:
        wanted = same(name)
        rows = (self.names, *self._above)
        found = [[at for at, one in enumerate(names) if one and same(one) == wanted] for names in rows]
        return next((places for places in found if len(places) == 1), found[0])

    def _span(self) -> str:
        return self.letters[0] if len(self.letters) == 1 else f"{self.letters[0]} to {self.letters[-1]}"


def split_list(text: str) -> list[tuple[str, str, bool]]:
    """Cut a list of columns at its commas; names with commas stand in quotation marks or backticks.

    Of each item it tells the sign before it, if any, the name, and whether it was in quotation marks.

    Raises TableError if an item is empty, or something follows a closing quotation mark.
    """
    items, at = [], 0
    while len(text) <= _MAX_LENGTH and (match := _ITEM.match(text, at)):
        sign, quoted, ticked, free, comma = match.groups()
        marked = quoted if quoted is not None else ticked
        name = free.strip() if marked is None else marked.replace('""', '"')
        if not name.strip():
            break
        items.append((sign, name, marked is not None))
        if not comma:
            return items
        at = match.end()
    raise TableError(
        f"{shortened(text)!r} is not a list of columns: separate names or letters by commas, and put names with "
        f'commas in them in quotation marks, as in loss, "a, b", D'
    )


def _spaced(name: str) -> str:
    return " ".join(name.split())


def _folded(name: str) -> str:
    # Python's names are normalised like this, so that "µl" in an expression comes as another letter.
    return unicodedata.normalize("NFKC", _spaced(name)).casefold()

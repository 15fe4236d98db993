"""Delimited files (``.csv``, ``.tsv``): rows, cells and what is doubtful about them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Collection, Container
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from exptdir.errors import TableError
from exptdir.record.files import collector_paused
from exptdir.record.problem import Problem
from exptdir.tables.encoding import decode
from exptdir.tables.grid import MAX_CELLS, CellRows, Sheet, sheet_of_cells
from exptdir.tables.model import EMPTY, Cell, plain
from exptdir.tables.ranges import Box

#: What may separate cells, the likelier first where two cut a file equally well: a comma may be a decimal one.
DELIMITERS = ";\t|,"
_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|", "pipe": "|", "space": " "}
#: Characters from the beginning of a file in which the delimiter is looked for.
SAMPLE = 16_384
#: Ragged rows that are reported one by one; the rest is counted.
_RAGGED_SHOWN = 10
_EXPONENT = "(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+){_EXPONENT}\Z")
_POINT_NUMBER = re.compile(r"[+-]?[0-9]*\.[0-9]+\Z")
_COMMA_NUMBER = re.compile(rf"[+-]?[0-9]*,[0-9]+{_EXPONENT}\Z")
#: Three digits after a comma may be the thousands of a whole number.
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+\Z")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}\S*)?\Z")
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)
#: Digits of a whole number beyond which it is kept as a float: Python refuses to read thousands of them.
_WHOLE = 18


class _Rows(NamedTuple):
    fields: list[list[str]]
    #: The line that each row begins in.
    lines: list[int]
    delimiter: str


def read_sheet(path: Path, *, delimiter: str | None = None, encoding: str | None = None) -> Sheet:
    """Read a delimited file.

    Parameters
    ----------
    path
        The file; ``.tsv`` is separated by tabs, in others the delimiter is found.
    delimiter
        What separates its cells, a character or a word such as ``tab``.
    encoding
        What it is written in, as Python calls it.

    Returns
    -------
    Sheet
        Its cells, texts as they are written; rows that are longer or shorter than most, characters that
        cannot be shown, a guessed encoding and a doubtful delimiter are problems.

    Raises
    ------
    TableError
        If the file is a workbook or other binary data, or a cell is absurdly long.
    """
    text, note = decode(path.read_bytes(), encoding)
    if delimiter is not None:
        delimiter = named_delimiter(delimiter)
    elif path.suffix.lower() == ".tsv":
        delimiter = "\t"
    sheet = parse(text, path, delimiter)
    return replace(sheet, problems=[Problem("table", note, path), *sheet.problems]) if note else sheet


def named_delimiter(text: str) -> str:
    """Return the character that an author means, who may call it ``tab`` or ``semicolon``."""
    delimiter = _NAMES.get(text.strip().lower(), text.strip() or text[:1])
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        ways = "give one character, or comma, semicolon, tab or bar"
        raise TableError(f"{text[:20]!r} cannot separate cells: {ways}")
    return delimiter


def parse(text: str, path: Path, delimiter: str | None = None) -> Sheet:
    """Read delimited text.

    Parameters
    ----------
    text
        The text. A first line ``sep=;`` gives the delimiter, as spreadsheet programs write it.
    path
        Where it stands, for messages.
    delimiter
        What separates its cells; found if it is not given.

    Returns
    -------
    Sheet
        Its cells.

    Raises
    ------
    TableError
        If a cell is absurdly long, or there are too many.
    """
    problems = []
    if "\0" in text:
        problems.append(Problem("table", "null characters were left out: the file may be damaged", path))
        text = text.replace("\0", "")
    with collector_paused():
        line = 1
        if (hint := _SEPARATOR_LINE.match(text)) is not None:
            delimiter, text, line = delimiter or hint[1], text[hint.end() :], 2
        if delimiter is None:
            delimiter, doubt = find_delimiter(text[:SAMPLE])
            problems += [Problem("table", doubt, path)] if doubt else []
        if text.count(delimiter) > 2 * MAX_CELLS:
            raise TableError(
                f"there are more than {2 * MAX_CELLS:,} cells, more than a table can have: save the part to show"
            )
        rows = _Rows([], [], delimiter)
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=delimiter,
            skipinitialspace=f'{delimiter} "' in text[:SAMPLE],
        )
        before = line
        try:
            for fields in reader:
                rows.fields.append(fields)
                rows.lines.append(line)
                line = reader.line_num + before
        except csv.Error as error:
            raise TableError(f"line {line}: {error}; is a quotation mark missing at the end of a cell?") from None
        known = _Known(_decimal_commas(rows))
        cells: CellRows[Cell] = CellRows()
        for at, fields in enumerate(rows.fields, start=1):
            row = list(map(known.__getitem__, fields))
            if known.blank.isdisjoint(fields):
                cells.put_row(at, dict(enumerate(row, start=1)))
            else:
                cells.put_row(at, {column: cell for column, cell in enumerate(row, start=1) if cell is not EMPTY})
    last = "".join(rows.fields[-1][-1:]) if rows.fields else ""
    if last == '"' or "\n" in last or "\r" in last:
        # The last cell holds line breaks: either its quotation mark was closed, or it took all the rest.
        tail = islice(io.StringIO(text, newline=""), rows.lines[-1] - before, None)
        if sum(line.count('"') for line in tail) % 2 == 1:
            problems.append(Problem("table", "a quotation mark is never closed", path, rows.lines[-1]))
    return replace(
        sheet_of_cells(path, None, cells),
        problems=problems,
        header_boxes=_dates_above(cells),
        late_problems=partial(_ragged, path, rows),
    )


def _dates_above(cells: CellRows[Cell]) -> list[Box]:
    """Recognise a header with dates, as of a table with a column a day: texts and dates above other things."""
    rows = list(islice(cells.rows.values(), 2))
    if len(rows) < 2 or any(cell.kind not in {"text", "date"} for cell in rows[0].values()):
        return []
    dated = [column for column, cell in rows[0].items() if cell.kind == "date"]
    if not dated or any(rows[1].get(column, EMPTY).kind == "date" for column in dated):
        return []
    top = next(iter(cells.rows))
    return [Box(top, min(rows[0]), top, max(rows[0]))]


class _Known(dict[str, Cell]):
    """The cells of all different texts: most tables repeat themselves."""

    def __init__(self, commas: bool) -> None:
        super().__init__()
        self.commas = commas
        self.blank: set[str] = set()

    def __missing__(self, field: str) -> Cell:
        cell = EMPTY
        if text := plain(field).strip():
            cell = self._made(text)
        else:
            self.blank.add(field)
        self[field] = cell
        return cell

    def _made(self, text: str) -> Cell:
        number = text.replace(",", ".") if self.commas and _COMMA_NUMBER.match(text) else text
        if _NUMBER.match(number):
            whole = len(number) <= _WHOLE and number.lstrip("+-").isdigit()
            value = int(number) if whole else float(number)
            # What is too large for a float could be neither rounded nor sorted.
            return Cell(text, value, "number") if isfinite(value) else Cell(text, text, "text")
        if _ISO_DATE.match(text):
            try:
                return Cell(text, dt.datetime.fromisoformat(text), "date")
            except ValueError:
                pass
        return Cell(text, text, "text")


def _decimal_commas(rows: _Rows) -> bool:
    """Tell whether the numbers of a file have a comma instead of a point.

    Semicolons are what spreadsheet programs separate cells by where it is so; elsewhere a number that cannot have
    thousands must show it. Never in a file that has points in numbers as well.
    """
    if rows.delimiter == ",":
        return False
    found = False
    for field in chain.from_iterable(rows.fields):
        if _POINT_NUMBER.match(field := field.strip()):
            return False
        found = found or bool(_COMMA_NUMBER.match(field) and (rows.delimiter == ";" or not _THOUSANDS.match(field)))
    return found


def _ragged(path: Path, rows: _Rows, shown: Container[int], columns: Collection[int]) -> list[Problem]:
    """Report the rows with more or fewer cells than most among those that are shown."""
    # What stands beyond the columns that were asked for is nobody's business, and empty cells at the end are none.
    last = max(columns)
    numbered = [
        (min(len(fields), last), at) for at, fields in enumerate(rows.fields) if at + 1 in shown and any(fields)
    ]
    widths = Counter(width for width, _ in numbered)
    usual = max(widths, key=lambda width: (widths[width], width), default=0)
    ragged = [(width, at) for width, at in numbered if width < usual or any(rows.fields[at][usual:last])]

    def counted(count: int) -> str:
        return f"{count} cell" if count == 1 else f"{count} cells"

    problems = [
        Problem("table", f"this row has {counted(width)} where most have {usual}", path, rows.lines[at])
        for width, at in ragged[:_RAGGED_SHOWN]
    ]
    if rest := ragged[_RAGGED_SHOWN:]:
        message = f"{len(rest)} more rows from here on have not {counted(usual)}, as most have"
        problems.append(Problem("table", message, path, rows.lines[rest[0][1]]))
    return problems


def find_delimiter(sample: str) -> tuple[str, str | None]:
    """Find the character that separates the cells of a row.

    The library for this, clevercsv, found the same in 37 real files and in 150 generated ones, forty times
    slower; the standard library's sniffer looks for quotation marks by expressions that take long on some files.

    Parameters
    ----------
    sample
        Beginning of the file.

    Returns
    -------
    delimiter, doubt
        That of the four usual ones which cuts most rows into the same number (two or more) of cells. Of those that
        cut equally well, a comma comes last: it may be a decimal one. A comma if none separates anything. The doubt
        is a sentence where another would do as well.
    """
    lines = sample.splitlines(keepends=True)
    if len(sample) >= SAMPLE and len(lines) > 1:
        lines.pop()
    shares: dict[str, float] = {}
    counts: dict[str, int] = {}
    for delimiter in DELIMITERS:
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True) if row)
        except csv.Error:
            continue
        several = {width: count for width, count in widths.items() if width > 1}
        if several:
            counts[delimiter] = max(several, key=lambda width: (several[width], width))
            shares[delimiter] = several[counts[delimiter]] / widths.total()
    if not shares:
        return ",", None
    decimal = not re.search("[^0-9],|,[^0-9]", sample)
    if decimal and any(shares[other] >= 0.5 for other in shares if other != ","):
        shares.pop(",", None)
    # The first of the best: by share, and but for the comma by the number of cells.
    best = max(shares.values())
    equal = [delimiter for delimiter in DELIMITERS if shares.get(delimiter) == best]
    found = max(equal, key=lambda one: (one != ",", counts[one]))
    body = "".join(lines[1:])
    if len(equal) == 1 or (set(equal) == {found, ","} and not re.search("[^0-9],|,[^0-9]", body)):
        return found, None
    names = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}
    others = " or ".join(names[other] for other in equal if other != found)
    return found, f"the cells are taken to be separated by {names[found]}, but {others} cut its rows as evenly"

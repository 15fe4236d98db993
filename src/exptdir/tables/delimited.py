"""Delimited files (``.csv``, ``.tsv``): rows, cells and what is doubtful about them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from exptdir.errors import TableError
from exptdir.record.dates.forms import MONTHS
from exptdir.record.problem import Problem
from exptdir.tables.encoding import decode
from exptdir.tables.grid import MAX_CELLS, Sheet
from exptdir.tables.model import EMPTY, WITH_POINT, Cell, plain

#: What may separate cells, the likelier first where two cut a file equally well: a comma may be a decimal one.
DELIMITERS = ";\t|,"
_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|", "pipe": "|", "space": " "}
#: Characters from the beginning of a file in which the delimiter is looked for.
SAMPLE = 16_384
#: Ragged rows that are reported one by one; the rest is counted.
_RAGGED_SHOWN = 10
_EXPONENT = "(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+){_EXPONENT}\Z")
_POINT_NUMBER = re.compile(r"[+−-]?[0-9]*\.[0-9]+\Z")
_COMMA_NUMBER = re.compile(rf"[+−-]?[0-9]*,[0-9]+{_EXPONENT}\Z")
#: What sets thousands apart before a decimal comma, which alone makes it sure that a point is none of decimals.
_GROUPED = re.compile(r"[+−-]?[1-9][0-9]{0,2}([.'’\u202f\xa0])[0-9]{3}(?:\1[0-9]{3})*(?:,[0-9]+)?\Z")
#: Thousands are set apart by apostrophes, by blanks that break no line, or perhaps by commas.
_THOUSANDS = re.compile(r"[+−-]?[1-9][0-9]{0,2}([,'’\u202f\xa0])[0-9]{3}(?:\1[0-9]{3})*(?:\.[0-9]+)?\Z")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}\S*)?\Z")
#: A day and a month, or a month and a day.
_DATE = re.compile(
    r"([0-9]{1,2})([./])([0-9]{1,2})\2([0-9]{4})(?:,? ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?: ?([AaPp])[Mm])?)?\Z"
)
#: A year or the name of a month that comes first.
_YEAR_FIRST = re.compile(r"\A([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})(?![0-9])")
_MONTH_FIRST = re.compile(r"\A([^\W\d_]{3,10})\.? ([0-9]{1,2}),? ([0-9]{4})(?![0-9])")
#: A day whose month is named, as spreadsheet programs write it.
_NAMED_MONTH = re.compile(r"([0-9]{1,2})(?:-|\.? )([^\W\d_]{3,10})(?:-|\.? )([0-9]{4}.*)", re.DOTALL)
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)
#: Digits of a whole number beyond which it is kept as a float: Python refuses to read thousands of them.
_WHOLE = 18


class _Rows(NamedTuple):
    fields: list[list[str]]
    #: The line that each row begins in.
    lines: list[int]
    delimiter: str


def read_sheet(
    path: Path, *, delimiter: str | None = None, encoding: str | None = None, decimal: str | None = None
) -> Sheet:
    """Read a delimited file: its cells, texts as they are written.

    The *delimiter* is what separates them, a character or a word such as ``tab``; without it, ``.tsv`` is separated by
    tabs, and in others it is found. The *encoding* is what Python calls it, *decimal* tells whether numbers have a
    ``comma`` or a ``point`` before their decimals. Rows that are longer or shorter than most, characters that cannot be
    shown, a guessed encoding and a doubtful delimiter are problems.

    Raises TableError if the file is a workbook or other binary data, or a cell is absurdly long.
    """
    text, note = decode(path.read_bytes(), encoding)
    sheet = parse(text, path, "tab" if delimiter is None and path.suffix.lower() == ".tsv" else delimiter, decimal)
    return replace(sheet, problems=[Problem("table", note, path), *sheet.problems]) if note else sheet


def named_delimiter(text: str) -> str:
    """Return the character that an author means, who may call it ``tab`` or ``semicolon``."""
    delimiter = _NAMES.get(text.strip().lower(), text.strip() or text[:1])
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        ways = "give one character, or comma, semicolon, tab or bar"
        raise TableError(f"{text[:20]!r} cannot separate cells: {ways}")
    return delimiter


def null_problems(text: str, path: Path) -> Iterator[Problem]:
    """Say that a text holds null characters, which no program writes into a table on purpose."""
    if "\0" in text:
        line = 1 + text[: text.index("\0")].count("\n")
        yield Problem("table", "null characters were left out: the file may be damaged", path, line)


def parse(text: str, path: Path, delimiter: str | None = None, decimal: str | None = None) -> Sheet:
    """Read delimited text, which stands at *path*; see :func:`read_sheet`.

    A first line ``sep=;`` gives the delimiter, as spreadsheet programs write it.
    """
    problems = list(null_problems(text, path))
    text = text.replace("\0", "")
    delimiter, line = None if delimiter is None else named_delimiter(delimiter), 1
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
    # Blanks that separate cells are often several.
    blanks = delimiter == " " or f'{delimiter} "' in text[:SAMPLE]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=blanks)
    before = line
    try:
        for fields in reader:
            rows.fields.append(fields)
            rows.lines.append(line)
            line = reader.line_num + before
    except csv.Error as error:
        raise TableError(f"line {line}: {error}; is a quotation mark missing at the end of a cell?") from None
    if _lacks_corner(rows.fields):
        rows.fields[0].insert(0, "")
    known = _Known(rows, decimal)
    others = known.other_columns(rows.fields)
    read: dict[int, dict[int, Cell]] = {}
    for at, fields in enumerate(rows.fields, start=1):
        read[at] = {column: cell for column, cell in enumerate(map(known.__getitem__, fields), 1) if cell is not EMPTY}
        for column in others & read[at].keys():
            read[at][column] = cell_of(read[at][column].text, commas=True)
    cells = {at: row for at, row in read.items() if row}
    last = "".join(rows.fields[-1][-1:]) if rows.fields else ""
    if last == '"' or "\n" in last or "\r" in last:
        # The last cell holds line breaks: either its quotation mark was closed, or it took all the rest.
        tail = islice(io.StringIO(text, newline=""), rows.lines[-1] - before, None)
        if sum(line.count('"') for line in tail) % 2 == 1:
            problems.append(Problem("table", "a quotation mark is never closed", path, rows.lines[-1]))
    return Sheet(path, None, cells, problems=problems, late_problems=partial(_problems, path, rows, known.doubtful))


def _lacks_corner(fields: list[list[str]]) -> bool:
    """Tell whether the header has no name for the first column, which R writes names or numbers of the rows into."""
    if len(fields) < 3 or {len(one) for one in fields[1:] if any(one)} != {len(fields[0]) + 1} or not any(fields[0]):
        return False
    first = [one[0].strip() for one in fields[1:] if any(one)]
    counted = first == [str(at) for at in range(1, len(first) + 1)]
    named = len(set(first)) == len(first) and not any(map(_NUMBER.match, (*first, *fields[0])))
    return (counted or named) and any(one[-1:] != [""] for one in fields[1:])


class _Known(dict[str, Cell]):
    """The cells of all different texts: most tables repeat themselves."""

    def __init__(self, rows: _Rows, decimal: str | None) -> None:
        super().__init__()
        # Whether numbers have a comma instead of a point. Semicolons are what spreadsheet programs separate cells by
        # where it is so; elsewhere a number that cannot have thousands must show it. Never in a file that has points
        # in numbers as well, but for points between thousands. Commas there are sure where there are two in a number,
        # or a point behind.
        every = rows.delimiter != ","
        fields = {one.strip() for one in chain.from_iterable(rows.fields) if every or "," in one or "/" in one}
        commas = [field for field in fields if _COMMA_NUMBER.match(field)]
        thousands = [field for field in fields if "," in field and _THOUSANDS.match(field)]
        points = {field for field in fields if _POINT_NUMBER.match(field)}
        self._grouped = decimal is None and any("," in field and _GROUPED.match(field) for field in fields)
        sure = (rows.delimiter == ";" and not points) or self._grouped or not all(map(_THOUSANDS.match, commas))
        grouped = all(map(_GROUPED.match, points))
        self.commas = every and (bool(commas) or self._grouped) and sure and grouped
        self.thousands = not self.commas and any(one.count(",") > 1 or "." in one for one in thousands)
        if decimal is not None:
            self.commas, self.thousands = decimal == "comma", decimal == "point"
        # Where semicolons separate cells, as commas cannot, points may be none of decimals.
        unsure = rows.delimiter == ";" and decimal is None and not self.commas and grouped
        self.doubtful = points if unsure else set()
        # Whether the month of 3/4/2024 comes first is sure where another number of a date cannot be a month.
        dates = [found for field in fields if "/" in field and (found := _DATE.match(field))]
        orders = {int(found[1]) <= 12 for found in dates if max(int(found[1]), int(found[3])) > 12}
        self.months_first = orders.pop() if len(orders) == 1 else None

    def other_columns(self, fields: list[list[str]]) -> set[int]:
        """Return the columns, counted from 1, that have points between thousands where other numbers have not."""
        found: set[int] = set()
        for at in range(max(map(len, fields), default=0)) if self._grouped and not self.commas else ():
            column = {one[at].strip() for one in fields if at < len(one)}
            grouped = {one for one in column if _GROUPED.match(one)}
            if any("," in one for one in grouped) and not any(map(_POINT_NUMBER.match, column - grouped)):
                found.add(at + 1)
        return found

    def __missing__(self, field: str) -> Cell:
        text = plain(field).strip()
        self[field] = cell = cell_of(text, self.commas, self.thousands, self.months_first) if text else EMPTY
        return cell


def cell_of(text: str, commas: bool = False, thousands: bool = False, months_first: bool | None = None) -> Cell:
    """Return the cell that a text makes: a number, a date, or a text.

    Numbers may have a decimal comma or commas between thousands if that is said, and dates with slashes need to be told
    whether months come first.
    """
    number = f"-{text[1:]}" if text[:1] == "–" else text.replace("−", "-")
    if commas and (_COMMA_NUMBER.match(number) or _GROUPED.match(number)):
        number = number.translate(WITH_POINT)
    elif (split := _THOUSANDS.match(number)) and (thousands or split[1] != ","):
        number = number.replace(split[1], "")
    if _NUMBER.match(number):
        whole = len(number) <= _WHOLE and number.lstrip("+-").isdigit()
        value = int(number) if whole else float(number)
        # What is too large for a float could be neither rounded nor sorted.
        return Cell(text, value, "number") if isfinite(value) else Cell(text, text, "text")
    try:
        if _ISO_DATE.match(text):
            return Cell(text, dt.datetime.fromisoformat(text), "date")
        day = _YEAR_FIRST.sub(r"\3.\2.\1", _MONTH_FIRST.sub(r"\2 \1 \3", text))
        if (named := _NAMED_MONTH.match(day)) and (place := MONTHS.get(named[2].lower())):
            day = f"{named[1]}.{place}.{named[3]}"
        if (found := _DATE.match(day)) and (found[2] == "." or months_first is not None):
            date, month = found.group(3, 1) if found[2] == "/" and months_first else found.group(1, 3)
            hour, minute, second = (int(part or 0) for part in found.group(5, 6, 7))
            hour = hour % 12 + 12 * (found[8] in "Pp") if found[8] else hour
            return Cell(text, dt.datetime(int(found[4]), int(month), int(date), hour, minute, second), "date")
    except ValueError:
        pass
    return Cell(text, text, "text")


def _problems(
    path: Path, rows: _Rows, doubtful: set[str], shown: set[int], columns: set[int], titles: set[int]
) -> list[Problem]:
    """Report a doubtful number that is shown, and rows with more or fewer cells than most.

    These are looked for among the rows that are shown and neither titles nor notes.
    """
    order = sorted(columns)
    fields = ((at, one) for at in sorted(shown) for place in order for one in rows.fields[at - 1][place - 1 : place])
    found = ((at, one.strip()) for at, one in fields if one.strip() in doubtful)
    at, number = next(found if doubtful else iter(()), (1, ""))
    doubt = f"{number} is taken for a number with decimals, but its point may set thousands apart (decimal: comma)"
    problems = [Problem("table", doubt, path, rows.lines[at - 1])] if number else []
    # What stands beyond the columns that were asked for is nobody's business, and empty cells at the end are none.
    last = max(columns)
    asked = shown - titles
    numbered = [(min(len(one), last), at) for at, one in enumerate(rows.fields) if at + 1 in asked and any(one)]
    widths = Counter(width for width, _ in numbered)
    usual = max(widths, key=lambda width: (widths[width], width), default=0)
    ragged = [(width, at) for width, at in numbered if width < usual or any(rows.fields[at][usual:last])]
    problems += [
        Problem("table", f"this row has {width} cell{'s' * (width != 1)} where most have {usual}", path, rows.lines[at])
        for width, at in ragged[:_RAGGED_SHOWN]
    ]
    if rest := ragged[_RAGGED_SHOWN:]:
        message = f"{len(rest)} more rows from here on have not {usual} cell{'' if usual == 1 else 's'}, as most have"
        problems.append(Problem("table", message, path, rows.lines[rest[0][1]]))
    return problems


def find_delimiter(sample: str) -> tuple[str, str | None]:
    """Find the character that separates the cells of a row; where another would do as well, a sentence says so.

    It is that of the four usual ones which cuts most rows into the same number (two or more) of cells. Of those that
    cut equally well, a comma comes last: it may be a decimal one. It is a comma if none separates anything.

    The library for this, clevercsv, found the same in 37 real files and in 150 generated ones, forty times
    slower; the standard library's sniffer looks for quotation marks by expressions that take long on some files.
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
        words = [line.split() for line in lines[1:] if line.strip()]
        apart = len(words) > 1 and {len(one) for one in words} == {max(2, len(words[0]))}
        if apart and all(_NUMBER.match(word) for one in words for word in one[1:]):
            return ",", "the cells are taken to be one column, but blanks may separate them (delimiter: space)"
        return ",", None
    if shares.keys() == {","} and all(map(_COMMA_NUMBER.match, "".join(lines[1:]).split())):
        if "," not in lines[0]:
            # One name, and numbers with a decimal comma below it.
            return ";", None
        doubt = "the cells are taken to be separated by commas, but each row may be a number with a decimal comma"
        return ",", doubt if _COMMA_NUMBER.match(lines[0].strip()) else None
    # The rows that each of the others cuts, but for the first, which may be a header, and whose commas are all decimal.
    cut = {other: [line for line in lines if other in line][1:] for other in shares.keys() - {","}}
    decimal = {other for other, rows in cut.items() if not re.search("[^0-9],|,[^0-9]", "".join(rows))}
    if any(cut[other] and shares[other] >= 0.5 for other in decimal):
        shares.pop(",", None)
    # The first of the best: by share, and but for the comma by the number of cells.
    best = max(shares.values())
    equal = [delimiter for delimiter in DELIMITERS if shares.get(delimiter) == best]
    found = max(equal, key=lambda one: (one != ",", counts[one]))
    if len(equal) == 1 or (set(equal) == {found, ","} and found in decimal):
        return found, None
    names = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}
    others = " or ".join(names[other] for other in equal if other != found)
    return found, f"the cells are taken to be separated by {names[found]}, but {others} cut its rows as evenly"

"""Number formats by column, for files that carry none (CSV, Parquet) or other ones than wanted."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from math import isfinite

from exptdir.errors import TableError
from exptdir.record.problem import Problem
from exptdir.tables.choice.columns import Columns
from exptdir.tables.model import Cell, Table
from exptdir.tables.numfmt import NumberFormat, number_format, to_serial

#: Digits after the point that may be asked for: no float has more that mean anything.
MAX_DIGITS = 15
#: Length of a format code; Excel refuses longer ones than 255 characters.
MAX_CODE = 255
_NAME = r'\s*+(?:"((?:[^"]|"")*+)"|`([^`]*+)`|([^"`\s][^{stop}]*?))(?<!\s)'
#: A line that names a column. A blank follows the colon, unlike in ``h:mm``.
_NAMED = re.compile(_NAME.replace("{stop}", "\n") + r"\s*+:\s++(\S.*)\Z")
#: What letters may stand in where a format has digits.
_SAID = re.compile(r'"[^"]*"?|\\.|\[[^\]]*\]|[_*].|General|E[+-]|AM/PM|A/P|s+\.0+', re.IGNORECASE)
#: Digits as a format shows them, and what becomes of them where numbers have a decimal comma.
_NUMERAL = re.compile("[.,]?[0-9][0-9.,]*")
_SWAPPED = str.maketrans(".,", ",.")
_ROUNDED = re.compile(_NAME.replace("{stop}", ",") + r"\s++([0-9]++)\s*+(,|\Z)")


def apply_formats(table: Table, *, round: str | None = None, formats: str | None = None) -> Table:
    """Show the numbers and dates of some columns under other formats; values, and how rows are sorted, stay.

    *round* gives digits after the point: ``2`` for all columns with a number that is not whole, or ``loss 3, acc 2``;
    *formats* are format codes as spreadsheets have them: lines ``loss: 0.000``, or a single code for all numbers.
    Raises TableError if a column is unknown or what is asked for cannot be read.
    """
    from exptdir.tables.delimited import cell_of

    columns = Columns(table)
    head, body = table.rows[: table.header_rows], table.rows[table.header_rows :]
    down = [[row[at] for row in body] for at in range(table.n_columns)]
    codes: dict[int, str] = {}
    if round is not None and round.strip().isdecimal():
        whole = _digits(round.strip())
        codes = {
            at: whole
            for at, cells in enumerate(down)
            if any(isinstance(cell.value, float) and not cell.value.is_integer() for cell in cells)
        }
    elif round is not None:
        codes = _rounded(columns, round)
    lines = [line.strip() for line in (formats or "").splitlines() if line.strip()]
    if len(lines) == 1 and not _NAMED.match(lines[0]):
        code = _code(lines[0])
        codes |= {at: code for at, cells in enumerate(down) if any(cell.kind == "number" for cell in cells)}
    else:
        codes |= dict(_named(columns, line) for line in lines)
    rows = [list(row) for row in body]
    # Where numbers have a decimal comma, so have those without decimals, but for columns with points.
    numbers = [[cell for cell in cells if cell.kind == "number"] for cells in down]
    parted = [[one for one in cells if "," in one.text] for cells in numbers]
    commas = {at for at, cells in enumerate(parted) if any(cell_of(one.text, True).value == one.value for one in cells)}
    for at, code in codes.items():
        shown = number_format(code)
        swapped = at in commas or (bool(commas) and not any("." in cell.text for cell in numbers[at]))
        for row in rows:
            row[at] = _shown(row[at], shown, swapped and not shown.dated)
    useless = [
        f"the column {columns.names[at] or columns.letters[at]!r} holds no number, so that its format does nothing"
        for at in codes
        if all(cell.kind not in {"number", "date"} for cell in down[at])
    ]
    return replace(
        table,
        rows=(*head, *map(tuple, rows)),
        problems=(*table.problems, *(Problem("table", message, table.path) for message in useless)),
    )


def _rounded(columns: Columns, text: str) -> dict[int, str]:
    codes, at = {}, 0
    while match := _ROUNDED.match(text, at):
        quoted, ticked, name, digits, comma = match.groups()
        codes[_find(columns, quoted, ticked, name)] = _digits(digits)
        if not comma:
            return codes
        at = match.end()
    raise TableError(f"{text[:80]!r} does not say how to round: write 2 (for all columns), or loss 3, acc 2")


def _digits(text: str) -> str:
    if len(text) > 3 or int(text) > MAX_DIGITS:
        raise TableError(f"{text[:20]} digits are more than a number has: round to {MAX_DIGITS} at most")
    return f"0.{'0' * int(text)}" if int(text) else "0"


def _named(columns: Columns, line: str) -> tuple[int, str]:
    match = _NAMED.match(line)
    if match is None:
        raise TableError(
            f"{line[:80]!r} names no column: write one line for each, such as loss: 0.000, "
            f"or a single format for all numbers"
        )
    quoted, ticked, name, code = match.groups()
    return _find(columns, quoted, ticked, name), _code(code)


def _code(text: str) -> str:
    if len(text) > MAX_CODE:
        raise TableError(f"the format {text[:20]}… is longer than {MAX_CODE} characters: shorten it")
    bare = _SAID.sub("", text)
    # Beside digits, "0.0 mM" would be a month.
    if stray := re.search("[a-z]" if re.search("[0#?]", bare) else "[cfi-lno-ru-xz]", bare, re.IGNORECASE):
        said = f"the format {text[:80]!r} has letters that are no part of a number ({stray[0]}): "
        raise TableError(said + "write two decimals as 0.00, and text in quotation marks")
    return text


def _find(columns: Columns, quoted: str | None, ticked: str | None, name: str | None) -> int:
    marked = quoted.replace('""', '"') if quoted is not None else ticked
    return columns.find(name or "") if marked is None else columns.find(marked, quoted=True)


def _shown(cell: Cell, format: NumberFormat, swapped: bool) -> Cell:
    """Show a cell under a format, perhaps with points and commas *swapped*.

    A date stays one, and what no format can show stays as it is.
    """
    value = cell.value
    if cell.kind == "number" and isinstance(value, int | float) and isfinite(value):
        text = format.number(value).strip()
        text = _NUMERAL.sub(lambda numeral: numeral[0].translate(_SWAPPED), text) if swapped else text
    elif format.dated and isinstance(value, dt.date | dt.timedelta):
        text = format.number(to_serial(value)).strip()
    else:
        return cell
    if not text.strip("#"):
        return cell
    colour = format.colour(value)
    look = cell.look if colour in {None, "000000"} else cell.look._replace(ink=colour)
    return Cell(text, value, cell.kind, look, cell.rowspan, cell.colspan, False, cell.href)

"""How many rows on top and columns on the left of a table are headers, where the author does not say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from exptdir.tables.model import Cell, CellKind, is_missing

_DASHES = frozenset({"", "-", "–", "—"})
#: Rows that merged cells may make a header of.
_TALLEST = 3
#: Rows above a header that may say what the whole is, as instruments write them, and cells that such a row has.
_ABOVE, _FEW = 40, 3
#: Rows below a header that are looked at for what their columns hold.
_LOOKED = 50
_COUNTED: tuple[set[CellKind], ...] = ({"number"}, {"date"}, {"date", "number"})
_YEARS = frozenset(range(1900, 2101))
#: Last words of what is said of a whole, and words in a header above such lines.
_TOLD = re.compile(
    "(?:.* )?(?:date|operator|user|instrument|software|version|experimenter|author|datum|gerät|benutzer)"
)
_HEADING = re.compile(
    "(?:.* )?(?:values?|d?type|description|meaning|units?|settings?|parameter|field|column|key|variable|feature|wert)"
    "(?: name)?"
)
_ATOM = (
    "(?:[YZEPTGMkhdcmµμunpfaz]?(?:m|g|s|A|K|V|W|J|N|Pa|Hz|mol|M|L|l|B|b|bp|Da|eV|F|C|T|S|H|U|IU|Bq|Gy|Sv|Ω|cd|lm|lx|bar|OD)"
    "|[°º](?:C|F)?|%|‰|ppm|ppb|rpm|min|hr?s?|d|days?|weeks?|months?|years?|yr|sec|hours?|Å|a\\.?u\\.?|AU|RFU|px|deg|rad|dB"
    "|counts?|cells|reads|copies|[CP]FU|mAU|mmHg|psi|eq|[$€£¥]|(?:wt|vol|mol) ?%|cm|x g|pH|log2|log10|10?)"
)
_POWER = "\\^?[-−⁻]?[0-9²³¹⁻]*"
#: A unit: in brackets of either kind, or made of known ones (``mg/ml``, ``m s-1``, ``µmol·m⁻²``).
_UNIT = re.compile(rf"\[[^\[\]]{{1,20}}\]|\([^()]{{1,20}}\)|{_ATOM}{_POWER}(?:\s?[/·* ]\s?{_ATOM}{_POWER}){{0,5}}")


def guess_header_rows(rows: Sequence[Sequence[Cell]], frozen: int, table_header: bool) -> int:
    """Guess the number of header rows of the rows that are shown.

    It is that of the *frozen* rows, which stay in place when the sheet is scrolled, if some but not all are; otherwise
    1 if the first row is that of a table object or of a filter (*table_header*), or is bold and the second is not,
    holds nothing but text, or text above numbers, or counts the columns of a plate; otherwise 0, and always 0 for one
    row, or for pairs of a word and what it says of the whole.

    A header goes on as far as its cells are merged and, below some that are merged across, while rows hold nothing
    but text; while they are bold text above some numbers; and while they hold texts above nothing but numbers or
    days. Titles, and rows of few cells that say who measured what, belong to the header below them, as does a row
    of units above columns of numbers.
    """
    if len(rows) < 2:
        return 0
    head = frozen if 0 < frozen < len(rows) else 0
    bold = next((at for at, row in enumerate(rows[: _TALLEST + 1]) if not _bold(row)), 0)
    if not head:
        above = 0 if table_header else _rows_above(rows)
        below = _below(rows, above)
        if above > 1 and not below and rows[above - 1][0].text[:1] == "#":
            # The last of comments may be the header.
            above, below = above - 1, _below(rows, above - 1)
        # Above texts alone, what stands alone may be the first of them.
        numbers = (cell.kind in {"number", "date"} for row in rows[above : above + _LOOKED] for cell in row)
        if below and (rows[0][0].colspan > 1 or any(numbers)):
            return above + below
        # Above a row of names, what is merged across some of them is a header with gaps.
        grouped = any(cell.colspan > 1 for cell in rows[0]) and _names(rows[1])
        grouped = grouped and all(cell.kind in {"text", "empty"} for cell in rows[0])
        # Which lane of a gel had what is said in one row after the other.
        lanes = all(any(cell.text.strip() in {"+", "-", "−", "–"} for cell in row) for row in rows[:2])
        pairs = _pairs(rows[:_LOOKED])
        # A column without a name may be one of notes; units say nothing of what the others hold.
        first = 1 + (len(rows) > 2 and _units(rows[1], rows[2 : 2 + _LOOKED]))
        named = (_names(rows[0]) and not lanes) or _heads(rows[0], rows[first : first + _LOOKED])
        head = int(table_header or bold == 1 or grouped or (named and not pairs))
    if head != 1:
        return head
    reach = max(cell.rowspan for cell in rows[0])
    while head < min(len(rows) - 1, _TALLEST) and (
        head < reach or (any(cell.colspan > 1 for cell in rows[head - 1]) and _names(rows[head]))
    ):
        reach = max(reach, head + max(cell.rowspan for cell in rows[head]))
        head += 1
    head = head if head >= reach else 1
    head += _more_names(rows, bold) if head == 1 and not table_header else 0
    return head + (len(rows) > head + 1 and _units(rows[head], rows[head + 1 : head + 1 + _LOOKED]))


def _below(rows: Sequence[Sequence[Cell]], above: int) -> int:
    """Return the header rows of what stands below so many rows, which may have more columns."""
    rest = rows[above : above + _ABOVE + 2 * _LOOKED] if above else ()
    width = 1 + max((at for row in rest for at, cell in enumerate(row) if cell.text), default=0)
    return guess_header_rows([row[:width] for row in rest], 0, False)


def _rows_above(rows: Sequence[Sequence[Cell]]) -> int:
    """Count the rows on top that a header may stand below: comments, and texts with few cells or none beside them."""
    filled = [sum(bool(cell.text) for cell in row) for row in rows[: _ABOVE + _LOOKED]]
    few = min(_FEW, 2 * max(filled) // 3)
    if max(filled) == 2:
        # Of two columns all rows have as many cells: an empty one ends what stands above names of numbers.
        first = next((at for at, row in enumerate(rows[:_ABOVE]) if row[0].kind in {"number", "date"}), 0)
        if above := next((at + 1 for at in (first - 2, first - 3) if at > 0 and not filled[at]), 0):
            return above
        gap = filled[:_ABOVE].index(0) if 0 in filled[:_ABOVE] else 0
        if gap and _pairs(rows[:gap]):
            return gap + 1
    for at, row in enumerate(rows[:_ABOVE]):
        said = row[0].kind in {"text", "empty"} and (filled[at] <= few or not any(cell.text for cell in row[1:]))
        if not said and row[0].text[:1] != "#" and row[0].text != "TOA5":
            # A first row that is bold is the header itself, if the next full one is not.
            return 0 if filled[0] > 1 and _bold(rows[0]) and not _bold(row) else at
    return 0


def is_unit(text: str) -> bool:
    """Tell whether a text is a unit, or a dash in the place of one."""
    return text.strip() in _DASHES or bool(_UNIT.fullmatch(text.strip()))


def _names(row: Sequence[Cell]) -> bool:
    """Tell whether a row is a row of names; the corner above a column of names may be empty."""
    corner, *others = row
    shown = [cell for cell in others if not cell.covered]
    named = corner.kind == "text" or (bool(shown) and corner.kind == "empty")
    return named and all(cell.kind == "text" for cell in shown)


def _heads(row: Sequence[Cell], below: Sequence[Sequence[Cell]]) -> bool:
    """Tell whether a row names columns of numbers, with gaps or by dates or times, or counts those of a plate."""
    kinds = [_kinds(below, at) for at in range(len(row))]
    named = {at for at, cell in enumerate(row) if cell.kind == "text" and not is_missing(cell)}
    named |= {at for at, cell in enumerate(row) if cell.kind == "date" and kinds[at] and "date" not in kinds[at]}
    if all(cell.kind == "empty" or at in named for at, cell in enumerate(row)):
        days = [at for at in named if row[at].kind == "date"]
        above = len(days) > 1 or any(kinds[at] == {"number"} for at in named)
        return 2 * len(named) > max(len(row), 2) and above
    counted = [cell.value for cell in row[1:] if isinstance(cell.value, int)]
    if len(counted) < max(3, len(row) - 1) or kinds[0] != {"text"}:
        return False
    if not row[0].text.strip("<>/\\ "):
        return counted == [*range(counted[0], counted[0] + len(counted))]
    # Times of a course above values that are measured, or with a unit of their own, and years above what is none.
    measured = all(any(isinstance(cell.value, float) for cell in one) for one in below)
    units = [one[0].text.endswith((")", "]")) for one in (row, *below)]
    dated = _YEARS.issuperset(counted) and not any(cell.value in _YEARS for one in below for cell in one)
    measured = measured or dated or (units[0] and not any(units[1:]))
    return row[0].kind == "text" and measured and all(one < other for one, other in pairwise(counted))


def _more_names(rows: Sequence[Sequence[Cell]], bold: int) -> int:
    """Count the rows below the first that name columns as well: several texts, and all above numbers or days alone.

    Where the first rows are *bold*, so many of them, it is enough that some stand above these.
    """
    for count in range(min(_TALLEST, len(rows) - 2), 0, -1):
        filled = [{at: cell for at, cell in enumerate(row) if cell.text} for row in rows[1 : 1 + count]]
        if not all(cell.kind == "text" and not is_missing(cell) for row in filled for cell in row.values()):
            continue
        below = rows[1 + count : 1 + count + _LOOKED]
        if bold == 1 + count and all(any(_kinds(below, at) in _COUNTED for at in row) for row in filled):
            return count
        # Names of the labels may stand in front, and those of single ones in the last row. Elsewhere the first row of
        # data may have texts for numbers, but is called something.
        labelled = count > 1 and filled[-1].keys() == {0}
        first = labelled or "date" in _kinds(below, 0)
        named = filled[: count - labelled]
        if all(len(row) > 1 and (first or 0 not in row) for row in named) and all(
            _kinds(below, at) in _COUNTED for row in named for at in row if at
        ):
            return count
    return 0


def _pairs(rows: Sequence[Sequence[Cell]]) -> bool:
    """Tell whether rows are what is said of a whole, such as who did it and when, a word and its value in each."""
    # What ends in a colon names what stands beside it.
    if all(row[0].text.endswith(":") for row in rows[:2]):
        return True
    if len(rows[0]) != 2:
        return False
    texts = [[cell.text.strip().casefold() for cell in row] for row in rows if row[0].text]
    if len({word for word, _ in texts}) < len(texts) or any(map(_HEADING.fullmatch, texts[0])):
        return False
    told = [row[1].kind if _TOLD.fullmatch(row[0].text.strip().casefold()) else "" for row in rows]
    # The first row may be a header all the same, unless a day stands in it.
    return "date" in told or "text" in told[1:]


def _kinds(rows: Sequence[Sequence[Cell]], at: int) -> set[CellKind]:
    """Return the kinds of values in a column; what stands for a number that is missing is no text among them."""
    found = {row[at].kind for row in rows} - {"empty"}
    if found & {"text", "error"} and len(found) > 1:
        found = {row[at].kind for row in rows if row[at].kind != "empty" and not is_missing(row[at])}
    return found


def _units(row: Sequence[Cell], below: Sequence[Sequence[Cell]]) -> bool:
    """Tell whether a row holds units: at least one, above nothing but numbers, and beside nothing but blanks."""
    found = False
    for at, cell in enumerate(row):
        text = cell.text.strip()
        if cell.kind == "empty" or text in _DASHES:
            continue
        numbers = _kinds(below, at) in _COUNTED
        if cell.kind != "text" or not _UNIT.fullmatch(text) or not (numbers or text[0] in "[("):
            return False
        found = found or numbers
    return found


def guess_header_columns(rows: Sequence[Sequence[Cell]], header_rows: int, frozen: int, table_labels: bool) -> int:
    """Guess the number of header columns.

    It is that of the *frozen* columns, which stay in place when the sheet is scrolled, if some but not all are;
    otherwise 1 if the first column is set off by a table object (*table_labels*), or below the headers is entirely bold
    (two cells or more) while no other column is; otherwise 0, and always 0 if there is only one column.
    """
    count = len(rows[0])
    if count < 2:
        return 0
    if 0 < frozen < count:
        return frozen
    if table_labels:
        return 1
    body = rows[header_rows:]
    labels = [row[0] for row in body if row[0].kind != "empty"]
    if len(labels) < 2 or not _bold(labels):
        return 0
    return int(not any(_bold([row[at] for row in body]) for at in range(1, count)))


def _bold(cells: Sequence[Cell]) -> bool:
    shown = [cell for cell in cells if cell.kind != "empty"]
    return bool(shown) and all(cell.look.bold for cell in shown)

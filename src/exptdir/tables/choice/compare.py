"""How cells compare with each other, in conditions and when rows are sorted."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from exptdir.tables.model import WITH_POINT, Cell

_OPERATORS = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
#: The two truth values as cells.
TRUE_OR_FALSE = {True: Cell("true", True, "bool"), False: Cell("false", False, "bool")}
#: What ``empty`` in a condition stands for; told from cells that happen to be empty by being this very one.
ANY_EMPTY = Cell("", None, "empty")
_DIGITS = re.compile("([0-9]+)")
#: A number with a unit or a sign of money: ``2.5 mg``, ``-10 %``, ``< 0.1``, ``1.2 ± 0.3``, ``$1,234``, ``12,5 %``.
_AMOUNT = re.compile(
    r"[<>≤≥~≈]?\s?([+-]?)([$€£¥]?)\s?(?:((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|((?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+),[0-9]+))\s?(?:±.*|([^0-9\s]{0,12}))\Z"
)
#: In which order the kinds come when a column holds several.
_RANK = {"number": 0, "date": 1, "bool": 2, "text": 3, "error": 4}

Pair = tuple[Any, Any]


def holds(symbol: str, left: Cell, right: Cell) -> bool | None:
    """Tell whether a comparison of two cells holds, ``None`` for cells that cannot be compared.

    Numbers compare with numbers, dates with dates and texts in ISO 8601, texts with texts; a number also equals the
    text that it is shown as. Nothing holds of empty cells but ``==`` with :data:`ANY_EMPTY`.
    """
    if left is ANY_EMPTY or right is ANY_EMPTY:
        empty = left.kind == right.kind
        return symbol in {"==", "!="} and empty is (symbol == "==")
    # What is to be compared; nothing if the cells are of kinds that cannot be.
    kinds = {left.kind, right.kind}
    pair: Pair | None = None
    if len(kinds) == 1 and left.kind in {"number", "text", "bool"}:
        pair = left.value, right.value
    elif kinds == {"bool", "text"}:
        pair = left.text.casefold(), right.text.casefold()
    elif "date" in kinds:
        pair = _moments(left, right)
    if pair is None and symbol in {"==", "!="} and "text" in kinds:
        pair = left.text, right.text
    if pair is None:
        return None
    if symbol not in {"==", "!="} and kinds == {"text"} and is_dated(left) != is_dated(right):
        # Where one of two texts is a date, the other, such as "unknown", is neither before nor after it.
        return None
    return bool(_OPERATORS[symbol](*pair))


def is_dated(cell: Cell) -> bool:
    """Tell whether a cell is a date, or a text that gives one in ISO 8601."""
    return cell.kind == "date" or iso_moment(cell.text) is not None


def contains(whole: Cell, part: Cell, wanted: bool = True) -> bool:
    """Tell whether one cell's text holds another's, or, if that is not *wanted*, whether it does not.

    False either way where one of them is empty.
    """
    return bool(whole.text and part.text) and (part.text in whole.text) is wanted


def amounts(cells: Sequence[Cell]) -> list[float]:
    """Return the numbers of cells that are all amounts of one unit; none where any is something else."""
    found = [_AMOUNT.match(cell.text.strip().replace("−", "-")) for cell in cells]
    units = {one and (one[2] or one[5] or "") for one in found}
    alike = None not in units and len(units) == 1
    numbers = ((one[1], one[3] or one[4].translate(WITH_POINT)) for one in found if one and alike)
    return [float(sign + digits.replace(",", "")) for sign, digits in numbers]


def sort_key(cell: Cell) -> tuple[int, Any]:
    """Return what a cell that is not empty is sorted by within its column; cells of different kinds stay apart.

    That is the rank of its kind, then number, moment, truth value, or text (``run2`` before ``run10``).
    """
    rank = _RANK.get(cell.kind, 3)
    if cell.kind in {"number", "bool"} and cell.value == cell.value:
        return rank, cell.value
    moment = _moment(cell.value) if cell.kind == "date" else None
    if moment is not None:
        return rank, (isinstance(moment, dt.timedelta), moment)
    parts: list[Any] = _DIGITS.split(cell.text.casefold())
    for at in range(1, len(parts), 2):
        digits = parts[at].lstrip("0")
        # Like the number, but of any length.
        parts[at] = (len(digits), digits)
    return max(rank, 3), (parts, cell.text)


def _moments(left: Cell, right: Cell) -> Pair | None:
    """Return the moments of two cells, of which at least one is a date, if they can be compared."""
    if left.kind != "date":
        pair = _moments(right, left)
        return pair[::-1] if pair else None
    dated, other = left, right
    moment = _moment(dated.value)
    found = _moment(other.value) if other.kind == "date" else iso_moment(other.text)
    if moment is None or found is None or isinstance(moment, dt.timedelta) != isinstance(found, dt.timedelta):
        return None
    # A day without a time means all of it.
    if other.kind == "text" and len(other.text.strip()) == 10 and isinstance(moment, dt.datetime):
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment, found


def iso_moment(text: str) -> dt.datetime | None:
    """Return the date or date and time that a text gives in ISO 8601, ``None`` if it gives none."""
    try:
        return _moment(dt.datetime.fromisoformat(text.strip()))  # type: ignore[return-value]
    except (ValueError, OverflowError):
        return None


def _moment(value: object) -> dt.datetime | dt.timedelta | None:
    """Return a date, a date and time or a duration as what others of its kind compare with."""
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            return value
        try:
            return value.astimezone(dt.UTC).replace(tzinfo=None)
        except (ValueError, OverflowError):
            return None
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    return value if isinstance(value, dt.timedelta) else None

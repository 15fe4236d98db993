"""Conditions on rows, as authors write them: ``loss < 0.4 and model == "cnn"``.

The grammar is Python's, as far as comparing needs it, read by :mod:`ast` and walked over with a closed list of
what may occur. Nothing is ever evaluated by Python itself. Operands are cells, so that a number is compared
by its value and, with a text, as it is shown.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exptdir.errors import TableError
from exptdir.tables.choice.compare import ANY_EMPTY, TRUE_OR_FALSE, contains, holds
from exptdir.tables.model import Cell

Row = Sequence[Cell]
Condition = Callable[[Row], bool]
Value = Callable[[Row], Cell]

MAX_LENGTH = 1_000
_MAX_DEPTH = 40
#: Strings, to be left alone, and names in backticks.
_TICKED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`([^`]*)`')
_PLACEHOLDER = "_ticked_"
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
#: What cannot be worked out, such as a text plus one: no comparison with it holds.
_NOTHING = Cell("", None, "error")
_WORDS = {"true": TRUE_OR_FALSE[True], "false": TRUE_OR_FALSE[False], "empty": ANY_EMPTY}


def parse_condition(text: str, find: Callable[[str, bool], int]) -> RowCondition:
    """Read a condition.

    Parameters
    ----------
    text
        Comparisons (``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``in``, ``not in``) of columns, numbers, texts
        in quotation marks and ``true``, ``false``, ``empty``; with ``+ - * /``, ``and``, ``or``, ``not`` and
        parentheses. Names of columns that are no single word stand in backticks.
    find
        Returns the place of a column by its name; its second argument tells whether that stood in backticks.

    Returns
    -------
    RowCondition
        An empty cell, or one that cannot be compared, meets no comparison but ``== empty``.

    Raises
    ------
    TableError
        If it cannot be read, or *find* knows a name not.
    """
    if len(text) > MAX_LENGTH:
        raise TableError(f"the condition is longer than {MAX_LENGTH} characters: shorten it")
    ticked: list[str] = []

    def mark(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        ticked.append(match[1])
        return f" {_PLACEHOLDER}{len(ticked) - 1} "

    marked = _TICKED.sub(mark, " ".join(text.splitlines())).strip()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(marked, mode="eval")
        compiler = _Compiler(text, ticked, find)
        return RowCondition(compiler.condition(tree.body, 0), compiler.ordered)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # What is most likely wrong with what Python cannot read.
        bare = _TICKED.sub('""', marked)
        advice = 'write it like loss < 0.4 and model == "cnn", with names of several words in backticks'
        if re.search(r"[^=!<>]=(?!=)", bare):
            advice = "write == to compare"
        elif "&" in bare or "|" in bare:
            advice = "write and, or, not in words"
        raise TableError(f"the condition {_short(text)} cannot be read: {advice}") from None


class _Ordered:
    """A comparison by ``<`` or its like, which remembers what it could not compare."""

    def __init__(self, symbol: str, left: Value, right: Value) -> None:
        self.symbol, self.left, self.right = symbol, left, right
        self.compared = False
        self.mixed: tuple[Cell, Cell] | None = None

    def __call__(self, row: Row) -> bool:
        left, right = self.left(row), self.right(row)
        if {left.kind, right.kind} == {"text", "number"}:
            self.mixed = self.mixed or (left, right)
        elif "empty" not in (left.kind, right.kind):
            self.compared = True
        return holds(self.symbol, left, right)


@dataclass(frozen=True)
class RowCondition:
    """What :func:`parse_condition` makes of a text: a function of a row, and what turned out when it was asked."""

    test: Condition
    ordered: Sequence[_Ordered]

    def __call__(self, row: Row) -> bool:
        """Tell whether a row meets the condition."""
        return self.test(row)

    def doubts(self) -> list[str]:
        """Return a sentence for each comparison that could not be made in any row that was asked about."""
        return [
            f"{_short(text.text)} is a text and cannot be compared with the number {number.text or number.value} by "
            f"{one.symbol}, nor can any other cell of the column: such rows are left out"
            for one in self.ordered
            if one.mixed is not None and not one.compared
            for text, number in [one.mixed if one.mixed[0].kind == "text" else one.mixed[::-1]]
        ]


class _Compiler:
    """Turns what :mod:`ast` reads into functions of a row; one method a kind of node."""

    def __init__(self, text: str, ticked: list[str], find: Callable[[str, bool], int]) -> None:
        self.text, self.ticked, self.find = text, ticked, find
        self.ordered: list[_Ordered] = []

    def condition(self, node: ast.expr, depth: int) -> Condition:
        self._check(depth)
        if isinstance(node, ast.BoolOp):
            parts = [self.condition(value, depth + 1) for value in node.values]
            quantifier = all if isinstance(node.op, ast.And) else any
            return lambda row: quantifier(part(row) for part in parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.condition(node.operand, depth + 1)
            return lambda row: not inner(row)
        if isinstance(node, ast.Compare):
            operands = zip([node.left, *node.comparators], node.ops, node.comparators, strict=False)
            parts = [self.comparison(first, symbol, second, depth + 1) for first, symbol, second in operands]
            return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)
        raise self._refusal("it compares nothing; write it like loss < 0.4, or done == true", node)

    def value(self, node: ast.expr, depth: int) -> Value:
        self._check(depth)
        if isinstance(node, ast.Constant):
            value = node.value
            if value is None:
                cell = ANY_EMPTY
            elif isinstance(value, bool):
                cell = TRUE_OR_FALSE[value]
            elif isinstance(value, str):
                cell = Cell(value, value, "text")
            elif isinstance(value, int | float):
                cell = Cell(str(value), value, "number")
            else:
                raise self._refusal("it is no number, text or column", node)
            return lambda row: cell
        if isinstance(node, ast.Name | ast.Attribute):
            name, quoted = self._name(node)
            if not quoted and name in _WORDS:
                return lambda row: _WORDS[name]
            return operator.itemgetter(self.find(name, quoted))
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            apply = _ARITHMETIC[type(node.op)]
            left, right = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
            return lambda row: _calculate(apply, left(row), right(row))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            sign = operator.sub if isinstance(node.op, ast.USub) else operator.add
            operand, zero = self.value(node.operand, depth + 1), Cell("0", 0, "number")
            return lambda row: _calculate(sign, zero, operand(row))
        raise self._refusal("it is no number, text or column", node)

    def comparison(self, left: ast.expr, symbol: ast.cmpop, right: ast.expr, depth: int) -> Condition:
        first = self.value(left, depth)
        if isinstance(symbol, ast.In | ast.NotIn):
            wanted = isinstance(symbol, ast.In)
            if isinstance(right, ast.Tuple | ast.List | ast.Set):
                items = [self.value(item, depth) for item in right.elts]

                def is_among(row: Row) -> bool:
                    cell = first(row)
                    found = any(holds("==", cell, item(row)) for item in items)
                    return found if wanted else not found and cell.kind not in {"empty", "error"}

                return is_among
            whole = self.value(right, depth)
            return lambda row: contains(whole(row), first(row), wanted)
        if type(symbol) not in _COMPARISONS:
            raise TableError(f"in the condition {_short(self.text)}, write == and != instead of is and is not")
        name, second = _COMPARISONS[type(symbol)], self.value(right, depth)
        if name in {"==", "!="}:
            return lambda row: holds(name, first(row), second(row))
        ordered = _Ordered(name, first, second)
        self.ordered.append(ordered)
        return ordered

    def _name(self, node: ast.expr) -> tuple[str, bool]:
        if isinstance(node, ast.Attribute):
            before, quoted = self._name(node.value)
            return f"{before}.{node.attr}", quoted
        if not isinstance(node, ast.Name):
            raise self._refusal("it is no number, text or column", node)
        number = node.id.removeprefix(_PLACEHOLDER)
        if number != node.id and number.isdecimal() and int(number) < len(self.ticked):
            return self.ticked[int(number)], True
        return node.id, False

    def _check(self, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise TableError(f"the condition {_short(self.text)} is nested too deeply: simplify it")

    def _refusal(self, why: str, node: ast.expr) -> TableError:
        source = ast.unparse(node)
        for number, name in enumerate(self.ticked):
            source = source.replace(f"{_PLACEHOLDER}{number}", f"`{name}`")
        return TableError(f"the condition {_short(self.text)} cannot be used because of {_short(source)}: {why}")


def _calculate(apply: Callable[[Any, Any], Any], left: Cell, right: Cell) -> Cell:
    if left.kind != "number" or right.kind != "number":
        return _NOTHING
    try:
        value = apply(left.value, right.value)
    except ArithmeticError:
        return _NOTHING
    return Cell("", value, "number")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= 80 else f"{text[:80]}…")

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
from collections.abc import Callable, Sequence
from typing import Any

from exptdir.errors import TableError
from exptdir.record.problem import shortened
from exptdir.tables.choice.compare import ANY_EMPTY, TRUE_OR_FALSE, contains, holds, is_dated
from exptdir.tables.model import Cell

Row = Sequence[Cell]
Condition = Callable[[Row], bool]
Value = Callable[[Row], Cell]

MAX_LENGTH = 1_000
_MAX_DEPTH = 40
#: Strings, to be left alone, and names in backticks.
_TICKED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`([^`]*)`')
_PLACEHOLDER = "_ticked_"
_ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_COMPARISONS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
#: What cannot be worked out, such as a text plus one: no comparison with it holds.
_NOTHING = Cell("", None, "error")
_WORDS = {"true": TRUE_OR_FALSE[True], "false": TRUE_OR_FALSE[False], "empty": ANY_EMPTY}


def parse_condition(text: str, find: Callable[[str, bool], int]) -> tuple[Condition, list[Comparison]]:
    """Read a condition: comparisons of columns, numbers, texts in quotation marks and ``true``, ``false``, ``empty``.

    They are ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``in`` and ``not in``, with ``+ - * /``, ``and``, ``or``,
    ``not`` and parentheses. Names of columns that are no single word stand in backticks: *find* returns the place of a
    column by its name; its second argument tells whether that stood in them. Returned are a function of a row, and the
    comparisons in it, which know afterwards whether they could be made. An empty cell, or one that cannot be compared,
    meets no comparison but ``== empty``.

    Raises TableError if it cannot be read, or *find* knows a name not.
    """
    if len(text) > MAX_LENGTH:
        raise TableError(f"the condition is longer than {MAX_LENGTH} characters: shorten it")
    shown, ticked = repr(shortened(" ".join(text.split()), 80)), list[str]()

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
        compiler = _Compiler(shown, ticked, find)
        return compiler.condition(tree.body, 0), compiler.comparisons
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # What is most likely wrong with what Python cannot read.
        bare = _TICKED.sub('""', marked)
        advice = 'write it like loss < 0.4 and model == "cnn", with names of several words in backticks'
        if re.search(r"[^=!<>]=(?!=)", bare):
            advice = "write == to compare"
        elif "&" in bare or "|" in bare:
            advice = "write and, or, not in words"
        raise TableError(f"the condition {shown} cannot be read: {advice}") from None


class Comparison:
    """A comparison of two values of a row, which remembers whether it could be made."""

    def __init__(self, symbol: str, left: Value, right: Value) -> None:
        self.symbol, self.left, self.right = symbol, left, right
        self._made = False
        self._mixed: tuple[Cell, Cell] | None = None

    def __call__(self, row: Row) -> bool:
        """Tell whether it holds."""
        left, right = self.left(row), self.right(row)
        found, kinds = holds(self.symbol, left, right), {left.kind, right.kind}
        if found is None or (self.symbol == "==" and not found and kinds == {"text", "number"}):
            self._mixed = self._mixed or (left, right) if kinds.isdisjoint({"empty", "error"}) else self._mixed
        else:
            self._made = True
        return bool(found)

    @property
    def doubt(self) -> str | None:
        """A sentence, if it could be made in none of the rows that were asked about."""
        if self._made or self._mixed is None:
            return None
        one, other = self._mixed if self._mixed[1].kind != "text" or is_dated(self._mixed[1]) else self._mixed[::-1]
        names = {"number": "number", "bool": "truth value", "date": "date", "text": "text"}
        kind = "date" if is_dated(other) else names[other.kind]
        return (
            f"{shortened(one.text, 80)!r} is a {names[one.kind]} and cannot be compared with the {kind} "
            f"{other.text or other.value} by {self.symbol}, nor can any other cell of the column: "
            f"such rows are left out"
        )


class _Compiler:
    """Turns what :mod:`ast` reads into functions of a row; one method a kind of node."""

    def __init__(self, shown: str, ticked: list[str], find: Callable[[str, bool], int]) -> None:
        self.shown, self.ticked, self.find = shown, ticked, find
        self.comparisons: list[Comparison] = []

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
            raise TableError(f"in the condition {self.shown}, write == and != instead of is and is not")
        name, second = _COMPARISONS[type(symbol)], self.value(right, depth)
        compared = Comparison(name, first, second)
        self.comparisons.append(compared)
        return compared

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
            raise TableError(f"the condition {self.shown} is nested too deeply: simplify it")

    def _refusal(self, why: str, node: ast.expr) -> TableError:
        source = ast.unparse(node)
        for number, name in enumerate(self.ticked):
            source = source.replace(f"{_PLACEHOLDER}{number}", f"`{name}`")
        return TableError(f"the condition {self.shown} cannot be used because of {shortened(source, 80)!r}: {why}")


def _calculate(apply: Callable[[Any, Any], Any], left: Cell, right: Cell) -> Cell:
    if left.kind != "number" or right.kind != "number":
        return _NOTHING
    try:
        value = apply(left.value, right.value)
    except ArithmeticError:
        return _NOTHING
    return Cell("", value, "number")

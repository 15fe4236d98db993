"""The blocks of reStructuredText, as docutils has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from exptdir.record.markup.blocks import (
    CODE_DIRECTIVES,
    HTML,
    OTHER,
    Blocks,
    Directive,
    Heading,
    Line,
    columns,
    indent_of,
)

_RULE = re.compile(r"([!-/:-@\[-`{-~])\1*")
_EXPLICIT = re.compile(r"\.\.(?:[ \t]+|$)")
_DIRECTIVE = re.compile(r"(?:\|[^|\s](?:[^|]*[^|\s])?\|[ \t]+)?(?P<name>[A-Za-z0-9][\w:.+-]*?)[ ]?::(?:[ \t]+|$)")
#: What stands behind two dots and is no comment: footnotes and citations, targets, substitutions.
_MARKUP = re.compile(r"\[[^\]\s]+\](?:[ \t]|$)|_(?![ ]).*:(?:[ \t]|$)|__(?:[ \t]|$)|\|[^|]+\|[ \t]")
_ITEMS = re.compile(r"(?:(?:[-*+•‣⁃]|\(?(?:[0-9]+|#|[A-Za-z]|[ivxlcdm]+|[IVXLCDM]+)[.)])(?:[ \t]+|$))+")
_ENUMERATED = re.compile(r"\(?(?:[0-9]+|#|[A-Za-z]|[ivxlcdm]+|[IVXLCDM]+)[.)](?:[ \t]|$)")
#: Borders of tables, rows of grid tables and lines of line blocks, after which a block may begin at once.
_ROWS = re.compile(r"\|(?: |$)|\+[-=]+\+|=+(?: +=+)+$")
_ROW_MARKS = "|+=:"
_BULLET = re.compile(r"[-*+•‣⁃](?:[ \t]|$)")
_OPTION = re.compile(r"[ \t]*:(?P<name>(?![: ])(?:\\.|[^:\\])+):(?:[ \t]+(?P<value>\S.*)|[ \t]*$)")
_FIELD = re.compile(r":(?![: ])((?:\\.|[^:\\]){1,60}):(?:[ \t]+(.*))?")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


class Field(NamedTuple):
    """A field on top of a page: its line, counted from 0, the line after it, its name and what it holds."""

    line: int
    end: int
    name: str
    value: str


def fields(lines: list[str]) -> Iterator[Field]:
    """Find the field lists above and below the title of a page, before any other text."""
    at, titled = 0, False
    while at < len(lines):
        line = lines[at]
        field = _FIELD.fullmatch(line)
        end = at + 1
        while end < len(lines) and (not lines[end].strip() or lines[end][0] in " \t"):
            end += 1
        if field is not None:
            value = " ".join(part.strip() for part in [field[2] or "", *lines[at + 1 : end]]).strip()
            yield Field(at, end, field[1], value)
        elif line.strip() and not line.startswith(".. ") and line.rstrip() != "..":
            heading = None if titled else _heading_at(lines[at : at + 3])
            if heading is None:
                return
            end, titled = at + heading.end, True
        at = end


def read_rst(blocks: Blocks, lines: list[Line]) -> None:
    """Note the structure of reStructuredText: of a page, or of the lines of an ``eval-rst``."""
    _Reader(blocks, lines).read()


class _Reader:
    def __init__(self, blocks: Blocks, lines: list[Line]) -> None:
        self._blocks, self._lines = blocks, lines
        self._styles: list[tuple[str, bool]] = []
        # The column of the paragraph that the line may go on, else -1.
        self._paragraph = -1

    def read(self) -> None:
        at, lines, starts = 0, self._lines, self._blocks.starts
        while at < len(lines) and not self._blocks.is_enough:
            number, line = lines[at]
            text = line.rstrip()
            column = indent_of(text)
            if not text:
                starts[number] = 1
                self._paragraph = -1
                at += 1
            elif column == self._paragraph:
                at = self._literal(at, column) if text.endswith("::") else at + 1
            else:
                at = self._block(at, text, column)

    def _block(self, at: int, text: str, column: int) -> int:
        """Read a line on which something may begin, and return the line after what is not looked at again."""
        self._paragraph = -1
        self._blocks.starts[self._lines[at][0]] = 1
        below = self._lines[at + 1][1] if at + 1 < len(self._lines) else ""
        heading = None
        if not column and (_RULE.fullmatch(below.rstrip()) or _RULE.fullmatch(text)):
            heading = _heading_at([line for _, line in self._lines[at : at + 3]])
        if heading is not None:
            style, number = (heading.mark, heading.over), self._lines[at][0]
            if style not in self._styles:
                self._styles.append(style)
            level = self._styles.index(style) + 1
            self._blocks.add(heading._replace(start=number, end=number + heading.end, level=level))
            return at + heading.end
        bare = text.lstrip(" \t")
        if (items := _ITEMS.match(bare)) is not None:
            # "1." begins a sentence where the line below neither is indented nor has a number.
            numbered = _ENUMERATED.match(bare) is not None and bool(below.strip())
            if not numbered or indent_of(below) > column or _ENUMERATED.match(below.lstrip()):
                bare = bare[items.end() :]
                column += len(items[0]) if bare else 0
        if (explicit := _EXPLICIT.match(bare)) is not None:
            rest = bare[explicit.end() :]
            directive = _DIRECTIVE.match(rest)
            if directive is not None:
                return self._directive(at, directive, rest, column)
            if _MARKUP.match(rest):
                return at + 1
            # An empty comment ends at once when a blank line follows.
            empty = not rest and at + 1 < len(self._lines) and not below.strip()
            stop = at + 1 if empty else self._indented_end(at, column)
            self._blocks.mark(self._lines[at:stop], OTHER)
            return stop
        if bare.startswith(">>> "):
            stop = self._until(at, lambda text: not text.strip())
            self._blocks.mark(self._lines[at:stop], OTHER)
            return stop
        # Nothing goes on a field or a line of a line block but what is indented.
        self._paragraph = -1 if bare[:1] in _ROW_MARKS and (_ROWS.match(bare) or _OPTION.match(bare)) else column
        return self._literal(at, column) if text.endswith("::") else at + 1

    def _literal(self, at: int, column: int) -> int:
        """Go over the literal block that a line of a paragraph may announce, and return the line after it."""
        after = at + 1
        if after < len(self._lines) and self._lines[after][1].strip():
            return after
        begin = self._until(at, lambda text: bool(text.strip()))
        if begin == len(self._lines):
            return begin
        first = self._lines[begin][1]
        self._paragraph = -1
        if indent_of(first) > column:
            stop = self._indented_end(at, column)
        elif indent_of(first) == column and _PUNCTUATION.match(first.lstrip()):
            mark = first.lstrip()[0]
            stop = self._until(begin, lambda text: not text.lstrip().startswith(mark))
        else:
            return after
        self._blocks.mark(self._lines[after:stop], OTHER)
        return stop

    def _directive(self, at: int, found: re.Match[str], rest: str, column: int) -> int:
        """Note a directive; its argument may begin and go on below its name, and options follow."""
        first, name = self._lines[at], found["name"].lower()
        start = end = self._blocks.place(first, len(first[1].rstrip()) - len(rest) + found.end())
        if found.end() < len(rest):
            end = start + len(rest) - found.end()
        options: list[tuple[str, int, int]] = []
        last = self._indented_end(at, column)
        stop = at + 1
        while stop < last and (text := self._lines[stop][1].rstrip()):
            left = len(text) - len(text.lstrip(" \t"))
            begin, behind = (self._blocks.place(self._lines[stop], column) for column in (left, len(text)))
            option = _OPTION.match(text)
            if option is not None:
                value = self._blocks.place(self._lines[stop], option.start("value")) if option["value"] else behind
                options.append((option["name"].lower(), value, behind))
            elif options:
                options[-1] = (*options[-1][:2], behind)
            elif name in CODE_DIRECTIVES or _EXPLICIT.match(text[left:]) or _ITEMS.match(text[left:]):
                break
            else:
                start, end = (start if end > start else begin), behind
            stop += 1
        body = (self._lines[stop][0], self._lines[last - 1][0] + 1) if stop < last else (0, 0)
        self._blocks.note(Directive(name, first[0], start, end, tuple(options), body))
        if name not in CODE_DIRECTIVES:
            # An argument may as well be text, which may begin with anything.
            return stop if options else at + 1
        html = name == "raw" and "html" in self._blocks.text[start:end].split()
        self._blocks.mark([first], OTHER)
        self._blocks.mark(self._lines[stop:last], HTML if html else OTHER)
        return last

    def _until(self, at: int, ends: Callable[[str], bool]) -> int:
        return next((n for n in range(at + 1, len(self._lines)) if ends(self._lines[n][1])), len(self._lines))

    def _indented_end(self, at: int, column: int) -> int:
        return self._until(at, lambda text: bool(text.strip()) and indent_of(text) <= column)


def _heading_at(lines: list[str]) -> Heading | None:
    """Return the heading that begins on the first of up to three lines."""
    first, second, third = [*(line.rstrip() for line in lines), "", ""][:3]
    if _RULE.fullmatch(first) and first != "::":
        if not second.strip() or _RULE.fullmatch(second) or third != first:
            return None
        indent = second[: len(second) - len(second.lstrip())]
        return Heading(0, 3, 0, second.strip(), first[0], True, len(first), indent)
    if not first or first[0].isspace() or not _RULE.fullmatch(second) or len(second) < min(4, columns(first)):
        return None
    begins_else = _BULLET.match(first) or first.startswith((".. ", "| ", ">>> ", "__ ")) or _OPTION.match(first)
    return None if begins_else else Heading(0, 2, 0, first, second[0], False, len(second))

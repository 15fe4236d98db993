"""What a page is made of: its headings, its directives, and which of its lines are prose.

This is the one reading of a page's structure. References, titles, entries and figures are all found in what it leaves,
so that they agree on what is a comment or code. ``tests/record/markup`` compares it with what Sphinx makes of a page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from exptdir.record.files import bare_lines, split_lines

#: Directives whose content nobody parses.
CODE_DIRECTIVES = frozenset(
    {"code", "code-block", "code-cell", "digraph", "doctest", "graph", "graphviz", "highlight", "jupyter-execute"}
    | {"math", "mermaid", "plot", "prompt", "raw", "sourcecode", "testcleanup", "testcode", "testoutput", "testsetup"}
)
#: What a line is: Markdown or reStructuredText that is parsed, HTML, or nothing of these (code, comments).
MARKDOWN, RST, HTML, OTHER = range(4)

_MARKED = re.compile(r"[*_`\[\\]")
#: Roles and links with and without a title of their own, code, emphasis, escapes.
_INLINE = (
    (re.compile(r"(?:\{[\w:.+-]+\}|:[\w:.+-]{1,80}:)?(`+)([^`<]*[^`<\s])(?:\s*<[^`<>]*>)?\1(?:__?(?!\w))?"), r"\2"),
    (re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)"), r"\1"),
    (re.compile(r"(\*\*|(?<!\w)__|\*|(?<!\w)_)(?=\S)([^*_]*[^*_\s])\1"), r"\2"),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
)
_NO_PROSE = re.compile(r"[ \t]*(?::[\w-]+:|\.\. |[`:]{3})")
_RST_TARGET = re.compile(r"\.\. _[^:]+:\s*$|\.\. \[|__ ")
_MD_TARGET = re.compile(r" {0,3}\([^)\n]+\)=\s*$")


class Heading(NamedTuple):
    """A section's title, or an ``update``."""

    #: *start*, *end*: its first line and the line after its last, counted from 0.
    start: int
    end: int
    #: 1 for the first style of the file (``#`` in Markdown), and so on; 0 for an ``update``.
    level: int
    title: str
    #: The character of the line below, or ``#``; empty for an ``update``.
    mark: str = ""
    over: bool = False
    #: Length of the line below; 0 for ``#``.
    length: int = 0
    indent: str = ""

    @property
    def line(self) -> int:
        """1-based line of its text."""
        return self.start + 1 + self.over


class Directive(NamedTuple):
    """A directive."""

    name: str
    line: int
    #: *start*, *end*: where in the page its argument stands; the same place where it has none.
    start: int
    end: int
    #: Name, start and end of the value, for each option.
    options: tuple[tuple[str, int, int], ...] = ()
    #: The first line of its content and the line after it.
    content: tuple[int, int] = (0, 0)


#: A line by its number, counted from 0, and what is left of it inside quotes, items and directives: always its end.
Line = tuple[int, str]


class Blocks:
    """The structure of a page; :func:`read_blocks` makes it."""

    def __init__(self, text: str, kind: int, *, until_title: bool = False) -> None:
        self.text, self._until_title = text, until_title
        #: Whether the rest need not be read.
        self.is_enough = False
        self._bare = bare_lines(text)
        self.kinds = bytearray([kind]) * len(self._bare)
        #: Which lines do not go on the paragraph above them.
        self.starts = bytearray(len(self._bare))
        self.headings: list[Heading] = []
        self.directives: list[Directive] = []

    def lines(self) -> list[Line]:
        """Return the whole page, line by line."""
        return list(enumerate(self._bare))

    @cached_property
    def raw(self) -> list[str]:
        """The lines with their ends."""
        return split_lines(self.text)

    @cached_property
    def _begins(self) -> list[int]:
        return [0, *accumulate(map(len, self.raw))]

    def place(self, line: Line, column: int) -> int:
        """Return where in the page a character of a line stands."""
        return self._begins[line[0]] + len(self._bare[line[0]]) - len(line[1]) + column

    def line_of(self, place: int) -> int:
        """Return the line of a place, counted from 1."""
        return self.text.count("\n", 0, place) + 1

    def argument(self, directive: Directive) -> str:
        """Return the argument of a directive, on one line."""
        return " ".join(self.text[directive.start : directive.end].split())

    def mark(self, lines: Iterable[Line], kind: int) -> None:
        """Say of lines what they are."""
        for number, _ in lines:
            self.kinds[number] = kind

    def runs(self, kind: int) -> Iterator[tuple[int, int]]:
        """Yield where each paragraph or the like of a kind begins and ends: markup within lines does not go further."""
        at, begin, within = 0, 0, False
        for raw, own, start in zip(self.raw, self.kinds, self.starts, strict=False):
            if within and (own != kind or start):
                yield begin, at
                within = False
            if own == kind and not within and not raw.isspace():
                begin, within = at, True
            at += len(raw)
        if within:
            yield begin, at

    def paragraph(self, number: int) -> str:
        """Return a line with those that go on the paragraph that it begins, as one."""
        end, kind = number + 1, self.kinds[number]
        while end < len(self._bare) and self._bare[end].strip() and self.kinds[end] == kind and not self.starts[end]:
            end += 1
        return " ".join(" ".join(self._bare[number:end]).split())

    def first_prose(self, begin: int, end: int) -> str:
        """Return the first of some lines that is text: no field, no directive, no code; empty where none is."""
        lines = zip(self._bare[begin:end], self.kinds[begin:end], strict=True)
        prose = (text.strip() for text, kind in lines if kind in {MARKDOWN, RST} and not _NO_PROSE.match(text))
        return next(filter(None, prose), "")

    def add(self, heading: Heading) -> None:
        """Add a section's title."""
        self.headings.append(heading)
        self.is_enough = self._until_title and bool(heading.title)

    def note(self, directive: Directive) -> None:
        """Add a directive; an ``update`` is a heading, too."""
        self.directives.append(directive)
        if directive.name == "update":
            self.headings.append(Heading(directive.line, directive.line + 1, 0, self.argument(directive)))


def read_blocks(text: str, *, markdown: bool, until_title: bool = False) -> Blocks:
    """Read the structure of a page in Markdown or reStructuredText, with whatever line ends.

    With *until_title* it is read only as far as the first section's title.
    """
    from exptdir.record.markup.markdown import read_markdown
    from exptdir.record.markup.rst import read_rst

    blocks = Blocks(text, MARKDOWN if markdown else RST, until_title=until_title)
    (read_markdown if markdown else read_rst)(blocks, blocks.lines())
    blocks.headings.sort()
    blocks.directives.sort()
    return blocks


def indent_of(text: str, tab: int = 8) -> int:
    """Count the columns of white space in front of a text."""
    if text[:1] not in {" ", "\t"}:
        return 0
    bare = text.lstrip(" \t")
    blank = text[: len(text) - len(bare)]
    return len(blank.expandtabs(tab)) if "\t" in blank else len(blank)


def columns(text: str) -> int:
    """Count the columns that a text takes on a terminal, which is what docutils asks of a line below it."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def blank(text: str) -> str:
    """Replace all but line ends by spaces."""
    return re.sub(r"[^\r\n]", " ", text)


def plain_title(title: str) -> str:
    """Take the markup within a title off, as far as it may stand around a date or a whole title."""
    if not _MARKED.search(title):
        return title
    for pattern, text in _INLINE:
        title = pattern.sub(text, title[:1000])
    return " ".join(title.split())


def with_targets(blocks: Blocks, *, markdown: bool) -> list[Heading]:
    """Return the headings and updates of a log, in file order; explicit targets right above one belong to it."""
    lines, target = bare_lines(blocks.text), _MD_TARGET if markdown else _RST_TARGET
    found = []
    for heading in blocks.headings:
        start, at = heading.start, heading.start - 1
        while at >= 0 and (not lines[at].strip() or target.match(lines[at])):
            start = at if lines[at].strip() else start
            at -= 1
        found.append(heading._replace(start=start))
    return found


def write_heading(title: str, like: Heading, others: Sequence[Heading]) -> list[str]:
    """Write a heading as another one is written, in lines; *others* of the same style tell how long its rules are."""
    if like.mark == "#":
        return ["#" * like.level + " " + title]
    length = columns(title) + 2 * len(like.indent)
    beyond, lengths = {other.length - columns(other.title) for other in others}, {other.length for other in others}
    if len(beyond) == 1 and 0 <= min(beyond) <= 4:
        length = columns(title) + beyond.pop()
    elif len(lengths) == 1:
        length = max(length, like.length)
    rule = like.mark * length
    lines = [like.indent + title, rule]
    return [rule, *lines] if like.over else lines

"""What a page is made of: its headings, its directives, and which of its lines are prose.

This is the one reading of a page's structure. References, titles, entries and figures are all found in what it leaves,
so that they agree on what is a comment or code. ``tests/record/markup`` compares it with what Sphinx makes of a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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


class Heading(NamedTuple):
    """A section's title, or an ``update``."""

    #: *start*, *end*: its first line and the line after its last, counted from 0.
    start: int
    end: int
    #: 1 for the first style of the file (``#`` in Markdown), and so on; 0 for an ``update``.
    level: int
    #: The text.
    title: str
    #: The character of the line below, or ``#``; empty for an ``update``.
    mark: str = ""
    #: Whether there is a line above, too.
    over: bool = False
    #: Length of the line below; 0 for ``#``.
    length: int = 0
    #: White space before the title.
    indent: str = ""

    @property
    def line(self) -> int:
        """1-based line of its text."""
        return self.start + 1 + self.over


class Directive(NamedTuple):
    """A directive."""

    #: Its name, in lower case.
    name: str
    #: Its line, counted from 0.
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

    def __init__(self, text: str, kind: int) -> None:
        self.text = text
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

    def only(self, *kinds: int) -> str:
        """Return the page with all but lines of these kinds blanked out; every place stays where it is."""
        if not any(kind not in kinds for kind in set(self.kinds)):
            return self.text
        return "".join(
            raw if kind in kinds else " " * len(raw.rstrip("\r\n")) + raw[len(raw.rstrip("\r\n")) :]
            for raw, kind in zip(self.raw, self.kinds, strict=False)
        )

    def note(self, directive: Directive) -> None:
        """Add a directive; an ``update`` is a heading, too."""
        self.directives.append(directive)
        if directive.name == "update":
            title = " ".join(self.text[directive.start : directive.end].split())
            self.headings.append(Heading(directive.line, directive.line + 1, 0, title))


def read_blocks(text: str, *, markdown: bool) -> Blocks:
    """Read the structure of a page in Markdown or reStructuredText, with whatever line ends."""
    from exptdir.record.markup.markdown import read_markdown
    from exptdir.record.markup.rst import read_rst

    blocks = Blocks(text, MARKDOWN if markdown else RST)
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


def blank(text: str) -> str:
    """Replace all but line ends by spaces."""
    return re.sub(r"[^\r\n]", " ", text)

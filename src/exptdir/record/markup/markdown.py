"""The blocks of Markdown, as MyST has them.

markdown-it, on which MyST stands, was looked at: it takes 1.7 ms for a log, many times as long as this, and knows no
places within lines; a command that lists a thousand experiments would be busy with it for two seconds.
"""

from __future__ import annotations

import re

from exptdir.record.markup.blocks import CODE_DIRECTIVES, HTML, OTHER, RST, Blocks, Directive, Heading, Line, indent_of
from exptdir.record.markup.rst import read_rst

_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,}|:{3,})[ \t]*(?P<info>.*)")
_DIRECTIVE = re.compile(r"\{(?P<name>[^\s}]+)\}[ \t]*")
_OPTION = re.compile(r"[ \t]*:(?P<name>[^\s:][^:]*):(?:[ \t]+(?P<value>\S.*))?")
_YAML_OPTION = re.compile(r"(?P<name>[\w-]+)[ \t]*:[ \t]+(?P<value>\S.*)")
_ATX = re.compile(r" {0,3}(?P<marks>#{1,6})(?:[ \t]+(?P<text>.*)|)$")
_SETEXT = re.compile(r" {0,3}(?P<rule>=+|-+)[ \t]*$")
_RULE = re.compile(r" {0,3}(?:\*(?:[ \t]*\*){2,}|-(?:[ \t]*-){2,}|_(?:[ \t]*_){2,})[ \t]*$| {0,3}\+(?:[ \t]*\+){2,}")
_QUOTE = re.compile(r" {0,3}>[ ]?")
_ITEM = re.compile(r"(?P<indent> {0,3})(?P<mark>[-+*]|(?P<number>\d{1,9})[.)])(?P<gap>[ \t]+|$)")
_FOOTNOTE = re.compile(r" {0,3}\[\^[^\]\s]+\]:[ \t]*")
_DEFINITION = re.compile(r" {0,3}\[(?!\^)[^\]]+\]:")
_TARGET = re.compile(r" {0,3}\(.+\)=[ \t]*$")
_TABLE_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_EQUATION_END = re.compile(r"\$\$(?:[ \t]*\([^()$\r\n]+\))?$")
#: Sphinx's own parser gives up before directives are nested so deep.
_DEEPEST = 100
_OPENERS = frozenset(">[-+*0123456789:~")
#: How HTML that goes over blank lines begins, and how it ends.
_HTML_LONG = (
    (
        re.compile(r"<(?:script|pre|style|textarea)(?=[\s>]|$)", re.IGNORECASE),
        ("</script>", "</pre>", "</style>", "</textarea>"),
    ),
    (re.compile(r"<!--"), ("-->",)),
    (re.compile(r"<\?"), ("?>",)),
    (re.compile(r"<!\[CDATA\["), ("]]>",)),
    (re.compile(r"<![A-Za-z]"), (">",)),
)
_HTML_NAMES = (
    "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt "
    "fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link "
    "main menu menuitem nav noframes ol optgroup option p param search section summary table tbody td tfoot th thead "
    "title tr track ul"
)
_HTML_BLOCK = re.compile(rf"</?(?:{_HTML_NAMES.replace(' ', '|')})(?=\s|/?>|$)", re.IGNORECASE)
_HTML_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>\s*$")


def front_matter_end(lines: list[str]) -> int:
    """Return how many lines of a page are front matter; 0 where it has none, or where it does not end."""
    mark = lines[0].rstrip() if lines else ""
    if len(mark) < 3 or mark.strip("-"):
        return 0
    ends = re.compile(rf" {{0,3}}{mark}-*\s*$|\.\.\.\s*$")
    return next((at for at, line in enumerate(lines[1:], 2) if line[:1] in "-. " and ends.match(line)), 0)


def read_markdown(blocks: Blocks, lines: list[Line]) -> None:
    """Note the structure of a Markdown page."""
    end = front_matter_end([line for _, line in lines]) if lines and lines[0][1].startswith("---") else 0
    blocks.mark(lines[:end], OTHER)
    # What is in directives is read after what is around them, since it may be nested deeper than Python can call.
    waiting = [(lines[end:], 0)]
    while waiting:
        inner, depth = waiting.pop()
        if depth < _DEEPEST:
            waiting += [(content, depth + 1) for content in _Reader(blocks, inner, not depth).read()]


class _Reader:
    """Reads lines that are around or in one directive; *top* says whether their headings make sections."""

    def __init__(self, blocks: Blocks, lines: list[Line], top: bool) -> None:
        self._blocks, self._lines, self._top = blocks, lines, top
        # The quotes (0) and list items (the columns that they are indented) around the line.
        self._boxes: list[int] = []
        # Where the paragraph began that the line may go on, else -1.
        self._paragraph = -1
        self._no_equation_before = 0
        self._contents: list[list[Line]] = []

    def read(self) -> list[list[Line]]:
        """Read all, and return the contents of directives, which are still to be read."""
        at = 0
        while at < len(self._lines) and not self._blocks.is_enough:
            number, rest = self._lines[at]
            if not rest.strip():
                # A quote ends with it, an item does not.
                if 0 in self._boxes:
                    del self._boxes[self._boxes.index(0) :]
                self._paragraph = -1
                at += 1
                continue
            rest, deep = self._inside(at)
            if deep < len(self._boxes):
                if self._paragraph >= 0 and not self._interrupts(rest):
                    at += 1
                    continue
                del self._boxes[deep:]
                self._paragraph = -1
            if not rest[:1].isalpha():
                rest = self._open(rest)
            self._blocks.starts[number] = self._paragraph < 0
            if rest[:1].isalpha():
                # Most lines are text, and nothing but text begins with a letter.
                self._paragraph = at if self._paragraph < 0 else self._paragraph
                at += 1
            else:
                at = self._leaf(at, rest)
        return self._contents

    def _inside(self, at: int) -> tuple[str, int]:
        """Return what is left of a line in the quotes and items around it, and in how many of them it is."""
        rest = self._lines[at][1]
        for deep, box in enumerate(self._boxes):
            if box == 0:
                quote = _QUOTE.match(rest)
                if quote is None:
                    return rest, deep
                rest = rest[quote.end() :]
            elif not rest.strip():
                continue
            elif indent_of(rest, 4) >= box:
                rest = _dedented(rest, box)
            else:
                return rest, deep
        return rest, len(self._boxes)

    def _open(self, rest: str) -> str:
        """Enter the quotes and items that begin on a line, and return what is left of it."""
        while rest.lstrip(" ")[:1] in _OPENERS and rest[:4].strip():
            if (quote := _QUOTE.match(rest)) is not None:
                box, used = 0, quote.end()
            elif (note := _FOOTNOTE.match(rest)) is not None:
                box, used = 4, note.end()
            elif (item := _ITEM.match(rest)) is not None and self._is_item(item, rest):
                gap = len(item[0].expandtabs(4)) - item.end("mark")
                # Five spaces or more begin code, one column after the mark.
                box = item.end("mark") + (gap if 0 < gap < 5 and item.end() < len(rest) else 1)
                used = item.end() if gap < 5 else item.end("mark") + 1
            elif self._paragraph >= 0 and rest[0] in ":~" and rest[1:2] in {" ", "\t"}:
                box, used = 2, 2
            else:
                break
            self._boxes.append(box)
            self._paragraph = -1
            rest = rest[used:]
        return rest

    def _is_item(self, item: re.Match[str], rest: str) -> bool:
        if _RULE.match(rest):
            return False
        # In a paragraph only an item that holds something begins a list, and only one with the number 1.
        return self._paragraph < 0 or (item.end() < len(rest) and item["number"] in {None, "1"})

    def _interrupts(self, rest: str) -> bool:
        """Tell whether a line begins something even where it could go on a paragraph."""
        if indent_of(rest, 4) >= 4:
            return False
        item = _ITEM.match(rest)
        patterns = (_ATX, _RULE, _QUOTE, _FOOTNOTE, _TARGET)
        return (
            any(pattern.match(rest) for pattern in patterns)
            or (item is not None and self._is_item(item, rest))
            or fence(rest) is not None
            or rest.lstrip().startswith(("%", "$$", "<!--"))
            or _HTML_BLOCK.match(rest.lstrip()) is not None
        )

    def _leaf(self, at: int, rest: str) -> int:
        """Note what stands on a line within its boxes, and return the line after it."""
        line, bare = self._lines[at], rest.lstrip(" \t")
        if not bare:
            self._paragraph = -1
            return at + 1
        if indent_of(rest, 4) >= 4:
            if self._paragraph < 0:
                self._blocks.mark([line], OTHER)
            return at + 1
        if self._paragraph >= 0 and (setext := _SETEXT.match(rest)):
            text, rule = self._lines[self._paragraph : at], setext["rule"]
            title, level = " ".join(part.strip() for _, part in text), 1 if rule[0] == "=" else 2
            self._heading(Heading(text[0][0], line[0] + 1, level, title, rule[0], False, len(rule)))
            return at + 1
        read = _READERS.get(bare[0])
        stop = self._read_table(at, rest) if "|" in rest else 0
        if stop or (read is not None and (stop := read(self, at, rest))):
            self._blocks.starts[line[0]] = 1
            self._paragraph = -1
            return stop
        if bare[0] == "|" or (self._paragraph < 0 and bare[0] == "[" and _DEFINITION.match(rest)):
            self._paragraph = -1
            return at + 1
        if self._paragraph < 0:
            self._paragraph = at
        return at + 1

    def _heading(self, heading: Heading) -> None:
        self._paragraph = -1
        if self._top and not self._boxes:
            self._blocks.add(heading)

    def read_one(self, at: int, rest: str) -> int:
        """Note what takes one line: headings, breaks, comments, targets."""
        line = self._lines[at]
        if (atx := _ATX.match(rest)) is not None:
            title = (atx["text"] or "").strip()
            bare = title.rstrip("#")
            # "C#" keeps what belongs to it.
            title = bare.rstrip() if not bare or bare[-1] in " \t" else title
            self._heading(Heading(line[0], line[0] + 1, len(atx["marks"]), title, "#"))
        elif rest.lstrip().startswith("%"):
            self._blocks.mark([line], OTHER)
        elif not _RULE.match(rest) and not _TARGET.match(rest):
            return 0
        return at + 1

    def _read_table(self, at: int, rest: str) -> int:
        """Go over the rows of a table from the line below its head on."""
        if not _TABLE_RULE.match(rest.lstrip()) or not at or "|" not in self._lines[at - 1][1]:
            return 0
        stop = at + 1
        while stop < len(self._lines):
            text, deep = self._inside(stop)
            if deep < len(self._boxes) or not text.strip() or self._interrupts(text):
                break
            self._blocks.starts[self._lines[stop][0]] = 1
            stop += 1
        return stop

    def read_fence(self, at: int, rest: str) -> int:
        found = fence(rest)
        if found is None:
            return 0
        mark, info = found["mark"], found["info"].rstrip()
        width = indent_of(rest, 4)
        inner: list[Line] = []
        stop = at + 1
        while stop < len(self._lines):
            text, deep = self._inside(stop)
            if deep < len(self._boxes):
                break
            line = self._lines[stop]
            stop += 1
            if text.strip().startswith(mark) and not text.strip().strip(mark[0]) and indent_of(text, 4) < 4:
                self._blocks.mark([line], OTHER)
                break
            inner.append((line[0], _dedented(text, min(width, indent_of(text, 4)))))
        first = self._lines[at]
        directive = _DIRECTIVE.match(info)
        if directive is not None:
            start = self._blocks.place(first, len(first[1]) - len(rest) + found.start("info"))
            self._directive(first, directive, info, start, inner)
        elif mark[0] == ":":
            # ":::note" is a box whose content is prose; behind backticks stands the language of the code.
            self._contents.append(inner)
        else:
            self._blocks.mark([first, *inner], OTHER)
        return stop

    def _directive(self, first: Line, found: re.Match[str], info: str, start: int, inner: list[Line]) -> None:
        name = found["name"].lower()
        options, content = _options(self._blocks, inner)
        body = (content[0][0], content[-1][0] + 1) if content else (0, 0)
        self._blocks.note(Directive(name, first[0], start + found.end(), start + len(info), options, body))
        if name == "eval-rst":
            self._blocks.mark([first], OTHER)
            self._blocks.mark(inner, RST)
            read_rst(self._blocks, inner)
        elif name in CODE_DIRECTIVES:
            html = name == "raw" and "html" in info.split()
            self._blocks.mark([first], OTHER)
            self._blocks.mark(content, HTML if html else OTHER)
        else:
            self._contents.append(content)

    def read_html(self, at: int, rest: str) -> int:
        bare = rest.lstrip()
        ends = next((ends for begins, ends in _HTML_LONG if begins.match(bare)), None)
        if ends is None and not _HTML_BLOCK.match(bare) and (self._paragraph >= 0 or not _HTML_TAG.match(bare)):
            return 0
        stop = at
        while stop < len(self._lines):
            text, deep = self._inside(stop) if stop > at else (rest, len(self._boxes))
            if deep < len(self._boxes) or (ends is None and not text.strip()):
                break
            self._blocks.mark([self._lines[stop]], HTML)
            stop += 1
            if ends is not None and any(end in text.lower() for end in ends):
                break
        return stop

    def read_equation(self, at: int, rest: str) -> int:
        bare = rest.strip()
        if not bare.startswith("$$") or at < self._no_equation_before:
            return 0
        stop = at + 1
        if len(bare) <= 3 or not _EQUATION_END.search(bare, 2):
            if len(bare) > 3 and "$$" in bare[2:]:
                return 0
            while stop < len(self._lines) and not _EQUATION_END.search(self._inside(stop)[0].rstrip()):
                stop += 1
            if stop == len(self._lines):
                self._no_equation_before = stop
                return 0
            stop += 1
        self._blocks.mark(self._lines[at:stop], OTHER)
        return stop


_READERS = {
    **dict.fromkeys("`~:", _Reader.read_fence),
    **dict.fromkeys("#%+(*-_", _Reader.read_one),
    "<": _Reader.read_html,
    "$": _Reader.read_equation,
}


def fence(rest: str) -> re.Match[str] | None:
    """Return the ``mark`` and the ``info`` of the fence that a line opens, of code or of a directive."""
    found = _FENCE.match(rest)
    return None if found is None or (found["mark"][0] == "`" and "`" in found["info"]) else found


def _dedented(text: str, columns: int) -> str:
    """Take columns of white space off; of a tab that is cut, the rest is left as spaces."""
    if "\t" not in text[:columns]:
        return text[columns:]
    return " " * (indent_of(text, 4) - columns) + text.lstrip(" \t")


def _options(blocks: Blocks, lines: list[Line]) -> tuple[tuple[tuple[str, int, int], ...], list[Line]]:
    """Return the options on top of a directive's content, and the rest of it."""
    at, pattern = 0, _OPTION
    if lines and lines[0][1].rstrip() == "---":
        end = next((n for n, line in enumerate(lines[1:], 1) if line[1].rstrip() == "---"), len(lines))
        body, at, pattern = lines[1:end], end + 1, _YAML_OPTION
    else:
        while at < len(lines) and lines[at][1].lstrip().startswith(":") and not lines[at][1].startswith(":::"):
            at += 1
        body = lines[:at]
    options = []
    for line in body:
        found = pattern.match(line[1])
        if found is not None and found["value"]:
            start, end = found.start("value"), found.start("value") + len(found["value"].rstrip())
            if end - start > 1 and line[1][start] == line[1][end - 1] and line[1][start] in "\"'":
                start, end = start + 1, end - 1
            options.append((found["name"].lower(), blocks.place(line, start), blocks.place(line, end)))
    return tuple(options), lines[at:]

"""Blocks of Markdown and of plain text: headings of any look, lists by indentation, fences, pipe tables.

markdown-it was looked at: it knows no lines in most of its tokens, and what people write into ``notes.txt`` (a dash
without a space, banners, ``v1`` with two dashes under it) it takes for something else. Nothing here drops a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from exptdir.logs.model import Block
from exptdir.record.dates.forms import MONTHS
from exptdir.record.markup.markdown import fence

#: Lists that are nested deeper than this lie beside each other: what renders them is recursive.
DEEPEST = 24
#: The level of a title that is only bold, or the name of a run alone on its line: below any heading.
LABEL = 90

_ATX = re.compile(r"(#{1,6})[ \t]+(.+?)[ \t]*#*$")
_RULE = re.compile(r"\s{0,3}([-=~*_#+^])(?:\s?\1){1,}\s*$")
_TITLED_RULE = re.compile(
    r"(?P<mark>[-=~*#_])(?:(?P=mark){3,}\s*(?P<title>[^\s\-=~*#_].*?)\s*(?P=mark)*"
    r"|(?P=mark){2}\s+(?P<closed>[^\s\-=~*#_].*?)\s+(?P=mark){3})$"
)
_ORG_BEGIN = re.compile(r"\s*#\+begin_(\S+)(.*)$", re.IGNORECASE)
_ORG_LINE = re.compile(r"\s*(?:#\+\S+:|: |:$|:[A-Z_]{2,}:)")
_TABLE = re.compile(r"\s*\|.*\|\s*$")
_TABLE_RULE = re.compile(r"[\s|:+\-]+$")
_ITEM = re.compile(r"(\s*)([-*+•·‣]|\(?\d{1,4}[.)、]|\[[ xX!?~-]\])(?:\s+(.*)|$)")
#: ``-like this``, which Markdown takes for text.
_TIGHT_ITEM = re.compile(r"(\s*)([-•·])(?=[^\W\d_]|[(\"'])(.*)$")
_BOX = re.compile(r"\[([ xX!?~-])\]\s+")
_BOLD = re.compile(r"(\*\*|__)([^*\s][^*]{0,118})\1:?\s*$")
_PICTURE = re.compile(r"\s*!\[([^\]]*)\]\(\s*<?([^)\s>]+)>?[^)]*\)\s*$")
_FIELD = re.compile(r"[\w ()./%#&'-]{1,48}[:=：]")
_NAME = re.compile(r"(?=[^_]*_)(?=\D*\d)[\w@;.+-]{8,}$")


class Lines:
    """Reads the lines of a log into blocks.

    Parameters
    ----------
    lines
        Without their ends.
    first
        Number of the first.
    form
        ``markdown``, ``text`` or ``org``.
    """

    def __init__(self, lines: Sequence[str], first: int = 1, form: str = "markdown") -> None:
        self.lines, self.first, self.form = lines, first, form
        self.found: list[Block] = []
        self.items: list[tuple[int, Block]] = []
        self.underlines: list[str] = []
        self.blank = True

    def read(self) -> list[Block]:
        """Return the blocks, sections still beside what is in them."""
        at = 0
        while at < len(self.lines):
            line = self.lines[at]
            if not line.strip():
                self.blank = True
                at += 1
                continue
            taken = self._code(at) or self._heading(at) or self._table(at) or self._item(at) or self._paragraph(at)
            self.blank = False
            at += taken
        return self.found

    def _add(self, block: Block, indent: int = 0) -> None:
        """Put a block into the item that it is indented to, or beside the others."""
        while self.items and (block.kind == "section" or self.items[-1][0] >= indent):
            self.items.pop()
        (self.items[-1][1].children if self.items else self.found).append(block)

    def _block(self, kind: str, at: int, text: str, **more: object) -> Block:
        return Block(kind, self.first + at, text, **more)  # type: ignore[arg-type]

    def _code(self, at: int) -> int:
        line = self.lines[at]
        end, label = at + 1, ""
        if opened := _code_fence(line):
            close, label = re.compile(rf"\s*{re.escape(opened['mark'])}\s*$"), opened["info"].strip()
        elif self.form == "org" and (begin := _ORG_BEGIN.match(line)):
            close, label = re.compile(rf"\s*#\+end_{re.escape(begin[1])}", re.IGNORECASE), begin[2].strip()
        elif self.form == "org" and _ORG_LINE.match(line):
            while end < len(self.lines) and _ORG_LINE.match(self.lines[end]):
                end += 1
            self._add(self._block("code", at, "\n".join(self.lines[at:end])), _indent(line))
            return end - at
        else:
            return 0
        while end < len(self.lines) and not close.match(self.lines[end]):
            end += 1
        if end == len(self.lines) and end - at > 200:
            # A fence that is never closed holds the rest of a page in Markdown; in a log it was forgotten.
            return 0
        code = self._block("code", at + 1, "\n".join(self.lines[at + 1 : end]), label=label)
        self._add(code, _indent(line))
        return min(end + 1, len(self.lines)) - at

    def _heading(self, at: int) -> int:
        line = self.lines[at]
        after = self.lines[at + 1] if at + 1 < len(self.lines) else ""
        if self.form != "org" and (atx := _ATX.match(line)):
            return self._title(at, atx[2], len(atx[1]), 1)
        if self.form == "org":
            return 0
        if _RULE.match(line):
            below = self.lines[at + 2] if at + 2 < len(self.lines) else ""
            if after.strip() and not _RULE.match(after) and _RULE.match(below) and line.strip()[0] == below.strip()[0]:
                return self._title(at + 1, after.strip(), self._level("over" + below.strip()[0]), 3)
            if len(line.strip()) < 3:
                return 0
            self._add(self._block("rule", at, line.strip()))
            return 1
        if titled := _TITLED_RULE.match(line):
            return self._title(at, titled["title"] or titled["closed"], self._level("beside" + titled["mark"]), 1)
        if self.blank and not line[0].isspace() and _RULE.match(after) and "|" not in line and not _item(line):
            mark = after.strip()
            if len(mark) >= 3 or len(line.strip()) <= 3:
                return self._title(at, line.strip(), self._level(mark[0]), 2)
        if bold := _BOLD.match(line):
            return self._title(at, bold[2], LABEL, 1)
        if self.form == "text" and self.blank and not after.strip() and _NAME.match(line):
            return self._title(at, line.strip(), LABEL, 1)
        return 0

    def _title(self, at: int, text: str, level: int, taken: int) -> int:
        self._add(self._block("section", at, text, level=level))
        return taken

    def _level(self, mark: str) -> int:
        """Number the looks of titles in the order in which they come, but that ``=`` is above ``-`` in Markdown."""
        if self.form == "markdown" and mark in "=-":
            return 1 + (mark == "-")
        if mark not in self.underlines:
            if mark.startswith("over"):
                # A banner stands above titles that are underlined, wherever it first comes.
                self.underlines.insert(sum(other.startswith("over") for other in self.underlines), mark)
            else:
                self.underlines.append(mark)
        return 10 + self.underlines.index(mark) + (0 if mark.startswith("over") else 20)

    def _table(self, at: int) -> int:
        end = at
        while end < len(self.lines) and _TABLE.match(self.lines[end]):
            end += 1
        if end == at or (end - at == 1 and self.lines[at].count("|") < 3):
            return 0
        self._add(pipe_table(self.lines[at:end], self.first + at), _indent(self.lines[at]))
        return end - at

    def _item(self, at: int) -> int:
        line = self.lines[at]
        match = _item(line) or (_TIGHT_ITEM.match(line) if self.form == "text" else None)
        if match is None or (_RULE.match(line) and len(line.strip()) > 2):
            return 0
        indent, mark, text = _indent(match[1] + "x"), match[2], match[3] or ""
        box = _BOX.match(text) if not mark.startswith("[") else None
        item = self._block("item", at, text[box.end() :] if box else text, label=mark)
        sign = box[1] if box else mark[1] if mark.startswith("[") else ""
        if sign:
            item.task = "done" if sign in "xX" else "open"
        while self.items and (self.items[-1][0] >= indent or len(self.items) >= DEEPEST):
            self.items.pop()
        end = at + 1
        while end < len(self.lines) and self._goes_on(end, indent):
            end += 1
        item.text = "\n".join([item.text, *(more.strip() for more in self.lines[at + 1 : end])])
        (self.items[-1][1].children if self.items else self.found).append(item)
        self.items.append((indent, item))
        return end - at

    def _goes_on(self, at: int, indent: int) -> bool:
        """Whether a line belongs to the text of an item."""
        line = self.lines[at]
        return bool(line.strip()) and _indent(line) > indent and not self._begins(at)

    def _begins(self, at: int) -> bool:
        line = self.lines[at]
        text, org = self.form == "text", self.form == "org"
        return bool(
            _ITEM.match(line)
            or (text and _TIGHT_ITEM.match(line))
            or _code_fence(line)
            or _TABLE.match(line)
            or _PICTURE.match(line)
            or (not org and (_ATX.match(line) or _BOLD.match(line) or (_RULE.match(line) and len(line.strip()) > 2)))
            or (org and (_ORG_BEGIN.match(line) or _ORG_LINE.match(line)))
            or (text and _TITLED_RULE.match(line))
        )

    def _paragraph(self, at: int) -> int:
        line = self.lines[at]
        if picture := _PICTURE.match(line):
            self._add(self._block("figure", at, picture[1], label=picture[2]), _indent(line))
            return 1
        end = at + 1
        while end < len(self.lines) and self.lines[end].strip() and not self._begins(end):
            end += 1
        texts = [text.strip() for text in self.lines[at:end]]
        fields = sum(bool(_FIELD.match(text)) for text in texts)
        label = "lines" if self.form != "markdown" and len(texts) > 1 and 2 * fields >= len(texts) else ""
        if self.form == "markdown" and _indent(line) >= 4 and self.blank and not self.items:
            self._add(self._block("code", at, "\n".join(self.lines[at:end])))
        else:
            # A line that is not indented ends the list, lazy continuation or not: so people write.
            self._add(self._block("paragraph", at, "\n".join(texts), label=label), _indent(line))
        return end - at


def _code_fence(line: str) -> re.Match[str] | None:
    found = fence(line.lstrip())
    # ``~~~ v3 ~~~`` is a banner.
    return None if found is None or found["mark"][0] == ":" or line.rstrip().endswith(f" {found['mark']}") else found


def _item(line: str) -> re.Match[str] | None:
    """Match an item; what looks like the fourth may be the fourth of a month: ``4. März 2021``."""
    found = _ITEM.match(line)
    if found is None or found[2][-1:] != ".":
        return found
    month = re.match(r"([^\W\d_]{3,10})\.?\s*(?:\d{4}\b|[:–—-]|$)", found[3] or "")
    return None if month is not None and month[1].lower() in MONTHS else found


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def pipe_table(lines: Iterable[str], first: int) -> Block:
    """Make a table of lines like ``| a | b |``; ``\\|`` is no border. Rows above a rule are its head."""
    table, head = Block("table", first), 0
    for number, line in enumerate(lines, first):
        if _TABLE_RULE.match(line):
            head = head or len(table.children)
            continue
        cells = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
        row = Block("row", number, children=[Block("cell", number, cell.strip()) for cell in cells])
        table.children.append(row)
    # A rule further down only parts the rows, as in org tables with several.
    table.level = head if head == 1 else 0
    return table


def nest(flat: Iterable[Block]) -> list[Block]:
    """Put what follows a title into its section."""
    top: list[Block] = []
    open_: list[Block] = []
    for block in flat:
        if block.kind == "section":
            while open_ and open_[-1].level >= block.level:
                open_.pop()
        (open_[-1].children if open_ else top).append(block)
        if block.kind == "section":
            open_.append(block)
    return top

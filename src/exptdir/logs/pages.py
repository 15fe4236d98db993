"""Writes what a log holds as the text of a page, in Markdown or in reStructuredText."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from exptdir.logs.inline import Piece, inline, lines
from exptdir.logs.model import Block, Run
from exptdir.record.dates import DateContext, parse_title_date
from exptdir.record.markup.syntax import Markdown, Rst

_NUMBER = re.compile(r"\(?(\d{1,4})[.)、]")
_LEXER = re.compile(r"[A-Za-z][\w+#.-]*")
#: Cells of rows that have a page of their own are repeated up to this length.
_SHORT_CELL = 40


@dataclass
class PageWriter:
    """Writes blocks as text.

    Parameters
    ----------
    form
        The markup.
    address
        Returns the reference that leads to a run or an entry of the log, or nothing.
    located
        Returns where a file is that the log names, from the source directory; nothing where it is not there.
    apart
        What is written in the place of blocks that have pages of their own: title and reference, by identity.
    runs
        Those that no block is headed by, by the line on which they are first told of.
    """

    form: Markdown | Rst
    address: Callable[[str], str]
    located: Callable[[str], str]
    apart: dict[int, tuple[str, str]] = field(default_factory=dict)
    runs: dict[int, list[Run]] = field(default_factory=dict)
    noted: set[str] = field(default_factory=set)

    def blocks(self, blocks: Iterable[Block], depth: int) -> list[str]:
        """Return the lines of blocks that stand side by side; *depth* is that of titles among them."""
        made: list[str] = []
        before, was_tight, expected, closing = "", False, 0, "."
        for block in blocks:
            number = int(match[1]) if block.kind == "item" and (match := _NUMBER.fullmatch(block.label)) else -1
            if number != expected and before == "item":
                # Markdown begins another list only where the sign behind the number is another one.
                closing = ")" if closing == "." else "."
            expected = number + 1
            written = self._item(block, depth, number, closing) if block.kind == "item" else self._block(block, depth)
            tight = block.kind == "item" and "" not in written and number < 0
            if written:
                made += [*([] if tight and was_tight else [""] * bool(made)), *written]
                before, was_tight = block.kind, tight
        return made

    def _block(self, block: Block, depth: int) -> list[str]:
        if (own := self._own_page(block)) is not None:
            return own
        if block.kind == "section":
            return self._section(block, depth)
        if block.kind == "paragraph":
            if block.label == "lines":
                return [*self._mentioned(block), *self.form.broken([self.prose(line) for line in lines(block)])]
            return [*self._mentioned(block), *self._lines(block)]
        if block.kind == "code":
            language = block.label.split(" ")[0]
            known = _LEXER.fullmatch(language) is not None
            above = [self.form.code(block.label), ""] if block.label and not (known and " " not in block.label) else []
            body = block.text.split("\n") if block.text.strip() else []
            return [*above, *(self.form.code_block(language if known else "", body) if body else [])]
        if block.kind == "table":
            return self._table(block)
        if block.kind == "figure":
            return self._figure(block)
        return self.form.raw_rst(block.text.split("\n")) if block.kind == "markup" else []

    def _own_page(self, block: Block) -> list[str] | None:
        """Return what stands in the place of a block that has a page of its own."""
        if id(block) not in self.apart:
            return None
        title, address = self.apart[id(block)]
        # In the text of a link some signs cannot stand.
        text = re.sub(r"[`<>\\]", " ", " ".join(title.split())).strip() or "…"
        return [self.form.role("expt", f"{text} <{address}>")]

    def title(self, block: Block) -> str:
        """Return the title of a section; one whose date the page could read in another way has it written out."""
        # What leads to files stands below.
        text = self.prose(Piece("text", one.text) if one.kind == "file" else one for one in inline(block))
        before = f"{block.label or 'TODO'} " if block.task else ""
        plain = parse_title_date(block.text, context=DateContext())
        if block.entry is not None and block.entry.day is not None and not before:
            if plain is None or plain.date != block.entry.day or plain.problem:
                before = f"{block.entry.day.isoformat()}: "
        elif plain is not None and not before:
            before = "Run " if block.runs else "Undated: "
        behind = "".join(f" {self.form.escape(tag)}" for tag in block.tags)
        return (before + text if before else self.form.escape_start(text) or "…") + behind

    def _section(self, block: Block, depth: int) -> list[str]:
        title = self.title(block)
        deep = depth > self.form.deepest
        inside = self.blocks(block.children, depth if deep else depth + 1)
        return [
            *([f"**{block.text}**" if "*" not in title else title] if deep else self.form.heading(title, depth)),
            *self._named(block),
            *([""] if inside else []),
            *inside,
        ]

    def page(self, blocks: Sequence[Block], title: str, depth: int = 2) -> list[str]:
        """Return the lines of a page with its title."""
        head = self.form.heading(self.form.escape_start(self.form.escape(title)), 1)
        return [*head, "", *self.blocks(blocks, depth)]

    def _named(self, block: Block) -> list[str]:
        """Return what makes the runs that head a block known, and leads to their files."""
        made: list[str] = []
        within = range(block.line, block.line + block.text.count("\n") + 1)
        first_told = [run for line in within for run in self.runs.pop(line, ())]
        for run in [*block.runs, *first_told]:
            if run.file and run in block.runs:
                made += ["", self.prose([Piece("file", run.file, run.file)])]
            if run.id not in self.noted:
                self.noted.add(run.id)
                made += ["", *self.form.directive("expt:run", run.id, {"hidden": ""})]
        return made

    def _mentioned(self, block: Block) -> list[str]:
        """Return what makes runs known that only prose tells of, to stand before it."""
        named = self._named(block) if self.runs or block.runs else []
        return [*named[1:], ""] if named else []

    def prose(self, pieces: Iterable[Piece]) -> str:
        """Return pieces as a line of markup."""
        return self.form.joined(self._parts(pieces)).strip()

    def _parts(self, pieces: Iterable[Piece]) -> Iterator[tuple[str, bool]]:
        form = self.form
        for piece in pieces:
            text = " ".join(piece.text.split())
            if piece.kind == "reference" and piece.reference is not None:
                one = piece.reference
                target = self.address(one.targets[0]) if one.state == "resolved" else ""
                usable = target and not re.search(r"[`<>\\]", text + target)
                yield (form.role("expt", f"{text} <{target}>"), True) if usable else (form.escape(piece.text), False)
            elif piece.kind == "code":
                yield (form.code(text), True) if text else ("", False)
            elif piece.kind == "link":
                yield form.link(text, piece.address), True
            elif piece.kind == "file":
                path = self.located(piece.address)
                if path and not re.search(r"[`<>\\]", text + path):
                    yield form.role("download", f"{text} <{path}>"), True
                else:
                    yield form.escape(text if text == piece.address else f"{text} ({piece.address})"), False
            elif piece.kind == "strong" and all(part.kind == "text" for part in piece.parts):
                inside = form.escape("".join(part.text for part in piece.parts)).strip()
                yield (f"**{inside}**", True) if inside else ("", False)
            elif piece.parts:
                yield from self._parts(piece.parts)
            else:
                yield form.escape(piece.text), False

    def _lines(self, block: Block) -> list[str]:
        """Return the prose of a block, a line for each of its lines."""
        made: list[str] = []
        waiting: list[Piece] = []
        for piece in inline(block):
            first, *others = piece.text.split("\n") if piece.kind == "text" else [""]
            if piece.kind != "text":
                waiting.append(piece)
                continue
            waiting.append(Piece("text", first))
            for other in others:
                made.append(self._line(waiting))
                waiting = [Piece("text", other)]
        made.append(self._line(waiting))
        return [line for line in made if line]

    def _line(self, pieces: list[Piece]) -> str:
        line = self.prose(pieces)
        begins = next((piece for piece in pieces if piece.text.strip() or piece.parts), None)
        return self.form.escape_start(line) if begins is not None and begins.kind == "text" else line

    def _item(self, block: Block, depth: int, number: int, closing: str) -> list[str]:
        mark = f"{number}{closing} " if number >= 0 and not block.task else "- "
        box = f"[{'x' if block.task == 'done' else ' '}] " if block.task else ""
        own = self._own_page(block)
        text = self._lines(block) if own is None else own
        if number < 0 and block.label and block.label not in "-*+•·‣–" and not block.label.startswith("["):
            text = [f"{self.form.escape(block.label)} {text[0] if text else ''}".rstrip(), *text[1:]]
        text = [f"{box}{text[0] if text else ''}".rstrip(), *text[1:]] if box else text
        named = self._named(block) if own is None else []
        inside = self.blocks(block.children, depth) if own is None else []
        bullets = isinstance(self.form, Markdown) and block.children and inside[:1] and inside[0].startswith("- ")
        body = [*text, *(named if text else named[1:])]
        body += [*([""] if body and inside and not bullets else []), *inside]
        return [
            f"{mark}{body[0] if body else ''}".rstrip(),
            *(f"{' ' * len(mark)}{line}".rstrip() for line in body[1:]),
        ]

    def _table(self, table: Block) -> list[str]:
        width = max((len(row.children) for row in table.children), default=0)
        body: list[str] = []
        for row in table.children:
            own = self._own_page(row)
            cells: list[list[str]] = []
            for cell in row.children:
                long = own is not None and len(cell.text) > _SHORT_CELL
                cells.append([] if long else self._cell(cell, row))
            if own is not None and cells:
                cells[0] = own
            elif cells and (named := self._named(row)):
                cells[0] = [*cells[0], *(named if cells[0] else named[1:])]
            for at, lines_of_cell in enumerate([*cells, *[[]] * (width - len(cells))]):
                first = "* - " if at == 0 else "  - "
                body += [f"{first}{lines_of_cell[0] if lines_of_cell else ''}".rstrip()]
                body += [f"    {line}".rstrip() for line in lines_of_cell[1:]]
        head = table.level if 0 < table.level < len(table.children) else 0
        return self.form.directive("list-table", "", {"header-rows": str(head)}, body) if width else []

    def _cell(self, cell: Block, row: Block) -> list[str]:
        entry = row.entry
        if entry is not None and entry.day is not None and cell.text == entry.written:
            return self.form.directive("update", " ".join(cell.text.split()))
        mentioned = self._mentioned(cell) if self.runs else []
        return [*mentioned, *self._lines(cell)]

    def _figure(self, block: Block) -> list[str]:
        path = self.located(block.label)
        caption = self.form.escape(" ".join(block.text.split()))
        if path:
            return self.form.directive("figure", path, {"alt": caption} if caption else None, [caption] * bool(caption))
        outside = re.match(r"https?:", block.label) is not None
        return [self.prose([Piece("link" if outside else "file", block.text or block.label, block.label)])]


def row_items(head: Sequence[Block], row: Block) -> list[Block]:
    """Return a row of a table as a list: the title of each column in bold before its cell."""
    made = []
    for at, cell in enumerate(row.children):
        name = " ".join(head[at].text.split()) if at < len(head) else ""
        if not cell.text:
            continue
        text = f"**{name}**: {cell.text}" if name and "*" not in name else cell.text
        shift = len(text) - len(cell.text)
        moved = [one._replace(start=one.start + shift, end=one.end + shift) for one in cell.references]
        made.append(Block("item", cell.line, text, label="-", references=moved))
    return made

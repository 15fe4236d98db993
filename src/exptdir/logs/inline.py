"""What stands within the prose of a log: code, bold, links and references, whatever is made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from exptdir.logs.model import Block, Reference

_INLINE = re.compile(
    r"(?P<code>`+)(?P<literal>[^`]+)(?P=code)"
    r"|\*\*(?P<strong>[^*\n]+)\*\*"
    r"|!?\[(?P<text>[^\]\n]*)\]\((?P<address>[^)\s]+)[^)\n]*\)"
    r"|\[\[(?P<org>[^\]\n]+)\](?:\[(?P<shown>[^\]\n]+)\])?\]"
    r"|(?P<bare>https?://[^\s<>\"'`）)\]]*[^\s<>\"'`）)\].,;:!?])"
)
#: ``Takeaways:`` at the beginning of a line.
_FIELD = re.compile(r"[^\W\d_][^:：\n]{0,40}[:：](?=\s|$)")
_OUTSIDE = re.compile(r"(?:https?|mailto|ftp):")


class Piece(NamedTuple):
    """A stretch of prose.

    *address* is where a ``link`` leads on the network, or the path of a ``file``; *parts* are what a ``strong`` piece,
    or one of quoted code (``run``), is made of.
    """

    kind: Literal["text", "code", "strong", "run", "link", "file", "reference"]
    text: str
    address: str = ""
    reference: Reference | None = None
    parts: tuple[Piece, ...] = ()


def pieces(block: Block, begin: int = 0, end: int | None = None) -> Iterator[Piece]:
    """Yield the pieces of a text, or of a stretch of it, in order; references wherever they stand."""
    end = len(block.text) if end is None else end
    done = begin
    for match in _INLINE.finditer(block.text, begin, end):
        yield from _plain(block, done, match.start())
        done = match.end()
        if match["literal"] is not None:
            inside = tuple(_plain(block, *match.span("literal")))
            named = any(piece.kind == "reference" for piece in inside)
            yield Piece("run", "", parts=inside) if named else Piece("code", match["literal"])
        elif match["strong"] is not None:
            yield Piece("strong", "", parts=tuple(pieces(block, *match.span("strong"))))
        elif match["bare"] is not None:
            yield Piece("link", match["bare"], match["bare"])
        else:
            address = match["address"] or match["org"]
            text = (match["text"] or match["shown"] or "").strip("`") or address
            outside = _OUTSIDE.match(address) is not None
            yield Piece("link" if outside else "file", text, address if outside else address.removeprefix("file:"))
    yield from _plain(block, done, end)


def _plain(block: Block, begin: int, end: int) -> Iterator[Piece]:
    done = begin
    for one in block.references:
        if one.start < done or one.end > end:
            continue
        if done < one.start:
            yield Piece("text", block.text[done : one.start])
        yield Piece("reference", one.text, reference=one)
        done = one.end
    if done < end:
        yield Piece("text", block.text[done:end])


def lines(block: Block) -> Iterator[list[Piece]]:
    """Yield the pieces of each line of a text, the name of a field in bold."""
    begin = 0
    for line in block.text.split("\n"):
        field, end = _FIELD.match(line), begin + len(line)
        name = begin + (field.end() if field else 0)
        strong = [Piece("strong", "", parts=tuple(pieces(block, begin, name)))] if field else []
        yield [*strong, *pieces(block, name, end)]
        begin = end + 1


def inline(block: Block) -> list[Piece]:
    """Return the pieces of a text; one that is only the name of a field is bold."""
    if block.kind == "paragraph" and _FIELD.fullmatch(block.text):
        return next(lines(block))
    return list(pieces(block))

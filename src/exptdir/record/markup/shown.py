"""What a page refers to and shows, as its author typed it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exptdir.record.markup.blocks import Blocks
from exptdir.record.markup.references import arguments, inline

#: Directives whose argument is a file, and the role and the links that lead to one.
_SHOWS = frozenset({"figure", "image", "datatable", "expt-log", "literalinclude", "include", "download", "protocol"})
_PICTURES = frozenset({"figure", "image", "img"})
#: Without one of these a document refers to nothing, and most of a record's need not be looked through.
_MARKS = (":expt", "{expt", "](#", "<project:#")
#: What may follow "#" and can only mean an experiment; "2024-05-21-start" is an anchor of a heading.
_NUMBER = re.compile(r"\d+(?:[@#/].+)?", re.DOTALL)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|<")


@dataclass(frozen=True)
class Mention:
    """One place of a document.

    Parameters
    ----------
    text
        The reference or the path, without an explicit title.
    line
        1-based.
    kind
        The only kind of target that will do, where a typed role was used.
    """

    text: str
    line: int
    kind: str | None = None


def mentions(blocks: Blocks) -> Iterator[Mention]:
    """Find the references of a document, what stands in code aside."""
    if not any(mark in blocks.text for mark in _MARKS):
        return
    for token in inline(blocks):
        # A link may as well lead to a heading; only a number cannot be meant for one.
        numbered = token.form == "any" and not token.name and _NUMBER.fullmatch(token.text) is not None
        if (token.form == "reference" or numbered) and not token.silent:
            line = blocks.text.count("\n", 0, token.start) + 1
            yield Mention(" ".join(token.text.split()), line, token.kind)


def shown_files(blocks: Blocks) -> Iterator[Mention]:
    """Find the files that a document shows, includes or offers, what stands in code aside."""
    tokens = (token for token in (*inline(blocks), *arguments(blocks)) if token.name in _SHOWS)
    for start, path in sorted((token.start, " ".join(token.text.split())) for token in tokens):
        if not _ADDRESS.match(path):
            yield Mention(path, blocks.text.count("\n", 0, start) + 1)


def shown_pictures(blocks: Blocks) -> Iterator[str]:
    """Find the pictures that a page shows, by directives, Markdown's images and HTML; addresses elsewhere included."""
    return (" ".join(token.text.split()) for token in (*arguments(blocks), *inline(blocks)) if token.name in _PICTURES)

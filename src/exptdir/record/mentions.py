"""What a document refers to and shows, as its author typed it, found by its text alone."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from exptdir.record.masks import mask_code
from exptdir.record.tokens import Part, arguments, inline, parts

#: Directives whose argument is a file, and the role and the links that lead to one.
_SHOWS = frozenset({"figure", "image", "datatable", "literalinclude", "include", "download"})
_PROTOCOL = re.compile(
    r"^[ \t]*(?:\.\.[ ]+protocol::|[`~:]{3,}\{protocol\})[ \t]*(?P<names>.*(?:\n[ \t]+(?!:)\S.*)*)", re.MULTILINE
)
#: Without one of these a document refers to nothing, and most of a record's need not be looked through.
_MARKS = (":expt", "{expt", "](#", "<project:#")
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


def mentions(text: str, *, markdown: bool) -> Iterator[Mention]:
    """Find the references of a document, what stands in code aside.

    Parameters
    ----------
    text
        The document.
    markdown
        Whether it is Markdown, where ``[](#63)`` is a reference too.
    """
    if not any(mark in text for mark in _MARKS):
        return
    found = [token for part in parts(text, markdown=markdown) for token in inline(part)]
    for token in sorted(found, key=lambda token: token.start):
        # A link may as well lead to a heading; only a number cannot be meant for one.
        numbered = token.form == "any" and not token.name and token.text[:1].isdecimal()
        if (token.form == "reference" or numbered) and not token.silent:
            line = text.count("\n", 0, token.start) + 1
            yield Mention(" ".join(token.text.split()), line, token.kind)


def shown_files(text: str, *, markdown: bool) -> Iterator[Mention]:
    """Find the files that a document shows, includes or offers, what stands in code aside.

    Parameters
    ----------
    text
        The document.
    markdown
        Whether it is Markdown.
    """
    found: list[tuple[int, str]] = []
    for part in parts(text, markdown=markdown):
        tokens = (*inline(part), *arguments(part))
        found += [(token.start, " ".join(token.text.split())) for token in tokens if token.name in _SHOWS]
        found += _protocols(part)
    for start, path in sorted(found, key=lambda pair: pair[0]):
        if not _ADDRESS.match(path):
            yield Mention(path, text.count("\n", 0, start) + 1)


def _protocols(part: Part) -> Iterator[tuple[int, str]]:
    """Yield the paths of protocols: any number, in quotes where they hold spaces."""
    masked = part.masked if part.markdown else mask_code(part.masked)
    for found in _PROTOCOL.finditer(masked):
        try:
            names = shlex.split(found["names"])
        except ValueError:
            names = found["names"].split()
        yield from ((part.start + found.start(), name) for name in names)

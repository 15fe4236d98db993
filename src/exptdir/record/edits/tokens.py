"""Finds in a page all that may have to be written anew: what :mod:`exptdir.record.tokens` finds, options, lines of a
toctree, prerequisites."""

from __future__ import annotations

import re
from collections.abc import Iterator

from exptdir.record.metadata_values import FACT_OF_KEY
from exptdir.record.tokens import Part, Token, arguments, inline, parts, titled

_OPTION = re.compile(r"^[ \t]*:(?P<name>[a-z][\w-]*):[ \t]+(?P<value>[^\r\n]*\S)", re.MULTILINE)
_RST_TOCTREE = re.compile(
    r"^(?P<indent>[ \t]*)\.\. toctree::[^\r\n]*(?:\r\n|\r|\n)"
    r"(?P<lines>(?:(?P=indent)[ \t]+\S[^\r\n]*(?:\r\n|\r|\n|\Z)|[ \t]*(?:\r\n|\r|\n))+)",
    re.MULTILINE,
)
_MD_TOCTREE = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,}|:{3,})[ \t]*\{toctree\}[^\r\n]*(?:\r\n|\r|\n)(?P<lines>.*?)^[ \t]*(?P=fence)",
    re.MULTILINE | re.DOTALL,
)
_FIELD = re.compile(r"^:(?P<key>\w+):[ \t]+(?P<value>[^\r\n]*(?:\r?\n[ \t]+\S[^\r\n]*)*)", re.MULTILINE)
_TOC_LINE = re.compile(r"^[ \t]*(?![:\s])(?P<value>[^\r\n]*\S)", re.MULTILINE)
_ITEM = re.compile(r"""(?P<quote>["'])(?P<quoted>(?:(?!(?P=quote)).)*)(?P=quote)|(?P<bare>[^\s,\[\]"']+)""")


def tokens(text: str, suffix: str) -> list[Token]:
    """Find all that may lead somewhere in a log or another page.

    Parameters
    ----------
    text
        The page.
    suffix
        ``.md`` for MyST, else reStructuredText.

    Returns
    -------
    list of Token
        In file order; no two overlap.
    """
    markdown = suffix.lower() == ".md"
    found: list[Token] = []
    for part in parts(text, markdown=markdown):
        found += [*inline(part), *_paths(part), *_toctrees(part)]
        if not markdown:
            found += _fields(part.masked)
    if markdown:
        found += _front_matter(text)
    return _apart(found, len(text))


def _apart(found: list[Token], length: int) -> list[Token]:
    """Sort tokens, and of two that overlap keep the shorter, which is the one inside the other."""
    taken = bytearray(length)
    kept = []
    for token in sorted(found, key=lambda token: token.end - token.start):
        if not any(taken[token.start : token.end]):
            taken[token.start : token.end] = b"\1" * (token.end - token.start)
            kept.append(token)
    return sorted(kept, key=lambda token: token.start)


def _paths(part: Part) -> Iterator[Token]:
    """Find the arguments and options of directives; facts have their own grammar."""
    yield from (token for token in arguments(part) if FACT_OF_KEY.get(token.name) is None)
    for found in _OPTION.finditer(part.masked):
        if FACT_OF_KEY.get(found["name"]) is None:
            start = part.start + found.start("value")
            yield Token(start, start + len(found["value"]), found["value"], "path")


def _toctrees(part: Part) -> Iterator[Token]:
    for tree in (_MD_TOCTREE if part.markdown else _RST_TOCTREE).finditer(part.masked):
        for found in _TOC_LINE.finditer(tree["lines"]):
            start = part.start + tree.start("lines") + found.start("value")
            place = titled(found["value"], start) or (start, start + len(found["value"]), found["value"])
            yield Token(*place, "path")


def _fields(masked: str) -> Iterator[Token]:
    """Find the prerequisites of a field list; those in roles are found as roles."""
    for found in _FIELD.finditer(masked):
        if FACT_OF_KEY.get(found["key"].lower()) == "prerequisites":
            outside = re.sub(r":[\w:-]+:`[^`]*`", _spaces, found["value"])
            yield from _items(outside, found.start("value"))


def _front_matter(text: str) -> Iterator[Token]:
    if not text.startswith("---"):
        return
    end = re.search(r"^(?:---|\.\.\.)[ \t]*$", text[3:].replace("\r", " "), re.MULTILINE)
    head = text[: end.start() + 3] if end else ""
    for found in re.finditer(r"^(?P<key>\w+)[ \t]*:(?P<value>[^\r\n]*(?:\r?\n[ \t-][^\r\n]*)*)", head, re.MULTILINE):
        if FACT_OF_KEY.get(found["key"]) == "prerequisites":
            bare = re.sub(r"(?:(?<=\s)|^)#\D[^\r\n]*|^[ \t]*-(?=[ \t])", _spaces, found["value"], flags=re.MULTILINE)
            yield from _items(bare, found.start("value"))


def toml_prerequisites(text: str) -> list[Token]:
    """Find the prerequisites in the text of an ``expt.toml``."""
    keys = "|".join(key for key, fact in FACT_OF_KEY.items() if fact == "prerequisites")
    found = re.search(rf"^[ \t]*[\"']?(?:{keys})[\"']?[ \t]*=[ \t]*(?P<value>\[[^\]]*\]|[^\r\n]*)", text, re.MULTILINE)
    if found is None:
        return []
    bare = re.sub(r"""("[^"]*"|'[^']*')|#[^\r\n]*""", lambda part: part[1] or _spaces(part), found["value"])
    return list(_items(bare, found.start("value")))


def _spaces(found: re.Match[str]) -> str:
    return re.sub(r"[^\r\n]", " ", found[0])


def _items(value: str, start: int) -> Iterator[Token]:
    for item in _ITEM.finditer(value):
        if item["quoted"] is not None:
            for part in re.finditer(r"[^\s,][^,]*?(?=\s*(?:,|\Z))", item["quoted"]):
                place = start + item.start("quoted") + part.start()
                yield Token(place, place + len(part[0]), part[0], "reference")
        else:
            yield Token(start + item.start("bare"), start + item.end("bare"), item["bare"], "reference")

"""Finds in a log what may lead somewhere: roles, links, arguments, lines of a toctree, prerequisites.

The markup is that of docutils, Sphinx and MyST. A place is only found here; what it means, the record says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from exptdir.record.edits.masks import mask_markdown, mask_rst
from exptdir.record.metadata_values import FACT_OF_KEY

#: ``reference`` follows the grammar, ``label`` is one of Sphinx, ``any`` may be all, ``path`` is a file or document.
Form = Literal["reference", "label", "any", "path"]

_ROLES: dict[str, Form] = {
    "expt": "reference",
    "expt:expt": "reference",
    "expt:experiment": "reference",
    "expt:entry": "reference",
    "expt:run": "reference",
    "expt:builds-on": "reference",
    "ref": "label",
    "std:ref": "label",
    "any": "any",
    "doc": "path",
    "std:doc": "path",
    "download": "path",
    "cell": "path",
}
_KINDS = {"expt:experiment": "experiment", "expt:entry": "entry", "expt:run": "run"}

_RST = re.compile(
    r"``(?:[^`\r\n]|\r?\n(?![ \t]*\r?\n)|`(?!`))+?``"
    r"|(?<![\w:]):(?P<role>[A-Za-z][\w:.+-]*):`(?P<body>(?:\\.|[^`\\])+)`"
    r"|(?<![\w:`])`(?P<late>(?:\\.|[^`\\])+)`:(?P<behind>[A-Za-z][\w:.+-]*):"
    r"|(?<![\w:`])`(?P<plain>(?:\\.|[^`\\])+)`",
    re.DOTALL,
)
_MD = re.compile(
    r"(?<![\\`])(?!`{3,}[ \t]*(?:\{|\r?$))(?:\{(?P<role>[\w:.+-]+)\})?"
    r"(?P<ticks>`+)(?!`)(?P<body>(?:[^\n]|\n(?![ \t\r]*\n))+?)(?<!`)(?P=ticks)(?!`)"
    r"|\]\([ \t]*<?(?P<link>[^\s()<>]+)>?"
    r"|<project:(?P<project>[^\s<>]+)>"
    r"|^[ ]{0,3}\[[^\]\r\n]+\]:[ \t]+<?(?P<define>[^\s<>]+)>?",
    re.DOTALL | re.MULTILINE,
)
_TITLED = re.compile(r"(?P<title>.+?)\s*<(?P<target>[^<>]*)>\s*\Z", re.DOTALL)
_RST_ARGUMENT = re.compile(
    r"^[ \t]*(?:[-*+][ \t]+)?\.\.[ \t]+(?:\|[^|\r\n]+\|[ \t]+)?"
    r"(?P<name>[A-Za-z][\w:.+-]*)::[ \t]+(?P<value>[^\r\n]*\S)",
    re.MULTILINE,
)
_MD_ARGUMENT = re.compile(
    r"^[ \t>]*(?:[-*+][ \t]+)?(?:`{3,}|~{3,}|:{3,})[ \t]*\{(?P<name>[\w:.+-]+)\}[ \t]+(?P<value>[^\r\n]*\S)",
    re.MULTILINE,
)
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
_FIELD = re.compile(
    r"^:(?P<key>\w+):[ \t]+(?P<value>[^\r\n]*(?:\r?\n[ \t]+\S[^\r\n]*)*)", re.MULTILINE
)
_TOC_LINE = re.compile(r"^[ \t]*(?![:\s])(?P<value>[^\r\n]*\S)", re.MULTILINE)
_ITEM = re.compile(r"""(?P<quote>["'])(?P<quoted>(?:(?!(?P=quote)).)*)(?P=quote)|(?P<bare>[^\s,\[\]"']+)""")


@dataclass(frozen=True)
class Token:
    """Something that may lead somewhere.

    Parameters
    ----------
    start, end
        Where in the text it stands, without title and markup.
    text
        What is written there.
    form
        How it is to be read.
    kind
        The only kind of target that will do, for the typed roles; ``link`` for an address in Markdown.
    """

    start: int
    end: int
    text: str
    form: Form
    kind: str | None = None


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
    if suffix.lower() == ".md":
        masked, foreign = mask_markdown(text)
        found = [*_in_markdown(masked), *_front_matter(text)]
        for start, end in foreign:
            found += [_moved(token, start) for token in _in_rst(mask_rst(text[start:end]))]
    else:
        masked = mask_rst(text)
        found = [*_in_rst(masked), *_fields(masked)]
    return _apart(found, len(text))


def _moved(token: Token, by: int) -> Token:
    return Token(token.start + by, token.end + by, token.text, token.form, token.kind)


def _apart(found: list[Token], length: int) -> list[Token]:
    """Sort tokens, and of two that overlap keep the shorter, which is the one inside the other."""
    taken = bytearray(length)
    kept = []
    for token in sorted(found, key=lambda token: token.end - token.start):
        if not any(taken[token.start : token.end]):
            taken[token.start : token.end] = b"\1" * (token.end - token.start)
            kept.append(token)
    return sorted(kept, key=lambda token: token.start)


def _in_rst(masked: str) -> Iterator[Token]:
    for found in _RST.finditer(masked):
        if found["role"] or found["behind"]:
            group = "body" if found["role"] else "late"
            yield from _role(found["role"] or found["behind"], found[group], found.start(group))
        elif found["plain"] and masked[found.end() : found.end() + 1] == "_":
            titled = _TITLED.match(found["plain"])
            if titled:
                start = found.start("plain") + titled.start("target")
                yield Token(start, start + len(titled["target"]), titled["target"], "path")
    yield from _paths(_RST_ARGUMENT, masked)
    yield from _paths(_OPTION, masked)
    yield from _toctrees(_RST_TOCTREE, masked)


def _in_markdown(masked: str) -> Iterator[Token]:
    for found in _MD.finditer(masked):
        if found["role"]:
            yield from _role(found["role"], found["body"], found.start("body"))
        elif group := next((name for name in ("link", "project", "define") if found[name]), None):
            yield from _link(found[group], found.start(group))
    yield from _paths(_MD_ARGUMENT, masked)
    yield from _paths(_OPTION, masked)
    yield from _toctrees(_MD_TOCTREE, masked)


def _role(role: str, body: str, start: int) -> Iterator[Token]:
    form = _ROLES.get(role.lower())
    titled = _TITLED.match(body)
    if form is None or "\\" in body:
        return
    if titled:
        if not body.startswith("!"):
            place = start + titled.start("target")
            yield Token(place, place + len(titled["target"]), titled["target"], form, _KINDS.get(role))
        return
    stripped = body.strip().removeprefix("!").strip()
    place = start + body.index(stripped)
    yield Token(place, place + len(stripped), stripped, form, _KINDS.get(role))


def _link(address: str, start: int) -> Iterator[Token]:
    if address.startswith("#"):
        form: Form = "label" if address.startswith("#expt-") else "any"
        yield Token(start + 1, start + len(address), address[1:], form)
    elif ":" not in address:
        path = address.partition("#")[0]
        yield Token(start, start + len(path), path, "label" if path.startswith("expt-") else "path", "link")


def _paths(pattern: re.Pattern[str], masked: str) -> Iterator[Token]:
    for found in pattern.finditer(masked):
        if FACT_OF_KEY.get(found["name"]) is None:
            yield Token(found.start("value"), found.end("value"), found["value"], "path")


def runs_in(text: str, suffix: str) -> set[str]:
    """Return the names of the runs that a page describes."""
    pattern = _MD_ARGUMENT if suffix.lower() == ".md" else _RST_ARGUMENT
    return {found["value"] for found in pattern.finditer(text) if found["name"] == "expt:run"}


def _toctrees(pattern: re.Pattern[str], masked: str) -> Iterator[Token]:
    for tree in pattern.finditer(masked):
        for found in _TOC_LINE.finditer(tree["lines"]):
            titled = _TITLED.match(found["value"])
            target = titled["target"] if titled else found["value"]
            place = tree.start("lines") + found.start("value") + (titled.start("target") if titled else 0)
            yield Token(place, place + len(target), target, "path")


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

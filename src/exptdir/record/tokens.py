"""Finds in a page what leads somewhere: roles, links, arguments of directives.

This is the one reader of references: commands that look, and those that rewrite, start from it. The markup is that of
docutils, Sphinx and MyST. A place is only found here; what it means, the record says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from exptdir.record.masks import mask_markdown, mask_rst

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

# Each way begins with a plain character, since only then a search is fast.
_RST = re.compile(
    r"``(?:[^`\r\n]|\r?\n(?![ \t]*\r?\n)|`(?!`))+?``"
    r"|:(?<![\w:]:)(?P<role>[A-Za-z][\w:.+-]*):`(?P<body>(?:\\.|[^`\\])+)`"
    r"|`(?<![\w:`]`)(?P<late>(?:\\.|[^`\\])+)`:(?P<behind>[A-Za-z][\w:.+-]*):"
    r"|`(?<![\w:`]`)(?P<plain>(?:\\.|[^`\\])+)`",
    re.DOTALL,
)
_MD = re.compile(
    r"(?=[{`])(?<![\\`])(?!`{3,}[ \t]*(?:\{|\r?$))(?:\{(?P<role>[\w:.+-]+)\})?"
    r"(?P<ticks>`+)(?!`)(?P<body>(?:[^\n]|\n(?![ \t\r]*\n))+?)(?<!`)(?P=ticks)(?!`)"
    r"|\]\([ \t]*(?:<(?P<marked>[^<>\r\n]+)>|<?(?P<link>[^\s()<>]+)>?)"
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


class Token(NamedTuple):
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
    name
        Name of the role or the directive; ``image`` for one of Markdown's; empty for links.
    silent
        Whether its author wants it to be shown without a link (``!63``).
    """

    start: int
    end: int
    text: str
    form: Form
    kind: str | None = None
    name: str = ""
    silent: bool = False


class Part(NamedTuple):
    """A part of a page in one language: its place in the page, and its text with what is no prose blanked out."""

    start: int
    masked: str
    markdown: bool


def parts(text: str, *, markdown: bool) -> list[Part]:
    """Cut a page into its parts: Markdown may hold reStructuredText, in ``eval-rst``.

    Parameters
    ----------
    text
        The page, with whatever line ends.
    markdown
        Whether it is Markdown; else it is reStructuredText.
    """
    if not markdown:
        return [Part(0, mask_rst(text), False)]
    masked, foreign = mask_markdown(text)
    return [Part(0, masked, True), *(Part(start, mask_rst(text[start:end]), False) for start, end in foreign)]


def inline(part: Part) -> Iterator[Token]:
    """Find the roles and links of a part, in order; what stands in code aside."""
    return _in_markdown(part) if part.markdown else _in_rst(part)


def arguments(part: Part) -> Iterator[Token]:
    """Find the arguments of a part's directives, each of which may be a path."""
    for found in (_MD_ARGUMENT if part.markdown else _RST_ARGUMENT).finditer(part.masked):
        start = part.start + found.start("value")
        yield Token(start, start + len(found["value"]), found["value"], "path", name=found["name"])


def runs_in(text: str, *, markdown: bool) -> list[str]:
    """Return the names of the runs that a page describes, in order."""
    if "expt:run" not in text:
        return []
    tokens = (token for part in parts(text, markdown=markdown) for token in arguments(part))
    return list(dict.fromkeys(" ".join(token.text.split()) for token in tokens if token.name == "expt:run"))


def _in_rst(part: Part) -> Iterator[Token]:
    for found in _RST.finditer(part.masked):
        if found["role"] or found["behind"]:
            group = "body" if found["role"] else "late"
            yield from _role(found["role"] or found["behind"], found[group], part.start + found.start(group))
        elif found["plain"] and part.masked[found.end() : found.end() + 1] == "_":
            place = titled(found["plain"], part.start + found.start("plain"))
            if place is not None:
                yield Token(*place, "path")


def _in_markdown(part: Part) -> Iterator[Token]:
    for found in _MD.finditer(part.masked):
        if found["role"]:
            yield from _role(found["role"], found["body"], part.start + found.start("body"))
        elif group := next((name for name in ("marked", "link", "project", "define") if found[name]), None):
            opened = part.masked.rfind("[", 0, found.start()) if found[0][0] == "]" else 0
            image = "image" if opened > 0 and part.masked[opened - 1] == "!" else ""
            yield from _link(found[group], part.start + found.start(group), image)


def titled(text: str, start: int) -> tuple[int, int, str] | None:
    """Return the place and the text of the target in ``title <target>``; ``None`` where there is no such title."""
    found = _TITLED.match(text)
    if found is None:
        return None
    place = start + found.start("target")
    return place, place + len(found["target"]), found["target"]


def _role(role: str, body: str, start: int) -> Iterator[Token]:
    form = _ROLES.get(role.lower())
    if form is None or "\\" in body:
        return
    kind, silent = _KINDS.get(role), body.lstrip().startswith("!")
    place = titled(body, start)
    if place is not None:
        if not silent:
            yield Token(*place, form, kind, role)
        return
    stripped = body.strip().removeprefix("!").strip()
    at = start + body.index(stripped)
    yield Token(at, at + len(stripped), stripped, form, kind, role, silent)


def _link(address: str, start: int, image: str) -> Iterator[Token]:
    if address.startswith("#"):
        form: Form = "label" if address.startswith("#expt-") else "any"
        yield Token(start + 1, start + len(address), address[1:], form)
    elif ":" not in address:
        path = address.partition("#")[0]
        yield Token(start, start + len(path), path, "label" if path.startswith("expt-") else "path", "link", image)

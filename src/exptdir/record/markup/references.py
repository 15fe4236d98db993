"""What in a page leads somewhere: roles, links, arguments and options of directives, lines of a toctree, facts.

This is the one reader of references: commands that look, and those that rewrite, start from it. The markup is that of
docutils, Sphinx and MyST. A place is only found here; what it means, the record says.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, NamedTuple

from exptdir.record.facts_values import FACT_OF_KEY, NUMBERS, REFERENCES
from exptdir.record.files import bare_lines
from exptdir.record.markup.blocks import HTML, MARKDOWN, RST, Blocks, blank
from exptdir.record.markup.markdown import front_matter_end
from exptdir.record.markup.rst import fields
from exptdir.record.reference import Kind

#: ``reference`` follows the grammar, ``label`` is one of Sphinx, ``any`` may be all, ``path`` is a file or document,
#: and so is ``address``, in a link, with ``%20`` for a blank.
Form = Literal["reference", "label", "any", "path", "address"]

PATHS: tuple[Form, ...] = ("path", "address")

_ROLES_OF: dict[Form, str] = {
    "reference": "expt expt:expt expt:experiment expt:entry expt:run expt:builds-on",
    "label": "ref std:ref",
    "any": "any",
    "path": "doc std:doc download cell",
}
_ROLES = {role: form for form, roles in _ROLES_OF.items() for role in roles.split()}
_KINDS: dict[str, Kind] = {"expt:experiment": "experiment", "expt:entry": "entry", "expt:run": "run"}

# Each way begins with a plain character, since only then a search is fast; and names of roles have an end, since
# otherwise a line of nothing but them would be gone through as often as it has characters.
_RST = re.compile(
    r"``(?=\S)(?:[^`]|`(?!`))+?(?<!\s)``"
    r"|:(?<![\w:\\]:)(?P<role>[A-Za-z][\w:.+-]{0,80}):`(?P<body>(?:\\.|[^`\\])+)`"
    r"|`(?<![\w:`\\]`)(?P<late>(?:\\.|[^`\\])+)`:(?P<behind>[A-Za-z][\w:.+-]{0,80}):"
    r"|`(?<![\w:`\\]`)(?P<plain>(?:\\.|[^`\\])+)`",
    re.DOTALL,
)
_MD = re.compile(
    r"(?=[{`])(?:(?<!\\)\{(?P<role>[\w:.+-]{1,80})\}|(?<![\\`]))(?P<ticks>`+)(?!`)(?P<body>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|\]\([ \t]*(?:<(?P<marked>[^<>\r\n]+)>|<?(?P<link>(?:[^\s()<>]|\([^\s()<>]*\))+)>?)"
    r"|<(?P<project>(?:project|path):[^\s<>]+)>"
    r"|<!--(?:(?!<!--|-->).)*-->"
    r"|^[ >]*\[(?P<label>(?!\^)[^\]\r\n]+)\]:[ \t]+<?(?P<define>[^\s<>]+)>?",
    re.DOTALL | re.MULTILINE,
)
#: The options of ours that are references to experiments, several with commas between them.
_REFERENCE_OPTIONS = ("experiment", "expt", "of")
_TARGET = re.compile(
    r"^[ \t]*\.\.[ \t]+_(?:`[^`\r\n]+`|(?:\\.|[^:\\\r\n]){1,200}):[ \t]+(?P<path>[^\s`]+)[ \t]*$", re.MULTILINE
)
_TAG = re.compile(r"<(?:img|source|embed|object|a)\b(?P<attributes>[^<>]*)", re.IGNORECASE)
_SOURCE = re.compile(r"(?:^|\s)(?P<name>src|srcset|data|href)=[\"'](?P<path>[^\"'\s:]+)", re.IGNORECASE)
_COMMENT = re.compile(r"<!--(?:(?!<!--|-->).)*(?:-->|\Z)", re.DOTALL)
_WORD = re.compile(r"\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"']+)")
_BARE = re.compile(r"(?P<bare>\S+)")
_BRACKET = re.compile(r"(?<!\\)(?:!?\[|\])")
_IMAGE = re.compile(r"!\[(?P<alt>[^\[\]]*)\](?:\[(?P<label>[^\[\]]*)\])?(?!\()")
_RST_CODE = re.compile(r"``.+?``(?!`)", re.DOTALL)
_MD_CODE = re.compile(r"(?<![`\\}])(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_ITEM = r"""(?P<quote>["'])(?P<quoted>(?:(?!(?P=quote)).)*)(?P=quote)|(?P<bare>[^\s,\[\]"']+%s)"""
#: Of a list with blanks between what it holds, and of one in which names hold blanks.
_WORD_ITEM, _NAME_ITEM = re.compile(_ITEM % ""), re.compile(_ITEM % r"""(?:[ \t]+[^\s,\[\]"']+)*""")
_LINE_ITEM = re.compile(_NAME_ITEM.pattern.replace(",", ""))
_KEY = re.compile(r"^(?P<key>[\w-]+)[ \t]*:(?P<value>[^\r\n]*(?:\r?\n[ \t-][^\r\n]*)*)", re.MULTILINE)

#: Directives whose argument is a file, and the role and the links that lead to one.
_SHOWS = frozenset(
    {"figure", "image", "datatable", "expt-log", "literalinclude", "include", "download", "protocol", "cell"}
)
_PICTURES = frozenset({"figure", "image", "img"})
#: Without one of these a document refers to nothing, and most of a record's need not be looked through.
_MARKS = (":expt", "{expt", "](#", "<project:#")
#: What may follow "#" and can only mean an experiment; "2024-05-21-start" is an anchor of a heading.
_NUMBER = re.compile(r"\d+(?:[@#/].+)?", re.DOTALL)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|<")
#: What between backquotes is blanked out, unless it may be a directory's name; addresses; lines that are no prose.
_QUOTED = re.compile(r"(?P<role>(?<=[:}]))?(?P<marks>`{1,2})(?P<text>[^`]*)`{1,2}(?P<link>_*)")
_LINK = re.compile(r"\[[^\[\]]*\](?:\([^()\s]*\)|\[[^\[\]]*\])|\w{2,10}://\S+|<[^<>\s]*>")
_NO_PROSE = re.compile(r"^[ \t]*(?::[\w-]+:|\.\. |[`:]{3}).*", re.MULTILINE)
_NAME = re.compile(r"[\w.-]+")


class Token(NamedTuple):
    """Something that may lead somewhere."""

    #: *start*, *end*: where in the text it stands, without title and markup.
    start: int
    end: int
    text: str
    form: Form
    #: The only kind of target that will do, for the typed roles.
    kind: Kind | None = None
    #: Name of the role or the directive; ``image`` for one of Markdown's; empty for links.
    name: str = ""
    #: Whether its author wants it to be shown without a link (``!63``).
    silent: bool = False


def inline(blocks: Blocks) -> list[Token]:
    """Find the roles and links of a page, in order; what stands in code aside."""
    return sorted((*_in_rst(blocks), *_in_markdown(blocks), *_in_html(blocks)))


def arguments(blocks: Blocks) -> Iterator[Token]:
    """Find the arguments of a page's directives, each of which may be a path; a protocol has any number of them."""
    for directive in blocks.directives:
        if directive.start < directive.end:
            text = blocks.text[directive.start : directive.end]
            if directive.name != "protocol":
                yield Token(directive.start, directive.end, text, "path", name=directive.name)
                continue
            try:
                shlex.split(text)
                words = _WORD
            except ValueError:
                # As the page takes it: "it's.txt" is a name.
                words = _BARE
            for word in words.finditer(text):
                group = word.lastgroup or "bare"
                place = directive.start + word.start(group)
                yield Token(place, place + len(word[group]), word[group], "path", name=directive.name)


def names_used(blocks: Blocks) -> Iterator[str]:
    """Yield the name of each directive and each role in reStructuredText, whoever defines it."""
    yield from (directive.name for directive in blocks.directives)
    for start, stop in blocks.runs(RST):
        yield from filter(None, (found["role"] or found["behind"] for found in _RST.finditer(blocks.text, start, stop)))


def tokens(blocks: Blocks) -> list[Token]:
    """Find all that may lead somewhere in a log or another page, in file order; no two overlap."""
    found = [*inline(blocks), *_in_directives(blocks), *_facts(blocks)]
    # Facts have their own grammar.
    found += (token for token in arguments(blocks) if FACT_OF_KEY.get(token.name) is None)
    taken = bytearray(len(blocks.text))
    apart = []
    # Of two that overlap the shorter one is inside the other.
    for token in sorted(found, key=lambda token: token.end - token.start):
        if not any(taken[token.start : token.end]):
            taken[token.start : token.end] = b"\1" * (token.end - token.start)
            apart.append(token)
    return sorted(apart)


def toml_references(text: str) -> list[Token]:
    """Find the references to other experiments in the text of an ``expt.toml``."""
    keys = "|".join(key for key, fact in FACT_OF_KEY.items() if fact in REFERENCES)
    pattern = rf"^[ \t]*[\"']?(?:{keys})[\"']?[ \t]*=[ \t]*(?P<value>\[[^\]]*\]|[^\r\n]*)"
    tokens: list[Token] = []
    for found in re.finditer(pattern, text, re.MULTILINE):
        bare = re.sub(r"""("[^"]*"|'[^']*')|#[^\r\n]*""", lambda part: part[1] or blank(part[0]), found["value"])
        tokens += _items(bare, found.start("value"), form=bare[:1])
    return tokens


def titled(text: str, start: int) -> tuple[int, int, str] | None:
    """Return the place and the text of the target in ``title <target>``; ``None`` where there is no such title."""
    bare = text.rstrip()
    opened = bare.rfind("<")
    if not bare.endswith(">") or not bare[: max(opened, 0)].strip() or ">" in bare[opened:-1]:
        return None
    return start + opened + 1, start + len(bare) - 1, bare[opened + 1 : -1]


def without_code(blocks: Blocks, kind: int) -> Iterator[tuple[int, str]]:
    """Yield the paragraphs of a kind, each with its place and without what stands between marks of code."""
    pattern = _MD_CODE if kind == MARKDOWN else _RST_CODE
    for start, stop in blocks.runs(kind):
        text = blocks.text[start:stop]
        yield start, pattern.sub(lambda code: blank(code[0]), text) if kind in {MARKDOWN, RST} else text


def is_name(text: str) -> bool:
    """Tell whether a text in code may be the name of a directory."""
    return _NAME.fullmatch(text) is not None


def prose(blocks: Blocks) -> Iterator[tuple[int, str]]:
    """Yield the paragraphs of a page and their places, what is code, a role, a link or an address blanked out."""

    def quoted(match: re.Match[str]) -> str:
        plain = match["role"] is None and not match["link"] and is_name(match["text"])
        return match[0].replace("`", " ") if plain else blank(match[0])

    for kind in (RST, MARKDOWN):
        for start, stop in blocks.runs(kind):
            text = blocks.text[start:stop]
            for pattern in (_QUOTED, _LINK, _NO_PROSE):
                text = pattern.sub(quoted if pattern is _QUOTED else lambda found: blank(found[0]), text)
            yield start, text


def _in_rst(blocks: Blocks) -> Iterator[Token]:
    text = blocks.text
    for start, stop in blocks.runs(RST):
        for found in _RST.finditer(text, start, stop):
            if found["role"] or found["behind"]:
                group = "body" if found["role"] else "late"
                yield from _role(found["role"] or found["behind"], found[group], found.start(group))
            elif found["plain"] and text[found.end() : found.end() + 1] == "_":
                place = titled(found["plain"], found.start("plain"))
                if place is not None:
                    yield Token(*place, "path")
        for found in _TARGET.finditer(text, start, stop):
            yield Token(*found.span("path"), found["path"], "path")


def _in_html(blocks: Blocks) -> Iterator[Token]:
    """Find the files that HTML shows and links to, of which Sphinx knows nothing."""
    for kind in (HTML, MARKDOWN) if "<" in blocks.text else ():
        for start, html in without_code(blocks, kind):
            for tag in _TAG.finditer(_COMMENT.sub(lambda comment: blank(comment[0]), html)):
                for found in _SOURCE.finditer(tag["attributes"]):
                    place = start + tag.start("attributes") + found.start("path")
                    name = "img" if found["name"].lower() != "href" else ""
                    yield Token(place, place + len(found["path"]), found["path"], "address", name=name)


def _in_markdown(blocks: Blocks) -> Iterator[Token]:
    text, runs = blocks.text, list(blocks.runs(MARKDOWN))
    images = (found for run in runs for found in _IMAGE.finditer(text, *run))
    labels = {" ".join((found["label"] or found["alt"]).split()).lower() for found in images}
    for start, stop in runs:
        # Where the texts of images end, which may hold brackets and be in the texts of links.
        opened: list[str] = []
        pictures = set()
        for bracket in _BRACKET.finditer(text, start, stop):
            if bracket[0].endswith("["):
                opened.append(bracket[0])
            elif opened and opened.pop() == "![":
                pictures.add(bracket.start())
        for found in _MD.finditer(text, start, stop):
            if found["role"]:
                yield from _role(found["role"], found["body"], found.start("body"))
            elif group := next((name for name in ("marked", "link", "project", "define") if found[name]), None):
                defined = group == "define" and " ".join(found["label"].split()).lower() in labels
                name = "image" if defined or found.start() in pictures else ""
                yield from _link(found[group], found.start(group), name)


def _link(address: str, start: int, name: str) -> Iterator[Token]:
    prefix = next((prefix for prefix in ("project:", "path:") if address.startswith(prefix)), "")
    address, start = address.removeprefix(prefix), start + len(prefix)
    form: Form
    if address.startswith("#"):
        form = "label" if address.startswith("#expt-") else "any"
        yield Token(start + 1, start + len(address), address[1:], form)
    elif ":" not in address:
        # An image's name may hold a "#"; in a link it begins what stands in the other page.
        path = address if name == "image" else address.partition("#")[0]
        form = "label" if path.startswith("expt-") else "address"
        yield Token(start, start + len(path), path, form, name=name)


def _role(role: str, body: str, start: int) -> Iterator[Token]:
    form = _ROLES.get(role.lower())
    if form is None or "\\" in body:
        return
    if form == "any" and body.strip().startswith("expt-"):
        form = "label"
    kind, silent = _KINDS.get(role), body.lstrip().startswith("!")
    place = titled(body, start)
    if place is not None:
        if not silent:
            yield Token(*place, form, kind, role)
        return
    stripped = body.strip().removeprefix("!").strip()
    at = start + body.index(stripped)
    if role.lower() == "cell":
        # The file's name stands before its sheet and cell, in quotes where it needs them.
        quoted = stripped[1:].partition("'") if stripped.startswith("'") else ("", "", "")
        at, stripped = (at + 1, quoted[0]) if quoted[1] else (at, stripped.partition("!")[0])
    yield Token(at, at + len(stripped), stripped, form, kind, role, silent)


def _in_directives(blocks: Blocks) -> Iterator[Token]:
    """Find what options hold, and the lines of a toctree."""
    for directive in blocks.directives:
        for name, start, end in directive.options:
            if directive.name.startswith("expt-") and name in _REFERENCE_OPTIONS:
                yield from _items(blocks.text[start:end], start, "experiment")
            elif start < end and FACT_OF_KEY.get(name) is None:
                yield Token(start, end, blocks.text[start:end], "path")
        for line in blocks.lines()[slice(*directive.content)] if directive.name == "toctree" else ():
            text = line[1].strip()
            if text:
                start = blocks.place(line, line[1].index(text))
                yield Token(*(titled(text, start) or (start, start + len(text), text)), "path")


def _facts(blocks: Blocks) -> Iterator[Token]:
    """Find the facts on top of a page that are references, but for those in roles, and what may be paths there."""
    text = blocks.text
    if RST in blocks.kinds and MARKDOWN not in blocks.kinds:
        lines = blocks.lines()
        for field in fields([line for _, line in lines]):
            start = blocks.place(lines[field.line], len(field.name) + 2)
            last = lines[field.end - 1]
            value = text[start : blocks.place(last, len(last[1]))]
            fact = FACT_OF_KEY.get(field.name.lower())
            if fact is None and field.value:
                start += len(value) - len(value.lstrip())
                yield Token(start, start + len(value.strip()), value.strip(), "path")
            elif fact in REFERENCES:
                yield from _items(re.sub(r":[\w:-]{1,80}:`[^`]*`", lambda role: blank(role[0]), value), start)
    elif text.startswith("---"):
        head = "".join(blocks.raw[: max(front_matter_end(bare_lines(text)) - 1, 0)])
        for found in _KEY.finditer(head):
            if FACT_OF_KEY.get(found["key"]) in REFERENCES:
                comments = re.compile(r"(?:(?<=\s)|^)#\D[^\r\n]*|^[ \t]*-(?=[ \t])", re.MULTILINE)
                value, form = comments.sub(lambda part: blank(part[0]), found["value"]), found["value"].lstrip()[:1]
                yield from _items(value, found.start("value"), form=form)


def _items(value: str, start: int, kind: Kind | None = None, form: str = "") -> Iterator[Token]:
    """Find the references in a list, with commas, or blanks between numbers; quotes may be around one or several.

    The *form* is ``[`` or ``-`` for a list of YAML or TOML, where a comma may belong to what is quoted, or to a line.
    """
    blanks = kind is not None or NUMBERS.fullmatch(value.strip())
    for item in (_WORD_ITEM if blanks else _LINE_ITEM if form == "-" else _NAME_ITEM).finditer(value):
        group = "quoted" if item["bare"] is None else "bare"
        at = start + item.start(group)
        for part in [item[group]] if form in ("[", "-") else item[group].split(","):
            text = part.strip()
            if text:
                place, end = at + len(part) - len(part.lstrip()), at + len(part.rstrip())
                if item["quote"] == '"' and "\\" in text:
                    # YAML and TOML know the escapes of JSON.
                    with suppress(ValueError):
                        text = json.loads(f'"{text}"')
                yield Token(place, end, text, "reference", kind)
            at += len(part) + 1


@dataclass(frozen=True)
class Mention:
    """One place of a document."""

    #: The reference or the path, without an explicit title.
    text: str
    line: int
    #: The only kind of target that will do, where a typed role was used.
    kind: Kind | None = None


def mentions(blocks: Blocks) -> Iterator[Mention]:
    """Find the references of a document, what stands in code aside."""
    if not any(mark in blocks.text for mark in _MARKS):
        return
    for token in inline(blocks):
        # A link may as well lead to a heading; only a number cannot be meant for one.
        numbered = token.form == "any" and not token.name and _NUMBER.fullmatch(token.text) is not None
        if (token.form == "reference" or numbered) and not token.silent:
            yield Mention(" ".join(token.text.split()), blocks.line_of(token.start), token.kind)


def runs_in(blocks: Blocks) -> list[Mention]:
    """Find the runs that a page describes, in order."""
    tokens = (token for token in arguments(blocks) if token.name == "expt:run")
    return [Mention(" ".join(token.text.split()), blocks.line_of(token.start)) for token in tokens]


def shown_files(blocks: Blocks) -> Iterator[Mention]:
    """Find the files that a document shows, includes or offers, what stands in code aside."""
    tokens = (token for token in (*inline(blocks), *arguments(blocks)) if token.name in _SHOWS)
    for start, path in sorted((token.start, " ".join(token.text.split())) for token in tokens):
        if not _ADDRESS.match(path):
            yield Mention(path, blocks.line_of(start))


def shown_pictures(blocks: Blocks) -> Iterator[str]:
    """Find the pictures that a page shows, by directives, Markdown's images and HTML; addresses elsewhere included."""
    return (" ".join(token.text.split()) for token in (*arguments(blocks), *inline(blocks)) if token.name in _PICTURES)

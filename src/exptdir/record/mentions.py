"""What a document refers to and shows, as its author typed it, found by its text alone."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from exptdir.record.edits.masks import blank, mask_markdown, mask_rst

_RST_ROLE = re.compile(r":expt(?::[a-z-]+)*:`(?P<text>[^`]+)`")
_MD_ROLE = re.compile(r"\{expt(?::[a-z-]+)*\}`(?P<text>[^`]+)`")
#: Text between marks of code, within a paragraph; in Markdown a role looks the same but for the name before it.
_RST_CODE = re.compile(r"``(?:(?!\n[ \t]*\n).)+?``(?!`)", re.DOTALL)
_MD_CODE = re.compile(
    r"(?P<fence>^[ \t>]*`{3,}[^`\n]*$)"
    r"|(?P<role>\{[\w:.+-]+\})?(?<!`)(?P<marks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=marks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
_EXPLICIT = re.compile(r".*<(?P<target>[^<>]+)>\s*", re.DOTALL)
_LINK = re.compile(r"\]\(#(?P<text>\d+[^()\s]*)\)")
_KINDS = re.compile(r":(experiment|entry|run)[:}]`")
#: Directives whose argument is a file.
_SHOWS = "(?:figure|image|datatable|literalinclude|include)"
_DIRECTIVE = re.compile(
    rf"^[ \t>*+-]*(?:\.\.[ ]+(?:\|[^|\n]+\|[ ]+)?{_SHOWS}::|[`~:]{{3,}}\{{{_SHOWS}\}})[ \t]+(?P<path>\S.*?)[ \t]*$",
    re.MULTILINE,
)
_PROTOCOL = re.compile(
    r"^[ \t]*(?:\.\.[ ]+protocol::|[`~:]{3,}\{protocol\})[ \t]*(?P<names>.*(?:\n[ \t]+(?!:)\S.*)*)", re.MULTILINE
)
_IMAGE = re.compile(r"!\[[^\]\n]*\]\([ \t]*(?:<(?P<marked>[^>\n]+)>|(?P<path>[^()\s]+))")
_DOWNLOAD = re.compile(r"(?::download:|\{download\})`(?P<path>[^`]+)`")
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


def prose(text: str, *, markdown: bool) -> str:
    """Blank out code, comments and literal blocks, so that every place stays where it is."""
    if not markdown:
        return _RST_CODE.sub(_blank, mask_rst(text))
    masked, foreign = mask_markdown(text)
    masked = _MD_CODE.sub(lambda code: code[0] if code["role"] or code["fence"] else _blank(code), masked)
    for start, end in foreign:
        masked = masked[:start] + _RST_CODE.sub(_blank, mask_rst(text[start:end])) + masked[end:]
    return masked


def _blank(code: re.Match[str]) -> str:
    return blank(code[0])


def mentions(text: str, *, markdown: bool) -> Iterator[Mention]:
    """Find the references of a document, what stands in code aside.

    Parameters
    ----------
    text
        The document.
    markdown
        Whether it is Markdown, where ``[](#63)`` is a reference too.
    """
    if ":expt" not in text and "{expt" not in text and "](#" not in text:
        return
    masked = prose(text, markdown=markdown)
    # Content of "eval-rst" is reStructuredText within Markdown.
    patterns = (_MD_ROLE, _LINK, _RST_ROLE) if markdown else (_RST_ROLE,)
    for match in _in_order(patterns, masked):
        target = _target(match["text"])
        if target[:1] != "!":
            kind = _KINDS.search(match[0])
            yield Mention(target, masked.count("\n", 0, match.start()) + 1, kind[1] if kind else None)


def shown_files(text: str, *, markdown: bool) -> Iterator[Mention]:
    """Find the files that a document shows, includes or offers, what stands in code aside.

    Parameters
    ----------
    text
        The document.
    markdown
        Whether it is Markdown.
    """
    masked = prose(text, markdown=markdown)
    everywhere = (_DIRECTIVE, _PROTOCOL, _DOWNLOAD)
    patterns = (*everywhere, _IMAGE) if markdown else everywhere
    for match in _in_order(patterns, masked):
        line = masked.count("\n", 0, match.start()) + 1
        for path in _paths(match.groupdict()):
            if not _ADDRESS.match(path):
                yield Mention(path, line)


def _paths(groups: dict[str, str | None]) -> list[str]:
    """Return the paths of a place: a protocol names any number, in quotes where they hold spaces."""
    names = groups.get("names")
    if names is None:
        return [_target(groups.get("marked") or groups.get("path") or "")]
    try:
        return shlex.split(names)
    except ValueError:
        return names.split()


def _in_order(patterns: tuple[re.Pattern[str], ...], text: str) -> list[re.Match[str]]:
    found = [match for pattern in patterns for match in pattern.finditer(text)]
    return sorted(found, key=re.Match.start)


def _target(text: str) -> str:
    explicit = _EXPLICIT.fullmatch(text)
    return " ".join((explicit["target"] if explicit else text).split())

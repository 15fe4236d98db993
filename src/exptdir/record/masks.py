"""Blanks out what is no prose in a log: code, literal blocks, comments, front matter.

A masked text has the length of the original, so that places found in it are places in the original.
"""

from __future__ import annotations

import re

from exptdir.record.lines import split_lines

#: Directives whose content nobody parses.
CODE = frozenset(
    {"code", "code-block", "code-cell", "digraph", "doctest", "graph", "graphviz", "highlight", "jupyter-execute"}
    | {"math", "mermaid", "plot", "prompt", "raw", "sourcecode", "testcleanup", "testcode", "testoutput", "testsetup"}
)
_EXPLICIT = re.compile(r"(?P<indent>[ \t]*)\.\.(?:[ \t]+(?P<rest>.*))?$")
_DIRECTIVE = re.compile(r"(?:\|[^|]+\|[ \t]+)?(?P<name>[A-Za-z][\w:.+-]*)[ \t]?::(?:[ \t]|$)")
_MARKUP = re.compile(r"_[^ ].*:|__ |\[[^\]]+\] |\|[^|]+\| ")
_FENCE = re.compile(r"(?P<indent>[ \t>]*(?:[-*+][ \t]+)?)(?P<fence>`{3,}|~{3,}|:{3,})[ \t]*(?P<info>.*?)[ \t]*$")
_MD_DIRECTIVE = re.compile(r"\{(?P<name>[\w:.+-]+)\}")
_HTML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_RST_CODE = re.compile(r"``(?:(?!\n[ \t]*\n).)+?``(?!`)", re.DOTALL)
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]")


def blank(text: str) -> str:
    """Replace all but line ends by spaces."""
    return re.sub(r"[^\r\n]", " ", text)


def mask_rst(text: str) -> str:
    """Blank out comments, literal blocks, doctests and code of reStructuredText.

    Parameters
    ----------
    text
        The text, or the content of ``eval-rst``.
    """
    lines = split_lines(text)
    masked, at = [], 0
    while at < len(lines):
        line = lines[at].rstrip()
        stop, keep = _rst_block(lines, at, line)
        masked += [lines[at] if keep else blank(lines[at]), *map(blank, lines[at + 1 : stop])]
        at = stop
    return "".join(masked)


def _rst_block(lines: list[str], at: int, line: str) -> tuple[int, bool]:
    """Return the line after what a line makes no prose, and whether the line itself is prose."""
    explicit = _EXPLICIT.fullmatch(line)
    if explicit is not None:
        rest = explicit["rest"] or ""
        directive = _DIRECTIVE.match(rest)
        if directive is not None:
            code = directive["name"].lower() in CODE
            return (_indented_end(lines, at, _indent(line)) if code else at + 1), True
        if not _MARKUP.match(rest):
            return _comment_end(lines, at, rest), False
    elif line.endswith("::"):
        return _indented_end(lines, at, _indent(line)), True
    elif line.lstrip().startswith(">>> "):
        stop = at + 1
        while stop < len(lines) and lines[stop].strip():
            stop += 1
        return stop, False
    return at + 1, True


def _comment_end(lines: list[str], at: int, rest: str) -> int:
    # An empty comment ends at once when a blank line follows.
    if not rest and at + 1 < len(lines) and not lines[at + 1].strip():
        return at + 1
    return _indented_end(lines, at, _indent(lines[at]))


def _indent(line: str) -> int:
    return len(line.expandtabs()) - len(line.expandtabs().lstrip())


def _indented_end(lines: list[str], at: int, indent: int) -> int:
    stop = at + 1
    while stop < len(lines) and (not lines[stop].strip() or _indent(lines[stop]) > indent):
        stop += 1
    return stop


def mask_markdown(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Blank out front matter, comments and code of Markdown.

    Returns
    -------
    tuple
        The masked text, in which the contents of ``eval-rst`` are blanked out too, and where these are.
    """
    text = _HTML_COMMENT.sub(lambda found: blank(found[0]), text)
    lines = split_lines(text)
    masked: list[str] = []
    foreign: list[tuple[int, int]] = []
    at, offset, prose = 0, 0, ""
    boxes: list[str] = []
    while at < len(lines):
        stop, kind = _md_block(lines, at, prose, boxes)
        block = lines[at:stop]
        length = sum(map(len, block))
        if kind == "rst":
            foreign.append((offset + len(block[0]), offset + length))
        masked += block if kind == "prose" else [block[0] if kind == "rst" else blank(block[0]), *map(blank, block[1:])]
        if block[-1].strip():
            prose = block[-1]
        at, offset = stop, offset + length
    return "".join(masked), foreign


def _md_block(lines: list[str], at: int, prose: str, boxes: list[str]) -> tuple[int, str]:
    line = lines[at].rstrip("\r\n")
    if at == 0 and line.rstrip() == "---":
        stop = next((n for n, other in enumerate(lines[1:], 2) if other.rstrip() in {"---", "..."}), 1)
        return stop, "front matter"
    if line.startswith("%"):
        return at + 1, "comment"
    fence = _FENCE.fullmatch(line)
    if fence is not None and not ("`" in fence["fence"] and "`" in fence["info"]):
        return _fenced(lines, at, fence, boxes)
    after_blank = at == 0 or not lines[at - 1].strip()
    if _indent(line) >= 4 and after_blank and not _LIST_ITEM.match(prose) and prose[:1] not in {" ", "\t"}:
        return _indented_end(lines, at, 3), "code"
    return at + 1, "prose"


def _fenced(lines: list[str], at: int, fence: re.Match[str], boxes: list[str]) -> tuple[int, str]:
    """Judge a line that opens or closes code or a directive; *boxes* are the directives around it."""
    mark, info = fence["fence"], fence["info"]
    if not info and boxes and mark.startswith(boxes[-1]):
        boxes.pop()
        return at + 1, "prose"
    directive = _MD_DIRECTIVE.match(info)
    name = directive["name"] if directive else ""
    if name == "eval-rst":
        return _closing(lines, at, mark), "rst"
    # ":::note" is a box whose content is prose; behind backticks stands the language of the code.
    if name in CODE or (directive is None and mark[0] != ":"):
        return _closing(lines, at, mark), "code"
    boxes.append(mark)
    return at + 1, "prose"


def _closing(lines: list[str], at: int, fence: str) -> int:
    for stop in range(at + 1, len(lines)):
        line = lines[stop].strip(" \t\r\n>")
        if line.startswith(fence) and not line.strip(fence[0]):
            return stop + 1
    return len(lines)


def mask_code(masked: str) -> str:
    """Blank out what stands between marks of code within a paragraph of reStructuredText."""
    return _RST_CODE.sub(lambda code: blank(code[0]), masked)

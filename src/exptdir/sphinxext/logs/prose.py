"""The prose of a log as nodes: code, bold, links, and what it says of runs and entries as references to them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes

from exptdir.errors import AssetError
from exptdir.logs import Block, LogDocument, Reference
from exptdir.sphinxext.assets import locate, written_path
from exptdir.sphinxext.dependencies import note
from exptdir.sphinxext.domain import run_anchor

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

_INLINE = re.compile(
    r"(?P<code>`+)(?P<literal>[^`]+)(?P=code)"
    r"|\*\*(?P<strong>[^*\n]+)\*\*"
    r"|!?\[(?P<text>[^\]\n]*)\]\((?P<address>[^)\s]+)[^)\n]*\)"
    r"|\[\[(?P<org>[^\]\n]+)\](?:\[(?P<shown>[^\]\n]+)\])?\]"
    r"|(?P<bare>https?://[^\s<>\"'`）)\]]*[^\s<>\"'`）)\].,;:!?])"
)
#: ``Takeaways:`` at the beginning of a line.
_FIELD = re.compile(r"[^\W\d_][^:：\n]{0,40}[:：](?=\s|$)")
#: Candidates of a doubtful reference that are shown.
_SHOWN = 6


def entry_anchor(address: str) -> str:
    """Return the anchor of ``@2022-12-16`` or ``@2022-12-16.2``, as entries have it."""
    day, _, n = address.removeprefix("@").partition(".")
    return f"entry-{day}" + (f"-{n}" if n not in {"", "1"} else "")


class Prose:
    """Makes nodes of the texts of one log, and remembers which runs have an anchor."""

    def __init__(self, env: BuildEnvironment, document: nodes.document, found: LogDocument) -> None:
        self.env, self.document = env, document
        self.headed = {run.id for block in found.walk() for run in block.runs}
        self.known = {run.id for run in found.runs}
        #: The anchors of runs that have one.
        self.noted: dict[str, str] = {}

    def anchor(self, node: nodes.Element, anchor: str) -> None:
        """Give a node an anchor, unless the page has one of that name."""
        if anchor not in self.document.ids:
            node["ids"].append(anchor)
            self.document.ids[anchor] = node

    def lines(self, block: Block) -> Iterator[list[nodes.Node]]:
        """Yield the nodes of each line of a text, the name of a field in bold."""
        begin = 0
        for line in block.text.split("\n"):
            field, end = _FIELD.match(line), begin + len(line)
            name = field.end() if field else 0
            strong = [nodes.strong("", "", *self._part(block, begin, begin + name))] if name else []
            yield [*strong, *self._part(block, begin + name, end)]
            begin = end + 1

    def inline(self, block: Block) -> list[nodes.Node]:
        """Return the nodes of a text."""
        if block.kind == "paragraph" and _FIELD.fullmatch(block.text):
            return [nodes.strong("", "", *self._part(block, 0, len(block.text)))]
        return list(self._part(block, 0, len(block.text)))

    def _part(self, block: Block, begin: int, end: int) -> Iterator[nodes.Node]:
        """Yield a stretch of a text: code, bold, links, and references wherever they stand."""
        done = begin
        for match in _INLINE.finditer(block.text, begin, end):
            yield from self._plain(block, done, match.start())
            done = match.end()
            if match["literal"] is not None:
                if any(one.start < match.end() and match.start() < one.end for one in block.references):
                    yield nodes.inline("", "", *self._plain(block, *match.span("literal")), classes=["exptdir-log-run"])
                else:
                    yield nodes.literal(match["literal"], match["literal"])
            elif match["strong"] is not None:
                yield nodes.strong("", "", *self._part(block, *match.span("strong")))
            elif match["bare"] is not None:
                yield nodes.reference("", match["bare"], refuri=match["bare"])
            else:
                yield from self._link(match["text"] or match["shown"] or "", match["address"] or match["org"])
        yield from self._plain(block, done, end)

    def _link(self, shown: str, address: str) -> Iterator[nodes.Node]:
        text = shown.strip("`") or address
        if re.match(r"(?:https?|mailto|ftp):", address):
            yield nodes.reference("", text, refuri=address)
            return
        typed = address.removeprefix("file:")
        try:
            locate(self.env, typed, self.env.docname)
        except AssetError:
            # The file is not here, or not yet; what it is called is still said.
            path = os.path.relpath(written_path(self.env, typed, self.env.docname), self.env.srcdir)
            note(self.env, self.env.docname, [("file", path)])
            yield nodes.inline("", text if text == typed else f"{text} ({typed})", classes=["exptdir-log-file"])
            return
        yield addnodes.download_reference("", "", nodes.literal("", text), reftarget=typed, refdoc=self.env.docname)

    def _plain(self, block: Block, begin: int, end: int) -> Iterator[nodes.Node]:
        done = begin
        for one in block.references:
            if one.start < done or one.end > end:
                continue
            yield nodes.Text(block.text[done : one.start])
            yield from self._reference(one)
            done = one.end
        if done < end:
            yield nodes.Text(block.text[done:end])

    def _reference(self, one: Reference) -> Iterator[nodes.Node]:
        """Yield a link for what is sure, and what is doubtful with its candidates."""
        if one.state == "resolved":
            yield self._to(one.targets[0], one.text)
            return
        yield nodes.inline("", one.text, classes=["exptdir-log-doubt", f"exptdir-log-{one.state}"])
        if one.targets:
            candidates: list[nodes.Node] = [nodes.Text(" (? ")]
            for number, target in enumerate(one.targets[:_SHOWN]):
                candidates += [nodes.Text(", ")] * bool(number) + [self._to(target, target)]
            more = len(one.targets) - _SHOWN
            candidates.append(nodes.Text(f", {more} more)" if more > 0 else ")"))
            yield nodes.inline("", "", *candidates, classes=["exptdir-log-candidates"])

    def _to(self, target: str, text: str) -> nodes.Node:
        if target.startswith("@"):
            return nodes.reference("", text, refid=entry_anchor(target), internal=True)
        anchor = run_anchor(target)
        if target not in self.headed and target not in self.noted:
            # A run that has no heading of its own is found where it is first told of.
            if target not in self.known:
                return nodes.inline("", text)
            self.noted[target] = anchor
            place = nodes.inline("", text, classes=["exptdir-log-run"])
            self.anchor(place, anchor)
            return place
        return nodes.reference("", text, refid=self.noted.get(target, anchor), internal=True)

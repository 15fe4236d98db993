"""The prose of a log as nodes: code, bold, links, and what it says of runs and entries as references to them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes

from exptdir.errors import AssetError
from exptdir.logs import Block, LogDocument, Reference
from exptdir.logs.inline import Piece, inline
from exptdir.sphinxext.assets import locate, written_path
from exptdir.sphinxext.dependencies import note
from exptdir.sphinxext.domain import run_anchor
from exptdir.sphinxext.language import _
from exptdir.sphinxext.logs.long import elsewhere_link, entry_anchor

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

#: Candidates of a doubtful reference that are shown.
_SHOWN = 6


class Prose:
    """Makes nodes of the texts of one log, and remembers which runs have an anchor.

    *elsewhere* are the documents of the runs and entries that are on another page than this one.
    """

    def __init__(
        self, env: BuildEnvironment, document: nodes.document, found: LogDocument, elsewhere: dict[str, str]
    ) -> None:
        self.env, self.document, self.elsewhere = env, document, elsewhere
        self.headed = {run.id for block in found.walk() for run in block.runs}
        self.known = {run.id for run in found.runs}
        #: The anchors of runs that have one.
        self.noted: dict[str, str] = {}
        #: Links to entries, whose sections may come later, with the addresses of these.
        self.entry_links: list[tuple[nodes.reference, str]] = []

    def anchor(self, node: nodes.Element, anchor: str) -> None:
        """Give a node an anchor, unless the page has one of that name."""
        if anchor not in self.document.ids:
            node["ids"].append(anchor)
            self.document.ids[anchor] = node

    def inline(self, block: Block) -> list[nodes.Node]:
        """Return the nodes of a text."""
        return list(self.shown(inline(block)))

    def shown(self, pieces: Iterable[Piece]) -> Iterator[nodes.Node]:
        """Yield the nodes of pieces: code, bold, links, and references wherever they stand."""
        for piece in pieces:
            if piece.reference is not None:
                yield from self._reference(piece.reference)
            elif piece.kind == "text":
                yield nodes.Text(piece.text)
            elif piece.kind == "code":
                yield nodes.literal(piece.text, piece.text)
            elif piece.kind == "link":
                yield nodes.reference("", piece.text, refuri=piece.address)
            elif piece.kind == "file":
                yield self._file(piece.text, piece.address)
            else:
                strong = piece.kind == "strong"
                holder: nodes.TextElement = nodes.strong() if strong else nodes.inline(classes=["exptdir-log-run"])
                holder += list(self.shown(piece.parts))
                yield holder

    def _file(self, text: str, typed: str) -> nodes.Node:
        try:
            locate(self.env, typed, self.env.docname)
        except AssetError:
            # The file is not here, or not yet; what it is called is still said.
            path = os.path.relpath(written_path(self.env, typed, self.env.docname), self.env.srcdir)
            note(self.env, self.env.docname, [("file", path)])
            return nodes.inline("", text if text == typed else f"{text} ({typed})", classes=["exptdir-log-file"])
        return addnodes.download_reference("", "", nodes.literal("", text), reftarget=typed, refdoc=self.env.docname)

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
            candidates.append(nodes.Text(f" {_('and %d more') % more})" if more > 0 else ")"))
            yield nodes.inline("", "", *candidates, classes=["exptdir-log-candidates"])

    def _to(self, target: str, text: str) -> nodes.Node:
        if target in self.elsewhere:
            return elsewhere_link("", text, docname=self.elsewhere[target], target=target)
        if target.startswith("@"):
            link = nodes.reference("", text, refid=entry_anchor(target), internal=True)
            self.entry_links.append((link, target))
            return link
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

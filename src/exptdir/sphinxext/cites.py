"""Collects the references of each document, reports those that lead nowhere, and marks them on the page."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes

from exptdir.record.reference import Unresolved
from exptdir.sphinxext.conditions import conditions_of
from exptdir.sphinxext.doctree import all_nodes, ancestors, line_of
from exptdir.sphinxext.domain import domain_of, forced_kind
from exptdir.sphinxext.store import Cite, Pieces
from exptdir.sphinxext.warnings_ import warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: What in a MyST link ``[](#…)`` can only be meant for an experiment: a number, a step up, a date.
_UNMISTAKABLE = re.compile(r"-\d+|\d+([/@#].*)?|.*@\d{4}([-/])\d\d\2\d\d(\.\d+)?", re.DOTALL)
#: A sentence ends here, unless what stands before is an abbreviation.
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\b[a-zA-Z]\.)(?<!\bal\.)(?<!\bcf\.)(?<!\bFig\.)\s+|(?<=[。！？])")
_LONGEST = 280
#: So many dead references of a build are told with what may have been meant, which has to be looked for.
_SUGGESTED = 100
# Stand-ins for references while a text is cut: private-use characters, which no author writes.
_FIRST_MARK = 0xE000
_LAST_MARK = 0xF8FF
_MARKS = re.compile("([\ue000-\uf8ff])")
_BLANKS = re.compile("[\\s\ue000-\uf8ff]+")
#: More than single blanks and ends of lines.
_UNEVEN = re.compile("[\ue000-\uf8ff]|[^\\S \n]|  ")


def _is_ours(node: addnodes.pending_xref) -> bool:
    return bool(node.get("refdomain") == "expt")


def _is_myst(node: addnodes.pending_xref) -> bool:
    return bool(node.get("reftype") == "myst" and node.get("refdomain") is None)


def is_reference(node: addnodes.pending_xref) -> bool:
    """Tell whether a reference may lead to an experiment."""
    return _is_ours(node) or _is_myst(node)


def anchors_around(node: nodes.Node) -> tuple[str, str]:
    """Return the anchors of the section or update that a node stands in, and of the entry around it.

    The first is empty for the page itself, the second where there is no entry.
    """
    section = ""
    for above in ancestors(node):
        if isinstance(above, (nodes.section, nodes.admonition)) and above["ids"]:
            anchor = str(above["ids"][0])
            if not section and not isinstance(above.parent, nodes.document):
                section = anchor
            if "exptdir-entry" in above["classes"]:
                return section, anchor
    return section, ""


def block_around(node: nodes.Node) -> nodes.Element:
    """Return the paragraph, or another block of text, that holds a node."""
    inline = (nodes.Inline, nodes.reference)
    return next(above for above in ancestors(node) if above.parent is None or not isinstance(above, inline))


class Paragraph:
    """A paragraph cut into sentences, with a character of its own in place of each reference."""

    def __init__(self, block: nodes.Element) -> None:
        self.marked: dict[str, addnodes.pending_xref] = {}
        #: Its lines as typed, with the marks.
        self.lines = self._read(block).split("\n")
        text = " ".join(" ".join(self.lines).split())
        self.marks = {node: mark for mark, node in self.marked.items()}
        self._all = [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]
        self.sentences = {mark: part for part in self._all for mark in _MARKS.findall(part)}

    def first(self) -> Pieces:
        """Return the first sentence; nothing where there is no text."""
        return self.pieces(_shorten(self._all[0], "")) if self._all else ()

    def whole(self) -> Pieces:
        """Return all of it, or the beginning of a long one."""
        return self.pieces(_shorten(" ".join(self._all), ""))

    def _read(self, node: nodes.Node) -> str:
        if isinstance(node, addnodes.pending_xref) and is_reference(node):
            if _FIRST_MARK + len(self.marked) > _LAST_MARK:
                return node.astext()
            mark = chr(_FIRST_MARK + len(self.marked))
            self.marked[mark] = node
            return mark
        if isinstance(node, nodes.raw):
            # Such as the box of a task.
            return ""
        if isinstance(node, nodes.Text):
            text = node.astext()
            return "\n".join(_BLANKS.sub(" ", line) for line in text.split("\n")) if _UNEVEN.search(text) else text
        return "".join(map(self._read, node.children))

    def around(self, node: addnodes.pending_xref) -> Pieces:
        """Return the sentence that holds a reference."""
        mark = self.marks.get(node)
        if mark is None:
            return (_shown(node),)
        return self.pieces(_shorten(self.sentences[mark], mark))

    def pieces(self, text: str) -> Pieces:
        """Return a part of the text, its marks made references again."""
        pieces = filter(None, _MARKS.split(text))
        return tuple(_shown(self.marked[piece]) if piece in self.marked else (piece, False) for piece in pieces)


def _shorten(sentence: str, shown: str) -> str:
    if len(sentence) <= _LONGEST:
        return sentence
    start = max(0, min(sentence.index(shown) - _LONGEST // 2, len(sentence) - _LONGEST))
    cut = sentence[start : start + _LONGEST]
    return ("… " if start else "") + cut.strip() + (" …" if start + _LONGEST < len(sentence) else "")


def sentence_ends(text: str) -> list[int]:
    """Return where the sentences of a text begin and end."""
    return [0, *(found.end() for found in _SENTENCE_END.finditer(text)), len(text)]


def sentence_around(text: str, ends: list[int], start: int, end: int) -> tuple[str, str]:
    """Return the sentence that holds a part of a text, and that part."""
    after = bisect_right(ends, start, hi=len(ends) - 1)
    return _shorten(text[ends[after - 1] : max(end, ends[after])].strip(), text[start:end]), text[start:end]


def _shown(node: addnodes.pending_xref) -> tuple[str, bool]:
    """Return what a sentence shows of a reference: the author's title, or else what the domain will say."""
    if _is_ours(node) and not node.get("refexplicit"):
        return str(node["reftarget"]), True
    return " ".join(node.astext().split()) or str(node["reftarget"]), False


def collect_references(app: Sphinx, doctree: nodes.document) -> None:
    """Note every reference of a document with the domain."""
    domain, docname = domain_of(app.env), app.env.docname
    cites: list[Cite] = []
    xrefs: set[tuple[str, str, str]] = set()
    references = [node for node in all_nodes(doctree) if isinstance(node, addnodes.pending_xref)]
    # Each is read once, however many references it holds.
    paragraph = cache(Paragraph)
    for node in references:
        # Take over a MyST link that can only mean an experiment, so that it is warned of like the others.
        if _is_myst(node) and _UNMISTAKABLE.fullmatch(node["reftarget"]):
            node["refdomain"], node["reftype"] = "expt", "expt"
    for node in references:
        if is_reference(node):
            kind = forced_kind(node["reftype"])
            builds_on = node["reftype"] == "builds-on"
            anchor, entry = anchors_around(node)
            place = (line_of(node), anchor, paragraph(block_around(node)).around(node))
            cites.append(Cite(node["reftarget"], kind, builds_on, *place, _is_ours(node), conditions_of(node), entry))
        if not _is_ours(node):
            xrefs.add((node.get("refdomain") or "", node.get("reftype") or "", node.get("reftarget") or ""))
    if cites:
        domain.cites[docname] = cites
    if xrefs:
        domain.xrefs[docname] = sorted(xrefs)


def link_references(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Compute who is referred to by whom, and report the references that lead nowhere."""
    domain = domain_of(env)
    inventory = getattr(env, "intersphinx_inventory", {})
    # What intersphinx knows, it will resolve.
    elsewhere = {name for kind in domain.object_types for name in inventory.get(f"expt:{kind}", ())}
    # Nothing is read from here on.
    domain.located, domain.made = {}, {}
    backlinks: defaultdict[str, list[tuple[str, Cite]]] = defaultdict(list)
    said: dict[str, str] = {}
    for docname, cites in sorted(domain.cites.items()):
        here = domain.record.around(docname)
        for cite in cites:
            place = domain.locate(cite.text, docname, cite.kind)
            if isinstance(place, Unresolved):
                if cite.sure and cite.text not in elsewhere:
                    kind = "ambiguous reference" if place.ambiguous else "reference to nothing"
                    if place.reason not in said:
                        said[place.reason] = place.message if len(said) < _SUGGESTED else place.reason
                    warn("ref", f"{kind}: {said[place.reason]}", location=(docname, cite.line))
            elif here is None or place.experiment.key != here.key:
                backlinks[place.experiment.key].append((docname, cite))
    domain.backlinks = dict(backlinks)
    return []


def mark_missing_reference(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, contnode: nodes.TextElement
) -> nodes.Node | None:
    """Show a reference that nobody could resolve as text, marked; the warning was given when all was read."""
    if not _is_ours(node):
        return None
    if node.get("exptdir_plain"):
        return contnode
    text = contnode if contnode.astext() else nodes.inline("", node["reftarget"])
    # A character, so that builders without a style show the mark too.
    mark = nodes.inline("", "?", classes=["exptdir-missing-mark"])
    return nodes.inline("", "", text, mark, classes=["exptdir-missing"])


def setup_cites(app: Sphinx) -> None:
    """Connect the collecting, the report and the mark."""
    app.connect("doctree-read", collect_references, priority=700)
    app.connect("env-updated", link_references, priority=300)
    # After intersphinx has had its turn.
    app.connect("missing-reference", mark_missing_reference, priority=900)

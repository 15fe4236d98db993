"""Collects the references of each document, reports those that lead nowhere, and marks them on the page.

*Cited by*: the list at the end of an experiment's page of those that refer to it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import NoUri
from sphinx.locale import _
from sphinx.util.nodes import make_refnode

from exptdir.record.reference import Unresolved
from exptdir.sphinxext.conditions import conditions_of
from exptdir.sphinxext.doctree import all_nodes, line_of, page_section
from exptdir.sphinxext.domain import ExptDomain, domain_of, forced_kind
from exptdir.sphinxext.pages import ExperimentTransform, Placeholder
from exptdir.sphinxext.store import Cite
from exptdir.sphinxext.warnings_ import warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


#: What in a MyST link ``[](#…)`` can only be meant for an experiment: a number, a step up, a date.
_UNMISTAKABLE = re.compile(r"-\d+|\d+([/@#].*)?|.*@\d{4}([-/])\d\d\2\d\d(\.\d+)?", re.DOTALL)
#: A sentence ends here, unless what stands before is an abbreviation.
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\b[a-zA-Z]\.)(?<!\bal\.)(?<!\bcf\.)(?<!\bFig\.)\s+|(?<=[。！？])")
_LONGEST = 280
# Stand-ins for references while a text is cut: private-use characters, which no author writes.
_FIRST_MARK = 0xE000
_LAST_MARK = 0xF8FF
_MARKS = re.compile("([\ue000-\uf8ff])")
_BLANKS = re.compile("[\\s\ue000-\uf8ff]+")


def _is_ours(node: addnodes.pending_xref) -> bool:
    return bool(node.get("refdomain") == "expt")


def _is_myst(node: addnodes.pending_xref) -> bool:
    return bool(node.get("reftype") == "myst" and node.get("refdomain") is None)


class Sentences:
    """Finds the sentences that hold references, reading each paragraph once however many it holds."""

    def __init__(self) -> None:
        self._paragraphs: dict[nodes.Element, _Paragraph] = {}

    def around(self, node: addnodes.pending_xref) -> tuple[tuple[str, bool], ...]:
        """Cut out the sentence that holds a reference.

        Returns
        -------
        tuple[tuple[str, bool], ...]
            Pieces of text; True marks one that is a reference, to be shown as references are.
        """
        block: nodes.Element = node.parent
        while block.parent is not None and isinstance(block, (nodes.Inline, nodes.reference)):
            block = block.parent
        if block not in self._paragraphs:
            self._paragraphs[block] = _Paragraph(block)
        return self._paragraphs[block].around(node)


class _Paragraph:
    """A paragraph cut into sentences, with a character of its own in place of each reference."""

    def __init__(self, block: nodes.Element) -> None:
        self.marked: dict[str, addnodes.pending_xref] = {}
        text = self._read(block)
        self.marks = {node: mark for mark, node in self.marked.items()}
        sentences = [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]
        self.sentences = {mark: part for part in sentences for mark in part if mark in self.marked}

    def _read(self, node: nodes.Node) -> str:
        if isinstance(node, addnodes.pending_xref) and (_is_ours(node) or _is_myst(node)):
            if _FIRST_MARK + len(self.marked) > _LAST_MARK:
                return node.astext()
            mark = chr(_FIRST_MARK + len(self.marked))
            self.marked[mark] = node
            return mark
        if isinstance(node, nodes.Text):
            return _BLANKS.sub(" ", node.astext())
        return "".join(map(self._read, node.children))

    def around(self, node: addnodes.pending_xref) -> tuple[tuple[str, bool], ...]:
        mark = self.marks.get(node)
        if mark is None:
            return (_shown(node),)
        sentence = self.sentences[mark]
        if len(sentence) > _LONGEST:
            start = max(0, min(sentence.index(mark) - _LONGEST // 2, len(sentence) - _LONGEST))
            end = start + _LONGEST
            sentence = ("… " if start else "") + sentence[start:end].strip() + (" …" if end < len(sentence) else "")
        pieces = filter(None, _MARKS.split(sentence))
        return tuple(_shown(self.marked[piece]) if piece in self.marked else (piece, False) for piece in pieces)


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
    sentences = Sentences()
    for node in references:
        # Take over a MyST link that can only mean an experiment, so that it is warned of like the others.
        if _is_myst(node) and _UNMISTAKABLE.fullmatch(node["reftarget"]):
            node["refdomain"], node["reftype"] = "expt", "expt"
    for node in references:
        if _is_ours(node) or _is_myst(node):
            kind = forced_kind(node["reftype"])
            builds_on = node["reftype"] == "builds-on"
            section: Any = node.parent
            while not (section is None or (isinstance(section, nodes.section) and section["ids"])):
                section = section.parent
            # The page's own section is no place on it.
            inner = section if section is not None and not isinstance(section.parent, nodes.document) else None
            place = (line_of(node), "" if inner is None else str(inner["ids"][0]), sentences.around(node))
            cites.append(Cite(node["reftarget"], kind, builds_on, *place, _is_ours(node), conditions_of(node)))
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
    domain.located = {}
    backlinks: defaultdict[str, list[tuple[str, Cite]]] = defaultdict(list)
    for docname, cites in sorted(domain.cites.items()):
        here = domain.record.around(docname)
        for cite in cites:
            place = domain.locate(cite.text, docname, cite.kind)
            if isinstance(place, Unresolved):
                if cite.sure and cite.text not in elsewhere:
                    kind = "ambiguous reference" if place.ambiguous else "reference to nothing"
                    warn("ref", f"{kind}: {place.message}", location=(docname, cite.line))
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


def shown_pieces(domain: ExptDomain, docname: str, cite: Cite) -> list[tuple[str, bool]]:
    """Return the sentence of a citation as *Cited by* shows it, references written as they are shown."""
    pieces: list[Any] = []
    for text, is_reference in cite.sentence:
        place = domain.locate(text, docname) if is_reference else None
        shown = text if place is None or isinstance(place, Unresolved) else place.text
        pieces.append((shown, is_reference))
    return pieces


Citations = list[tuple[Cite, list[tuple[str, bool]]]]
Citing = tuple[str, str, Citations]


class cited_by(Placeholder):
    """Holds the place of the list until all documents are read."""

    def content(self, domain: ExptDomain) -> list[nodes.Node]:
        """Return the list, or nothing where nobody refers to the experiment."""
        groups = citing_documents(domain, self["docname"])
        if not groups:
            return []
        items = nodes.bullet_list("", *(_group(domain, *group) for group in groups))
        return [nodes.container("", nodes.rubric("", _("Cited by")), items, classes=["exptdir-cited-by"])]


class CitedByTransform(ExperimentTransform):
    """Puts the placeholder at the end of the page."""

    default_priority = 530

    def apply_to_page(self) -> None:
        """Append the placeholder to the page's section."""
        section = page_section(self.document)
        if self.domain.settings.cited_by and section is not None:
            section += cited_by(docname=self.env.docname)


def citing_documents(domain: ExptDomain, docname: str) -> list[Citing]:
    """Return who refers to the experiment of a document, as the list shows it.

    Returns
    -------
    list of (docname, title, [(citation, pieces of its sentence)])
        Experiments first, in their order, then other pages by name.
    """
    experiment = domain.record.by_docname.get(docname)
    found = domain.backlinks.get(experiment.key, []) if experiment is not None else []
    groups: list[tuple[Any, Citing]] = []
    for source, citations in groupby(found, key=lambda pair: pair[0]):
        shown = [(cite, shown_pieces(domain, source, cite)) for _source, cite in citations]
        distinct = list({(cite.anchor, tuple(pieces)): (cite, pieces) for cite, pieces in shown}.values())
        title, owner = domain.env.titles.get(source), domain.record.around(source)
        # An experiment's own page, then the others beside it.
        order = (True, (), True) if owner is None else (False, owner.order, owner.docname != source)
        groups.append(((order, source), (source, source if title is None else title.astext(), distinct)))
    return [group for _order, group in sorted(groups, key=lambda pair: pair[0])]


def _group(domain: ExptDomain, docname: str, title: str, citations: Citations) -> nodes.list_item:
    sentences = nodes.bullet_list()
    for cite, pieces in citations:
        paragraph = nodes.paragraph()
        if cite.builds_on:
            paragraph += [nodes.strong("", _("builds on this")), nodes.Text(": ")]
        for text, is_reference in pieces:
            paragraph += nodes.emphasis("", text) if is_reference else nodes.Text(text)
        paragraph += [nodes.Text(" "), _link(domain, docname, cite.anchor, "↗")]
        sentences += nodes.list_item("", paragraph)
    return nodes.list_item("", nodes.paragraph("", "", _link(domain, docname, "", title)), sentences)


def _link(domain: ExptDomain, docname: str, anchor: str, text: str) -> nodes.Node:
    try:
        return make_refnode(domain.builder, domain.env.docname, docname, anchor, nodes.Text(text))
    except NoUri:
        # The builder leaves that document out.
        return nodes.inline("", text)


def setup_citedby(app: Sphinx) -> None:
    """Register the placeholder and what puts it there."""
    app.add_node(cited_by)
    app.add_transform(CitedByTransform)

"""Unlinked mentions at the end of an experiment's page: where others name it in words, without a reference."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes
from sphinx import addnodes

from exptdir.record.markup.references import is_name
from exptdir.record.mentions import MentionFinder
from exptdir.record.reference import Unresolved
from exptdir.sphinxext.cites import anchors_around, is_reference, sentence_around, sentence_ends
from exptdir.sphinxext.conditions import conditions_of
from exptdir.sphinxext.doctree import all_nodes, page_section
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.journal.selection import joined
from exptdir.sphinxext.journal.timeline import Timeline, entries_by_anchor
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import Collection, ExperimentTransform, Placeholder, collect, link
from exptdir.sphinxext.store import Passage

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx

#: What holds text that is read as one.
_BLOCKS = (nodes.paragraph, nodes.title, nodes.caption, nodes.term, nodes.line, nodes.rubric)
#: What in it says already where it leads, or is no prose.
_LINKED = (
    *(nodes.reference, nodes.footnote_reference, nodes.citation_reference, nodes.math, nodes.raw, nodes.Invisible),
    *(addnodes.pending_xref, addnodes.download_reference, Placeholder),
)
_SPACES = re.compile(r"\s+")


class ShownMention(NamedTuple):
    """A place that names an experiment: the document, its title, the entry's day and title, and the words."""

    docname: str
    anchor: str
    page: str
    day: str
    entry: str
    sentence: str
    words: str


def note_prose(app: Sphinx, doctree: nodes.document) -> None:
    """Note the text of a document that was just read, where mentions are to be listed."""
    domain = domain_of(app.env)
    if domain.settings.mentions == "none":
        return
    page = page_section(doctree)
    found = [
        _prose(node)
        for node in all_nodes(doctree)
        if isinstance(node, _BLOCKS) and not (isinstance(node, nodes.title) and node.parent is page)
    ]
    if found:
        domain.prose[app.env.docname] = found


def _prose(block: nodes.Element) -> Passage:
    text, hidden, references = "", [], []
    waiting: list[nodes.Node] = [block]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (nodes.Text, nodes.literal, *_LINKED)):
            own = _SPACES.sub(" ", node.astext())
            if isinstance(node, _LINKED) or (isinstance(node, nodes.literal) and not is_name(own)):
                hidden.append((len(text), len(text) + len(own)))
            if isinstance(node, addnodes.pending_xref) and is_reference(node):
                references.append(str(node["reftarget"]))
            text += own
        else:
            waiting += reversed(node.children)
    return Passage(text, *anchors_around(block), tuple(hidden), tuple(references), conditions_of(block))


def _unlinked(block: Passage) -> str:
    """Return the text of a block, what is linked or code in it blanked out."""
    parts, at = [], 0
    for start, end in block.hidden:
        parts += [block.text[at:start], " " * (end - start)]
        at = end
    return "".join((*parts, block.text[at:]))


def _all_mentions(domain: ExptDomain) -> dict[str, list[ShownMention]]:
    """Return the places that name each experiment, by its key, the newest first."""
    record, entries = domain.record, entries_by_anchor(domain)
    days: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
    for (docname, _anchor), entry in entries.items():
        if (experiment := domain.shown_by(docname)) is not None:
            days[experiment.key].append((date.fromisoformat(entry.day), entry.n))
    titles = {key: domain.heading(one) for key, one in record.experiments.items()}
    finder = MentionFinder(record, titles, days, domain.settings.date_order)
    found: defaultdict[str, list[ShownMention]] = defaultdict(list)
    for docname, blocks in sorted(domain.prose.items()):
        owner, page = record.around(docname), domain.env.titles.get(docname)
        begun = Timeline.of(domain).begun(owner) if owner is not None else ""
        for block in blocks:
            around = entries.get((docname, block.entry))
            day, title = (around.day, around.title) if around is not None else ("", "")
            written = day or begun
            named = finder.find(_unlinked(block), owner, date.fromisoformat(written) if written else None)
            places = [domain.locate(reference, docname) for reference in block.references] if named else []
            ends = sentence_ends(block.text) if named else []
            linked = {place.experiment.key for place in places if not isinstance(place, Unresolved)}
            for one in named:
                if one.key not in linked:
                    where = (docname, block.anchor, page.astext() if page is not None else docname, day, title)
                    found[one.key].append(ShownMention(*where, *sentence_around(block.text, ends, one.start, one.end)))
    for shown in found.values():
        shown.sort(key=lambda one: one.day, reverse=True)
    return dict(found)


@dataclass(frozen=True)
class Mentions(Collection):
    """The list, or nothing where nobody names the experiment without a reference."""

    def shown(self, domain: ExptDomain, docname: str) -> list[ShownMention]:
        """Return the places, the newest first."""
        experiment = domain.record.by_docname.get(docname)
        found = domain.once("mentions", lambda: _all_mentions(domain))
        return found.get(experiment.key, []) if experiment is not None else []

    def render(self, domain: ExptDomain, docname: str, shown: list[ShownMention]) -> list[Node]:
        """Return the list."""
        if not shown:
            return []
        items = nodes.bullet_list()
        for one in shown:
            before, words, after = one.sentence.partition(one.words)
            page = link(domain, one.docname, "", nodes.Text(one.page))
            to = link(domain, one.docname, one.anchor, nodes.Text(f"{one.day} {one.entry}".rstrip() or "↗"))
            sentence = [nodes.Text(before), nodes.strong("", words), nodes.Text(after)]
            items += nodes.list_item("", nodes.paragraph("", "", *joined([page], [to], sentence)))
        return [nodes.container("", nodes.rubric("", _("Unlinked mentions")), items, classes=["exptdir-cited-by"])]


class MentionsTransform(ExperimentTransform):
    """Puts the list behind *Cited by*."""

    default_priority = 531

    def apply_to_page(self) -> None:
        """Append what holds its place to the page's section."""
        section = page_section(self.document)
        if self.domain.settings.mentions == "page" and section is not None:
            section += collect(self.env, Mentions())


def setup_mentions(app: Sphinx) -> None:
    """Register the transform, and connect to reading."""
    app.add_transform(MentionsTransform)
    # Once MyST's links are known to be ours.
    app.connect("doctree-read", note_prose, priority=710)

"""*Cited by*: the list at the end of an experiment's page of those that refer to it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.errors import NoUri
from sphinx.locale import _
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

from exptdir.record.model import listing_order
from exptdir.sphinxext.cites import shown_pieces
from exptdir.sphinxext.data import Cite
from exptdir.sphinxext.doctree import page_section
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.pages import ExperimentTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class cited_by(nodes.General, nodes.Element):
    """Holds the place of the list until all documents are read."""


class CitedByTransform(ExperimentTransform):
    """Puts the placeholder at the end of the page."""

    default_priority = 530

    def apply_to_page(self) -> None:
        """Append the placeholder to the page's section."""
        section = page_section(self.document)
        if self.domain.settings.cited_by and section is not None:
            section += cited_by(docname=self.env.docname)


Citing = tuple[str, str, list[tuple[Cite, list[tuple[str, bool]]]]]


def citing_documents(domain: ExptDomain, docname: str) -> list[Citing]:
    """Return who refers to the experiment of a document, as the list shows it.

    Returns
    -------
    list of (docname, title, [(citation, pieces of its sentence)])
        Experiments first, in their order, then other pages by name.
    """
    experiment = domain.record.by_docname.get(docname)
    if experiment is None:
        return []
    found = domain.backlinks.get(experiment.key, [])
    groups: list[Citing] = []
    for source, citations in groupby(found, key=lambda pair: pair[0]):
        shown = [(cite, shown_pieces(domain, source, cite)) for _source, cite in citations]
        groups.append((source, _title(domain, source), _distinct(shown)))
    return sorted(groups, key=lambda group: _order(domain, group[0]))


def _distinct(shown: Iterable[tuple[Cite, list[tuple[str, bool]]]]) -> list[tuple[Cite, list[tuple[str, bool]]]]:
    """Keep one of the citations that share a sentence."""
    return list({(cite.anchor, tuple(pieces)): (cite, pieces) for cite, pieces in shown}.values())


def _title(domain: ExptDomain, docname: str) -> str:
    title = domain.env.titles.get(docname)
    return title.astext() if title is not None else docname


def _order(domain: ExptDomain, docname: str) -> tuple[bool, Any, bool, str]:
    experiment = domain.record.around(docname)
    if experiment is None:
        return True, (), True, docname
    # An experiment's own page, then the others beside it.
    return False, listing_order(experiment), experiment.docname != docname, docname


class CitedByList(SphinxPostTransform):
    """Replaces the placeholder by the list, or by nothing."""

    # Before references are resolved, and for every builder.
    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Build the list out of generic nodes."""
        domain = domain_of(self.env)
        for node in list(self.document.findall(cited_by)):
            groups = citing_documents(domain, node["docname"])
            node.replace_self([self._list(groups)] if groups else [])

    def _list(self, groups: list[Citing]) -> nodes.Element:
        items = nodes.bullet_list()
        for docname, title, citations in groups:
            item = nodes.list_item("", nodes.paragraph("", "", self._link(docname, "", title)))
            sentences = nodes.bullet_list()
            for cite, pieces in citations:
                sentences += nodes.list_item("", self._sentence(docname, cite, pieces))
            item += sentences
            items += item
        heading = nodes.rubric("", _("Cited by"))
        return nodes.container("", heading, items, classes=["exptdir-cited-by"])

    def _sentence(self, docname: str, cite: Cite, pieces: list[tuple[str, bool]]) -> nodes.paragraph:
        paragraph = nodes.paragraph()
        if cite.builds_on:
            paragraph += [nodes.strong("", _("builds on this")), nodes.Text(": ")]
        for text, is_reference in pieces:
            paragraph += nodes.emphasis("", text) if is_reference else nodes.Text(text)
        paragraph += [nodes.Text(" "), self._link(docname, cite.anchor, "↗")]
        return paragraph

    def _link(self, docname: str, anchor: str, text: str) -> nodes.Node:
        try:
            return make_refnode(domain_of(self.env).builder, self.env.docname, docname, anchor, nodes.Text(text))
        except NoUri:
            # The builder leaves that document out.
            return nodes.inline("", text)


def setup_citedby(app: Sphinx) -> None:
    """Register the placeholder and its two transforms."""
    app.add_node(cited_by)
    app.add_transform(CitedByTransform)
    app.add_post_transform(CitedByList)

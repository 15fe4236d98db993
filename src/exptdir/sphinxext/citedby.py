"""*Cited by*: the list at the end of an experiment's page of those that refer to it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.errors import NoUri
from sphinx.locale import _
from sphinx.util.nodes import make_refnode

from exptdir.record.model import Experiment, listing_order
from exptdir.sphinxext.cites import shown_pieces
from exptdir.sphinxext.data import Cite
from exptdir.sphinxext.doctree import page_section
from exptdir.sphinxext.domain import ExptDomain
from exptdir.sphinxext.pages import ExperimentTransform
from exptdir.sphinxext.placeholders import Placeholder

if TYPE_CHECKING:
    from sphinx.application import Sphinx


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
    known = domain.derived.citing if domain.derived is not None else {}
    if docname not in known:
        experiment = domain.record.by_docname.get(docname)
        known[docname] = _groups(domain, experiment) if experiment is not None else []
    return known[docname]


def _groups(domain: ExptDomain, experiment: Experiment) -> list[Citing]:
    found = domain.backlinks.get(experiment.key, [])
    groups: list[Citing] = []
    for source, citations in groupby(found, key=lambda pair: pair[0]):
        shown = [(cite, shown_pieces(domain, source, cite)) for _source, cite in citations]
        groups.append((source, _title(domain, source), _distinct(shown)))
    return sorted(groups, key=lambda group: _order(domain, group[0]))


def _distinct(shown: Iterable[tuple[Cite, list[tuple[str, bool]]]]) -> Citations:
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


def _group(domain: ExptDomain, docname: str, title: str, citations: Citations) -> nodes.list_item:
    sentences = nodes.bullet_list()
    for cite, pieces in citations:
        sentences += nodes.list_item("", _sentence(domain, docname, cite, pieces))
    return nodes.list_item("", nodes.paragraph("", "", _link(domain, docname, "", title)), sentences)


def _sentence(domain: ExptDomain, docname: str, cite: Cite, pieces: list[tuple[str, bool]]) -> nodes.paragraph:
    paragraph = nodes.paragraph()
    if cite.builds_on:
        paragraph += [nodes.strong("", _("builds on this")), nodes.Text(": ")]
    for text, is_reference in pieces:
        paragraph += nodes.emphasis("", text) if is_reference else nodes.Text(text)
    paragraph += [nodes.Text(" "), _link(domain, docname, cite.anchor, "↗")]
    return paragraph


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

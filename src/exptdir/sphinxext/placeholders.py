"""Nodes that keep the place of what is collected from other documents, until all of them are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from exptdir.sphinxext.doctree import all_nodes
from exptdir.sphinxext.domain import ExptDomain, domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx


#: Builders that write a page of HTML for each document.
PAGED = frozenset({"html", "dirhtml"})


class Placeholder(nodes.General, nodes.Element):
    """Base of the placeholders; each feature has its own, which knows what takes its place.

    One that is *written_late* has a visitor for pages of HTML, where making nodes would cost too much.
    """

    written_late = False

    def content(self, domain: ExptDomain) -> list[nodes.Node]:
        """Return the nodes to show, perhaps none; made of generic nodes, so that every builder can show them."""
        raise NotImplementedError


class FillPlaceholders(SphinxPostTransform):
    """Replaces all placeholders of a document in one pass, before references are resolved."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Ask each placeholder for its content."""
        domain = domain_of(self.env)
        paged = domain.builder.name in PAGED
        for node in all_nodes(self.document):
            if isinstance(node, Placeholder) and not (paged and node.written_late):
                # Not `replace_self`, which hands attributes on to nodes that want none.
                node.parent.replace(node, node.content(domain))


def setup_placeholders(app: Sphinx) -> None:
    """Register the transform."""
    app.add_post_transform(FillPlaceholders)

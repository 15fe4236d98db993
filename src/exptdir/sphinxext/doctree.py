"""Small questions about doctrees that several features ask."""

from __future__ import annotations

from docutils import nodes
from sphinx.util.nodes import clean_astext


def page_section(document: nodes.document) -> nodes.section | None:
    """Return the section that is the page: the first of the top level."""
    return next((node for node in document.children if isinstance(node, nodes.section)), None)


def line_of(node: nodes.Node | None) -> int | None:
    """Return the source line of a node, or of the nearest one around it that has any."""
    while node is not None and node.line is None:
        node = node.parent
    return node.line if node is not None else None


def all_nodes(tree: nodes.Node) -> list[nodes.Node]:
    """Return a node and all below it in document order, as ``findall`` does with a generator for each level."""
    found: list[nodes.Node] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += reversed(node.children)
    return found


def title_text(title: nodes.Element) -> str:
    """Return what :func:`sphinx.util.nodes.clean_astext` does, which copies the title first, mostly for nothing."""
    plain = all(isinstance(child, nodes.Text) for child in title.children)
    return title.astext() if plain else clean_astext(title)

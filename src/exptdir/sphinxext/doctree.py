"""Small questions about doctrees that several features ask."""

from __future__ import annotations

from docutils import nodes


def page_section(document: nodes.document) -> nodes.section | None:
    """Return the section that is the page: the first of the top level."""
    return next((node for node in document.children if isinstance(node, nodes.section)), None)


def line_of(node: nodes.Node | None) -> int | None:
    """Return the source line of a node, or of the nearest one around it that has any."""
    while node is not None and node.line is None:
        node = node.parent
    return node.line if node is not None else None

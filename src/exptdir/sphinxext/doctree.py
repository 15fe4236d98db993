"""Small questions about doctrees that several features ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment


def page_section(document: nodes.document) -> nodes.section | None:
    """Return the section that is the page: the first of the top level."""
    return next((node for node in document.children if isinstance(node, nodes.section)), None)


def line_of(node: nodes.Node | None) -> int | None:
    """Return the source line of a node, or of the nearest one around it that has any."""
    while node is not None and node.line is None:
        node = node.parent
    return node.line if node is not None else None


def builder_of(env: BuildEnvironment) -> Builder:
    """Return the builder at work, which a transform is not handed."""
    # Sphinx 9 deprecates `env.app` and has `_app` for its own transforms; Sphinx 8 has the public name alone.
    app = env.__dict__.get("_app") or env.app
    return cast("Builder", app.builder)

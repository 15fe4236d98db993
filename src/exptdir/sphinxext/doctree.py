"""Small questions that several features ask: about doctrees, and whether another extension has claimed a name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import directives, roles
from sphinx.util.nodes import clean_astext

if TYPE_CHECKING:
    from docutils.parsers.rst import Directive
    from sphinx.application import Sphinx
    from sphinx.config import Config


def page_section(document: nodes.document) -> nodes.section | None:
    """Return the section that is the page: the first of the top level."""
    return next((node for node in document.children if isinstance(node, nodes.section)), None)


def ancestors(node: nodes.Node) -> Iterator[nodes.Element]:
    """Yield the nodes around a node, from the inside out."""
    while (above := node.parent) is not None:
        yield above
        node = above


def line_of(node: nodes.Node) -> int | None:
    """Return the source line of a node, or of the nearest one around it that has any."""
    return next((one.line for one in (node, *ancestors(node)) if one.line is not None), None)


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


# After every extension's setup, and after those that register in this event themselves.
_LATE = 950


def add_unclaimed_directive(app: Sphinx, name: str, directive: type[Directive]) -> None:
    """Register *directive* when all extensions are set up and none has a directive called *name*."""

    def register(app: Sphinx, config: Config) -> None:
        if directives._directives.get(name) in {None, directive}:  # type: ignore[attr-defined]
            app.add_directive(name, directive, override=True)

    app.connect("config-inited", register, priority=_LATE)


def add_unclaimed_role(app: Sphinx, name: str, role: Any) -> None:
    """Register *role* when all extensions are set up and none has a role called *name*."""

    def register(app: Sphinx, config: Config) -> None:
        registered = roles._roles.get(name)  # type: ignore[attr-defined]
        if registered is None or type(registered) is type(role):
            app.add_role(name, role, override=True)

    app.connect("config-inited", register, priority=_LATE)

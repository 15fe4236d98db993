"""Writes what pages of HTML collect: it may be most of a page, and most of it is small parts of few kinds."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes

from exptdir.sphinxext.pages import collected

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: What collections are mostly made of: the element of HTML, its classes, and what stands behind it.
_ELEMENTS: dict[type[nodes.Node], tuple[str, str, str]] = {
    nodes.paragraph: ("p", "", "\n"),
    nodes.inline: ("span", "", ""),
    nodes.emphasis: ("em", "", ""),
    nodes.strong: ("strong", "", ""),
    nodes.bullet_list: ("ul", "simple", "\n"),
    nodes.list_item: ("li", "", "\n"),
    nodes.container: ("div", "docutils container", "\n"),
    nodes.rubric: ("p", "rubric", "\n"),
    nodes.reference: ("a", "reference", ""),
}


def visit_collected_html(visitor: Any, node: nodes.Element) -> None:
    """Write the parts without asking a method of the visitor for each; the rare ones are written as ever."""
    for child in node.children:
        _write(visitor, child)
    raise nodes.SkipNode


def _write(visitor: Any, node: Any) -> None:
    kind = type(node)
    if kind is nodes.Text:
        visitor.body.append(escape(node))
        return
    if kind not in _ELEMENTS:
        node.walkabout(visitor)
        return
    name, more, behind = _ELEMENTS[kind]
    given = node.attributes
    classes = " ".join(given["classes"] + [more] if more else given["classes"])
    attributes = f' class="{escape(classes)}"' if classes else ""
    if given["ids"]:
        attributes += f' id="{escape(given["ids"][0])}"'
    if kind is nodes.reference:
        outside = "internal" if given.get("internal") else "external"
        address = given["refuri"] or "#" if "refuri" in given else f"#{given['refid']}"
        title = given.get("reftitle")
        attributes = f' class="{escape(classes)} {outside}" href="{escape(address)}"'
        attributes += f' title="{escape(title)}"' if title else ""
    visitor.body.append(f"<{name}{attributes}>")
    for child in node.children:
        _write(visitor, child)
    visitor.body.append(f"</{name}>{behind}")


def setup_collected_html(app: Sphinx) -> None:
    """Register the node that holds the place of what is collected; in other builders than HTML none is left."""
    app.add_node(collected, html=(visit_collected_html, None))

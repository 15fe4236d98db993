"""Writes what pages of HTML collect: it may be most of a page, and most of it is small parts of few kinds."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any

from docutils import nodes

#: What collections are mostly made of: the element of HTML, its classes, and what stands behind it.
_ELEMENTS: dict[type[nodes.Node], tuple[str, str, str]] = {
    nodes.paragraph: ("p", "", "\n"),
    nodes.inline: ("span", "", ""),
    nodes.emphasis: ("em", "", ""),
    nodes.strong: ("strong", "", ""),
    nodes.bullet_list: ("ul", "", "\n"),
    nodes.list_item: ("li", "", "\n"),
    nodes.container: ("div", "docutils container", "\n"),
    nodes.rubric: ("p", "rubric", "\n"),
    nodes.reference: ("a", "reference", ""),
}


def visit_collected_html(visitor: Any, node: nodes.Element) -> None:
    """Write the parts without asking a method of the visitor for each; the rare ones are written as ever.

    Where they are many they may be the attribute *parts*, so that nothing looks through them.
    """
    for child in node.get("parts", node.children):
        _write(visitor, child)
    raise nodes.SkipNode


def _is_simple(items: nodes.Element) -> bool:
    """Tell whether a list is set close, as docutils does it: each item is a paragraph, perhaps with such a list."""
    for item in items.children:
        first, others = item.children[:1], item.children[1:]
        if not all(isinstance(one, nodes.paragraph) for one in first) or len(others) > 1:
            return False
        if not all(isinstance(one, nodes.bullet_list) and _is_simple(one) for one in others):
            return False
    return True


def _write(visitor: Any, node: Any, *, within_simple: bool = False) -> None:
    kind = type(node)
    if kind is nodes.Text:
        visitor.body.append(escape(node))
        return
    if kind not in _ELEMENTS:
        node.walkabout(visitor)
        return
    name, more, behind = _ELEMENTS[kind]
    given = node.attributes
    if kind is nodes.bullet_list and not within_simple and _is_simple(node):
        more, within_simple = "simple", True
    elif kind is nodes.reference:
        more = "reference internal" if given.get("internal") else "reference external"
    start = _start(name, *given["classes"], more)
    if kind is nodes.reference:
        start += f' href="{escape((given["refuri"] or "#") if "refuri" in given else "#" + given["refid"])}"'
        start += f' title="{escape(given["reftitle"])}"' if given.get("reftitle") else ""
    elif given["ids"]:
        start += f' id="{escape(given["ids"][0])}"'
    visitor.body.append(f"{start}>")
    for child in node.children:
        _write(visitor, child, within_simple=within_simple)
    visitor.body.append(f"</{name}>{behind}")


@lru_cache(maxsize=1024)
def _start(name: str, *classes: str) -> str:
    """Return how a tag begins; most elements have the classes of others."""
    shown = " ".join(filter(None, classes))
    return f'<{name} class="{escape(shown)}"' if shown else f"<{name}"

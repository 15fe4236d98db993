"""A first page for a tree that has none: the list of all its documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: The page, beside whose name no document of the tree can stand: else that one were the first page.
PAGE = "index"


def list_documents(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the page that lists all documents, in the order of their paths."""
    builder: Any = app.builder
    env = app.env
    if builder.format != "html" or PAGE in env.all_docs:
        return
    items = nodes.bullet_list()
    for docname in sorted(env.all_docs):
        title = env.titles.get(docname)
        text = title.astext() if title is not None else docname
        target = nodes.reference("", text, internal=True, refuri=builder.get_relative_uri(PAGE, docname))
        where = nodes.literal("", docname)
        items += nodes.list_item("", nodes.paragraph("", "", target, nodes.Text(" "), where))
    heading = app.config.project
    content = nodes.section("", nodes.title("", heading), items, ids=["documents"])
    body = builder.render_partial(content)["fragment"]
    yield PAGE, {"title": heading, "body": body}, "page.html"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the page."""
    app.connect("html-collect-pages", list_documents)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

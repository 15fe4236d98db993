"""The builder ``singlehtml``, in which the anchors of many logs share one page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.builders.singlehtml import SingleFileHTMLBuilder

from exptdir.sphinxext.tables.nodes import packed_rows

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx

#: Anchors that are made here, the same in every log.
_OURS = re.compile(r"(?:entry|run)-.+|figure-.+-(?:svg|png|pdf|jpe?g|webp|gif|eps|tiff?)(?:-\d+)?")
#: Sphinx's own address of an anchor in a document, before it drops the document.
_ADDRESS = re.compile(r"#document-(?P<docname>[^#]+)#(?P<anchor>.+)")


def unique_anchor(docname: str, anchor: str) -> str:
    """Return an anchor that no other document has."""
    return f"document-{docname}-{anchor}"


def make_unique(tree: nodes.Element) -> None:
    """Put the document in front of our anchors, wherever they are or are referred to; twice does no harm."""
    for page in tree.findall(addnodes.start_of_file):
        for node in page.findall(nodes.Element):
            docname = page["docname"]
            if any(map(_OURS.fullmatch, node.attributes.get("ids", ()))):
                ids = node.attributes["ids"]
                node.attributes["ids"] = [unique_anchor(docname, one) if _OURS.fullmatch(one) else one for one in ids]
            if _OURS.fullmatch(node.attributes.get("refid", "")):
                node.attributes["refid"] = unique_anchor(docname, node.attributes["refid"])
        for rows in page.findall(packed_rows):
            extras = rows["packed"].extras
            for place, extra in extras.items():
                if extra.href and _OURS.fullmatch(extra.href.removeprefix("#")):
                    anchor = unique_anchor(page["docname"], extra.href.removeprefix("#"))
                    extras[place] = extra._replace(href=f"#{anchor}")
    for reference in tree.findall(nodes.reference):
        found = _ADDRESS.fullmatch(reference.get("refuri", ""))
        if found and _OURS.fullmatch(found["anchor"]):
            reference["refuri"] = "#" + unique_anchor(found["docname"], found["anchor"])
        elif found and "exptdir-ref" in reference["classes"]:
            reference["refuri"] = "#" + found["anchor"]


class UniqueSingleFileHTMLBuilder(SingleFileHTMLBuilder):
    """Sphinx's ``singlehtml``, where two experiments may have an entry of the same day."""

    def fix_refuris(self, tree: Node) -> None:
        """Come before Sphinx 8, which cuts the document off every reference."""
        if isinstance(tree, nodes.Element):
            make_unique(tree)
        super().fix_refuris(tree)

    def assemble_doctree(self) -> nodes.document:
        """Make the anchors of the whole page unique."""
        tree = super().assemble_doctree()
        make_unique(tree)
        return tree

    def render_partial(self, node: Node | None) -> dict[str, str]:
        """Let the table of contents follow."""
        if isinstance(node, nodes.Element):
            make_unique(node)
        return super().render_partial(node)


def setup_singlefile(app: Sphinx) -> None:
    """Replace the builder."""
    app.add_builder(UniqueSingleFileHTMLBuilder, override=True)

"""The directive ``protocol``: how it was done, folded away."""

from __future__ import annotations

import shlex
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from exptdir.errors import AssetError
from exptdir.record.files import shown_text
from exptdir.sphinxext.assets import locate, note_missing, placeholder
from exptdir.sphinxext.doctree import add_unclaimed_directive
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.language import _

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx

#: Suffixes of files whose text is shown; all others are offered for download.
TEXT_SUFFIXES = frozenset({".txt", ".text", ".md", ".rst", ".py", ".sh", ".toml", ".yaml", ".yml", ".json", ".log"})


class fold(nodes.container):
    """A part of the page that HTML folds away behind a *label* and the names in *summary*; other builders show it."""


class ProtocolDirective(SphinxDirective):
    """``.. protocol:: a.txt b.pdf``: files, and text between them where a line ``***`` lets the next one in."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, object]] = {}  # type: ignore[assignment]

    def run(self) -> list[Node]:
        """Return a foldable container with the texts and files in turn."""
        box = fold("", classes=["exptdir-protocol"], label=str(_("Protocol")))
        self.set_source_info(box)
        argument = self.arguments[0] if self.arguments else ""
        try:
            names = shlex.split(argument)
        except ValueError as error:
            self._trouble(f"the names of files cannot be told apart ({error}): {argument}")
            names = argument.split()
        box["summary"] = ", ".join(Path(name).name for name in names)
        marks = [-1, *(at for at, line in enumerate(self.content) if line.strip() == "***"), len(self.content)]
        texts = [self.content[before + 1 : end] for before, end in pairwise(marks)]
        for text, name in zip_longest(texts, names):
            if text:
                node = nodes.Element()
                offset = text.items[0][1] if text.items and text.items[0][1] is not None else self.content_offset
                self.state.nested_parse(text, offset, node)
                box += node.children
            if name is not None:
                box += self._file(name)
        if not box.children:
            self._trouble("the protocol names no file and holds no text")
        return [box]

    def _trouble(self, message: str) -> None:
        domain_of(self.env).note_trouble(self.env.docname, "directive", message, self.lineno)

    def _file(self, name: str) -> list[Node]:
        try:
            path = locate(self.env, name, self.env.docname)
        except AssetError as error:
            note_missing(domain_of(self.env), self.env.docname, name, str(error), self.lineno)
            return [placeholder(name, str(error))]
        self.env.note_dependency(str(path))
        download = addnodes.download_reference("", "", nodes.literal("", path.name), reftarget=name)
        self.set_source_info(download)
        caption = nodes.paragraph("", "", download, classes=["exptdir-protocol-file"])
        text = shown_text(path) if path.suffix.lower() in TEXT_SUFFIXES else None
        return [caption] if text is None else [caption, nodes.literal_block(text, text, language="none", source=name)]


def visit_fold_html(visitor: Any, node: fold) -> None:
    """Open it, folded."""
    visitor.body.append(visitor.starttag(node, "details", "", CLASS="exptdir-fold"))
    names = visitor.encode(node.get("summary", ""))
    shown = f' <span class="exptdir-protocol-names">{names}</span>' if names else ""
    visitor.body.append(f"<summary>{visitor.encode(node['label'])}{shown}</summary>\n")


def depart_fold_html(visitor: Any, node: fold) -> None:
    """Close it."""
    visitor.body.append("</details>\n")


def setup_protocol(app: Sphinx) -> None:
    """Register the node, and the directive unless another extension has one of that name."""
    app.add_node(fold, html=(visit_fold_html, depart_fold_html))
    add_unclaimed_directive(app, "protocol", ProtocolDirective)

"""Labels of tables that have no caption, or could not be shown: references find them by their file's name.

Sphinx gives a label a title by the caption, and refuses references to those without; a file that is not there
would so be reported twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_TITLES = "exptdir_table_titles"


def note_title(document: nodes.document, node: nodes.Element, title: str) -> None:
    """Remember what a reference to a named node shows where it has no caption."""
    for name in node["names"]:
        document.attributes.setdefault(_TITLES, {})[name] = title


def _add_labels(app: Sphinx, document: nodes.document) -> None:
    """Come after Sphinx has collected the labels, so that captions win."""
    titles: dict[str, str] = document.attributes.pop(_TITLES, {})
    standard = app.env.domains.standard_domain
    for name, title in titles.items():
        docname, anchor = standard.anonlabels.get(name, ("", ""))
        if docname == app.env.docname and name not in standard.labels:
            standard.labels[name] = docname, anchor, title


def setup_table_labels(app: Sphinx) -> None:
    """Connect to the end of reading a document."""
    app.connect("doctree-read", _add_labels, priority=100)

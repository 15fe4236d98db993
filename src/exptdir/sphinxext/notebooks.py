"""Jupyter notebooks beside a log: its page lists those that an extension of the author's shows, and offers others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes

from exptdir.record.walk import NOTEBOOK
from exptdir.sphinxext.doctree import all_nodes, page_section
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import ExperimentTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class NotebooksTransform(ExperimentTransform):
    """Lists the notebooks at the end of the page, but for those that its author has listed."""

    # Before the lists of experiments, which note all that a page lists.
    default_priority = 517

    def apply_to_page(self) -> None:
        """Append a table of contents and the downloads to the page's section."""
        section, key = page_section(self.document), self.experiment.key
        listed: set[str] = set()
        for node in all_nodes(self.document):
            if isinstance(node, addnodes.toctree):
                listed.update(f"{child}{NOTEBOOK}" for child in node["includefiles"])
            elif isinstance(node, addnodes.download_reference):
                listed.add(self.env.relfn2path(node["reftarget"], self.env.docname)[0])
        found = {name: f"{key}/{name}".removeprefix("./") for name in self.experiment.notebooks}
        left = {name: path.removesuffix(NOTEBOOK) for name, path in found.items() if path not in listed}
        if section is None or not left:
            return
        shown = [
            doc for doc in left.values() if doc in self.env.found_docs and self.env.doc2path(doc).suffix == NOTEBOOK
        ]
        part = nodes.container("", nodes.rubric("", _("Notebooks")), classes=["exptdir-notebooks"])
        if shown:
            toctree = addnodes.toctree("", parent=self.env.docname, glob=False, caption=None, rawcaption="", numbered=0)
            toctree.update_all_atts({"maxdepth": 1, "titlesonly": True, "hidden": False, "includehidden": False})
            toctree["entries"], toctree["includefiles"] = [(None, doc) for doc in shown], shown
            part += nodes.compound("", toctree, classes=["toctree-wrapper"])
        downloads = nodes.bullet_list()
        for name in (name for name, doc in left.items() if doc not in shown):
            link = addnodes.download_reference("", "", nodes.literal("", name), reftarget=name, refdoc=self.env.docname)
            downloads += nodes.list_item("", nodes.paragraph("", "", link))
        part += [downloads] if len(downloads) else []
        section += part


def setup_notebooks(app: Sphinx) -> None:
    """Register the transform."""
    app.add_transform(NotebooksTransform)

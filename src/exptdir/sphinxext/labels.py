"""Standard labels of experiments and entries, for projects that do not have this extension.

They are made when all is read and taken back when all is written. Sphinx looks through all labels each time it
reads a document, so keeping tens of thousands of them would make reading quadratic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes

from exptdir.sphinxext.build_mark import WRITTEN
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.store import Label

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder


def standard_labels(domain: ExptDomain) -> dict[str, Label]:
    """Return the labels by name, each with its document, anchor and title.

    ``expt-63`` is experiment 63, ``expt-63-2024-06-28`` an entry of it, and ``expt-63-2024-06-28.2`` the second
    of that day.
    """
    labels: dict[str, Label] = {}
    # By name, not in the order of reading: where two experiments have one address, the last label stays.
    for docname in sorted(domain.pages):
        experiment = domain.record.by_docname.get(docname)
        if experiment is not None:
            base, label = "expt-" + nodes.fully_normalize_name(experiment.address), experiment.label()
            labels[base] = docname, "", f"{label}: {domain.heading(experiment)}"
            for entry in domain.entries.get(docname, ()):
                title = f"{label}, {entry.written}" + (f": {entry.title}" if entry.title else "")
                labels[f"{base}-{entry.number}"] = docname, entry.anchor, title
    return labels


class Labels:
    """The handlers of one application, which know what they have added."""

    def __init__(self) -> None:
        self.added: list[str] = []

    def add(self, app: Sphinx, builder: Builder) -> None:
        """Give the labels to Sphinx's standard domain; one of the author's own of the same name stays."""
        standard = builder.env.domains.standard_domain
        for name, (docname, anchor, title) in standard_labels(domain_of(builder.env)).items():
            if name not in standard.anonlabels:
                standard.labels[name] = docname, anchor, title
                standard.anonlabels[name] = docname, anchor
                self.added.append(name)

    def remove(self, app: Sphinx, exception: Exception | None) -> None:
        """Take them back, before anything is read again."""
        standard = app.env.domains.standard_domain
        for name in self.added:
            standard.labels.pop(name, None)
            standard.anonlabels.pop(name, None)
        self.added.clear()


def setup_labels(app: Sphinx) -> None:
    """Connect to writing."""
    labels = Labels()
    app.connect("write-started", labels.add, priority=50)
    app.connect("build-finished", labels.remove, priority=950)
    app.connect(WRITTEN, labels.remove)

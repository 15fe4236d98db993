"""Labels: those of experiments and entries, for projects without this extension; and whose counts of two.

The former are made when all is read and taken back when all is written. Sphinx looks through all labels each time it
reads a document, so keeping tens of thousands of them would make reading quadratic.

Where two documents define the same label or citation, Sphinx lets the one win that was read last. That differs between
a clean build, a build after an edit, and a parallel one; so here it is the last by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from docutils import nodes

from exptdir.sphinxext.build_mark import WRITTEN
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.store import Label

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment


def standard_labels(domain: ExptDomain) -> dict[str, Label]:
    """Return the labels by name, each with its document, anchor and title.

    ``expt-63`` is experiment 63, ``expt-63-2024-06-28`` an entry of it, and ``expt-63-2024-06-28.2`` that day's second.
    """
    labels: dict[str, Label] = {}
    # By name, not in the order of reading: where two experiments have one address, the last label stays.
    for docname in sorted(domain.pages):
        experiment = domain.record.by_docname.get(docname)
        if experiment is not None:
            base, label = "expt-" + nodes.fully_normalize_name(experiment.address), experiment.label()
            labels[base] = docname, "", f"{label}: {domain.heading(experiment)}"
            for page, entry in domain.entries_of(experiment):
                title = f"{label}, {entry.written}" + (f": {entry.title}" if entry.title else "")
                labels[f"{base}-{entry.number}"] = page, entry.anchor, title
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


def _stores(env: BuildEnvironment) -> dict[str, dict[str, Any]]:
    """Return the maps in which Sphinx keeps labels and citations, each value beginning with its document."""
    standard = env.domains.standard_domain
    citations = env.domains.citation_domain
    return {
        "labels": standard.labels,
        "anonlabels": standard.anonlabels,
        "citations": cast("dict[str, Any]", citations.citations),
    }


def collect_labels(app: Sphinx, doctree: nodes.document) -> None:
    """Remember every label and citation of a document, also those that another document overrides."""
    docname, stores = app.env.docname, _stores(app.env)
    # Only what the document itself defines is looked up: the maps hold the whole project's.
    names = list(doctree.nametypes)
    citations = [node[0].astext() for node in doctree.citations if node.children]
    defined = {"labels": names, "anonlabels": names, "citations": citations}
    own: dict[str, dict[str, Any]] = {}
    for store, candidates in defined.items():
        known = stores[store]
        found = {name: known[name] for name in candidates if name in known and known[name][0] == docname}
        if found:
            own[store] = found
    if own:
        domain_of(app.env).labels[docname] = own


def settle_labels(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Let the last document by name win, as it does when a clean build reads them in order."""
    stores = _stores(env)
    for _docname, own in sorted(domain_of(env).labels.items()):
        for store, found in own.items():
            stores[store].update(found)
    return []


def setup_labels(app: Sphinx) -> None:
    """Connect to reading, before anything is derived from labels, and to writing."""
    app.connect("doctree-read", collect_labels, priority=650)
    app.connect("env-updated", settle_labels, priority=50)
    labels = Labels()
    app.connect("write-started", labels.add, priority=50)
    app.connect("build-finished", labels.remove, priority=950)
    app.connect(WRITTEN, labels.remove)

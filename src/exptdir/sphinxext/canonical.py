"""Makes the environment independent of the order in which documents were read.

Sphinx lets the document that was read last win where two define the same label or citation, and names images by
order of discovery. Both differ between a clean build, a build after an edit, and a parallel one.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sphinx.util._files import FilenameUniqDict

from exptdir.sphinxext.domain import domain_of

if TYPE_CHECKING:
    import os

    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


class PathNamedFiles(FilenameUniqDict):
    """Names each image in the output by its own path, whatever other images there are."""

    def add_file(self, docname: str, newfile: str | os.PathLike[str]) -> str:
        """Note that *docname* shows *newfile*, and return the name that it gets in the output."""
        path = str(newfile)
        docnames, name = self.get(path, (set(), output_name(path)))
        docnames.add(docname)
        self[path] = (docnames, name)
        self._existing.add(name)
        return name


def output_name(path: str) -> str:
    """Return the name of an image in the output: its own, with a digest of its path.

    Only ASCII is kept of the name, since LaTeX must be able to open it.
    """
    file = Path(path)
    # An absolute path is one that Sphinx made in its own cache: the digest must not tell where that lies.
    identity = "/".join(file.parts[-2:]) if file.is_absolute() else file.as_posix()
    digest = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", file.stem)[:60].strip("_") or "image"
    return f"{stem}-{digest}{file.suffix}"


def name_images_by_path(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Name images in the output by their path, not by the order in which Sphinx met them."""
    if not isinstance(env.images, PathNamedFiles):
        images = PathNamedFiles()
        for path, (docnames, _name) in env.images.items():
            for docname in docnames:
                images.add_file(docname, path)
        env.images = images
    return []


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


def setup_canonical(app: Sphinx) -> None:
    """Connect to reading, before anything is derived from labels."""
    app.connect("env-get-outdated", name_images_by_path, priority=50)
    app.connect("doctree-read", collect_labels, priority=650)
    app.connect("env-updated", settle_labels, priority=50)

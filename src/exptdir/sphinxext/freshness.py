"""Tells which pages show something of other documents that has changed since they were written."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util import docname_join

from exptdir.record.reference import Unresolved
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.figures.notes import figures_shown
from exptdir.sphinxext.journal.archive import Archive
from exptdir.sphinxext.labels import standard_labels
from exptdir.sphinxext.navigation import Neighbours, site_tree
from exptdir.sphinxext.store import Label
from exptdir.sphinxext.toctree import DEEPEST, listed_below, listed_beside

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

#: Digest of a page of which nobody can tell cheaply what it shows of others: it is rendered at each build.
UNKNOWN = "?"
#: Sphinx numbers sections after this, so that it may or may not be there; it is by the tables of contents anyway.
_SECTION_NUMBER = re.compile(r' secnumber="[^"]*"')


class Freshness:
    """Digests of what pages show of one another, for the state that the environment is in when all is read."""

    def __init__(self, env: BuildEnvironment) -> None:
        self.env = env
        self.domain = domain_of(env)
        self.relations = env.collect_relations()
        self._neighbours = Neighbours(self.domain)
        self._index = cache(self._objects)

    def digest(self, docname: str) -> str:
        """Digest what the page of *docname* shows of other documents, and of the state of figures."""
        parent, before, after = self.relations.get(docname, [None, None, None])
        found = [before, after]
        seen = set()
        while parent is not None and parent not in seen:
            seen.add(parent)
            found.append(parent)
            parent = self.relations.get(parent, [None])[0]
        collected = [(one, one.shown(self.domain, docname)) for one in self.domain.collections.get(docname, ())]
        # Of a part of another document, too, this page shows what that shows of others.
        sources = sorted({source for one, shown in collected for source in one.copied(shown)} - {docname})
        if any(source in self.domain.unpredictable for source in (docname, *sources)):
            return UNKNOWN
        experiment = self.domain.shown_by(docname)
        listed: list[Any] = []
        if docname in self.domain.listings:
            listed += self._titled(listed_below(self.env, docname, DEEPEST))
            listed += ((child, self._titles.get(child)) for child in self.env.toctree_includes.get(docname, ()))
        shown = (
            [self._inside(source) for source in (docname, *sources)],
            self.site,
            [(name, self._titles.get(name or "")) for name in found],
            # What the tables of contents of a page show: titles, and sections below them.
            listed,
            self._neighbours.of(experiment).shown() if experiment is not None else None,
            [shown for _one, shown in collected],
        )
        return hashlib.sha256(repr(shown).encode("utf-8", "surrogateescape")).hexdigest()[:20]

    def _inside(self, docname: str) -> Any:
        """Return what the text of a document shows of others, wherever it is shown."""
        references: list[Any] = []
        for cite in self.domain.cites.get(docname, ()):
            place = self.domain.locate(cite.text, docname, cite.kind)
            # What may have been meant stands in warnings alone.
            references.append(place.reason if isinstance(place, Unresolved) else place[:4])
        xrefs = [self._other(docname, *xref) for xref in self.domain.xrefs.get(docname, ())]
        return figures_shown(self.domain, docname), self.domain.curve_figures.shown(docname), references, xrefs

    @cached_property
    def _titles(self) -> dict[str, str]:
        return {docname: _SECTION_NUMBER.sub("", str(title)) for docname, title in self.env.titles.items()}

    @cached_property
    def site(self) -> str:
        """Digest what all pages show: the table of contents of the whole, style sheets, and whether tags are links."""
        shown = (self._global_tree, self._sheets, Archive.of(self.domain) is not None)
        return hashlib.sha256(repr(shown).encode("utf-8", "surrogateescape")).hexdigest()

    @cached_property
    def _global_tree(self) -> str:
        """Digest the table of contents that a theme may show on every page: the author's own, without ours."""
        digest = hashlib.sha256()
        for _docname, toc in site_tree(self.env):
            digest.update(_SECTION_NUMBER.sub("", toc.pformat()).encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    @cached_property
    def _sheets(self) -> list[tuple[str, str]]:
        """Style sheets and scripts, of which every page holds a checksum."""
        found = []
        for entry in self.env.config.html_static_path:
            path = Path(self.domain.builder.confdir, entry)
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            for file in files:
                if file.suffix in {".css", ".js"} and file.is_file():
                    found.append((file.name, hashlib.sha256(file.read_bytes()).hexdigest()))
        return found

    def _titled(self, children: list[tuple[str, list[Any]]]) -> list[Any]:
        beside = (listed_beside(self.domain, child) for child, _below in children)
        return [
            (child, self._titles.get(child), facts, self._titled(below))
            for (child, below), facts in zip(children, beside, strict=True)
        ]

    def _other(self, docname: str, domain: str, kind: str, target: str) -> Any:
        """Return what a reference of another domain depends on; too much does no harm, too little would."""
        standard = self.env.domains.standard_domain
        citations = self.env.domaindata.get("citation", {}).get("citations", {})
        document = docname_join(docname, target)
        place: list[Any] = [
            standard.labels.get(target) or self._labels.get(target.lower()),
            standard.anonlabels.get(target),
            citations.get(target, ())[:2],
            self._titles.get(document) or self._titles.get(target),
            self.env.metadata.get(target, {}).get("myst_slugs"),
        ]
        if not domain or kind in {"any", "myst"}:
            # It may mean an experiment, of which its link shows title and status; one that does not shows nothing more.
            found = self.domain.locate(target, docname)
            place.append(found.reason if isinstance(found, Unresolved) else found[:4])
        domains = [domain] if domain in self.env.domains else sorted(other.name for other in self.env.domains.values())
        last = _last_part(target)
        return [*place, *(self._index(name).get(last, []) for name in domains)]

    @cached_property
    def _labels(self) -> dict[str, Label]:
        return standard_labels(self.domain)

    def _objects(self, name: str) -> dict[str, list[tuple[str, ...]]]:
        """Return the objects of a domain by the last part of their name, which every reference ends with."""
        index: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        for full, shown, _kind, docname, anchor, _priority in self.env.domains[name].get_objects():
            index[_last_part(full)].append((full, shown, docname, anchor))
        return {last: sorted(found) for last, found in index.items()}


def _last_part(name: str) -> str:
    return name.rpartition(".")[2].rpartition(":")[2].lower()

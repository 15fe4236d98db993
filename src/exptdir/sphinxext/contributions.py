"""What documents give to the pages of others, and whether those that were read again still give the same.

Who edits a sentence changes one page. That all others show what they did is then known from that one document, and what
was computed of all of them for the last build still holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from exptdir.sphinxext.domain import ExptDomain, domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: More documents than these are not compared: then it takes less time to compute everything anew.
_MANY = 20
#: Maps of the domain by document that nobody but the page of that document goes by.
_OWN = frozenset({"assets", "cites", "figure_files", "figure_indexes", "tables", "troubles", "xrefs"})
#: Numbers of sections are given to a table of contents after reading, and follow from what is compared.
_SECTION_NUMBER = re.compile(r' secnumber="[^"]*"')
#: Maps of Sphinx's standard domain whose values begin with the document. Its objects are these and all documents.
_STANDARD = ("labels", "anonlabels", "objects", "progoptions", "terms")


class Contributions:
    """Compares, in an application that builds again and again.

    Attributes
    ----------
    same
        Whether, in the build that has just read its documents, nothing has changed of what they give to others: neither
        those that were read, nor which documents and which experiments there are.
    read
        The documents that were read since the build before; where they are many, some of them.
    """

    def __init__(self) -> None:
        self.same = False
        self.read: frozenset[str] = frozenset()
        self._before: dict[str, object] = {}
        self._docnames: set[str] = set()
        self._experiments: object = None

    def note(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        """Remember what a document gave, before it is read again or forgotten."""
        if not self._docnames or docname in self._before or len(self._before) > _MANY:
            return
        self._before[docname] = contribution(env, docname)

    def compare(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Compare that with what there is now that all is read."""
        domain = domain_of(env)
        if not domain.scanner.lasting:
            return []
        before, self._before = self._before, {}
        docnames, experiments = set(env.all_docs), domain.record.experiments
        self.same = (
            len(before) <= _MANY
            and experiments is self._experiments
            and docnames == self._docnames
            and all(contribution(env, docname) == given for docname, given in before.items())
        )
        self.read = frozenset(before)
        self._docnames, self._experiments = docnames, experiments
        return []


def contribution(env: BuildEnvironment, docname: str) -> object:
    """Return all that the page of another document, the inventory or the search may take from a document."""
    domain, toc = domain_of(env), env.tocs.get(docname)
    kept = {name: known.get(docname) for name, known in domain.data.items() if _is_shared(name, known)}
    return (
        str(env.titles.get(docname)),
        _SECTION_NUMBER.sub("", toc.pformat()) if toc is not None else "",
        env.toctree_includes.get(docname),
        kept,
        # They move with each line that is written above them, and nobody shows it.
        [cite._replace(line=None) for cite in domain.cites.get(docname, ())],
        list(_objects(env, docname)),
    )


def _is_shared(name: str, known: object) -> bool:
    return isinstance(known, dict) and name not in _OWN


def _objects(env: BuildEnvironment, docname: str) -> Iterator[object]:
    for domain in sorted(env.domains.values(), key=lambda domain: domain.name):
        if isinstance(domain, ExptDomain):
            continue
        if domain.name == "std":
            for name in _STANDARD:
                known: dict[Any, Any] = domain.data.get(name, {})
                yield [(key, value) for key, value in known.items() if value[0] == docname]
        else:
            yield sorted(found for found in domain.get_objects() if found[3] == docname)


def setup_contributions(app: Sphinx) -> None:
    """Connect to reading: before a document is forgotten, and before anything is derived from those that were read."""
    contributions = Contributions()

    def introduce(app: Sphinx) -> None:
        domain_of(app.env).contributions = contributions

    app.connect("builder-inited", introduce, priority=100)
    app.connect("env-purge-doc", contributions.note, priority=0)
    # Labels of the same name have been settled.
    app.connect("env-updated", contributions.compare, priority=60)

"""The role ``:doi:``: a link, and no lookup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from docutils import nodes
from sphinx.util.docutils import ReferenceRole

from exptdir.sphinxext.doctree import add_unclaimed_role
from exptdir.sphinxext.domain import domain_of

if TYPE_CHECKING:
    from docutils.nodes import Node, system_message
    from sphinx.application import Sphinx

#: A DOI name is a prefix "10." and digits, a slash, and anything (DOI Handbook, section 2.2).
_DOI = re.compile(r"10\.\d{4,9}(\.\d+)*/\S+")


class DoiRole(ReferenceRole):
    """``:doi:`10.1000/182` `` or ``:doi:`the handbook <10.1000/182>` ``: a link to the registration agency."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """Return the link, or the text as it stands where it is no DOI."""
        doi = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:)\s*", "", self.target.strip(), flags=re.IGNORECASE)
        if not _DOI.fullmatch(doi):
            message = f"{self.target!r} is not a DOI (they begin with 10. and hold a slash)"
            domain_of(self.env).note_trouble(self.env.docname, "directive", message, self.lineno)
            return [nodes.inline(self.rawtext, self.title)], []
        text = self.title if self.has_explicit_title else f"doi:{doi}"
        uri = "https://doi.org/" + quote(doi, safe="/()")
        link = nodes.reference(self.rawtext, text, internal=False, refuri=uri, classes=["doi"])
        # A name must stay as it is, quotes and double hyphens included.
        link["support_smartquotes"] = self.has_explicit_title
        return [link], []


def setup_doi(app: Sphinx) -> None:
    """Register the role, unless another extension has one of that name."""
    add_unclaimed_role(app, "doi", DoiRole())

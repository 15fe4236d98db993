"""The roles that make references; all leave their resolution to the domain."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.nodes import Node, system_message
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole

_EXPLICIT_TITLE = re.compile(r"^(.+?)\s*<([^<>]*)>$", re.DOTALL)


class ExptRole(XRefRole):
    """A reference to an experiment, an entry or a run: ``:expt:`63` ``, ``{expt}`63@2024-06-28` ``."""

    nodeclass = addnodes.pending_xref
    innernodeclass = nodes.inline

    def process_link(
        self, env: BuildEnvironment, refnode: nodes.Element, has_explicit_title: bool, title: str, target: str
    ) -> tuple[str, str]:
        """Hand the bare role to the domain too, which Sphinx would look for among the standard ones."""
        refnode["refdomain"] = "expt"
        refnode["reftype"] = refnode["reftype"] or "expt"
        return super().process_link(env, refnode, has_explicit_title, title, target)

    def create_non_xref_node(self) -> tuple[list[Node], list[system_message]]:
        """Make ``!63`` show what a link would show, without the link."""
        self.title = self.target = self.text.removeprefix("!").strip()
        if match := _EXPLICIT_TITLE.match(self.target):
            return [nodes.inline(self.rawtext, match[1], classes=self.classes)], []
        found, messages = self.create_xref_node()
        for node in found:
            if isinstance(node, addnodes.pending_xref):
                node["exptdir_plain"] = True
        return found, messages


#: The roles of the domain by name; ``expt`` is also registered without the domain's name in front.
ROLES: dict[str, Any] = {
    name: ExptRole() for name in ("expt", "experiment", "entry", "run", "builds-on")
}


def setup_roles(app: Sphinx) -> None:
    """Register the bare role."""
    app.add_role("expt", ExptRole())

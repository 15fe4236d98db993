"""The directive that describes a run, so that references reach it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, cast

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from exptdir.sphinxext.data import Run

if TYPE_CHECKING:
    from docutils.nodes import Node

    from exptdir.sphinxext.domain import ExptDomain


def run_anchor(name: str) -> str:
    """Return the anchor of a run; any letter or digit stays, of whatever script."""
    return "run-" + re.sub(r"[^\w.@=+-]+", "-", name)


class RunDirective(SphinxDirective):
    """``.. expt:run:: 13-3``: names a run, and holds what there is to say about it."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, object]] = {}  # type: ignore[assignment]

    def run(self) -> list[Node]:
        """Return a container with the run's name on top."""
        name = " ".join(self.arguments[0].split())
        domain = cast("ExptDomain", self.env.domains["expt"])
        runs = domain.runs.setdefault(self.env.docname, [])
        if any(run.name == name for run in runs):
            domain.note_trouble(self.env.docname, "directive", f"run {name!r} is described twice", self.lineno)
        anchor = run_anchor(name)
        runs.append(Run(name, anchor))
        container = nodes.container(ids=[anchor], classes=["exptdir-run"])
        self.set_source_info(container)
        self.state.document.ids[anchor] = container
        container += nodes.paragraph("", "", nodes.strong(name, name), classes=["exptdir-run-name"])
        container += self.parse_content_to_nodes()
        return [container]

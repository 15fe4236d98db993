"""The role ``:cell:``: one value of a spreadsheet in a sentence, as the spreadsheet shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from exptdir.errors import AssetError, TableError
from exptdir.sphinxext.assets import locate, note_missing, placeholder
from exptdir.sphinxext.doctree import add_unclaimed_role
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.tables.directive import reader_of, told_of
from exptdir.sphinxext.tables.nodes import html_depart, shown_lines
from exptdir.sphinxext.tables.packed_table import Extra

if TYPE_CHECKING:
    from docutils.nodes import Node, system_message
    from sphinx.application import Sphinx


class cell_value(nodes.inline):
    """The value of a cell, with its address in the attribute ``address``."""


class CellRole(SphinxRole):
    """``:cell:`results.xlsx!Summary!B7` ``: the value of a cell."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """Return the value, or a placeholder that says why there is none."""
        # Imported late: most builds read no spreadsheet.
        from exptdir.tables import parse_cell_reference

        docname, domain, typed = self.env.docname, domain_of(self.env), self.text.strip()
        shown = typed
        try:
            reference = parse_cell_reference(typed)
            shown = reference.file
            path = locate(self.env, reference.file, self.env.docname)
            self.env.note_dependency(str(path))
            cell = reader_of(self.env).cell(path, reference)
            told = {trouble.message for trouble in domain.troubles.get(docname, ())}
            for problem in reader_of(self.env).open(path).problems:
                message = told_of(shown, problem)
                if message not in told:
                    domain.note_trouble(docname, "table", message, self.lineno)
            address = "!".join(filter(None, (path.name, reference.sheet, reference.cell)))
            value = cell_value(self.rawtext, "", classes=["exptdir-cell"], address=address)
            # A value stays as it is, quotes and double hyphens included.
            value["support_smartquotes"] = False
            for number, line in enumerate(shown_lines(cell.text, cell.look, Extra(cell.href, cell.runs))):
                value += [nodes.Text(" "), *line] if number else line
            return [value], []
        except AssetError as error:
            note_missing(domain, docname, shown, str(error), self.lineno)
            reason = str(error)
        except TableError as error:
            domain.note_trouble(docname, "table", f"{typed}: {error}", self.lineno)
            reason = str(error)
        return [placeholder(typed, reason, inline=True)], []


def html_visit_value(visitor: Any, node: cell_value) -> None:
    """Open the value, whose address is shown when somebody points at it."""
    visitor.body.append(visitor.starttag(node, "span", "", title=node["address"]))


def setup_cell(app: Sphinx) -> None:
    """Register the node, and the role unless another extension has one of that name."""
    app.add_node(cell_value, html=(html_visit_value, html_depart))
    add_unclaimed_role(app, "cell", CellRole())

"""What a page leaves out (``only``, ``ifconfig``, ``todo`` that is off) is in nothing that is derived from it.

Doctrees are shared between builders, so what is read from them says under which conditions a page shows it. When all
is read, the builder decides; from then on the domain's maps hold only what it shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes

from exptdir.record.markup.blocks import read_blocks
from exptdir.sphinxext.doctree import all_nodes, ancestors
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.store import CONDITIONAL, Condition

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: The directives whose content may be sections.
_ENDED = frozenset({"only", "ifconfig"})


def conditions_of(node: nodes.Node) -> tuple[Condition, ...]:
    """Return when a page shows a node: kinds of condition (``only``, ``ifconfig``, ``todo``), with expressions."""
    found: list[Condition] = []
    for above in (node, *ancestors(node)):
        if isinstance(above, addnodes.only):
            found.append(("only", str(above["expr"])))
        # These two are extensions' own, which may not be loaded.
        elif type(above).__name__ == "ifconfig":
            found.append(("ifconfig", str(above["expr"])))  # type: ignore[index]
        elif type(above).__name__ == "todo_node":
            found.append(("todo", ""))
    return tuple(found)


def is_shown(app: Sphinx, condition: Condition) -> bool:
    """Decide as Sphinx does; an expression that it cannot evaluate hides nothing there either."""
    kind, expression = condition
    if kind == "todo":
        return bool(getattr(app.config, "todo_include_todos", False))
    try:
        if kind == "only":
            return bool(app.tags.eval_condition(expression))
        known: dict[str, Any] = {option.name: option.value for option in app.config}
        # The author's own expression, which sphinx.ext.ifconfig evaluates in the same way.
        return bool(eval(expression, {**known, "builder": app.builder.name}))
    except Exception:
        return True


def collect_conditions(app: Sphinx, doctree: nodes.document) -> None:
    """Note the conditions of runs, which were described before what is around them was known."""
    domain, docname = domain_of(app.env), app.env.docname
    if docname not in domain.runs:
        return
    found = {
        anchor: conditions
        for node in all_nodes(doctree)
        if isinstance(node, nodes.container)
        and "exptdir-run" in node["classes"]
        and (conditions := conditions_of(node))
        for anchor in node["ids"]
    }
    domain.runs[docname] = [run._replace(conditions=found.get(run.anchor, ())) for run in domain.runs[docname]]


def leave_out(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Take out of the domain's maps what the builder does not show; what was read stays for other builders."""
    domain = domain_of(env)
    domain.visible = {}
    for name in CONDITIONAL:
        known: dict[str, list[Any]] = domain.data[name]
        if any(one.conditions for some in known.values() for one in some):
            left = {
                docname: [one for one in some if all(is_shown(app, condition) for condition in one.conditions)]
                for docname, some in known.items()
            }
            domain.visible[name] = {docname: some for docname, some in left.items() if some}
    return []


def report_headings(app: Sphinx, docname: str, content: list[str]) -> None:
    """Say of a heading in such a directive in Markdown that the directive ends there, for Sphinx and MyST."""
    if not any(f"{{{name}}}" in content[0] for name in _ENDED) or app.env.doc2path(docname).suffix != ".md":
        return
    blocks = read_blocks(content[0], markdown=True)
    for directive in blocks.directives:
        first, last = directive.content
        headings = read_blocks("".join(blocks.raw[first:last]), markdown=True).headings
        if directive.name in _ENDED and headings:
            message = (
                f"“{headings[0].title}” ends “{directive.name}”, as headings in Markdown do, so what follows is shown: "
                f"write it in bold instead, or the page in reStructuredText"
            )
            domain_of(app.env).note_trouble(docname, "directive", message, first + headings[0].start + 1)


def setup_conditions(app: Sphinx) -> None:
    """Connect to the end of each document's reading, and to the end of all."""
    app.connect("source-read", report_headings, priority=200)
    app.connect("doctree-read", collect_conditions, priority=800)
    app.connect("env-updated", leave_out, priority=0)

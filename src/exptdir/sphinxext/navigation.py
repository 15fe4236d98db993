"""Navigation among experiments, at a cost per page that does not grow with the record.

Themes resolve the whole table of contents again for each page. So the toctrees that list experiments are complete
for builders that need the tree, and out of sight of HTML's, which get a window of the neighbourhood instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes

from exptdir.record.check import status
from exptdir.record.model import Experiment
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.toctree import FLAG

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

#: Builders whose themes ask for the global tree on each page.
_PAGED = frozenset({"html", "dirhtml"})
#: Themes with a sidebar made of templates, and the template before which ours goes (empty: on top).
SIDEBARS = {
    "pydata_sphinx_theme": "sidebar-nav-bs",
    "sphinx_book_theme": "sidebar-nav-bs",
    "furo": "sidebar/navigation",
    "alabaster": "navigation",
    "basic": "localtoc",
    "classic": "localtoc",
    "nature": "localtoc",
    "sphinxdoc": "localtoc",
}
SIDEBAR_TEMPLATE = "exptdir/sidebar.html"


def without_ours(tree: nodes.Element) -> nodes.Element:
    copied = tree.deepcopy()
    for node in list(copied.findall(addnodes.toctree)):
        if node.get(FLAG):
            node.parent.remove(node)
    return copied


def _has_ours(tree: nodes.Element) -> bool:
    return any(node.get(FLAG) for node in tree.findall(addnodes.toctree))


class _Hidden:
    """What was taken out of the environment while pages are written."""

    def __init__(self, env: BuildEnvironment) -> None:
        self.tocs = env.tocs
        self.files_to_rebuild = env.files_to_rebuild
        env.tocs = {name: without_ours(toc) if _has_ours(toc) else toc for name, toc in env.tocs.items()}  # type: ignore[misc]
        env.__dict__["master_doctree"] = without_ours(env.get_doctree(env.config.root_doc))
        added = {name: set(listing.added) for name, listing in domain_of(env).listings.items()}
        # Whether a parent shows another title of its child is told by digests, page by page.
        env.files_to_rebuild = {
            child: {parent for parent in parents if child not in added.get(parent, ())}
            for child, parents in env.files_to_rebuild.items()
        }

    def restore(self, env: BuildEnvironment) -> None:
        env.tocs = self.tocs
        env.files_to_rebuild = self.files_to_rebuild
        env.__dict__.pop("master_doctree", None)


class Navigation:
    """The handlers of one application, which share what one build put aside."""

    def __init__(self) -> None:
        self.hidden: _Hidden | None = None

    def hide(self, app: Sphinx, builder: Builder) -> None:
        """Take our toctrees out of the global tree."""
        env = builder.env
        env.__dict__.pop("master_doctree", None)
        if builder.name in _PAGED:
            self.hidden = _Hidden(env)

    def restore(self, app: Sphinx, exception: Exception | None) -> None:
        """Put them back, for a second build in this process."""
        if self.hidden is not None and app.env is not None:
            self.hidden.restore(app.env)
        self.hidden = None


def _mode(app: Sphinx, domain: ExptDomain) -> str:
    mode = domain.settings.navigation
    if mode == "auto":
        return "sidebar" if app.config.html_theme in SIDEBARS else "page"
    return mode


def _item(domain: ExptDomain, experiment: Experiment, link: Any, current: bool = False) -> dict[str, Any]:
    return {
        "link": link(experiment.docname),
        "label": experiment.label() if experiment.id is not None else "",
        "title": domain.heading(experiment),
        "status": status(domain.record, experiment, domain.settings.statuses) or "",
        "current": current,
    }


def _window(siblings: tuple[Experiment, ...], at: int, size: int) -> tuple[tuple[Experiment, ...], int, int]:
    """Return the siblings around position *at*, and how many are left out before and behind them."""
    first, last = max(0, at - size), min(len(siblings), at + size + 1)
    return siblings[first:last], first, len(siblings) - last


def neighbourhood(domain: ExptDomain, experiment: Experiment, link: Any) -> dict[str, Any]:
    """Collect what the navigation of one page shows.

    Parameters
    ----------
    domain, experiment
        The page's experiment.
    link
        Function that returns the address of a document as seen from the page.
    """
    record = domain.record
    parent = record.parent(experiment)
    siblings = record.children(parent)
    shown, before, behind = _window(siblings, record.position(experiment), domain.settings.navigation_window)
    return {
        "ancestors": [_item(domain, above, link) for above in reversed(record.ancestors(experiment))],
        "siblings": [_item(domain, other, link, other is experiment) for other in shown],
        "before": before,
        "behind": behind,
        "up": link(parent.docname if parent else domain.env.config.root_doc),
        "children": [_item(domain, child, link) for child in record.children(experiment)],
    }


def _add(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Give an experiment's page its navigation, in the sidebar or around the text."""
    if app.builder.name not in _PAGED:
        return
    domain = domain_of(app.env)
    experiment = domain.record.by_docname.get(pagename)
    mode = _mode(app, domain)
    if experiment is None or pagename not in app.env.all_docs or mode == "none":
        return

    def link(docname: str) -> str:
        return app.builder.get_relative_uri(pagename, docname)

    context["exptdir"] = neighbourhood(domain, experiment, link)
    if mode == "sidebar" and "sidebars" in context:
        context["sidebars"] = _sidebars(app.config.html_theme, list(context["sidebars"]))
    else:
        templates = app.builder.templates  # type: ignore[attr-defined]
        above = templates.render("exptdir/trail.html", context)
        below = templates.render("exptdir/neighbours.html", context)
        context["body"] = above + context["body"] + below


def _sidebars(theme: str, sidebars: list[str]) -> list[str]:
    before = SIDEBARS.get(theme, "")
    position = next((at for at, name in enumerate(sidebars) if name.removesuffix(".html") == before), 0)
    return [*sidebars[:position], SIDEBAR_TEMPLATE, *sidebars[position:]]


def _add_templates(app: Sphinx, config: Config) -> None:
    # Behind the author's, who may so replace ours.
    config.templates_path = [*config.templates_path, str(Path(__file__).parent / "templates")]


def setup_navigation(app: Sphinx) -> None:
    """Connect the navigation to writing."""
    navigation = Navigation()
    app.connect("write-started", navigation.hide, priority=100)
    app.connect("build-finished", navigation.restore, priority=100)
    # Themes look through the sidebars in the same event, later.
    app.connect("html-page-context", _add, priority=100)
    app.connect("config-inited", _add_templates)

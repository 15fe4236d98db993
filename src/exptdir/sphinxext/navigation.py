"""Navigation among experiments, at a cost per page that does not grow with the record.

Themes resolve the whole table of contents again for each page. So the toctrees that list experiments are complete
for builders that need the tree, and out of sight of HTML's, which get a window of the neighbourhood instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes

from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.neighbours import Neighbours
from exptdir.sphinxext.placeholders import PAGED
from exptdir.sphinxext.sidebar import Addresses, PageNavigation
from exptdir.sphinxext.single import WRITTEN
from exptdir.sphinxext.toctree import FLAG

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

#: Themes with a sidebar made of templates; the template before which ours goes, and whether ours replaces it,
#: as it does where the theme's shows nothing but the tree below the page's section.
SIDEBARS = {
    "pydata_sphinx_theme": ("sidebar-nav-bs", True),
    "sphinx_book_theme": ("sidebar-nav-bs", False),
    "furo": ("sidebar/navigation", False),
    "alabaster": ("navigation", False),
    "basic": ("localtoc", False),
    "classic": ("localtoc", False),
    "nature": ("localtoc", False),
    "sphinxdoc": ("localtoc", False),
}
SIDEBAR_TEMPLATE = "exptdir/sidebar.html"


def without_ours(tree: nodes.Element) -> nodes.Element:
    """Copy a table of contents, or a document, without the toctrees that are ours."""
    copied = tree.deepcopy()
    for node in list(copied.findall(addnodes.toctree)):
        if node.get(FLAG):
            node.parent.remove(node)
    return copied


class _Hidden:
    """What was taken out of the environment while pages are written."""

    def __init__(self, env: BuildEnvironment) -> None:
        self.tocs = env.tocs
        self.files_to_rebuild = env.files_to_rebuild
        ours = {name: without_ours(env.tocs[name]) for name in domain_of(env).listings if name in env.tocs}
        env.tocs = {**env.tocs, **ours}  # type: ignore[dict-item]
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


def _mode(app: Sphinx, domain: ExptDomain) -> str:
    mode = domain.settings.navigation
    if mode == "auto":
        return "sidebar" if app.config.html_theme in SIDEBARS else "page"
    return mode


class Navigation:
    """The handlers of one application, which share what one build put aside."""

    def __init__(self) -> None:
        self.hidden: _Hidden | None = None
        self.neighbours: Neighbours | None = None
        self.target: Callable[[str], str] = str

    def hide(self, app: Sphinx, builder: Builder) -> None:
        """Take our toctrees out of the global tree."""
        env = builder.env
        env.__dict__.pop("master_doctree", None)
        self.neighbours = Neighbours(domain_of(env))
        self.target = cache(builder.get_target_uri)
        if builder.name in PAGED:
            self.hidden = _Hidden(env)

    def restore(self, app: Sphinx, exception: Exception | None) -> None:
        """Put them back, for a second build in this process."""
        if self.hidden is not None and app.env is not None:
            self.hidden.restore(app.env)
        self.hidden = None

    def add(self, app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
        """Give an experiment's page its navigation, in the sidebar or around the text."""
        if app.builder.name not in PAGED or self.neighbours is None:
            return
        domain = self.neighbours.domain
        experiment = domain.record.by_docname.get(pagename)
        mode = _mode(app, domain)
        if experiment is None or pagename not in app.env.all_docs or mode == "none":
            return
        parent = domain.record.parent(experiment)
        up = parent.docname if parent is not None else app.config.root_doc
        addresses = Addresses(self.target(pagename), self.target)
        context["exptdir"] = PageNavigation(pagename, self.neighbours.of(experiment), addresses, addresses.of(up))
        if mode == "sidebar" and "sidebars" in context:
            context["sidebars"] = _sidebars(app.config.html_theme, list(context["sidebars"]))
        else:
            templates: Any = app.builder.templates
            above = templates.render("exptdir/trail.html", context)
            below = templates.render("exptdir/neighbours.html", context)
            context["body"] = above + context["body"] + below


def _sidebars(theme: str, sidebars: list[str]) -> list[str]:
    """Put our template where the theme has its own, or in place of it where that would show nothing."""
    name, replaces = SIDEBARS.get(theme, ("", False))
    position = next((at for at, found in enumerate(sidebars) if found.removesuffix(".html") == name), None)
    if position is None:
        return [SIDEBAR_TEMPLATE, *sidebars]
    return [*sidebars[:position], SIDEBAR_TEMPLATE, *sidebars[position + replaces :]]


def _add_templates(app: Sphinx, config: Config) -> None:
    # Behind the author's, who may so replace ours.
    config.templates_path = [*config.templates_path, str(Path(__file__).parent / "templates")]


def setup_navigation(app: Sphinx) -> None:
    """Connect the navigation to writing."""
    navigation = Navigation()
    app.connect("write-started", navigation.hide, priority=100)
    app.connect("build-finished", navigation.restore, priority=100)
    app.connect(WRITTEN, navigation.restore)
    # Themes look through the sidebars in the same event, later.
    app.connect("html-page-context", navigation.add, priority=100)
    app.connect("config-inited", _add_templates)

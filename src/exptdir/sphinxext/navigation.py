"""Navigation among experiments, at a cost per page that does not grow with the record.

Themes resolve the whole table of contents again for each page. So the toctrees that list experiments are complete
for builders that need the tree, and out of sight of HTML's, which get a window of the neighbourhood instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from markupsafe import escape
from sphinx import addnodes
from sphinx.util.osutil import relative_uri

from exptdir.record.check import status
from exptdir.record.model import Experiment
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.placeholders import PAGED
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
_LISTS = ("ancestors", "siblings", "children")


def without_ours(tree: nodes.Element) -> nodes.Element:
    """Copy a table of contents, or a document, without the toctrees that are ours."""
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


class Card(NamedTuple):
    """What navigation shows of one experiment: its document, and label, title and status, fit for HTML.

    The *key* stands for all of it where pages are compared.
    """

    docname: str
    texts: tuple[str, str, str]
    key: str

    @classmethod
    def of(cls, docname: str, label: str, title: str, status: str) -> Card:
        """Make a card. Many pages show the same one, so what can be done once is done here."""
        texts = (str(escape(label)), str(escape(title)), str(escape(status)))
        return cls(docname, texts, "\n".join((docname, *texts)))


class Neighbourhood(NamedTuple):
    """What the navigation of one page shows: cards, and how many siblings are left out on either side."""

    ancestors: list[Card]
    siblings: list[Card]
    children: list[Card]
    before: int
    behind: int

    def shown(self) -> tuple[object, ...]:
        """Return what it shows in short: most pages of a record show twenty others, and all are compared."""
        lists = (self.ancestors, self.siblings, self.children)
        return (*([card.key for card in cards] for cards in lists), self.before, self.behind)


class Neighbours:
    """Computes neighbourhoods, for the state that the domain is in; each card is made once.

    Parameters
    ----------
    domain
        The domain, when all documents are read.
    """

    def __init__(self, domain: ExptDomain) -> None:
        self.domain = domain
        self._cards: dict[str, Card] = {}

    def card(self, experiment: Experiment) -> Card:
        """Return the card of an experiment."""
        if experiment.key not in self._cards:
            state = status(self.domain.record, experiment, self.domain.settings.statuses) or ""
            label = experiment.label() if experiment.id is not None else ""
            card = Card.of(experiment.docname, label, self.domain.heading(experiment), state)
            self._cards[experiment.key] = card
        return self._cards[experiment.key]

    def of(self, experiment: Experiment) -> Neighbourhood:
        """Return the neighbourhood of an experiment: a window of its siblings, and all above and below."""
        record, size = self.domain.record, self.domain.settings.navigation_window
        siblings = record.children(record.parent(experiment))
        at = record.position(experiment)
        first, last = max(0, at - size), min(len(siblings), at + size + 1)
        return Neighbourhood(
            [self.card(above) for above in reversed(record.ancestors(experiment))],
            [self.card(other) for other in siblings[first:last]],
            [self.card(child) for child in record.children(experiment)],
            first,
            len(siblings) - last,
        )


def _linked(
    cards: list[Card], pagename: str, target: Callable[[str], str]
) -> list[tuple[str, str, str, str, bool]]:
    """Return (address, label, title, status, whether it is this page) of each card, fit for HTML."""
    base = target(pagename)
    return [
        (
            str(escape(relative_uri(base, target(card.docname)))),
            *card.texts,
            card.docname == pagename,
        )
        for card in cards
    ]


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
        found = self.neighbours.of(experiment)
        lists = {name: _linked(getattr(found, name), pagename, self.target) for name in _LISTS}
        up_link = str(escape(app.builder.get_relative_uri(pagename, up)))
        context["exptdir"] = {**lists, "before": found.before, "behind": found.behind, "up": up_link}
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
    # Themes look through the sidebars in the same event, later.
    app.connect("html-page-context", navigation.add, priority=100)
    app.connect("config-inited", _add_templates)

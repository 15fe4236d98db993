"""Navigation among experiments, at a cost per page that does not grow with the record.

Themes resolve the whole table of contents again for each page. So the toctrees that list experiments are complete
for builders that need the tree, and out of sight of HTML's, which get a window of the neighbourhood instead: the
experiments above a page, a window of its siblings, those below it. What templates show of it is made when they ask
for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from markupsafe import escape
from sphinx import addnodes
from sphinx.util.osutil import relative_uri

from exptdir.record.check import status
from exptdir.record.model import Experiment
from exptdir.sphinxext.build_mark import WRITTEN
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import PAGED
from exptdir.sphinxext.toctree import FLAG, listed_beside

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

_ITEM = '<li><a class="reference internal" href="'
_CURRENT = '<li class="current"><a class="reference internal current" aria-current="page" href="'
_ABOVE = '<p class="exptdir-nav-above"><a class="reference internal" href="'
_MORE = '<li class="exptdir-nav-more"><a class="reference internal" href="{}">… {} {}</a></li>'


class Addresses:
    """The addresses of other pages from one of them, fit for HTML.

    *base* is the page's own address in the output; *target* returns that of any document.
    """

    def __init__(self, base: str, target: Callable[[str], str]) -> None:
        self._base, self._target = base, target
        directory = base.rpartition("/")[0]
        above, slash, _name = directory.rpartition("/")
        self._beside, self._inside = above + slash, f"{directory}/" if directory else ""

    def of(self, docname: str) -> str:
        """Return the address of a document; of an experiment beside this one, as most are, without much ado."""
        address = self._target(docname)
        if address.startswith(self._beside) and not address.startswith(self._inside):
            return str(escape("../" + address[len(self._beside) :]))
        return str(escape(relative_uri(self._base, address)))


class PageNavigation:
    """``exptdir`` in the templates of a page: the way to its experiment, and its sidebar ready-made.

    *up* is the address of the page above.
    """

    def __init__(self, pagename: str, found: Neighbourhood, addresses: Addresses, up: str) -> None:
        self._pagename, self._found, self._addresses, self._up = pagename, found, addresses, up
        self.heading, self.neighbours = _("Experiments"), _("Neighbouring experiments")

    @property
    def ancestors(self) -> list[tuple[str, str, str]]:
        """Address, label and title of the experiments around this one, the outermost first."""
        return [(self._addresses.of(card.docname), card.label, card.title) for card in self._found.ancestors]

    @property
    def items(self) -> str:
        """What stands in the sidebar, in one piece: a loop in a template costs more than all the rest of the page."""
        address = self._addresses.of
        lines = [f"{_ABOVE}{address(card.docname)}{card.ending}</p>" for card in self._found.ancestors]
        lines.append("<ul>")
        if self._found.before:
            lines.append(_MORE.format(self._up, self._found.before, escape(_("before"))))
        for card in self._found.siblings:
            if card.docname != self._pagename:
                lines.append(f"{_ITEM}{address(card.docname)}{card.ending}</li>")
                continue
            below = [f"{_ITEM}{address(child.docname)}{child.ending}</li>" for child in self._found.children]
            nested = "\n".join(["", "<ul>", *below, "</ul>", ""]) if below else ""
            lines.append(f"{_CURRENT}{address(card.docname)}{card.ending}{nested}</li>")
        if self._found.behind:
            lines.append(_MORE.format(self._up, self._found.behind, escape(_("more"))))
        return "\n".join([*lines, "</ul>"])


class Card(NamedTuple):
    """What navigation shows of one experiment: its document, and label and title, fit for HTML.

    *ending* is all of a link in a sidebar that comes behind the address, and *key* stands for the whole card where
    pages are compared. Many pages show the same card, so what can be done once is done when it is made.
    """

    docname: str
    label: str
    title: str
    ending: str
    key: str

    @classmethod
    def of(cls, docname: str, label: str, title: str, status: str, beside: str = "") -> Card:
        """Make a card of plain texts."""
        label, title, status = str(escape(label)), str(escape(title)), str(escape(status))
        shown = f'<span class="exptdir-nav-id">{label}</span> {title}' if label else title
        facts = f' <span class="exptdir-nav-facts">{escape(beside)}</span>' if beside else ""
        told = "\n".join((docname, label, title, status, facts)).encode("utf-8", "surrogateescape")
        key = hashlib.sha256(told).hexdigest()[:16]
        return cls(docname, label, title, f'" title="{status}">{shown}{facts}</a>', key)


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
        return (*(" ".join([card.key for card in cards]) for cards in lists), self.before, self.behind)


class Neighbours:
    """Computes neighbourhoods, for the state that the domain is in when all is read; each card is made once."""

    def __init__(self, domain: ExptDomain) -> None:
        self.domain = domain
        self._cards: dict[str, Card] = {}
        self._families: dict[str, list[Card]] = {}
        self._positions: dict[str, int] = {}

    def card(self, experiment: Experiment) -> Card:
        """Return the card of an experiment."""
        if experiment.key not in self._cards:
            state = status(self.domain.record, experiment, self.domain.settings.statuses) or ""
            label = experiment.label() if experiment.id is not None else ""
            beside = " · ".join(listed_beside(self.domain, experiment.docname))
            card = Card.of(experiment.docname, label, self.domain.heading(experiment), state, beside)
            self._cards[experiment.key] = card
        return self._cards[experiment.key]

    def of(self, experiment: Experiment) -> Neighbourhood:
        """Return the neighbourhood of an experiment: a window of its siblings, and all above and below."""
        record, size = self.domain.record, self.domain.settings.navigation_window
        siblings = self._family(record.parent(experiment), experiment.root)
        at = self._positions[experiment.docname]
        first, last = max(0, at - size), min(len(siblings), at + size + 1)
        return Neighbourhood(
            [self.card(above) for above in reversed(record.ancestors(experiment))],
            siblings[first:last],
            self._family(experiment, experiment.root),
            first,
            len(siblings) - last,
        )

    def _family(self, parent: Experiment | None, root: str) -> list[Card]:
        """Return the cards of the children of an experiment; those of the top are apart by root, as parts of a site."""
        key = root if parent is None else parent.key
        if key not in self._families:
            children = self.domain.record.children(parent)
            self._families[key] = [self.card(child) for child in children if parent is not None or child.root == root]
            self._positions.update((card.docname, at) for at, card in enumerate(self._families[key]))
        return self._families[key]


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
#: Pages that a table of contents may list though they are no documents.
_GENERATED = ("genindex", "py-modindex", "search")


def without_ours(tree: nodes.Element) -> nodes.Element:
    """Copy a table of contents, or a document, without the toctrees that are ours."""
    copied = tree.deepcopy()
    for node in list(copied.findall(addnodes.toctree)):
        if node.get(FLAG):
            node.parent.remove(node)
    return copied


def site_tree(env: BuildEnvironment) -> Iterator[tuple[str, nodes.Element]]:
    """Yield the documents in the table of contents of the whole, each with its own, as their authors have made it."""
    waiting, seen = [env.config.root_doc], set[str]()
    while waiting:
        docname = waiting.pop()
        if docname not in seen and docname in env.tocs:
            seen.add(docname)
            toc = without_ours(env.tocs[docname])
            yield docname, toc
            waiting += [name for node in toc.findall(addnodes.toctree) for name in node["includefiles"]]


class Navigation:
    """The handlers of one application, which share what one build put aside."""

    def __init__(self) -> None:
        self.put_aside: tuple[Any, Any] | None = None
        self.neighbours: Neighbours | None = None
        self.target: Callable[[str], str] = str
        self.parents: dict[str, str] = {}
        #: The pages of the tree that is left, the directories of their addresses, and what it looks like on others.
        self.listed: set[str] = set()
        self.directories: set[PurePosixPath] = set()
        self.trees: dict[tuple[Any, ...], str] = {}

    def hide(self, app: Sphinx, builder: Builder) -> None:
        """Take our toctrees out of the global tree."""
        env = builder.env
        env.__dict__.pop("master_doctree", None)
        self.neighbours = Neighbours(domain_of(env))
        self.target = cache(builder.get_target_uri)
        self.parents = {child: docname for docname, found in env.toctree_includes.items() for child in found}
        if builder.name not in PAGED:
            return
        self.put_aside = env.tocs, env.files_to_rebuild
        listings = domain_of(env).listings
        ours = {name: without_ours(env.tocs[name]) for name in listings if name in env.tocs}
        env.tocs = {**env.tocs, **ours}  # type: ignore[dict-item]
        env.__dict__["master_doctree"] = without_ours(env.get_doctree(env.config.root_doc))
        self.trees = {}
        self.listed = {*_GENERATED, *(docname for docname, _toc in site_tree(env))}
        self.directories = {up for docname in self.listed for up in PurePosixPath(f"{self.target(docname)}_").parents}
        added = {name: set(listing.added) for name, listing in listings.items()}
        # Whether a parent shows another title of its child is told by digests, page by page.
        env.files_to_rebuild = {
            child: {parent for parent in parents if child not in added.get(parent, ())}
            for child, parents in env.files_to_rebuild.items()
        }

    def restore(self, app: Sphinx, exception: Exception | None) -> None:
        """Put them back, for a second build in this process."""
        if self.put_aside is not None and app.env is not None:
            app.env.tocs, app.env.files_to_rebuild = self.put_aside
            app.env.__dict__.pop("master_doctree", None)
        self.put_aside = None

    def add(self, app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
        """Give an experiment's page its navigation, in the sidebar or around the text."""
        if app.builder.name not in PAGED or self.neighbours is None:
            return
        if pagename not in self.listed and "toctree" in context:
            context["toctree"] = partial(self._tree, pagename, context["toctree"])
        domain = self.neighbours.domain
        experiment = domain.shown_by(pagename)
        mode, theme = domain.settings.navigation, app.config.html_theme
        if mode == "auto":
            mode = "sidebar" if theme in SIDEBARS else "page"
        if pagename not in app.env.all_docs or mode == "none":
            return
        name, replaces = SIDEBARS.get(theme, ("", False))
        if experiment is None:
            if replaces and "sidebars" in context and not self._has_section(app.env, pagename):
                # Nothing but its heading would be shown, and what folds that away.
                shown = {name, "sidebar-collapse"}
                context["sidebars"] = [one for one in context["sidebars"] if one.removesuffix(".html") not in shown]
            return
        parent = domain.record.parent(experiment)
        up = parent.docname if parent is not None else app.config.root_doc
        links = Addresses(self.target(pagename), self.target)
        context["exptdir"] = PageNavigation(experiment.docname, self.neighbours.of(experiment), links, links.of(up))
        if mode == "sidebar" and "sidebars" in context:
            # In front of the theme's own, or in its place where that would show nothing.
            sidebars = list(context["sidebars"])
            at = next((at for at, found in enumerate(sidebars) if found.removesuffix(".html") == name), None)
            sidebars[at or 0 : (at or 0) + (replaces and at is not None)] = [SIDEBAR_TEMPLATE]
            context["sidebars"] = sidebars
        else:
            templates: Any = app.builder.templates
            above = templates.render("exptdir/trail.html", context)
            below = templates.render("exptdir/neighbours.html", context)
            context["body"] = above + context["body"] + below

    def _tree(self, pagename: str, make: Callable[..., str], **options: Any) -> str:
        """Return the tree for a page that is not in it, which is the same wherever the same of it is above and beside.

        Sphinx makes it anew for each page; with experiments, most of these show nothing of their own in it.
        """
        around = PurePosixPath(f"{self.target(pagename)}_").parents
        beside = next(one for one in around if one in self.directories)
        key = len(around), beside, self.parents.get(pagename), *sorted(options.items())
        if key not in self.trees:
            self.trees[key] = make(**options)
        return self.trees[key]

    def _has_section(self, env: BuildEnvironment, docname: str) -> bool:
        """Tell whether the page below the root that holds a page, or is it, has a table of contents of its author's."""
        seen = set[str]()
        while docname not in seen and self.parents.get(docname, env.config.root_doc) != env.config.root_doc:
            seen.add(docname)
            docname = self.parents[docname]
        return docname not in env.tocs or any(True for _ in env.tocs[docname].findall(addnodes.toctree))


def setup_navigation(app: Sphinx) -> None:
    """Connect the navigation to writing."""
    navigation = Navigation()
    app.connect("write-started", navigation.hide, priority=100)
    app.connect("build-finished", navigation.restore, priority=100)
    app.connect(WRITTEN, navigation.restore)
    # Themes look through the sidebars in the same event, later.
    app.connect("html-page-context", navigation.add, priority=100)

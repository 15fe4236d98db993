"""An experiment's page: its title, what the domain notes of it, and what it collects from other documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.errors import NoUri
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

from exptdir.record.dates import DateContext, parse_title_date
from exptdir.record.entries import is_page_title
from exptdir.record.files import read_log
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.model import Experiment
from exptdir.record.settings import Settings
from exptdir.sphinxext.doctree import all_nodes, page_section, title_text
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.record import facts_digest
from exptdir.sphinxext.store import Page

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


class ExperimentTransform(SphinxTransform):
    """Base of the transforms that change experiments' pages alone, or the *parts* of long logs as well."""

    parts = False
    domain: ExptDomain
    experiment: Experiment

    def apply(self, **kwargs: Any) -> None:
        """Call :meth:`apply_to_page` where the document is a log."""
        self.domain = domain_of(self.env)
        found = self.domain.shown_by(self.env.docname)
        if found is not None and (self.parts or self.env.docname not in self.domain.page_of):
            self.experiment = found
            self.apply_to_page()

    def apply_to_page(self) -> None:
        """Change ``self.document``, the log of ``self.experiment``."""
        raise NotImplementedError


class TitleTransform(ExperimentTransform):
    """Gives the page a title where it has none, and puts the id in front of it."""

    # Before entries are found, whose titles must not be taken for the page's.
    default_priority = 500

    def apply_to_page(self) -> None:
        """Write the title that ``exptdir_title_format`` asks for, and note the page."""
        section = page_section(self.document)
        sections = [node for node in self.document.children if isinstance(node, nodes.section)]
        if section is None or not self._is_title(section, beside=len(sections) > 1):
            text = self.experiment.stated_title or self.experiment.name.replace("_", " ")
            section = nodes.section("", nodes.title(text, text), names=[nodes.fully_normalize_name(text)])
            section.source, section.line = str(self.experiment.log), 1
            # Sphinx looks for what came from front matter on top of the document, and takes it away there.
            facts = [node for node in self.document.children if isinstance(node, nodes.docinfo)]
            section += [node for node in self.document.children if node not in facts]
            self.document.children = []
            self.document += [*facts, section]
            self.document.note_implicit_target(section)
        title = section[section.first_child_matching_class(nodes.title) or 0]
        assert isinstance(title, nodes.title)
        stated = self.experiment.stated_title
        if stated is not None and title_text(title) != stated:
            # One title everywhere; that they differ is said where the facts are read.
            title.children = []
            title += nodes.Text(stated)
        digest = facts_digest(self.domain.record, self.experiment, self.domain.settings)
        self.domain.pages[self.env.docname] = Page(self.experiment.key, title_text(title), digest)
        before, after = title_affixes(self.experiment, self.domain.settings)
        if before and "{title}" not in self.domain.settings.title_format:
            title.children = []
        if before:
            title.insert(0, nodes.Text(before))
        if after:
            title += nodes.Text(after)

    def _is_title(self, section: nodes.section, *, beside: bool) -> bool:
        first, stated, log = section.next_node(nodes.title), self.experiment.stated_title, self.experiment.log
        if first is None:
            return True
        deep = False
        dated = parse_title_date(title_text(first), context=DateContext()) is not None
        if title_text(first) != stated and (stated or dated) and log.suffix.lower() == ".md":
            text = read_log(log)
            if lacks_heading(self.experiment, text):
                return True
            # A doctree does not tell whether its first section was written with one "#" or with two.
            headings = read_blocks(text, markdown=True).headings
            deep = next((heading.level for heading in headings if heading.level), 1) > 1
        return is_page_title(title_text(first), stated, beside=beside, deep=deep)


def lacks_heading(experiment: Experiment | None, text: str) -> bool:
    """Tell whether a log's title stands in front matter, and no heading of the first level below: MyST makes one."""
    if experiment is None or experiment.origins.get("title", ("",))[0] != experiment.log:
        return False
    return all(heading.level != 1 for heading in read_blocks(text, markdown=True).headings)


def title_affixes(experiment: Experiment, settings: Settings) -> tuple[str, str]:
    """Return what ``exptdir_title_format`` puts in front of the title of an experiment's page, and behind it."""
    if not settings.title_format or experiment.id is None:
        return "", ""
    fields = {"id": experiment.id, "name": experiment.name, "path": experiment.path}
    before, _, after = settings.title_format.partition("{title}")
    return before.format_map(fields), after.format_map(fields)


def note_heading(app: Sphinx, doctree: nodes.document) -> None:
    """Note the heading as Sphinx shows it elsewhere, with citations and the like made text."""
    domain, docname = domain_of(app.env), app.env.docname
    page, experiment = domain.pages.get(docname), domain.record.by_docname.get(docname)
    if page is not None and experiment is not None and "{title}" in domain.settings.title_format:
        before, after = title_affixes(experiment, domain.settings)
        heading = title_text(app.env.titles[docname]).removeprefix(before).removesuffix(after)
        domain.pages[docname] = page._replace(heading=heading)


#: Builders that write a page of HTML for each document.
PAGED = frozenset({"html", "dirhtml"})


class Placeholder(nodes.General, nodes.Element):
    """Base of the placeholders; each feature has its own, which knows what takes its place.

    One that is *written_late* has a visitor for pages of HTML, where making nodes would cost too much.
    """

    written_late = False

    def content(self, domain: ExptDomain) -> list[nodes.Node]:
        """Return the nodes to show, perhaps none; made of generic nodes, so that every builder can show them."""
        raise NotImplementedError


class Collection:
    """What a page shows of other documents: what a directive asked for, or what every experiment's page has.

    It stands in the document as :class:`collected`. What it shows is made of the domain's data when all documents are
    read, and digested with the page (:mod:`exptdir.sphinxext.freshness`), so that the page is written when that changes
    and at no other time. Subclasses are values that pickle.
    """

    #: Whether a reader expects to get from it to all that there is; see :mod:`exptdir.sphinxext.journal.archive`.
    archived = False

    @property
    def resolved(self) -> bool:
        """Whether no transform must resolve what it shows; then pages of HTML get it behind all of them."""
        return True

    def shown(self, domain: ExptDomain, docname: str) -> Any:
        """Return what the page *docname* shows: plain values, of which equal ones give equal pages."""
        raise NotImplementedError

    def render(self, domain: ExptDomain, docname: str, shown: Any) -> list[nodes.Node]:
        """Return the nodes that show it, made of generic nodes."""
        raise NotImplementedError

    def copied(self, shown: Any) -> Iterable[str]:
        """Return the documents of which whole parts are shown; the page follows what these show of others, too."""
        return ()


class collected(Placeholder):
    """Holds the place of a :class:`Collection`, its attribute *collection*."""

    def content(self, domain: ExptDomain) -> list[nodes.Node]:
        """Return what is collected."""
        collection: Collection = self["collection"]
        return collection.render(domain, self["docname"], collection.shown(domain, self["docname"]))


def collect(env: BuildEnvironment, collection: Collection) -> collected:
    """Note that the document that is being read collects something, and return what holds its place."""
    domain_of(env).collections.setdefault(env.docname, []).append(collection)
    return collected(docname=env.docname, collection=collection)


def copies(domain: ExptDomain, docname: str, doctree: nodes.document | None, kind: type[nodes.Element]) -> list[Any]:
    """Return such nodes of a page, made of *doctree*, where they may be of a whole part of another document."""
    whole = any(not one.resolved for one in domain.collections.get(docname, ()))
    return [*doctree.findall(kind)] if whole and doctree is not None else []


def link(domain: ExptDomain, docname: str, anchor: str, *content: nodes.Node, tooltip: str = "") -> nodes.Node:
    """Return a link from the page that is being made to a place in the record."""
    shown = content[0] if len(content) == 1 else nodes.inline("", "", *content)
    try:
        return make_refnode(domain.builder, domain.env.docname, docname, anchor, shown, tooltip or None)
    except NoUri:
        # The builder leaves that document out.
        return nodes.inline("", "", shown)


class FillPlaceholders(SphinxPostTransform):
    """Replaces the placeholders of a document in one pass, before references are resolved."""

    # First of all: what is filled in may hold rows of tables and references.
    default_priority = 3

    def run(self, **kwargs: Any) -> None:
        """Ask each placeholder for its content."""
        domain = domain_of(self.env)
        paged = domain.builder.name in PAGED
        for node in all_nodes(self.document):
            late = isinstance(node, collected) and node["collection"].resolved
            if isinstance(node, Placeholder) and not (paged and (late or node.written_late)):
                # Not `replace_self`, which hands attributes on to nodes that want none.
                node.parent.replace(node, node.content(domain))


class FillResolved(SphinxPostTransform):
    """Fills the placeholders that are left for the end, which are written as they are."""

    default_priority = 990

    def run(self, **kwargs: Any) -> None:
        """Ask each for its content."""
        for node in all_nodes(self.document):
            if isinstance(node, collected):
                node["parts"] = node.content(domain_of(self.env))
                # The search reads the words, and all else that goes through a page need not go through these.
                node += nodes.Text(" ".join([part.astext() for part in node["parts"]]))


def setup_pages(app: Sphinx) -> None:
    """Register the title's transform, and those that fill placeholders."""
    app.add_transform(TitleTransform)
    # After Sphinx has collected the titles.
    app.connect("doctree-read", note_heading, priority=600)
    app.add_post_transform(FillPlaceholders)
    app.add_post_transform(FillResolved)

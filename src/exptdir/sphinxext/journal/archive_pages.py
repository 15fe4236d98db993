"""Writes the pages of the archive: years, months and tags, each when something on it has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes

from exptdir.record.files import collector_paused
from exptdir.sphinxext.doctree import all_nodes
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.journal.archive import (
    TOP,
    Archive,
    Leaf,
    month_page,
    page_link,
    tag_page,
)
from exptdir.sphinxext.journal.calendar import Calendar
from exptdir.sphinxext.journal.journal import Journal
from exptdir.sphinxext.journal.listing import ExperimentListing, ListRow
from exptdir.sphinxext.journal.selection import Selection, Summary, joined
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import collected

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: What shows the parts of a page.
_ENTRIES = Journal(Selection(), "day", "sentence")
_TAGGED = Journal(Selection(), "none", "sentence")
_EXPERIMENTS = ExperimentListing(Selection(), "tree", (), "")


class ArchivePage(NamedTuple):
    """A page: its title, the names and titles of those above and beside it, and what it shows."""

    name: str
    title: str
    above: tuple[tuple[str, str], ...]
    newer: str = ""
    older: str = ""
    #: Pages that it leads to, with their titles and how much is on them.
    below: tuple[tuple[str, str, int], ...] = ()
    tags: tuple[tuple[str, str, int], ...] = ()
    calendar: tuple[Any, ...] = ()
    experiments: tuple[ListRow, ...] = ()
    days: tuple[Any, ...] = ()
    entries: tuple[Any, ...] = ()

    def content(self, domain: ExptDomain) -> Iterator[nodes.Node]:
        """Yield what stands below the title."""
        if self.above:
            trail = [node for name, title in self.above for node in (nodes.Text(" › "), _to(domain, name, title))][1:]
            yield nodes.paragraph("", "", *trail, classes=["exptdir-muted"])
        if self.calendar:
            yield from Calendar(Selection(), 0).render(domain, self.name, [*self.calendar])
        if self.below:
            lines = (_counted_link(domain, *one) for one in self.below)
            yield nodes.bullet_list("", *(nodes.list_item("", nodes.paragraph("", "", *line)) for line in lines))
        if self.tags:
            yield nodes.rubric("", _("Tags"))
            yield nodes.paragraph("", "", *joined(*(_counted_link(domain, *one) for one in self.tags)))
        if self.experiments:
            yield nodes.rubric("", _("Experiments"))
            yield from _EXPERIMENTS.render(domain, self.name, [*self.experiments])
        if self.entries:
            yield nodes.rubric("", _("Entries"))
            yield _TAGGED.lists(domain, [("", [*self.entries])])
        if self.days:
            yield _ENTRIES.lists(domain, [(day, [*found]) for day, found in self.days], anchored=True)
        beside = ((self.newer, _("Newer")), (self.older, _("Older")))
        links = [[_to(domain, name, title)] for name, title in beside if name]
        if links:
            yield nodes.paragraph("", "", *joined(*links), classes=["exptdir-all"])


def _to(domain: ExptDomain, name: str, title: str) -> nodes.Node:
    return page_link(domain, name, nodes.Text(title))


def _counted_link(domain: ExptDomain, name: str, title: str, number: int) -> list[nodes.Node]:
    return [_to(domain, name, title), nodes.inline("", f" {number}", classes=["exptdir-muted"])]


def pages_of(domain: ExptDomain, archive: Archive) -> Iterator[ArchivePage]:
    """Yield all pages of the archive."""
    top = ((TOP, _("Archive")),)
    years = {
        year: [(month_page(month), month, archive.months[month][0]) for month in months]
        for year, months in groupby(archive.months, key=lambda month: month[:4])
    }
    below = tuple((month_page(year), year, sum(one[2] for one in months)) for year, months in years.items())
    tags = tuple((tag_page(tag), f"#{tag}", number) for tag, (number, _leaves) in archive.tags.items())
    yield ArchivePage(TOP, _("Archive"), (), below=below, tags=tags)
    order = [*years]
    for at, (year, months) in enumerate(years.items()):
        newer, older = (month_page(order[one]) if 0 <= one < len(order) else "" for one in (at - 1, at + 1))
        dated = [one for _page, month, _number in months for leaf in archive.months[month][1] for one in leaf.entries]
        days = tuple(Calendar.days_of(domain, dated, int(year)))
        yield ArchivePage(month_page(year), year, top, newer, older, tuple(months), calendar=days)
    order = [*archive.months]
    for at, month in enumerate(order):
        leaves = archive.months[month][1]
        above = (*top, (month_page(month[:4]), month[:4]))
        for leaf in leaves:
            groups = groupby(leaf.entries, key=lambda dated: dated.entry.day)
            found = tuple((day, tuple(_ENTRIES.entry(domain, one) for one in dated)) for day, dated in groups)
            newer = leaf.newer or (archive.months[order[at - 1]][1][-1].name if at else "")
            older = leaf.older or (month_page(order[at + 1]) if at + 1 < len(order) else "")
            yield ArchivePage(leaf.name, month, above, newer, older, days=found)
    for tag, (_number, leaves) in archive.tags.items():
        yield from (_of_tag(domain, tag, leaf, top) for leaf in leaves)


def _of_tag(domain: ExptDomain, tag: str, leaf: Leaf, above: tuple[tuple[str, str], ...]) -> ArchivePage:
    experiments = tuple(ListRow(Summary.of(domain, one), 0, None) for one in leaf.experiments)
    entries = tuple(_TAGGED.entry(domain, one) for one in leaf.entries)
    return ArchivePage(leaf.name, f"#{tag}", above, leaf.newer, leaf.older, experiments=experiments, entries=entries)


class ArchivePages:
    """The handlers of one application; what a build has to write is known before it writes anything."""

    def __init__(self) -> None:
        self.pages: list[tuple[ArchivePage, bool]] = []

    @collector_paused()
    def find_stale(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Find the pages that are not as they were, and note all."""
        self.pages = []
        domain = domain_of(env)
        builder: Any = app.builder
        archive = Archive.of(domain)
        for page in pages_of(domain, archive) if archive is not None else ():
            if page.name in env.found_docs:
                # The author has one of that name.
                continue
            file = Path(builder.get_output_path(page.name))
            path = file.relative_to(app.outdir).as_posix()
            shown = repr((page, domain.site_digest)).encode("utf-8", "surrogateescape")
            digest = hashlib.blake2b(shown, digest_size=10).hexdigest()
            domain.written_beside[path] = digest
            self.pages.append((page, domain.known_outputs.get(path) != digest or not file.is_file()))
        return []

    def write(self, app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Yield what Sphinx makes pages of."""
        domain = domain_of(app.env)
        builder: Any = app.builder
        for page, stale in self.pages:
            # Where all else is written again, as with another theme, these are too.
            if stale or builder.writes_all:
                # Addresses are from this page, and its title has no number of a section of another one.
                app.env.prepare_settings(page.name)
                builder.secnumbers = {}
                # All that a page is made of is rubbish when it is written, and is found at once, not by a search.
                with collector_paused():
                    parts = [*page.content(domain)]
                    title, held = nodes.title("", page.title), collected(parts=parts)
                    body = builder.render_partial(nodes.section("", title, held, ids=["archive"]))["fragment"]
                    for node in [node for part in parts for node in all_nodes(part)]:
                        node.parent = None
                    # The document that it was written in holds them until it is searched for.
                    parts.clear()
                yield page.name, {"title": page.title, "body": body}, "page.html"


def setup_archive(app: Sphinx) -> None:
    """Connect to what is read, behind what is known of the last build, and to the pages that are no documents."""
    pages = ArchivePages()
    app.connect("env-updated", pages.find_stale, priority=710)
    app.connect("html-collect-pages", pages.write)

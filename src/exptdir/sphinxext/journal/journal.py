"""The directive ``expt-journal``: the entries of all experiments, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.util import docname_join

from exptdir.sphinxext.doctree import all_nodes
from exptdir.sphinxext.domain import TYPED_IN, ExptDomain
from exptdir.sphinxext.journal.archive import TOP, Archive, day_anchor, page_link, tag_nodes
from exptdir.sphinxext.journal.selection import (
    CollectionDirective,
    Selection,
    Summary,
    joined,
    nothing,
    sentence_nodes,
    shown_pieces,
)
from exptdir.sphinxext.journal.timeline import TimelineEntry
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import Collection, Placeholder, link
from exptdir.sphinxext.store import Pieces

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GROUPS = ("none", "day", "week", "month", "year", "experiment")
CONTENTS = ("title", "sentence", "full")


class JournalEntry(NamedTuple):
    """An entry as a journal shows it; the *digest* only where it is shown whole."""

    docname: str
    anchor: str
    day: str
    title: str
    label: str
    tooltip: str
    tags: tuple[str, ...]
    sentence: Pieces
    digest: str


@dataclass(frozen=True)
class Journal(Collection):
    """A journal: which entries, in which groups, and how much of each."""

    archived = True

    selection: Selection
    group: str
    content: str

    @property
    def resolved(self) -> bool:
        """Whole entries may hold anything."""
        return self.content != "full"

    def shown(self, domain: ExptDomain, docname: str) -> list[tuple[str, list[JournalEntry]]]:
        """Return the groups of entries with their names, which for experiments are the documents'."""
        found = self.selection.entries(domain, docname)
        if self.group == "experiment":
            order = {dated.experiment.key: at for at, dated in reversed(list(enumerate(found)))}
            found.sort(key=lambda dated: order[dated.experiment.key])
        groups = groupby(found, key=lambda dated: group_of(self.group, dated))
        return [(name, [self.entry(domain, dated) for dated in dates]) for name, dates in groups]

    def entry(self, domain: ExptDomain, dated: TimelineEntry) -> JournalEntry:
        """Return an entry as it is shown."""
        entry, experiment = dated.entry, dated.experiment
        return JournalEntry(
            dated.docname,
            entry.anchor,
            entry.day,
            entry.title,
            domain.shown(experiment),
            Summary.of(domain, experiment).title,
            entry.tags,
            shown_pieces(domain, dated.docname, entry.sentence) if self.content == "sentence" else (),
            entry.digest if self.content == "full" else "",
        )

    def copied(self, shown: list[tuple[str, list[JournalEntry]]]) -> Iterable[str]:
        """Return the documents of entries that are shown whole."""
        return {entry.docname for _name, found in shown for entry in found} if self.content == "full" else ()

    def render(self, domain: ExptDomain, docname: str, shown: list[tuple[str, list[JournalEntry]]]) -> list[nodes.Node]:
        """Return the groups, each below its name."""
        if not shown:
            return nothing(_("There are no such entries."))
        box = self.lists(domain, shown)
        if Archive.of(domain) is not None:
            box += nodes.paragraph("", "", page_link(domain, TOP, nodes.Text(_("Archive"))), classes=["exptdir-all"])
        return [box]

    def lists(
        self, domain: ExptDomain, shown: list[tuple[str, list[JournalEntry]]], *, anchored: bool = False
    ) -> nodes.container:
        """Return the groups alone; *anchored* ones can be led to by their day."""
        box = nodes.container(classes=["exptdir-journal", f"exptdir-journal-{self.content}"])
        for name, found in shown:
            if self.group == "experiment":
                summary = Summary.of(domain, domain.record.by_docname[name])
                box += nodes.rubric("", "", summary.link(domain))
            elif name:
                box += nodes.rubric("", name, ids=[day_anchor(name)] if anchored else [])
            if self.content == "full":
                box += [node for entry in found for node in self._whole(domain, entry)]
            else:
                items = (nodes.list_item("", *self._short(domain, entry)) for entry in found)
                box += nodes.bullet_list("", *items)
        return box

    def _heading(self, domain: ExptDomain, entry: JournalEntry) -> nodes.paragraph:
        # An entry without words is called by its day, and by its experiment.
        name = entry.label if entry.title or entry.tooltip in entry.label else f"{entry.label} {entry.tooltip}"
        place = link(domain, entry.docname, "", nodes.Text(name), tooltip=entry.tooltip)
        day = nodes.Text(entry.day) if entry.title else link(domain, entry.docname, entry.anchor, nodes.Text(entry.day))
        title = link(domain, entry.docname, entry.anchor, nodes.Text(entry.title))
        days = [] if self.group == "day" and entry.title else [nodes.inline("", "", day, classes=["exptdir-day"])]
        places = [] if self.group == "experiment" else [place]
        titles = [title] if entry.title else []
        return nodes.paragraph("", "", *joined(days, places, titles, list(tag_nodes(domain, entry.tags))))

    def _short(self, domain: ExptDomain, entry: JournalEntry) -> Iterator[nodes.Node]:
        yield self._heading(domain, entry)
        if entry.sentence:
            yield nodes.paragraph("", "", *sentence_nodes(entry.sentence), classes=["exptdir-sentence"])

    def _whole(self, domain: ExptDomain, entry: JournalEntry) -> Iterator[nodes.Node]:
        heading = self._heading(domain, entry)
        heading["classes"].append("exptdir-journal-title")
        yield nodes.container(
            "", heading, *entry_nodes(domain, entry.docname, entry.anchor), classes=["exptdir-journal-entry"]
        )


def group_of(kind: str, dated: TimelineEntry) -> str:
    """Return the name of the group that an entry is in: a day, week (ISO 8601), month or year, or a document."""
    day = dated.entry.day
    if kind == "week":
        year, week, _day = date.fromisoformat(day).isocalendar()
        return f"{year}-W{week:02}"
    return {"day": day, "month": day[:7], "year": day[:4], "experiment": dated.experiment.docname}.get(kind, "")


def _give_anchors(elements: list[nodes.Element], prefix: str, address: str) -> None:
    """Put a prefix in front of the anchors of a copy; links to others lead to the page that was copied from."""
    inside = {str(one) for node in elements for one in node["ids"]}
    for node in elements:
        node["ids"] = [prefix + one for one in node["ids"]]
        node["names"] = []
        for attribute in ("refid", "backrefs"):
            value = node.get(attribute)
            if isinstance(value, list):
                node[attribute] = [prefix + one for one in value if one in inside]
            elif value in inside:
                node[attribute] = prefix + value
            elif value:
                del node[attribute]
                node["refuri"] = f"{address}#{value}"


def entry_nodes(domain: ExptDomain, docname: str, anchor: str) -> list[nodes.Node]:
    """Return a copy of what an entry holds, fit for another page.

    Its sections become plain headings, links within its document lead there, and its anchors get the name of the
    experiment, since another entry may have the same; what it collects itself is left out.
    """
    env: BuildEnvironment = domain.env
    found = (node for node in all_nodes(env.get_doctree(docname)) if isinstance(node, nodes.Element))
    source = next((node for node in found if anchor in node["ids"]), None)
    if source is None:
        return []
    copy = source.deepcopy()
    prefix = nodes.make_id(f"{docname}-{anchor}") + "-"
    elements = [node for node in all_nodes(copy) if isinstance(node, nodes.Element)]
    _give_anchors(elements, prefix, domain.builder.get_relative_uri(env.docname, docname))
    for node in elements:
        if isinstance(node, addnodes.pending_xref):
            # It means what it means in its log, and leads there from this page.
            node[TYPED_IN], node["refdoc"] = docname, env.docname
            if node.get("reftype") == "doc" and node.get("refdomain") != "doc":
                node["reftarget"] = "/" + docname_join(docname, node["reftarget"])
        if isinstance(node, nodes.section):
            title = node[0] if node.children and isinstance(node[0], nodes.title) else None
            if node is not copy and title is not None:
                node.replace(title, nodes.rubric("", "", *title.children))
                node.replace_self(nodes.container("", *node.children, ids=node["ids"]))
        elif isinstance(node, Placeholder) and node.parent is not None:
            node.parent.remove(node)
    skipped = (nodes.title, nodes.field_list)
    return [node for node in copy.children if not isinstance(node, skipped)]


class JournalDirective(CollectionDirective):
    """``.. expt-journal::``: the entries of the record."""

    option_spec: ClassVar[dict[str, Any]] = {
        **CollectionDirective.option_spec,
        "group-by": directives.unchanged_required,
        "content": directives.unchanged_required,
    }

    def collection(self) -> Collection:
        """Return the journal that is asked for."""
        return Journal(self.selection(), self.one_of("group-by", *GROUPS), self.one_of("content", *CONTENTS))


def setup_journal(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("expt-journal", JournalDirective)

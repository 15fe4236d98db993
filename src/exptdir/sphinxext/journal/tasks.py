"""The directives ``expt-tasks`` and ``expt-tags``: what is still to do, and what is marked how."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes

from exptdir.record.model import Experiment
from exptdir.sphinxext.domain import ExptDomain
from exptdir.sphinxext.journal.archive import tag_nodes
from exptdir.sphinxext.journal.selection import (
    CollectionDirective,
    Selection,
    Summary,
    nothing,
    sentence_nodes,
    shown_pieces,
)
from exptdir.sphinxext.journal.timeline import Timeline
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import Collection, link
from exptdir.sphinxext.store import Pieces, Todo

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class ShownTask(NamedTuple):
    """A task, and the place where it is written; *key* is that of its experiment."""

    key: str
    docname: str
    anchor: str
    day: str
    text: Pieces


@dataclass(frozen=True)
class Tasks(Collection):
    """What is still to do, by experiment."""

    selection: Selection

    def shown(self, domain: ExptDomain, docname: str) -> list[ShownTask]:
        """Return the tasks, in the order of the experiments and as they are written."""
        chosen = {one.key for one in self.selection.chosen(domain, docname)}
        first, last = self.selection.days
        found: list[tuple[Experiment, str, Todo]] = []
        for page, tasks in sorted(domain.tasks.items()):
            owner = domain.record.around(page)
            if owner is not None and owner.key in chosen:
                found += [(owner, page, task) for task in tasks if self._wants(owner, task, first, last)]
        found.sort(key=lambda item: (item[0].order, item[1] != item[0].docname))
        shown = [
            ShownTask(owner.key, page, task.anchor, task.day, shown_pieces(domain, page, task.text))
            for owner, page, task in found
        ]
        return shown[: self.selection.limit] if self.selection.limit else shown

    def _wants(self, owner: Experiment, task: Todo, first: str, last: str) -> bool:
        tagged = not self.selection.tags or not set(self.selection.tags).isdisjoint(owner.tags)
        dated = not (self.selection.since or self.selection.until) or first <= task.day <= last
        return tagged and dated

    def render(self, domain: ExptDomain, docname: str, shown: list[ShownTask]) -> list[nodes.Node]:
        """Return a list of experiments, each with its tasks."""
        if not shown:
            return nothing(_("There is nothing to do."))
        items = nodes.bullet_list()
        for key, tasks in groupby(shown, key=lambda task: task.key):
            below = nodes.bullet_list()
            for task in tasks:
                line = nodes.paragraph("", "", link(domain, task.docname, task.anchor, *sentence_nodes(task.text)))
                if task.day:
                    line += nodes.inline("", f" {task.day}", classes=["exptdir-day"])
                below += nodes.list_item("", line)
            summary = Summary.of(domain, domain.record.experiments[key])
            items += nodes.list_item("", nodes.paragraph("", "", summary.link(domain)), below)
        return [nodes.container("", items, classes=["exptdir-task-list"])]


class TasksDirective(CollectionDirective):
    """``.. expt-tasks::``: what is still to do."""

    def collection(self) -> Collection:
        """Return the tasks that are asked for."""
        return Tasks(self.selection())


class TagUse(NamedTuple):
    """An experiment or an entry that bears a tag: where it is, its day, and what it is called."""

    docname: str
    anchor: str
    day: str
    text: str


@dataclass(frozen=True)
class TagIndex(Collection):
    """An index of tags, of experiments and of entries."""

    archived = True

    selection: Selection

    def shown(self, domain: ExptDomain, docname: str) -> list[tuple[str, list[TagUse]]]:
        """Return the tags in the order of the alphabet, each with what bears it: experiments, then entries."""
        found: defaultdict[str, list[TagUse]] = defaultdict(list)
        chosen = self.selection.chosen(domain, docname)
        for one in chosen:
            for tag in one.tags:
                found[tag].append(TagUse(one.docname, "", "", f"{domain.shown(one)} {domain.heading(one)}"))
        keys = {one.key for one in chosen}
        for dated in Timeline.of(domain).entries:
            for tag in dated.entry.tags if dated.experiment.key in keys else ():
                text = f"{domain.shown(dated.experiment)} {dated.entry.title}".strip()
                found[tag].append(TagUse(dated.docname, dated.entry.anchor, dated.entry.day, text))
        wanted = set(self.selection.tags) or found.keys()
        shown = [(tag, places) for tag, places in found.items() if tag in wanted]
        return sorted(shown, key=lambda pair: (pair[0].casefold(), pair[0]))

    def render(self, domain: ExptDomain, docname: str, shown: list[tuple[str, list[TagUse]]]) -> list[nodes.Node]:
        """Return a list of definitions."""
        if not shown:
            return nothing(_("There are no tags."))
        items = nodes.definition_list()
        for tag, places in shown:
            below = nodes.bullet_list("", *(nodes.list_item("", line) for line in _lines(domain, places)))
            term = nodes.term("", "", *tag_nodes(domain, [tag]))
            term += nodes.inline("", f" {len(places)}", classes=["exptdir-muted"])
            items += nodes.definition_list_item("", term, nodes.definition("", below))
        return [nodes.container("", items, classes=["exptdir-tags"])]


def _lines(domain: ExptDomain, places: list[TagUse]) -> Iterator[nodes.paragraph]:
    for place in places:
        line = nodes.paragraph("", "", link(domain, place.docname, place.anchor, nodes.Text(place.text)))
        if place.day:
            line.insert(0, nodes.inline("", f"{place.day} ", classes=["exptdir-day"]))
        yield line


class TagsDirective(CollectionDirective):
    """``.. expt-tags::``: all tags."""

    def collection(self) -> Collection:
        """Return the index that is asked for."""
        return TagIndex(self.selection())


def setup_tasks(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("expt-tasks", TasksDirective)
    app.add_directive("expt-tags", TagsDirective)

"""*Cited by*: who refers to an experiment, newest first; at the end of its page, and where ``expt-cited-by`` asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives

from exptdir.record.check import those_named
from exptdir.record.model import Experiment
from exptdir.record.reference import Unresolved
from exptdir.sphinxext.doctree import page_section
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.journal.selection import (
    CollectionDirective,
    Selection,
    joined,
    nothing,
    sentence_nodes,
    shown_pieces,
)
from exptdir.sphinxext.journal.timeline import Timeline, entries_by_anchor
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import Collection, ExperimentTransform, collect, link
from exptdir.sphinxext.store import Cite, Pieces

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx

#: The kinds of links.
KINDS = ("builds", "needs", "cites")


class Citation(NamedTuple):
    """A place that refers to an experiment, with day and title of the entry around it; a fact has no sentence."""

    kind: str
    anchor: str = ""
    day: str = ""
    title: str = ""
    sentence: Pieces = ()


class Citer(NamedTuple):
    """A document that refers to an experiment."""

    docname: str
    title: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True)
class CitedBy(Collection):
    """The list: by whom, by links of which kinds, and *of* which experiment; the page's own where that is empty.

    One that an author has *placed* says so where it is empty.
    """

    selection: Selection
    kinds: tuple[str, ...] = ()
    of: str = ""
    placed: bool = False

    def shown(self, domain: ExptDomain, docname: str) -> list[Citer]:
        """Return who refers to the experiment: first the page with the newest entry that does."""
        experiment = domain.record.by_docname.get(docname)
        if self.of:
            meant = domain.locate(self.of, docname, "experiment")
            experiment = None if isinstance(meant, Unresolved) else meant.experiment
        if experiment is None:
            return []
        chosen: set[str] | None = None
        if self.selection.experiments or self.selection.statuses:
            chosen = {one.key for one in self.selection.chosen(domain, docname)}
        cites: defaultdict[str, list[Cite]] = defaultdict(list)
        for source, cite in domain.backlinks.get(experiment.key, ()):
            cites[source].append(cite)
        facts = domain.once("facts that cite", lambda: _facts(domain)).get(experiment.key, {})
        found: list[tuple[str, tuple[Any, ...], Citer]] = []
        for source in {**facts, **cites}:
            owner = domain.record.around(source)
            if chosen is not None and (owner is None or owner.key not in chosen):
                continue
            citations = self._citations(domain, source, owner, cites.get(source, ()), facts.get(source, ()))
            if citations:
                # What no entry says is as old as its experiment. Of a day: an experiment's page, then those beside it.
                day = citations[0].day or (Timeline.of(domain).begun(owner) if owner is not None else "")
                place: tuple[Any, ...] = (True,) if owner is None else (False, owner.order, owner.docname != source)
                title = domain.env.titles.get(source)
                found.append((day, (*place, source), Citer(source, title.astext() if title else source, citations)))
        found.sort(key=lambda one: one[1])
        found.sort(key=lambda one: one[0], reverse=True)
        return [citing for _day, _place, citing in found[: self.selection.limit or None]]

    def _citations(
        self, domain: ExptDomain, source: str, owner: Experiment | None, cites: Iterable[Cite], facts: Iterable[str]
    ) -> tuple[Citation, ...]:
        """Return what a document says of the experiment: the newest first, and then what no entry says."""
        entries = entries_by_anchor(domain)
        dated = bool(self.selection.since or self.selection.until)
        first, last = self.selection.days if dated else ("", "")
        tags = set(self.selection.tags)
        found: dict[tuple[str, Pieces], Citation] = {}
        for cite in cites:
            entry = entries.get((source, cite.entry)) if cite.entry else None
            day, title, own = (entry.day, entry.title, entry.tags) if entry is not None else ("", "", ())
            if tags and tags.isdisjoint((*own, *(owner.tags if owner is not None else ()))):
                continue
            if dated and not (day and first <= day <= last):
                continue
            sentence = shown_pieces(domain, source, cite.sentence)
            kind = "builds" if cite.builds_on else "cites"
            if cite.builds_on or (cite.anchor, sentence) not in found:
                found[cite.anchor, sentence] = Citation(kind, cite.anchor, day, title, sentence)
        said = {one.kind for one in found.values()}
        # A sentence that says so says more; and a fact has no day.
        stated = [] if dated or (tags and (owner is None or tags.isdisjoint(owner.tags))) else facts
        citations = [Citation(kind) for kind in stated if kind not in said] + [*found.values()]
        citations.sort(key=lambda one: one.day, reverse=True)
        return tuple(one for one in citations if not self.kinds or one.kind in self.kinds)

    def render(self, domain: ExptDomain, docname: str, shown: list[Citer]) -> list[Node]:
        """Return the list; nothing where nobody refers to the experiment, unless an author asked for it."""
        if not shown:
            return list(nothing(_("Nobody refers to it."))) if self.placed else []
        kinds = {"builds": _("builds on this"), "needs": _("needs this")}
        items = nodes.bullet_list("", *(_group(domain, citing, kinds) for citing in shown))
        if self.placed:
            return [nodes.container("", items, classes=["exptdir-cited-by", "exptdir-placed"])]
        return [nodes.container("", nodes.rubric("", _("Cited by")), items, classes=["exptdir-cited-by"])]


def _facts(domain: ExptDomain) -> dict[str, dict[str, list[str]]]:
    """Return for each experiment's key the logs of those whose facts name it, with the kinds of these links."""
    found: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    for one in domain.record.experiments.values():
        if one.docname not in domain.env.all_docs:
            continue
        for kind, fact in (("builds", "builds_on"), ("needs", "prerequisites")):
            for other in those_named(domain.record, one, fact):
                if other.key != one.key:
                    found[other.key].setdefault(one.docname, []).append(kind)
    return dict(found)


def _group(domain: ExptDomain, citing: Citer, kinds: dict[str, str]) -> nodes.list_item:
    sentences = nodes.bullet_list()
    for kind, anchor, day, title, sentence in citing.citations:
        place = link(domain, citing.docname, anchor, nodes.Text(f"{day} {title}".rstrip() or "↗"))
        said = [nodes.strong("", kinds[kind])] if kind in kinds else []
        paragraph = nodes.paragraph("", "", *joined([place] if day else [], said, sentence_nodes(sentence)))
        if not day:
            paragraph += [nodes.Text(" "), place]
        sentences += nodes.list_item("", paragraph)
    heading = nodes.paragraph("", "", link(domain, citing.docname, "", nodes.Text(citing.title)))
    return nodes.list_item("", heading, sentences)


class CitedByTransform(ExperimentTransform):
    """Puts the list at the end of the page, unless its author has placed it."""

    default_priority = 530

    def apply_to_page(self) -> None:
        """Append what holds its place to the page's section."""
        section = page_section(self.document)
        collections = self.domain.collections.get(self.env.docname, ())
        placed = any(isinstance(one, CitedBy) and not one.of for one in collections)
        if self.domain.settings.cited_by and section is not None and not placed:
            section += collect(self.env, CitedBy(Selection()))


class CitedByDirective(CollectionDirective):
    """``.. expt-cited-by::``: who refers to an experiment."""

    option_spec: ClassVar[dict[str, Any]] = {
        **CollectionDirective.option_spec,
        "of": directives.unchanged_required,
        "kind": directives.unchanged_required,
    }

    def collection(self) -> Collection:
        """Return the list that is asked for."""
        kinds = tuple(self.words("kind"))
        unknown = [kind for kind in kinds if kind not in KINDS]
        if unknown:
            self.trouble(f"kind is none of {', '.join(KINDS)}: {unknown[0]!r}; it does not count")
        of = " ".join(str(self.options.get("of") or "").split())
        if not of and domain_of(self.env).record.by_docname.get(self.env.docname) is None:
            self.trouble("on a page that is no experiment's, the option of says whose list is meant")
        return CitedBy(self.selection(), tuple(kind for kind in kinds if kind in KINDS), of, placed=True)


def setup_cited_by(app: Sphinx) -> None:
    """Register the transform and the directive."""
    app.add_transform(CitedByTransform)
    app.add_directive("expt-cited-by", CitedByDirective)

"""What all collected pages share: the options that choose, and an experiment as they show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from exptdir.errors import ExptdirError
from exptdir.record.check import blockers, meaning, status
from exptdir.record.facts_values import status_word
from exptdir.record.model import Experiment, in_order
from exptdir.record.reference import Unresolved
from exptdir.record.timeline import first_day, today
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.journal.timeline import Timeline, TimelineEntry
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import Collection, collect, link
from exptdir.sphinxext.store import Pieces

if TYPE_CHECKING:
    from docutils.nodes import Node


@dataclass(frozen=True)
class Selection:
    """Which experiments and entries a directive asks for, as its author wrote it; empty options ask for all.

    *since* and *until* are days or times before today, *alone* leaves nested experiments out, a *limit* of 0 is none.
    """

    experiments: tuple[str, ...] = ()
    alone: bool = False
    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    limit: int = 0
    line: int | None = None

    @property
    def days(self) -> tuple[str, str]:
        """The first day and the last that are wanted, both included."""
        now = today()
        first = first_day(self.since, now).isoformat() if self.since else ""
        return first, first_day(self.until, now).isoformat() if self.until else "9999-12-31"

    def chosen(self, domain: ExptDomain, docname: str) -> list[Experiment]:
        """Return the experiments, whatever their days and tags, in their order."""
        found = domain.once("in order", lambda: in_order(domain.record.experiments.values()))
        if self.experiments:
            places = (domain.locate(text, docname, "experiment") for text in self.experiments)
            named = {place.experiment.key for place in places if not isinstance(place, Unresolved)}
            above = domain.record.ancestors
            found = [
                one
                for one in found
                if one.key in named or not (self.alone or named.isdisjoint(outer.key for outer in above(one)))
            ]
        if self.statuses:
            found = [one for one in found if (Summary.of(domain, one).status or "none") in self.statuses]
        return [one for one in found if one.docname in domain.env.all_docs]

    def listed(self, domain: ExptDomain, docname: str) -> list[Experiment]:
        """Return the experiments with one of the tags that were worked on in these days."""
        first, last = self.days
        found = [
            one for one in self.chosen(domain, docname) if not self.tags or not set(self.tags).isdisjoint(one.tags)
        ]
        if self.since or self.until:
            worked = {dated.experiment.key for dated in Timeline.of(domain).entries if first <= dated.entry.day <= last}
            found = [
                one
                for one in found
                if one.key in worked or first <= (one.begun.isoformat() if one.begun else "") <= last
            ]
        return found

    def entries(self, domain: ExptDomain, docname: str) -> list[TimelineEntry]:
        """Return the entries, newest first."""
        first, last = self.days
        narrowed = bool(self.experiments or self.statuses)
        keys = {one.key for one in self.chosen(domain, docname)} if narrowed else set[str]()
        found: list[TimelineEntry] = []
        for dated in Timeline.of(domain).entries:
            if not first <= dated.entry.day <= last or (narrowed and dated.experiment.key not in keys):
                continue
            if self.tags and dated.tags.isdisjoint(self.tags):
                continue
            found.append(dated)
            if len(found) == self.limit:
                break
        return found


class Summary(NamedTuple):
    """An experiment as collected pages show it; *meaning* is that of its status."""

    docname: str
    label: str
    title: str
    tooltip: str
    status: str
    meaning: str
    tags: tuple[str, ...]
    begun: str
    last: str
    blockers: tuple[tuple[str, str, str], ...]
    conclusion: Pieces

    @classmethod
    def of(cls, domain: ExptDomain, experiment: Experiment) -> Summary:
        """Return what there is to show of an experiment, made once a build."""
        made = domain.once("summaries", dict[str, Summary])
        if experiment.key not in made:
            settings, record = domain.settings, domain.record
            waits = blockers(record, experiment, settings.statuses)
            timeline = Timeline.of(domain)
            made[experiment.key] = cls(
                experiment.docname,
                experiment.label() if experiment.id is not None else "",
                domain.heading(experiment),
                domain.tooltip(experiment),
                status(record, experiment, settings.statuses) or "",
                "blocked" if waits else meaning(experiment.status, settings.statuses) or "",
                experiment.tags,
                timeline.begun(experiment),
                timeline.last(experiment),
                tuple((one.docname, domain.shown(one), domain.tooltip(one)) for one in waits),
                shown_pieces(domain, experiment.docname, domain.conclusions.get(experiment.docname, ())),
            )
        return made[experiment.key]

    def link(self, domain: ExptDomain) -> nodes.Node:
        """Return a link to the experiment, its number in front of its title."""
        number = [nodes.inline("", self.label, classes=["exptdir-nav-id"]), nodes.Text(" ")] if self.label else []
        return link(domain, self.docname, "", *number, nodes.Text(self.title))

    def badge(self) -> nodes.Node:
        """Return its status, as a badge."""
        return badge(self.status, self.meaning)

    def waits_for(self, domain: ExptDomain) -> list[nodes.Node]:
        """Return what it waits for, with links; nothing where it is not blocked."""
        found: list[nodes.Node] = []
        for docname, label, tooltip in self.blockers:
            found += [nodes.Text(", "), link(domain, docname, "", nodes.Text(label), tooltip=tooltip)]
        return [nodes.Text(_("waits for") + " "), *found[1:]] if found else []

    def beside(self, template: str) -> list[str]:
        """Return the parts of ``exptdir_list_format`` without those of which a field is empty."""
        tags = " ".join(f"#{tag}" for tag in self.tags)
        values = {"status": self.status, "begun": self.begun, "last": self.last, "tags": tags}
        parts = [part for part in template.split(" · ") if part.strip()]
        used = [[name for _text, name, _spec, _kind in Formatter().parse(part) if name] for part in parts]
        return [part.format_map(values) for part, names in zip(parts, used, strict=True) if all(map(values.get, names))]

    @property
    def period(self) -> str:
        """The days between which it was worked on."""
        return f"{self.begun} – {self.last}" if self.last > self.begun > "" else self.begun or self.last


def shown_pieces(domain: ExptDomain, docname: str, sentence: Pieces) -> Pieces:
    """Return a sentence of a document as other pages show it, references written as they are shown."""
    # An entry stands on the page of its month, in feeds and in journals.
    made = domain.once("pieces", dict[tuple[str, Pieces], Pieces])
    if (docname, sentence) not in made:
        pieces = []
        for text, is_reference in sentence:
            place = domain.locate(text, docname) if is_reference else None
            shown = text if place is None or isinstance(place, Unresolved) else place.text
            pieces.append((shown, is_reference))
        made[docname, sentence] = tuple(pieces)
    return made[docname, sentence]


def sentence_nodes(pieces: Pieces) -> list[nodes.Node]:
    """Return the nodes of a sentence that :func:`shown_pieces` made."""
    return [nodes.emphasis("", text) if is_reference else nodes.Text(text) for text, is_reference in pieces]


def badge(text: str, kind: str) -> nodes.Node:
    """Return a status as a badge; the one that nobody types is translated."""
    return nodes.inline(
        "", _("blocked") if text == "blocked" else text, classes=["exptdir-status", f"exptdir-status-{kind or 'none'}"]
    )


def joined(*groups: Sequence[nodes.Node]) -> list[nodes.Node]:
    """Return groups of inline nodes, those that are not empty, with a dot between them."""
    found: list[nodes.Node] = []
    for group in filter(None, groups):
        found += [nodes.inline("", " · ", classes=["exptdir-muted"]), *group] if found else [*group]
    return found


def nothing(text: str) -> list[nodes.Node]:
    """Return what stands where nothing is found."""
    return [nodes.paragraph("", text, classes=["exptdir-none"])]


class CollectionDirective(SphinxDirective):
    """Base of the directives that collect: their common options, and how they are understood."""

    option_spec: ClassVar[dict[str, Any]] = {
        "expt": directives.unchanged_required,
        "alone": directives.flag,
        "status": directives.unchanged_required,
        "tag": directives.unchanged_required,
        "since": directives.unchanged_required,
        "until": directives.unchanged_required,
        "limit": directives.unchanged_required,
    }

    def run(self) -> list[Node]:
        """Return what holds the place of the collection."""
        return [collect(self.env, self.collection())]

    def collection(self) -> Collection:
        """Return the collection that is asked for."""
        raise NotImplementedError

    def selection(self) -> Selection:
        """Return what the common options ask for."""
        return Selection(
            experiments=tuple(self.words("expt")),
            alone="alone" in self.options,
            statuses=tuple(map(status_word, self.words("status"))),
            tags=tuple(word.lstrip("#") for word in self.words("tag")),
            since=self.day("since"),
            until=self.day("until"),
            limit=self.number("limit"),
            line=self.lineno,
        )

    def words(self, option: str) -> list[str]:
        """Return the words of an option, which commas separate."""
        return [" ".join(word.split()) for word in str(self.options.get(option) or "").split(",") if word.strip()]

    def one_of(self, option: str, *choices: str) -> str:
        """Return the word of an option; the first of the choices where it is not there, or is none of them."""
        text = str(self.options.get(option) or choices[0]).strip().lower()
        if text not in choices:
            self.trouble(f"{option} is none of {', '.join(choices)}: {text!r}; {choices[0]} is taken")
            return choices[0]
        return text

    def day(self, option: str) -> str:
        """Return an option that names a day, as it is written."""
        text = str(self.options.get(option) or "").strip()
        try:
            if text:
                first_day(text, today())
        except ExptdirError as error:
            self.trouble(f"{option}: {error}; it does not count")
            return ""
        return text

    def number(self, option: str) -> int:
        """Return an option that is a number; 0 where it is not there."""
        text = str(self.options.get(option) or "0").strip()
        if not text.isdecimal():
            self.trouble(f"{option} is not a number: {text!r}; it does not count")
            return 0
        return int(text)

    def trouble(self, message: str) -> None:
        """Report what cannot be understood."""
        domain_of(self.env).note_trouble(self.env.docname, "directive", message, self.lineno)

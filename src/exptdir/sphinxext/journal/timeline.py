"""All entries of a record that is read, in the order of time."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from exptdir.record.model import Experiment
from exptdir.sphinxext.domain import ExptDomain
from exptdir.sphinxext.store import Entry


class TimelineEntry(NamedTuple):
    """An entry, and where it stands."""

    entry: Entry
    docname: str
    experiment: Experiment

    @property
    def tags(self) -> set[str]:
        """Its own tags and those of its experiment."""
        return {*self.entry.tags, *self.experiment.tags}


def entries_by_anchor(domain: ExptDomain) -> dict[tuple[str, str], Entry]:
    """Return the entries of a record that is read by their document and anchor."""
    return domain.once(
        "entries by anchor",
        lambda: {(docname, entry.anchor): entry for docname, found in domain.entries.items() for entry in found},
    )


class Timeline:
    """All entries of a record, newest first, and the days of each experiment's."""

    def __init__(self, domain: ExptDomain) -> None:
        self._domain = domain
        self.days: dict[str, tuple[str, str]] = {}
        for docname, entries in domain.entries.items():
            page = domain.page_of.get(docname, docname)
            days = [entry.day for entry in entries] + [day for day in self.days.get(page, ()) if day]
            if days:
                self.days[page] = min(days), max(days)

    @cached_property
    def entries(self) -> list[TimelineEntry]:
        """The entries in order, which are sorted only where a page shows them: most edits ask for the days alone."""
        found = [
            TimelineEntry(entry, docname, experiment)
            for docname, entries in self._domain.entries.items()
            if (experiment := self._domain.shown_by(docname)) is not None
            for entry in entries
        ]
        # Within a day: the experiments in their order, and what was written last on top.
        found.sort(key=lambda dated: -dated.entry.n)
        found.sort(key=lambda dated: dated.experiment.order)
        found.sort(key=lambda dated: dated.entry.day, reverse=True)
        return found

    @classmethod
    def of(cls, domain: ExptDomain) -> Timeline:
        """Return the timeline of a record that is read."""
        return domain.once("timeline", lambda: cls(domain))

    def begun(self, experiment: Experiment) -> str:
        """Return the day on which an experiment began: by its facts, else by its first entry; empty if unknown."""
        if experiment.begun is not None:
            return experiment.begun.isoformat()
        return self.days.get(experiment.docname, ("", ""))[0]

    def last(self, experiment: Experiment) -> str:
        """Return the day of an experiment's last entry; empty where it has none."""
        return self.days.get(experiment.docname, ("", ""))[1]

"""Which experiments the navigation of a page shows: those above it, a window of its siblings, those below it."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from markupsafe import escape

from exptdir.record.check import status
from exptdir.record.model import Experiment
from exptdir.sphinxext.domain import ExptDomain


class Card(NamedTuple):
    """What navigation shows of one experiment: its document, and label, title and status, fit for HTML.

    *ending* is all of a link in a sidebar that comes behind the address, and *key* stands for the whole card where
    pages are compared. Many pages show the same card, so what can be done once is done when it is made.
    """

    docname: str
    texts: tuple[str, str, str]
    ending: str
    key: str

    @classmethod
    def of(cls, docname: str, label: str, title: str, status: str) -> Card:
        """Make a card of plain texts."""
        texts = label, title, status = (str(escape(label)), str(escape(title)), str(escape(status)))
        shown = f'<span class="exptdir-nav-id">{label}</span> {title}' if label else title
        key = hashlib.sha256("\n".join((docname, *texts)).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return cls(docname, texts, f'" title="{status}">{shown}</a>', key)


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
    """Computes neighbourhoods, for the state that the domain is in; each card is made once.

    Parameters
    ----------
    domain
        The domain, when all documents are read.
    """

    def __init__(self, domain: ExptDomain) -> None:
        self.domain = domain
        self._cards: dict[str, Card] = {}
        self._families: dict[str | None, list[Card]] = {}

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
        siblings = self._family(record.parent(experiment))
        at = record.position(experiment)
        first, last = max(0, at - size), min(len(siblings), at + size + 1)
        return Neighbourhood(
            [self.card(above) for above in reversed(record.ancestors(experiment))],
            siblings[first:last],
            self._family(experiment),
            first,
            len(siblings) - last,
        )

    def _family(self, parent: Experiment | None) -> list[Card]:
        key = None if parent is None else parent.key
        if key not in self._families:
            self._families[key] = [self.card(child) for child in self.domain.record.children(parent)]
        return self._families[key]

"""What the experiments hold and show, found again where it has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from exptdir.figures.find.shown import shown_by_experiment, shown_places
from exptdir.figures.find.survey import Survey, survey
from exptdir.record.files import Remembered
from exptdir.record.model import Record
from exptdir.record.walk import Listing, list_directory


class Finder:
    """Looks through the experiments, again and again.

    Parameters
    ----------
    listing
        What lists a directory; whoever has just scanned the record knows most of them.
    """

    def __init__(self, listing: Callable[[str], Listing] = list_directory) -> None:
        self._listing = listing
        self._places: Remembered[frozenset[str]] = Remembered()

    def survey(self, record: Record, exclude: Callable[[str], bool]) -> Survey:
        """Return what :func:`~exptdir.figures.find.survey.survey` does."""
        return survey(record, exclude, self._listing)

    def shown(self, record: Record, found: Survey) -> Mapping[str, frozenset[str]]:
        """Return what :func:`~exptdir.figures.find.shown.shown_by_experiment` does."""
        self._places.renew()
        return shown_by_experiment(record, found, self._places_in)

    def _places_in(self, document: str, base: Path) -> frozenset[str]:
        return self._places.of(document, lambda path: shown_places(path, base))

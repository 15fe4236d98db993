"""What is known of figures in one build; nothing of it is pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from exptdir.sphinxext.figures.dates import change_dates

if TYPE_CHECKING:
    from exptdir.figures.report import Report
    from exptdir.record.model import Record
    from exptdir.sphinxext.figures.facts import Origin


@dataclass
class FigureState:
    """What was found when figures were brought up to date, and what is made of it.

    Parameters
    ----------
    report
        What was found and done.
    base
        The record's base.
    directory
        Where things are kept between builds.
    origins
        What pages say of their figures, by document, once they have been asked for.
    downloads
        Where a script or an input lies below the downloads of the output, by its path.
    record
        The record as it was scanned for this, if nothing has taken long since.
    """

    report: Report
    base: Path
    directory: Path
    origins: dict[str, list[Origin | None]] = field(default_factory=dict)
    downloads: dict[str, str] = field(default_factory=dict)
    record: Record | None = None

    def take_record(self) -> Record | None:
        """Return the scanned record, once: a later build must scan again."""
        record, self.record = self.record, None
        return record

    @cached_property
    def dates(self) -> dict[str, str]:
        """The days on which figures were last changed, according to git."""
        return change_dates(self.base, self.directory / "dates.json")

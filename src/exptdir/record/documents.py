"""The documents of a record: which they are, and what the text of each holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path

from exptdir.record.entries import DatedHeading, entries
from exptdir.record.files import read_log
from exptdir.record.home import Conf
from exptdir.record.markup.blocks import Blocks, read_blocks
from exptdir.record.markup.references import runs_in
from exptdir.record.markup.shown import mentions
from exptdir.record.model import Experiment
from exptdir.record.walk import join, walk


def documents(conf: Conf) -> Iterator[str]:
    """Yield the documents of a record, as sorted POSIX paths from the source directory."""
    suffixes, exclude, include = tuple(conf.scan_settings.suffixes), conf.exclude, conf.include
    for directory, files, _, _ in walk(conf.base, ".", exclude):
        paths = (join(directory, name) for name in files if name.endswith(suffixes))
        yield from (path for path in paths if include(path) and not exclude(path))


class Document:
    """A document, and what is found in it when it is first asked for.

    Parameters
    ----------
    path
        The file.
    order
        How the record's dates are to be read where they are unclear (``exptdir_date_order``).
    begun
        The day on which its experiment began, if it is a log.
    """

    def __init__(self, path: Path, order: str = "", begun: date | None = None) -> None:
        self.path = path
        self._order, self._begun = order, begun

    @classmethod
    def log_of(cls, conf: Conf, experiment: Experiment) -> Document:
        """Return the log of an experiment."""
        return cls(experiment.log, conf.date_order, experiment.begun)

    @cached_property
    def blocks(self) -> Blocks:
        """Its text, read."""
        return read_blocks(read_log(self.path), markdown=self.path.suffix.lower() == ".md")

    @cached_property
    def entries(self) -> list[DatedHeading]:
        """The entries, in the order of the text."""
        return entries(self.blocks, order=self._order, begun=self._begun)

    @cached_property
    def days(self) -> list[str]:
        """The days of the entries, the earliest first, such as ``2024-05-21``."""
        return sorted(entry.day.isoformat() for entry in self.entries if entry.day)

    @cached_property
    def runs(self) -> tuple[str, ...]:
        """The runs that it describes."""
        return tuple(runs_in(self.blocks))

    @cached_property
    def references(self) -> tuple[str, ...]:
        """The references in it, as typed, each once."""
        return tuple(dict.fromkeys(mention.text for mention in mentions(self.blocks)))

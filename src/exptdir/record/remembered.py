"""Experiments made of what is remembered of them, ten thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exptdir.record.model import Experiment, docname_of

if TYPE_CHECKING:
    from exptdir.record.indexfile import Item


class RememberedExperiment(Experiment):
    """An experiment whose paths are made when they are asked for, as most never are."""

    @cached_property
    def log(self) -> Path:
        """The log, absolute."""
        return Path(self.__dict__["_log"])

    @cached_property
    def docname(self) -> str:
        """What Sphinx calls the log."""
        return docname_of(self.key, self.log)

    def __eq__(self, other: object) -> bool:
        """Tell whether all facts are the same, wherever they are from."""
        if not isinstance(other, Experiment):
            return NotImplemented
        return _facts(self) == _facts(other)

    __hash__ = Experiment.__hash__


def _facts(one: Experiment) -> tuple[object, ...]:
    texts = (one.key, one.path, one.log, one.name, one.title, one.status)
    return (*texts, one.id, one.tags, one.prerequisites, one.begun)


class _Origins(Mapping[str, tuple[Path, int | None]]):
    """Where facts come from."""

    def __init__(self, directory: str, places: Mapping[str, Sequence[Any]]) -> None:
        self._directory, self._places = directory, places

    def __getitem__(self, fact: str) -> tuple[Path, int | None]:
        name, line = self._places[fact]
        return Path(self._directory, name), line

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def experiment_of(base: str, path: str, item: Item) -> Experiment:
    """Make an experiment of what is remembered of it.

    Parameters
    ----------
    base
        The source directory.
    path
        The experiment's directory, as a POSIX path from *base*.
    item
        What is remembered.
    """
    directory = f"{base}/{path}"
    made = object.__new__(RememberedExperiment)
    # As copies and pickles are made: one step, where the usual way has one for every field.
    made.__dict__.update(
        key=path,
        path=path if item.root == "." else path.removeprefix(item.root + "/"),
        _log=f"{directory}/{item.log}",
        name=item.name,
        id=item.id,
        title=item.heading,
        status=item.status,
        tags=tuple(item.tags),
        prerequisites=tuple(item.prerequisites),
        begun=date.fromisoformat(item.day) if item.day else None,
        origins=_Origins(directory, item.origins),
    )
    return made

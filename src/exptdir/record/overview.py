"""All that the record's text tells about one experiment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from exptdir.record.check import status
from exptdir.record.documents import Document
from exptdir.record.entries import DatedHeading
from exptdir.record.home import Conf
from exptdir.record.model import Experiment, Record
from exptdir.record.reference import Resolution, resolve


@dataclass(frozen=True)
class Overview:
    """One experiment.

    Parameters
    ----------
    experiment
        Its facts.
    status
        The status to show, ``blocked`` included.
    entries
        Its entries, in the order of the log.
    runs
        The runs that its log describes.
    parent, children
        The experiment around it, and those directly in it.
    refers_to, cited_by
        The experiments at the other ends of references.
    """

    experiment: Experiment
    status: str | None
    entries: tuple[DatedHeading, ...]
    runs: tuple[str, ...]
    parent: Experiment | None
    children: tuple[Experiment, ...]
    refers_to: tuple[Experiment, ...]
    cited_by: tuple[Experiment, ...]


def overview(conf: Conf, record: Record, experiment: Experiment) -> Overview:
    """Gather what the text of a record tells about one of its experiments.

    Parameters
    ----------
    conf
        What the record's ``conf.py`` says.
    record
        The record.
    experiment
        The experiment.
    """
    log = Document.log_of(conf, experiment)
    # Only what can mean it is resolved, in a record that may be huge.
    words = {experiment.name, experiment.directory_name, *([str(experiment.id)] if experiment.id is not None else [])}
    may_mean = re.compile("^-|" + "|".join(map(re.escape, words))).search
    citing = []
    for other in record.experiments.values():
        references = filter(may_mean, Document.log_of(conf, other).references)
        if other is not experiment and experiment in _targets(record, other, references):
            citing.append(other)
    return Overview(
        experiment=experiment,
        status=status(record, experiment, conf.statuses),
        entries=tuple(log.entries),
        runs=log.runs,
        parent=record.parent(experiment),
        children=record.children(experiment),
        refers_to=tuple(_targets(record, experiment, log.references)),
        cited_by=tuple(citing),
    )


def _targets(record: Record, experiment: Experiment, references: Iterable[str]) -> Iterator[Experiment]:
    seen = {experiment.key}
    for text in references:
        found = resolve(record, text, experiment, lambda _experiment, _run: True)
        if isinstance(found, Resolution) and found.experiment.key not in seen:
            seen.add(found.experiment.key)
            yield found.experiment

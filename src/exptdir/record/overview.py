"""All that the record's text tells about one experiment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exptdir.record.check import status
from exptdir.record.home import Conf
from exptdir.record.index import Index
from exptdir.record.indexfile import read_log
from exptdir.record.model import Experiment, Record
from exptdir.record.outline import DatedHeading, entries
from exptdir.record.reference import Resolution, resolve

_RUN = re.compile(r"^[ \t]*(?:\.\.[ \t]+expt:run::|[`:~]{3,}\{expt:run\})[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)


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
    refers_to, cited_by
        The experiments at the other ends of references.
    """

    experiment: Experiment
    status: str | None
    entries: tuple[DatedHeading, ...]
    runs: tuple[str, ...]
    refers_to: tuple[Experiment, ...]
    cited_by: tuple[Experiment, ...]


def overview(conf: Conf, index: Index, experiment: Experiment) -> Overview:
    """Gather what the text of a record tells about one of its experiments.

    Parameters
    ----------
    conf
        What the record's ``conf.py`` says.
    index
        The record.
    experiment
        The experiment.
    """
    record, text = index.record, read_log(experiment.log)
    markdown = experiment.log.suffix.lower() == ".md"
    order = conf.values.get("date_order")
    found = entries(text, markdown=markdown, order=order if isinstance(order, str) else "", begun=experiment.begun)
    return Overview(
        experiment=experiment,
        status=status(record, experiment, conf.statuses),
        entries=tuple(found),
        runs=tuple(dict.fromkeys(_RUN.findall(text))),
        refers_to=tuple(_targets(record, experiment, index.items[experiment.key].references)),
        cited_by=tuple(_citing(index, experiment)),
    )


def _targets(record: Record, experiment: Experiment, references: list[str]) -> Iterator[Experiment]:
    seen = {experiment.key}
    for text in references:
        found = resolve(record, text, experiment, lambda _experiment, _run: True)
        if isinstance(found, Resolution) and found.experiment.key not in seen:
            seen.add(found.experiment.key)
            yield found.experiment


def _citing(index: Index, experiment: Experiment) -> Iterator[Experiment]:
    """Yield those that refer to *experiment*; only what can mean it is resolved, in a record that may be huge."""
    words = {experiment.name, experiment.directory_name, *([str(experiment.id)] if experiment.id is not None else [])}
    for key, item in index.items.items():
        possible = [text for text in item.references if text[:1] == "-" or any(word in text for word in words)]
        if possible and key != experiment.key:
            citing = index.record.experiments[key]
            if any(target.key == experiment.key for target in _targets(index.record, citing, possible)):
                yield citing

"""All that the record's text tells about one experiment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from exptdir.record.check import status
from exptdir.record.entries import DatedHeading, entries
from exptdir.record.home import Conf
from exptdir.record.index import Index
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.markup.references import runs_in
from exptdir.record.model import Experiment, Record
from exptdir.record.reading import read_log
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
    record = index.record
    blocks = read_blocks(read_log(experiment.log), markdown=experiment.log.suffix.lower() == ".md")
    order = conf.values.get("date_order")
    family = _family(record, experiment)
    found = entries(blocks, order=order if isinstance(order, str) else "", begun=experiment.begun)
    return Overview(
        experiment=experiment,
        status=status(record, experiment, conf.statuses),
        entries=tuple(found),
        runs=tuple(runs_in(blocks)),
        parent=family.parent(experiment),
        children=family.children(experiment),
        refers_to=tuple(_targets(record, experiment, index.items[experiment.key].references)),
        cited_by=tuple(_citing(index, experiment)),
    )


def _family(record: Record, experiment: Experiment) -> Record:
    """Return a record of those around and in an experiment; how all others nest need not be found out."""
    above = {parent.as_posix() for parent in PurePosixPath(experiment.key).parents} | {experiment.key}
    inside = f"{experiment.key}/" if experiment.key != "." else ""
    family = {key: one for key, one in record.experiments.items() if key in above or key.startswith(inside)}
    return Record(record.base, family)


def _targets(record: Record, experiment: Experiment, references: Iterable[str]) -> Iterator[Experiment]:
    seen = {experiment.key}
    for text in references:
        found = resolve(record, text, experiment, lambda _experiment, _run: True)
        if isinstance(found, Resolution) and found.experiment.key not in seen:
            seen.add(found.experiment.key)
            yield found.experiment


def _citing(index: Index, experiment: Experiment) -> Iterator[Experiment]:
    """Yield those that refer to *experiment*; only what can mean it is resolved, in a record that may be huge."""
    words = {experiment.name, experiment.directory_name, *([str(experiment.id)] if experiment.id is not None else [])}
    may_mean = re.compile("^-|" + "|".join(map(re.escape, words)), re.MULTILINE).search
    for key, item in index.items.items():
        if may_mean("\n".join(item.references)) and key != experiment.key:
            citing = index.record.experiments[key]
            targets = _targets(index.record, citing, filter(may_mean, item.references))
            if any(target.key == experiment.key for target in targets):
                yield citing

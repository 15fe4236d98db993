"""The experiment that somebody means who types a number, a path, or part of a name."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from exptdir.record.model import Experiment, Record, in_order
from exptdir.record.reference import Resolution, find_experiments, nearest, resolve

#: More candidates help nobody to choose.
MOST = 20


@dataclass(frozen=True)
class Lookup:
    """What was found.

    Parameters
    ----------
    experiment
        The one that is meant; ``None`` where that is not certain.
    candidates
        Those that may be, the likeliest first.
    """

    experiment: Experiment | None
    candidates: tuple[Experiment, ...] = ()


def look_up(record: Record, text: str, current: Experiment | None = None) -> Lookup:
    """Find the experiment that a text means.

    Parameters
    ----------
    record
        The record.
    text
        A reference (``63``, ``#63``, ``train_cnn``, ``-1``), or words of a name, title or path. Words that only
        one experiment has mean that one.
    current
        The experiment that ``-1`` counts from.
    """
    found = resolve(record, text, current, lambda _experiment, _run: False, "experiment")
    if isinstance(found, Resolution):
        return Lookup(found.experiment)
    exact = find_experiments(record, text.strip())
    fitting = exact or _with_words(record, text)
    if len(fitting) == 1:
        return Lookup(fitting[0])
    if not fitting:
        near = [find_experiments(record, name) for name in nearest(record, text)]
        fitting = list({one.key: one for group in near for one in group}.values())
    return Lookup(None, tuple(fitting))


def experiment_at(record: Record, directory: Path) -> Experiment | None:
    """Return the innermost experiment that a directory is in; ``None`` outside all of them."""
    try:
        path = directory.relative_to(record.base)
    except ValueError:
        return None
    above = (inner.as_posix() for inner in (path, *path.parents))
    return next((record.experiments[key] for key in above if key in record.experiments), None)


def plain(text: str) -> str:
    """Fold what does not matter in a comparison: case, width, ligatures, separators of names."""
    return unicodedata.normalize("NFKC", text).casefold().replace("_", " ").replace("-", " ")


def _with_words(record: Record, text: str) -> list[Experiment]:
    words = plain(text).split()
    if not words:
        return []
    fitting = []
    for experiment in record.experiments.values():
        names = plain(f"{experiment.path} {experiment.title or ''}")
        if all(word in names for word in words):
            fitting.append(experiment)
    return in_order(fitting)

"""Reads what the processes of a script wrote down (:mod:`exptdir.figures.inside.notes`)."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from exptdir.figures.inside import notes
from exptdir.figures.inside.start import NOTES
from exptdir.figures.model import Job, Trace


def read_trace(run: Path, job: Job) -> Trace:
    """Make a trace of the facts that were written down in the directory of a run.

    What a script wrote before it read it is no input. What it read from outside of the record and is there no more was
    of passing interest: temporary files have other names each time.

    Parameters
    ----------
    run
        The directory.
    job
        What was run.
    """
    facts: dict[str, set[str]] = defaultdict(set)
    inside = job.base.rstrip(os.sep) + os.sep
    for kind, path in _facts(run / NOTES):
        if kind == notes.READ and path in facts[notes.WRITE]:
            continue
        if kind == notes.MODULE and not path.startswith(inside):
            kind = notes.READ
        facts[kind].add(path)
    writes = facts[notes.WRITE]
    # A compiled module, or one that was run as data as well, is an input by one name.
    modules = facts[notes.MODULE] - {job.script}
    reads = {path for path in facts[notes.READ] - modules - {job.script} if _stays(path, inside)}
    unseen = facts[notes.UNSEEN]
    named = facts[notes.NAMED] | facts[notes.LIST] | {os.path.dirname(path) for path in reads}
    return Trace(
        reads=tuple(sorted(reads)),
        absent=tuple(sorted(facts[notes.ABSENT] - writes)),
        listed=tuple(sorted(facts[notes.LIST])),
        writes=tuple(sorted(writes)),
        modules=tuple(sorted(modules)),
        unseen=tuple(sorted(unseen)),
        named_directories=tuple(sorted(named)) if unseen else (),
    )


def merge(first: Trace, second: Trace) -> Trace:
    """Join the traces of two runs of one script; what one of them wrote is no input of the other."""
    written = set(first.writes)
    joined = {
        name: tuple(sorted({*getattr(first, name), *getattr(second, name)})) for name in Trace.__dataclass_fields__
    }
    joined["reads"] = tuple(sorted({*first.reads, *(set(second.reads) - written)}))
    joined["absent"] = tuple(path for path in joined["absent"] if path not in joined["writes"])
    return Trace(**joined)


def _facts(path: Path) -> list[tuple[str, str]]:
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return []
    # The last line is cut off where the process was killed while it wrote.
    lines = text.split("\n")[:-1]
    return [(line[0], notes.unescape(line[2:])) for line in lines if line[1:2] == " "]


def _stays(path: str, inside: str) -> bool:
    return path.startswith(inside) or os.path.exists(path)

"""Reads logs, and what of each is worth remembering."""

from __future__ import annotations

import os
from pathlib import Path

from exptdir.record.indexfile import Item, stamp

#: The files, beside the log, that facts come from.
_SOURCES = ("expt.toml", ".expt", ".expt/id", ".expt/status", ".expt/tags", ".expt/prereqs")
#: No log is longer; the rest of it is not looked at.
LONGEST_LOG = 8 << 20


def read_log(path: Path) -> str:
    """Read a log in whatever encoding it has; nothing where it cannot be read."""
    from exptdir.record.metadata_io import read_bytes

    try:
        data = read_bytes(os.fspath(path), LONGEST_LOG)
    except OSError:
        return ""
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")


def item_of(base: Path, root: str, path: str, logs: list[str]) -> Item:
    """Read an experiment.

    Parameters
    ----------
    base, root, path, logs
        As for :func:`exptdir.record.scan.read_experiment`.
    """
    from exptdir.record.entries import entries
    from exptdir.record.markup.blocks import read_blocks
    from exptdir.record.markup.shown import mentions
    from exptdir.record.scan import read_experiment

    directory = os.path.join(base, path)
    # Before the files are read: one that changes meanwhile is read again next time.
    sources = {name: now for name in (logs[0], *_SOURCES) if (now := stamp(f"{directory}/{name}"))}
    found = read_experiment(base, root, path, logs, [])
    blocks = read_blocks(read_log(found.log), markdown=found.log.suffix.lower() == ".md")
    days = sorted(entry.day.isoformat() for entry in entries(blocks, begun=found.begun) if entry.day)
    return Item(
        root=root,
        log=logs[0],
        sources=list(sources),
        stamps=list(sources.values()),
        name=found.name,
        id=found.id,
        heading=found.title,
        status=found.status,
        tags=list(found.tags),
        prerequisites=list(found.prerequisites),
        day=found.begun.isoformat() if found.begun else None,
        origins={fact: [os.path.relpath(origin, directory), line] for fact, (origin, line) in found.origins.items()},
        entries=len(days),
        first=days[0] if days else None,
        last=days[-1] if days else None,
        references=list(dict.fromkeys(mention.text for mention in mentions(blocks))),
    )

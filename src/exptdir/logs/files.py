"""What lies beside a log and in it, for those who list records without pages: run directories, entries, runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from exptdir.logs.model import LogDocument, LogError
from exptdir.logs.reading import read_log
from exptdir.record.documents import OtherLog
from exptdir.record.facts_values import LogForm
from exptdir.record.markup.blocks import Heading
from exptdir.record.problem import Problem

#: Files that may each be the configuration of a run.
CONFIGURATIONS = frozenset({".yaml", ".yml", ".json", ".toml", ".ini"})


def run_files(directory: Path) -> dict[str, list[str]]:
    """Return the runs of a directory by name, each with its files as paths from there; nothing where there is none.

    A run is a directory with what it left, or the file that configured it.
    """
    found: dict[str, list[str]] = {}
    try:
        inside = sorted((one for one in os.scandir(directory) if one.name[0] != "."), key=lambda one: one.name)
        for one in inside:
            if one.is_dir():
                with os.scandir(one.path) as files:
                    names = sorted(file.name for file in files if file.is_file() and file.name[0] != ".")
                found[one.name] = [f"{one.name}/{name}" for name in names]
            elif os.path.splitext(one.name)[1] in CONFIGURATIONS:
                found.setdefault(os.path.splitext(one.name)[0], [one.name])
    except OSError:
        return found
    return found


def read_other_log(path: Path, form: LogForm, order: str = "", begun: date | None = None) -> OtherLog:
    """Read a log in another form for commands, which list entries and runs and say what is wrong.

    Parameters
    ----------
    form
        What the experiment, or the directive that shows the log, says of it.
    order
        The setting ``exptdir_date_order``.
    begun
        The day on which the experiment began.
    """
    runs = run_files(path.parent / form.runs) if form.runs else {}
    try:
        found = read_log(path, form.format, runs=runs, begun=begun, order=order)
    except LogError as error:
        return OtherLog((), (), (Problem("log", str(error), path),))
    names = tuple(dict.fromkeys(run.id for run in found.runs))
    return OtherLog(tuple(_headings(found)), names, tuple(found.problems))


def _headings(found: LogDocument) -> Iterator[Heading]:
    """Yield the titles of a log, with dates written out as the reader understood them; a dated row is an update."""
    for block in found.walk():
        entry = block.entry
        title = block.text
        if entry is not None and entry.day is not None:
            row = block.runs[0].id if block.kind == "row" and block.runs else ""
            title = f"{entry.day.isoformat()}: {row or entry.title}".strip(": ")
        if block.kind == "section" or (block.kind == "row" and entry is not None):
            level = block.level if block.kind == "section" else 0
            yield Heading(block.line - 1, block.line, level, title)

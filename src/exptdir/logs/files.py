"""What lies beside a log and in it, for those who list records without pages: run directories, entries, runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import date
from operator import itemgetter
from pathlib import Path

from exptdir.logs.document import read_log
from exptdir.logs.inline import Piece, inline
from exptdir.logs.model import LogDocument, LogError
from exptdir.logs.titles import run_in_title
from exptdir.record.documents import DescribedRun, OtherLog
from exptdir.record.facts_values import LogForm
from exptdir.record.markup.blocks import Heading, blank
from exptdir.record.markup.references import is_name
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


def read_form(path: Path, form: LogForm, order: str = "", begun: date | None = None) -> LogDocument:
    """Read a log as the experiment, or the directive that shows it, says.

    Raises LogError when it cannot be read.

    Parameters
    ----------
    order
        The setting ``exptdir_date_order``.
    begun
        The day on which the experiment began.
    """
    runs = run_files(path.parent / form.runs) if form.runs else {}
    return read_log(path, form.format, runs=runs, begun=begun, order=order)


def read_other_log(path: Path, form: LogForm, order: str = "", begun: date | None = None) -> OtherLog:
    """Read a log as :func:`read_form` does, for commands, which list entries and runs and say what is wrong."""
    try:
        found = read_form(path, form, order, begun)
    except LogError as error:
        return OtherLog((), (), (Problem("log", str(error), path),))
    runs = []
    for run in found.runs:
        title = run_in_title(run.title)
        runs.append(DescribedRun(run.id, " ".join((title.rest if title else run.title).split()), path, run.line))
    prose = (
        (block.line, "".join(_said(inline(block)))) for block in found.walk() if block.kind not in {"code", "markup"}
    )
    tasks = tuple((task.line, task.text) for task in found.tasks if not task.done)
    return OtherLog(
        tuple(_headings(found)), tuple(runs), tuple(found.problems), tuple(filter(itemgetter(1), prose)), tasks
    )


def _said(pieces: Iterable[Piece]) -> Iterator[str]:
    """Yield what pieces of prose say in words: no code but names, no links, no references that lead somewhere."""
    for piece in pieces:
        if piece.parts:
            yield from _said(piece.parts)
        else:
            sure = piece.reference is not None and piece.reference.state == "resolved"
            is_linked = sure or piece.kind in {"link", "file"} or (piece.kind == "code" and not is_name(piece.text))
            yield blank(piece.text) if is_linked else piece.text


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

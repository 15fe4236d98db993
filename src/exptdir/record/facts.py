"""The facts of an experiment: id, title, status, tags, prerequisites, day begun, from where authors put them.

The first place that says something wins: ``expt.toml``; the small files in ``.expt``; the front matter or
field list of the log; the directory's name. A later place that says something else is a problem.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from exptdir.errors import MetadataError
from exptdir.record.dates import days_of_name
from exptdir.record.facts_sources import from_log, from_name, from_small_files, from_toml, log_heading
from exptdir.record.facts_values import Claim, convert, same, shown
from exptdir.record.problem import Problem

__all__ = ["Facts", "log_heading", "read_facts"]

_LABELS = {"begun": "date begun"}


@dataclass(frozen=True)
class Facts:
    """What is known about an experiment from its metadata."""

    #: Its number.
    id: int | None = None
    #: Its title, where the metadata give one; the log's heading is not asked.
    title: str | None = None
    #: Its status in lower case with spaces (``in progress``); any text.
    status: str | None = None
    #: Its tags, in the author's order.
    tags: tuple[str, ...] = ()
    #: The references to the experiments that must be complete first, as written.
    prerequisites: tuple[str, ...] = ()
    #: The day on which it began.
    begun: date | None = None
    #: The directory's name without the number; ``None`` where it is only a number.
    name: str | None = None
    #: Fact → the file (or directory) and line that it came from.
    origins: Mapping[str, tuple[Path, int | None]] = field(default_factory=dict)


def read_facts(directory: Path, log: Path | None) -> tuple[Facts, list[Problem]]:
    """Gather the facts of an experiment, and what is wrong with their sources.

    A source that cannot be read leaves the others standing.
    """
    folder = os.fspath(directory)
    claims: list[Claim] = []
    problems: list[Problem] = []
    sources = [from_toml(folder), from_small_files(folder)]
    if log is not None:
        sources.append(from_log(os.fspath(log)))
    for found, wrong in sources:
        claims += found
        problems += wrong
    values: dict[str, Any] = {}
    winners: dict[str, Claim] = {}
    _weigh(claims, values, winners, problems)
    # Last, as what a number in a name means depends on what the others say.
    _weigh(from_name(folder, values.get("id")), values, winners, problems)
    days = days_of_name(directory.name)
    if len(days) > 1 and "begun" not in values:
        shown_days = " or ".join(day.isoformat() for day in days)
        message = f"“{directory.name}” begins with a day that can be {shown_days}; give it as “date” in expt.toml"
        problems.append(Problem("date", message, directory))
    # Most are of one place, and a path takes more memory than all the facts.
    paths = {path: Path(path) for path in {claim.path for claim in winners.values()}}
    origins = {fact: (paths[claim.path], claim.line) for fact, claim in winners.items()}
    return Facts(**values, origins=origins), problems


def _weigh(claims: list[Claim], values: dict[str, Any], winners: dict[str, Claim], problems: list[Problem]) -> None:
    """Take in what nothing has said before, and note what makes no sense or says something else."""
    for claim in claims:
        message = None
        try:
            value = convert(claim.fact, claim.value)
            if value is not None and claim.fact not in winners:
                values[claim.fact], winners[claim.fact] = value, claim
            elif value is not None and not same(values[claim.fact], value):
                winner, kept = winners[claim.fact], values[claim.fact]
                other = os.path.relpath(winner.path, os.path.dirname(claim.path))
                label = _LABELS.get(claim.fact, claim.fact)
                message = f"{label} “{shown(value)}” disagrees with “{shown(kept)}” in {other}, which counts"
        except MetadataError as error:
            message = str(error)
        if message is not None:
            kind = "id" if claim.fact == "id" else "metadata"
            problems.append(Problem(kind, message, Path(claim.path), claim.line))

"""The facts of an experiment: id, title, status, tags, prerequisites, day begun, from where authors put them.

The first place that says something wins: ``expt.toml``; the small files in ``.expt``; the front matter or
field list of the log; the directory's name. A later place that says something else is a problem.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from exptdir.errors import MetadataError
from exptdir.record.facts_sources import from_log, from_name, from_small_files, from_toml, log_title
from exptdir.record.facts_values import Claim, Value, convert, same, shown
from exptdir.record.problem import Problem

__all__ = ["Facts", "log_title", "read_facts"]

_LABELS = {"begun": "date begun"}


@dataclass(frozen=True)
class Facts:
    """What is known about an experiment from its metadata.

    Parameters
    ----------
    id
        Its number.
    title
        Its title, where the metadata give one; the log's heading is not asked.
    status
        Its status in lower case with spaces (``in progress``); any text.
    tags
        Its tags, in the author's order.
    prerequisites
        The references to the experiments that must be complete first, as written.
    begun
        The day on which it began.
    name
        The directory's name without the number; ``None`` where it is only a number.
    origins
        Fact → the file (or directory) and line that it came from.
    """

    id: int | None = None
    title: str | None = None
    status: str | None = None
    tags: tuple[str, ...] = ()
    prerequisites: tuple[str, ...] = ()
    begun: date | None = None
    name: str | None = None
    origins: Mapping[str, tuple[Path, int | None]] = field(default_factory=dict)


def read_facts(directory: Path, log: Path | None) -> tuple[Facts, list[Problem]]:
    """Gather the facts of an experiment.

    Parameters
    ----------
    directory
        The experiment's directory.
    log
        Its log, ``.rst`` or ``.md``, if it has one.

    Returns
    -------
    tuple
        The facts, and what is wrong with their sources. A source that cannot be read leaves the others
        standing.
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
    facts, disagreements = _merge([*claims, *from_name(folder, _stated_id(claims))])
    return facts, problems + disagreements


def _stated_id(claims: list[Claim]) -> int | None:
    for claim in claims:
        if claim.fact == "id":
            with suppress(MetadataError):
                value = convert("id", claim.value)
                if isinstance(value, int):
                    return value
    return None


def _merge(claims: list[Claim]) -> tuple[Facts, list[Problem]]:
    values: dict[str, Any] = {}
    winners: dict[str, Claim] = {}
    problems: list[Problem] = []
    for claim in claims:
        try:
            value = convert(claim.fact, claim.value)
        except MetadataError as error:
            problems.append(_problem(claim, str(error)))
            continue
        if value is None:
            continue
        if claim.fact not in winners:
            values[claim.fact], winners[claim.fact] = value, claim
        elif not same(claim.fact, values[claim.fact], value):
            problems.append(_disagreement(claim, value, winners[claim.fact], values[claim.fact]))
    # Most are of one place, and a path takes more memory than all the facts.
    paths = {path: Path(path) for path in {claim.path for claim in winners.values()}}
    origins = {fact: (paths[claim.path], claim.line) for fact, claim in winners.items()}
    return Facts(**values, origins=origins), problems


def _problem(claim: Claim, message: str) -> Problem:
    return Problem("id" if claim.fact == "id" else "metadata", message, Path(claim.path), claim.line)


def _disagreement(claim: Claim, value: Value, winner: Claim, kept: Value) -> Problem:
    label = _LABELS.get(claim.fact, claim.fact)
    other = os.path.relpath(winner.path, os.path.dirname(claim.path))
    message = f"{label} “{shown(value)}” disagrees with “{shown(kept)}” in {other}, which counts"
    return _problem(claim, message)

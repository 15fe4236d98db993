"""Sets a fact of an experiment where its author keeps it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from exptdir.errors import EditError, MetadataError
from exptdir.record.edits.fact_writers import (
    KEPT,
    has_facts,
    set_in_fields,
    set_in_front_matter,
    set_in_small_files,
    set_in_toml,
)
from exptdir.record.edits.plan import Plan, Workspace
from exptdir.record.facts_sources import from_log, from_small_files, from_toml
from exptdir.record.facts_values import convert
from exptdir.record.files import read_log
from exptdir.record.markup.markdown import front_matter_end
from exptdir.record.model import Experiment, Record

#: What a fact can be set to; ``None`` and an empty sequence take it away.
Fact = str | int | Sequence[str] | None

_FACTS = frozenset({"id", "title", "status", "tags", "prerequisites"})


def set_fact(record: Record, experiment: Experiment, fact: str, value: Fact) -> Plan:
    """Plan to set a fact in every place that states it.

    Where no place does, it goes to the one that the experiment has: ``expt.toml``, ``.expt``, the front matter or
    the field list of the log, in this order; else ``expt.toml`` is made. The id in a directory's name is for
    :func:`exptdir.record.edits.relocate.renumber`.

    Raises EditError when the value makes no sense, or a file cannot be edited.
    """
    workspace = Workspace(record.base)
    put_fact(workspace, experiment, fact, value)
    return workspace.plan()


def put_fact(workspace: Workspace, experiment: Experiment, fact: str, value: Fact, *, new: bool = True) -> None:
    """Do as :func:`set_fact` with a plan that is being made; with *new* false, only where the fact is stated."""
    if fact not in _FACTS:
        raise EditError(f"“{fact}” is no fact that can be set")
    plain = _checked(fact, value)
    log, directory = Path(experiment.log), Path(experiment.log).parent
    places = stated_in(experiment, fact)
    if not places and new and plain is not None:
        if (directory / "expt.toml").exists():
            places = ["toml"]
        elif fact in KEPT and (directory / ".expt").is_dir():
            places = ["small"]
        else:
            places = ["log" if fact != "title" and has_facts(log) else "toml"]
    for place in places:
        if place == "toml":
            set_in_toml(workspace, directory / "expt.toml", fact, plain)
        elif place == "small":
            set_in_small_files(workspace, directory, fact, plain)
        elif log.suffix.lower() == ".md":
            if fact == "tags" and set(experiment.tags) - set(plain if isinstance(plain, tuple) else ()):
                _need_own_tags(read_log(log))
            workspace.rewrite(log, lambda text: set_in_front_matter(text, fact, plain))
        else:
            workspace.rewrite(log, lambda text: set_in_fields(text, fact, plain))


def _need_own_tags(text: str) -> None:
    """Refuse to take tags away where some are another tool's, whose keys are read and not written."""
    lines = text.split("\n")
    front = "\n".join(lines[: front_matter_end(lines)]) if text.startswith("---") else ""
    found = re.search(r"^(categories|keywords)[ \t]*:", front, re.MULTILINE)
    if found:
        raise EditError(f"the front matter has tags as “{found[1]}”, too, which only you can change")


def stated_in(experiment: Experiment, fact: str) -> list[str]:
    """Return the places that state a fact: ``toml``, ``small``, ``log``."""
    folder, log = os.fspath(experiment.log.parent), os.fspath(experiment.log)
    sources = {"toml": from_toml(folder), "small": from_small_files(folder), "log": from_log(log)}
    return [place for place, (claims, _) in sources.items() if any(claim.fact == fact for claim in claims)]


def _checked(fact: str, value: Fact) -> str | int | tuple[str, ...] | None:
    if value is None or value == "" or value == []:
        return None
    if isinstance(value, str | int):
        plain: str | int | tuple[str, ...] = " ".join(value.split()) if isinstance(value, str) else value
    else:
        plain = tuple(value)
    try:
        converted = convert(fact, plain)
    except MetadataError as error:
        raise EditError(str(error)) from None
    if isinstance(converted, tuple) and any("," in item or "\n" in item for item in converted):
        raise EditError(f"“{', '.join(converted)}” holds a comma or a line break, which separates {fact}")
    if converted is None or isinstance(converted, str):
        return plain if isinstance(plain, str) else None
    return converted if isinstance(converted, int | tuple) else None

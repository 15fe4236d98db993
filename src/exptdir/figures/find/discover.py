"""Finds the plot scripts of a record."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from exptdir.figures.find.declared import declared_scripts
from exptdir.figures.find.survey import Survey, survey
from exptdir.figures.model import LANGUAGES, Script
from exptdir.figures.settings import PLOT_SCRIPTS
from exptdir.record.model import Record
from exptdir.record.patterns import compile_patterns
from exptdir.record.problem import Problem


def find_scripts(
    record: Record, patterns: Iterable[str] = PLOT_SCRIPTS, found: Survey | None = None
) -> tuple[tuple[Script, ...], tuple[Problem, ...]]:
    """Find the scripts that may be run: those that are named like plot scripts, and those listed in ``expt.toml``.

    Parameters
    ----------
    record
        The record.
    patterns
        Names of plot scripts, such as ``plot*.py``; one with a slash is compared with the path from the
        experiment's directory.
    found
        The files of the experiments, where they were listed already.

    Returns
    -------
    tuple
        The scripts in the order of their paths, and what is wrong with those that are listed. A script that
        is listed is not also run bare because of its name.
    """
    found = found or survey(record)
    matches = _matcher(tuple(patterns))
    scripts: dict[str, Script] = {}
    problems: list[Problem] = []
    declared: set[str] = set()
    for experiment, files in found.files.items():
        listed: list[Script] = []
        if f"{experiment}/expt.toml".removeprefix("./") in files:
            listed, wrong = declared_scripts(record.base, experiment)
            problems += wrong
        for script in listed:
            if script.key in scripts:
                problems.append(_twice(record, script, scripts[script.key]))
                continue
            scripts[script.key] = script
            declared.add(script.path)
    for experiment, files in found.files.items():
        for path in files:
            language = LANGUAGES.get(posixpath.splitext(path)[1].lower())
            if language is None or path in declared:
                continue
            if matches(path if experiment == "." else path.removeprefix(experiment + "/")):
                script = Script(path, experiment, language)
                scripts[script.key] = script
    return tuple(scripts[key] for key in sorted(scripts)), tuple(problems)


def _twice(record: Record, script: Script, other: Script) -> Problem:
    where = record.base / script.experiment / "expt.toml"
    message = f"this [[figure]] is passed over: {other.experiment}/expt.toml lists the same script and arguments"
    return Problem("figure", message, where, script.line)


def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    names = [pattern for pattern in patterns if "/" not in pattern]
    whole = compile_patterns(pattern for pattern in patterns if "/" in pattern)

    def matches(path: str) -> bool:
        name = path.rpartition("/")[2]
        return any(fnmatchcase(name, pattern) for pattern in names) or whole(path)

    return matches

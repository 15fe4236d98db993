"""Finds the plot scripts of a record.

Plot scripts that an author lists as ``[[figure]]`` in ``expt.toml``.

One walk through the experiments: which visible files each of them holds.
"""

from __future__ import annotations

import math
import os
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from exptdir.errors import MetadataError
from exptdir.figures.model import LANGUAGES, PLOT_SCRIPTS, Script, is_figure
from exptdir.record.files import read_text
from exptdir.record.model import Record
from exptdir.record.problem import Problem
from exptdir.record.walk import Listing, compile_patterns, join, list_directory, walk


@dataclass(frozen=True)
class Survey:
    """The files of the experiments, as POSIX paths relative to the record's base, by experiment.

    A file belongs to the innermost experiment that holds it. Hidden files and directories, those of programs
    and virtual environments are left out, and links to directories are not followed.
    """

    files: Mapping[str, tuple[str, ...]]


def survey(
    record: Record,
    exclude: Callable[[str], bool] = lambda path: False,
    listing: Callable[[str], Listing] = list_directory,
) -> Survey:
    """List the files of all experiments.

    Parameters
    ----------
    exclude
        True for a POSIX path from the base that is to be left alone.
    listing
        What lists a directory; one who asks again may remember it.
    """
    found: dict[str, list[str]] = {key: [] for key in record.experiments}
    for experiment in record.children(None):
        owners: dict[str, str] = {}
        for path, files, inside, _ in walk(record.base, experiment.key, exclude, listing):
            owner = path if path in record.experiments else owners[path]
            owners.update(dict.fromkeys((join(path, name) for name in inside), owner))
            paths = (join(path, name) for name in files)
            found[owner] += [inner for inner in paths if not exclude(inner)]
    return Survey({key: tuple(sorted(paths)) for key, paths in found.items()})


_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*(?:figure|\"figure\"|'figure')[ \t]*\]\]", re.MULTILINE)
_KEYS = ("script", "args", "outputs", "inputs", "timeout")


def declared_scripts(base: Path, experiment: str) -> tuple[list[Script], list[Problem]]:
    """Read the ``[[figure]]`` tables of an experiment.

    Parameters
    ----------
    base
        The record's base.
    experiment
        Key of the experiment; paths in its ``expt.toml`` are relative to its directory.

    Returns
    -------
    tuple
        The scripts, and what is wrong with those left out. A file that is no TOML lists nothing; that it is
        none is for those to report who read its facts.
    """
    path = base / experiment / "expt.toml"
    try:
        text = read_text(os.fspath(path)) or ""
        tables = tomllib.loads(text).get("figure", [])
    except (OSError, MetadataError, ValueError, RecursionError):
        return [], []
    if not isinstance(tables, list):
        # One table instead of a list of one means the same.
        tables = [tables]
    lines = [text.count("\n", 0, found.start()) + 1 for found in _HEADER.finditer(text)]
    scripts: list[Script] = []
    problems: list[Problem] = []
    for at, table in enumerate(tables):
        line = lines[at] if len(lines) == len(tables) else None
        try:
            script = _script(base, experiment, table, line)
            if any(script.key == other.key for other in scripts):
                raise _FaultError(f"“{table['script']}” is listed twice with the same arguments")
            scripts.append(script)
        except _FaultError as fault:
            problems.append(Problem("figure", f"this [[figure]] is passed over: {fault}", path, line))
    return scripts, problems


class _FaultError(Exception):
    """Why a table is passed over."""


def _script(base: Path, experiment: str, table: object, line: int | None) -> Script:
    if not isinstance(table, dict):
        raise _FaultError("it is no table")
    unknown = [key for key in table if key not in _KEYS]
    if unknown:
        raise _FaultError(f"the key “{unknown[0][:60]}” is not one of {', '.join(_KEYS)}")
    name = table.get("script")
    if not isinstance(name, str) or not name:
        raise _FaultError('it has no script = "…"')
    path = _inside(experiment, name)
    language = LANGUAGES.get(PurePosixPath(path).suffix.lower())
    if language is None:
        raise _FaultError(f"“{name[:200]}” is no Python, R or Julia script by its suffix (.py, .R, .jl)")
    if not (base / path).is_file():
        raise _FaultError(f"there is no file “{name[:200]}”")
    for output in _texts(table, "outputs"):
        if not is_figure(output):
            raise _FaultError(f"“{output[:200]}” in outputs is no figure by its suffix")
    timeout = table.get("timeout", 1)
    if not isinstance(timeout, int | float) or isinstance(timeout, bool) or not 0 < timeout < math.inf:
        raise _FaultError("timeout must be a number of seconds above 0")
    return Script(
        path=path,
        experiment=experiment,
        language=language,
        args=_texts(table, "args"),
        outputs=tuple(sorted({_inside(experiment, output) for output in _texts(table, "outputs")})),
        inputs=tuple(sorted({_inside(experiment, pattern) for pattern in _texts(table, "inputs")})),
        timeout=float(timeout) if "timeout" in table else None,
        declared=True,
        line=line,
    )


def _texts(table: dict[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    # A null byte ends a path or an argument in the middle.
    if not isinstance(value, list) or not all(isinstance(item, str) and "\0" not in item for item in value):
        raise _FaultError(f'{key} must be a list of strings, such as ["a", "b"]')
    return tuple(value)


def _inside(experiment: str, path: str) -> str:
    joined = posixpath.normpath(posixpath.join(experiment, path))
    if posixpath.isabs(path) or os.path.isabs(path) or joined == ".." or joined.startswith("../") or "\0" in path:
        raise _FaultError(f"“{path[:200]}” lies outside the record")
    return joined


def find_scripts(
    record: Record, patterns: Iterable[str] = PLOT_SCRIPTS, found: Survey | None = None
) -> tuple[tuple[Script, ...], tuple[Problem, ...]]:
    """Find the scripts that may be run: those that are named like plot scripts, and those listed in ``expt.toml``.

    Parameters
    ----------
    patterns
        Names of plot scripts, such as ``plot_*.py``; one with a slash is compared with the path from the
        experiment's directory. A name counts nowhere below a directory ``tests``.
    found
        The files of the experiments, where they were listed already.

    Returns
    -------
    tuple
        The scripts in the order of their paths, and what is wrong with those that are listed. A script that
        is listed is not also run bare because of its name.
    """
    found = found or survey(record)
    patterns = tuple(patterns)
    names = [pattern for pattern in patterns if "/" not in pattern]
    whole = compile_patterns(pattern for pattern in patterns if "/" in pattern)
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
                other = f"{scripts[script.key].experiment}/expt.toml"
                message = f"this [[figure]] is passed over: {other} lists the same script and arguments"
                problems.append(Problem("figure", message, record.base / experiment / "expt.toml", script.line))
                continue
            scripts[script.key] = script
            declared.add(script.path)
    for experiment, files in found.files.items():
        for path in files:
            language = LANGUAGES.get(posixpath.splitext(path)[1].lower())
            if language is None or path in declared:
                continue
            below = path if experiment == "." else path.removeprefix(experiment + "/")
            *directories, name = below.split("/")
            named = "tests" not in directories and any(fnmatchcase(name, pattern) for pattern in names)
            # Nobody ever writes into a FIFO, and whoever opened it would wait for that.
            if (named or whole(below)) and os.path.isfile(f"{record.base}/{path}"):
                script = Script(path, experiment, language)
                scripts[script.key] = script
    return tuple(scripts[key] for key in sorted(scripts)), tuple(problems)

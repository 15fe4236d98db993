"""Finds the plot scripts of a record, and the figures that its documents show.

Scripts are named like one, or listed as ``[[figure]]`` in ``expt.toml``. What a document shows is read from its text
alone: whether the figures exist is asked before Sphinx reads anything.
"""

from __future__ import annotations

import math
import os
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from exptdir.errors import MetadataError
from exptdir.figures.model import FIGURE_SUFFIXES, LANGUAGES, Script, is_figure
from exptdir.record.files import FileCache, read_or_none, read_text
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.markup.references import shown_pictures
from exptdir.record.model import Record
from exptdir.record.problem import Problem
from exptdir.record.settings import PLOT_SCRIPTS
from exptdir.record.walk import Listing, compile_patterns, join, list_directory, walk

#: The files of the experiments, as POSIX paths relative to the record's base, by experiment.
Survey = Mapping[str, tuple[str, ...]]

_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*(?:figure|\"figure\"|'figure')[ \t]*\]\]", re.MULTILINE)
_KEYS = ("script", "args", "outputs", "inputs", "timeout")


def declared_scripts(base: Path, experiment: str) -> tuple[list[Script], list[Problem]]:
    """Read the ``[[figure]]`` tables of an experiment, whose paths are relative to its directory.

    Returned are the scripts, and what is wrong with those left out. A file that is no TOML lists nothing; that it is
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

    *patterns* are names of plot scripts, such as ``plot_*.py``; one with a slash is compared with the path from the
    experiment's directory. A name counts nowhere below a directory ``tests``. Returned are the scripts in the order of
    their paths, and what is wrong with those that are listed. A listed script is not also run bare because of its name.
    """
    found = Finder().survey(record) if found is None else found
    patterns = tuple(patterns)
    names = [pattern for pattern in patterns if "/" not in pattern]
    whole = compile_patterns(pattern for pattern in patterns if "/" in pattern)
    scripts: dict[str, Script] = {}
    problems: list[Problem] = []
    for experiment, files in found.items():
        there = f"{experiment}/expt.toml".removeprefix("./") in files
        listed, wrong = declared_scripts(record.base, experiment) if there else ([], [])
        problems += wrong
        for script in listed:
            if script.key in scripts:
                other = f"{scripts[script.key].experiment}/expt.toml"
                message = f"this [[figure]] is passed over: {other} lists the same script and arguments"
                problems.append(Problem("figure", message, record.base / experiment / "expt.toml", script.line))
                continue
            scripts[script.key] = script
    declared = {script.path for script in scripts.values()}
    for experiment, files in found.items():
        for path in files:
            language = LANGUAGES.get(posixpath.splitext(path)[1].lower())
            if language is None or path in declared:
                continue
            below = path if experiment == "." else path.removeprefix(experiment + "/")
            *directories, name = below.split("/")
            named = "tests" not in directories and any(fnmatchcase(name, pattern) for pattern in names)
            # Nobody ever writes into a FIFO, and whoever opened it would wait for that.
            if (named or whole(below)) and os.path.isfile(f"{record.base}/{path}"):
                scripts[path] = Script(path, experiment, language)
    return tuple(scripts[key] for key in sorted(scripts)), tuple(problems)


_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
#: A page without any of these, as most are, need not be read for pictures.
_MAY_SHOW = re.compile(r"figure|image|!\[|<(?:img|source|embed|object)\b", re.IGNORECASE)


def shown_places(document: str, base: Path) -> frozenset[str]:
    """Find what a document shows, as its text alone has it: figures and other files.

    Returned are POSIX paths relative to *base* that no link has been followed in. What ends with ``.*`` stands for any.
    """
    text = (read_or_none(document) or b"").decode("utf-8-sig", "replace")
    typed = shown_pictures(read_blocks(text, markdown=document.endswith(".md"))) if _MAY_SHOW.search(text) else ()
    # In Markdown and HTML blanks are written as "%20".
    paths = {spelling for path in typed if not _ADDRESS.match(path) for spelling in (path, unquote(path))}
    directory = Path(os.path.relpath(os.path.dirname(document), base)).as_posix()
    joined = (path.lstrip("/") if path.startswith("/") else posixpath.join(directory, path) for path in paths)
    places = frozenset(map(posixpath.normpath, joined))
    return frozenset(place for place in places if not place.startswith("../") and place != ".." and "\0" not in place)


def _figures(base: Path, path: str) -> set[str]:
    if not path.endswith(".*"):
        return {path} if is_figure(path) else set()
    stem = path[:-2]
    candidates = {f"{stem}{suffix}" for suffix in sorted(FIGURE_SUFFIXES)}
    return {name for name in candidates if (base / name).exists()} or {f"{stem}.svg"}


class Finder:
    """Looks through the experiments, again and again; *listing* is what lists a directory, or knows what is in it."""

    def __init__(self, listing: Callable[[str], Listing] = list_directory) -> None:
        self._listing = listing
        self._places: FileCache[frozenset[str]] = FileCache()

    def survey(self, record: Record, exclude: Callable[[str], bool] = lambda path: False) -> Survey:
        """List the files of all experiments, but those for whose path from the base *exclude* is true.

        A file belongs to the innermost experiment that holds it. Hidden files and directories, those of programs
        and virtual environments are left out, and links to directories are not followed.
        """
        found: dict[str, list[str]] = {key: [] for key in record.experiments}
        for experiment in record.children(None):
            owners: dict[str, str] = {}
            for path, files, inside, _ in walk(record.base, experiment.key, exclude, self._listing):
                owner = path if path in record.experiments else owners[path]
                owners.update(dict.fromkeys((join(path, name) for name in inside), owner))
                paths = (join(path, name) for name in files)
                found[owner] += [inner for inner in paths if not exclude(inner)]
        return {key: tuple(sorted(paths)) for key, paths in found.items()}

    def shown(self, record: Record, found: Survey) -> dict[str, frozenset[str]]:
        """Find, by experiment, the figures that its documents show, and those of its directory that others show."""
        self._places.renew()
        shown: dict[str, set[str]] = {key: set() for key in found}
        for key, files in found.items():
            for path in files:
                if path.endswith((".rst", ".md")):
                    places = self._places.of(f"{record.base}/{path}", lambda path: shown_places(path, record.base))
                    shown[key].update(*(_figures(record.base, place) for place in places))
        for path in set().union(*shown.values()):
            above = (str(directory) for directory in PurePosixPath(path).parents)
            home = next((directory for directory in above if directory in shown), None)
            if home is not None:
                shown[home].add(path)
        return {key: frozenset(paths) for key, paths in shown.items()}

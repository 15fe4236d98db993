"""Plot scripts that an author lists as ``[[figure]]`` in ``expt.toml``."""

from __future__ import annotations

import math
import os
import posixpath
import re
import tomllib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from exptdir.errors import MetadataError
from exptdir.figures.model import LANGUAGES, Script, is_figure
from exptdir.record.files import read_text
from exptdir.record.problem import Problem

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
        raise _FaultError("it has no script = \"…\"")
    path = _inside(experiment, name)
    language = LANGUAGES.get(PurePosixPath(path).suffix.lower())
    if language is None:
        raise _FaultError(f"“{name[:200]}” is no Python, R or Julia script by its suffix (.py, .R, .jl)")
    if not (base / path).is_file():
        raise _FaultError(f"there is no file “{name[:200]}”")
    for output in _texts(table, "outputs"):
        if not is_figure(output):
            raise _FaultError(f"“{output[:200]}” in outputs is no figure by its suffix")
    return Script(
        path=path,
        experiment=experiment,
        language=language,
        args=_texts(table, "args"),
        outputs=tuple(sorted({_inside(experiment, output) for output in _texts(table, "outputs")})),
        inputs=tuple(sorted({_inside(experiment, pattern) for pattern in _texts(table, "inputs")})),
        timeout=_timeout(table),
        declared=True,
        line=line,
    )


def _texts(table: dict[str, Any], key: str) -> tuple[str, ...]:
    texts: list[str] = _checked(table, key, [], _is_texts, "a list of strings, such as [\"a\", \"b\"]")
    return tuple(texts)


def _timeout(table: dict[str, Any]) -> float | None:
    value = _checked(table, "timeout", None, _is_seconds, "a number of seconds above 0")
    return None if value is None else float(value)


def _checked(table: dict[str, Any], key: str, default: Any, fits: Callable[[Any], bool], wanted: str) -> Any:
    value = table.get(key, default)
    if value is not default and not fits(value):
        raise _FaultError(f"{key} must be {wanted}")
    return value


def _is_texts(value: Any) -> bool:
    # A null byte ends a path or an argument in the middle.
    return isinstance(value, list) and all(isinstance(item, str) and "\0" not in item for item in value)


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _inside(experiment: str, path: str) -> str:
    joined = posixpath.normpath(posixpath.join(experiment, path))
    if posixpath.isabs(path) or os.path.isabs(path) or joined == ".." or joined.startswith("../") or "\0" in path:
        raise _FaultError(f"“{path[:200]}” lies outside the record")
    return joined

"""Documents without a record around them: a file or a tree that is shown with defaults."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exptdir.errors import ExptdirError
from exptdir.record.walk import list_directory

#: Suffixes of what can be shown.
SUFFIXES = (".md", ".rst")
#: Stems of a tree's first page, the best first.
HOMES = ("index", "readme", "notes", "log")
#: The extension that makes the first page of a tree that has none.
_LISTING = "exptdir.preview.listing"


class NothingToShow(ExptdirError):
    """What was to be shown is no document, and holds none."""


@dataclass(frozen=True)
class Alone:
    """What Sphinx is given in place of a ``conf.py``.

    Parameters
    ----------
    source
        The source directory.
    overrides
        Values of the configuration.
    """

    source: Path
    overrides: dict[str, Any] = field(default_factory=dict)


def alone(path: Path) -> Alone:
    """Say how a document, or a tree of them, is shown without a ``conf.py``.

    Nothing is written, and the same path gives the same answer.

    Parameters
    ----------
    path
        A document or a directory, absolute.

    Returns
    -------
    Alone
        The source directory and the configuration.

    Raises
    ------
    NothingToShow
        If it is neither, or there is no document in it.
    """
    if path.is_dir():
        return _tree(path)
    if not path.is_file():
        raise NothingToShow(f"{path} is not there")
    refuse_other_kinds(path)
    return _document(path)


def refuse_other_kinds(path: Path) -> None:
    """Raise where a file is no document.

    Raises
    ------
    NothingToShow
        If its suffix is none of :data:`SUFFIXES`.
    """
    if path.suffix.lower() not in SUFFIXES:
        message = f"{path.name} cannot be shown: documents end in .md or .rst, and directories of them can be shown too"
        raise NothingToShow(message)


def _document(path: Path) -> Alone:
    """Show one file; the others beside it are there for its pictures and tables only."""
    source = path.parent
    # Directories are named one by one, so that a document in somebody's home does not have all of it searched.
    directories = [_exactly(name) for name in _directories(source)]
    overrides: dict[str, Any] = {
        "include_patterns": [_exactly(path.name)],
        "exclude_patterns": directories,
        "exptdir_roots": [],
    }
    return Alone(source, _configuration(path.name, path.stem, path.suffix, overrides))


def _tree(source: Path) -> Alone:
    files = list_directory(os.fspath(source)).files
    ranked = sorted((HOMES.index(stem.lower()), stem) for stem, _ in _split(files) if stem.lower() in HOMES)
    if ranked:
        home, extensions = ranked[0][1], ["exptdir"]
    else:
        home, extensions = _first(source), ["exptdir", _LISTING]
    overrides: dict[str, Any] = {
        "exclude_patterns": ["_build", "**/_build", "**/node_modules"],
        "exptdir_roots": ["expts"] if (source / "expts").is_dir() else [],
    }
    return Alone(source, _configuration(source.name or str(source), home, "", overrides, extensions))


def _configuration(
    title: str, home: str, suffix: str, overrides: dict[str, Any], extensions: list[str] | None = None
) -> dict[str, Any]:
    named = title.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    # A suffix in capitals is one of its own to Sphinx.
    kinds = {".md": "markdown", ".rst": "restructuredtext"}
    if suffix and suffix not in kinds:
        kinds = {**kinds, suffix: kinds[suffix.lower()]}
    return {
        "extensions": extensions or ["exptdir"],
        "source_suffix": kinds,
        "project": named,
        "html_title": named,
        "html_theme": "pydata_sphinx_theme",
        "root_doc": home,
        # Nobody who writes a page on its own has a table of contents for it.
        "suppress_warnings": ["toc.not_included"],
        "exptdir_figures": "never",
        **overrides,
    }


def _split(names: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        stem, suffix = os.path.splitext(name)
        if suffix in SUFFIXES:
            yield stem, suffix


def _directories(source: Path) -> list[str]:
    try:
        with os.scandir(source) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir())
    except OSError:
        return []


def _first(source: Path) -> str:
    """Find the first document of a tree, from the top."""
    waiting = ["."]
    while waiting:
        path = waiting.pop(0)
        files, inside, _, _, environment = list_directory(os.path.join(source, path))
        if environment or os.path.basename(path) == "_build":
            continue
        for stem, _suffix in _split(files):
            return os.path.normpath(f"{path}/{stem}").replace(os.sep, "/")
        waiting += [f"{path}/{name}" for name in inside]
    raise NothingToShow(f"there is no document (.md or .rst) in {source}")


def _exactly(name: str) -> str:
    """Return a pattern of Sphinx's for one name; it cannot name a bracket, so any character stands for one."""
    return re.sub(r"[*?\[\]]", lambda found: f"[{found[0]}]" if found[0] in "*?" else "?", name)

"""Walks through the directories of a record: which of them are looked into, and which of their files are logs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exptdir.record.scan_memory import Tree, list_directory

#: Names of logs, the best first (``exptdir_log_names``).
LOG_NAMES = ("index", "notes", "log", "README")


@dataclass(frozen=True)
class ScanSettings:
    """What counts as an experiment.

    Parameters
    ----------
    roots
        Directories to look in, relative to the source directory.
    log_names
        Stems of logs, the best first.
    suffixes
        Suffixes of logs.
    statuses
        The statuses that an experiment may have, and what each means for those that wait for it.
    exclude
        True for a POSIX path from the source directory that is to be left alone.
    """

    roots: Sequence[str] = ("expts",)
    log_names: Sequence[str] = LOG_NAMES
    suffixes: Sequence[str] = (".rst", ".md")
    statuses: Mapping[str, str] = field(default_factory=dict)
    exclude: Callable[[str], bool] = lambda path: False


def visible_directories(directory: str) -> tuple[list[str], list[str], list[str]]:
    """List a directory: names of its files, of the directories to look into, and of those to leave alone.

    Left alone are links to directories; hidden directories, and those of programs, are not even named. A
    directory that cannot be listed counts as empty.
    """
    files, inside, apart, _ = list_directory(directory)
    return files, inside, apart


def directories_apart(
    base: Path, exclude: Callable[[str], bool] = lambda path: False, tree: Tree | None = None
) -> list[str]:
    """Find the directories that no search for documents may enter: links, and virtual environments.

    Parameters
    ----------
    base
        The source directory.
    exclude
        True for a POSIX path that the search leaves out anyhow.
    tree
        What is known of the directories, and is to be known of them.

    Returns
    -------
    list[str]
        POSIX paths relative to *base*, sorted.
    """
    found = []
    for path, _, _, apart in walk(base, ".", exclude, tree or Tree()):
        found += [join(path, name) if name != "." else path for name in apart]
    return sorted(found)


def join(path: str, name: str) -> str:
    """Return the POSIX path of what is in a directory, which may be the source directory itself (``.``)."""
    return name if path == "." else f"{path}/{name}"


def walk(
    base: Path, root: str, exclude: Callable[[str], bool], tree: Tree
) -> Iterator[tuple[str, list[str], list[str], list[str]]]:
    """Yield a directory and all below it, each with what :func:`visible_directories` says of it.

    Parameters
    ----------
    base
        The source directory.
    root
        Where to begin, as a POSIX path from *base*.
    exclude
        True for such a path that is left out.
    tree
        What is known of the directories, and is to be known of them.

    Yields
    ------
    tuple
        The path, likewise, and the names of files, of directories to look into, and of those to leave alone.
    """
    waiting = [root]
    while waiting:
        path = waiting.pop()
        files, inside, apart, _ = tree.listing(os.path.join(base, path))
        if "pyvenv.cfg" in files and path != root:
            # A virtual environment: nothing in it was written by the author.
            files, inside, apart = [], [], ["."]
        inside = [name for name in inside if not exclude(join(path, name))]
        yield path, files, inside, apart
        waiting += [join(path, name) for name in reversed(inside)]


def find_logs(path: str, files: Iterable[str], settings: ScanSettings) -> list[str]:
    """Return the files of one directory that could be its log, the best first.

    Parameters
    ----------
    path
        The directory, as a POSIX path from the source directory.
    files
        The names of the files in it.
    settings
        What counts as a log.
    """
    ranks = {name.lower(): rank for rank, name in enumerate(settings.log_names)}
    found = []
    for name in files:
        stem, suffix = os.path.splitext(name)
        rank = ranks.get(stem.lower())
        if rank is not None and suffix in settings.suffixes and not settings.exclude(join(path, name)):
            found.append((rank, name))
    return [name for _, name in sorted(found)]

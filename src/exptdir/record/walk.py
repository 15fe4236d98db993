"""Walks through the directories of a record: which are looked into, which are left alone, which files are logs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from exptdir.record.files import FileCache

#: Directories that hold programs or their waste, never an experiment.
PROGRAMS = frozenset({"__pycache__", "node_modules", "site-packages"})
#: What makes a directory a virtual environment.
ENVIRONMENT = "pyvenv.cfg"
#: Names of logs, the best first (``exptdir_log_names``).
LOG_NAMES = ("index", "notes", "log", "README")
#: What stands among them for the directory's own name.
OWN_NAME = "{name}"
#: Suffixes of logs in other forms than a page, and those that data have: a table called as its directory is no log.
OTHER_FORMS = frozenset({".txt", ".org", ".csv", ".tsv"})
_DATA = frozenset({".csv", ".tsv"})
#: Suffix of a Jupyter notebook, which is no log.
NOTEBOOK = ".ipynb"

#: The number in front of a directory's name, and the number or date.
_NUMBER = re.compile(r"^[0-9]+[-_. ]+")
_NUMBERS = re.compile(r"^(?:[0-9]{4}_m[0-9]{2}_d[0-9]{2}|[0-9]+(?:[-_. ]+[0-9]+)*)[-_. ]+")
_TOKENS = re.compile(r"\*\*|\*|\?|\[(!?)(\]?[^\]]*)\]|.", re.DOTALL)


@dataclass(frozen=True)
class ScanSettings:
    """What counts as an experiment."""

    roots: Sequence[str] = ("expts",)
    log_names: Sequence[str] = LOG_NAMES
    suffixes: Sequence[str] = (".rst", ".md")
    #: Suffixes of logs in other forms, which count where there is no page.
    others: Collection[str] = OTHER_FORMS
    #: Suffixes of documents that Sphinx reads and that cannot be logs.
    unread: Sequence[str] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)
    date_order: str = ""
    #: True for a POSIX path from the source directory that is to be left alone.
    exclude: Callable[[str], bool] = lambda path: False


class Listing(NamedTuple):
    """What is in a directory."""

    #: *files*, *inside*, *apart*: names of visible files, of directories to look into, and of those to leave alone.
    files: list[str]
    inside: list[str]
    apart: list[str]
    #: Whether it holds links, which may come to lead elsewhere without the directory's knowing.
    linked: bool = False
    #: Whether it is a virtual environment, in which nothing was written by the author.
    is_environment: bool = False


def list_directory(directory: str) -> Listing:
    """List a directory; one that cannot be listed counts as empty.

    Left alone are links to directories, what is no file, such as a named pipe, whose reader would wait for ever, and
    what has no name in UTF-8, which no page could show; hidden directories, and those of programs, are not even named.
    """
    found = Listing([], [], [])
    linked = False
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return found
    for entry in entries:
        if entry.name.startswith(".") or entry.name in PROGRAMS:
            continue
        if not is_utf8(entry.name):
            found.apart.append(entry.name)
            continue
        if entry.is_dir(follow_symlinks=False):
            found.inside.append(entry.name)
            continue
        link = entry.is_symlink()
        linked = linked or link
        # A link that leads nowhere is a file that cannot be read.
        is_file = not os.path.exists(entry.path) or os.path.isfile(entry.path) if link else entry.is_file()
        (found.files if is_file else found.apart).append(entry.name)
    return found._replace(linked=linked, is_environment=ENVIRONMENT in found.files)


def is_utf8(name: str) -> bool:
    """Tell whether the bytes of a name on the disk are UTF-8; Python keeps others as halves of characters."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


class Tree(FileCache[Listing]):
    """Listings of directories, each made again only when the directory has changed."""

    def listing(self, directory: str) -> Listing:
        """Return what :func:`list_directory` does; the same object as long as it is as it was."""
        return self.of(directory, list_directory, lambda listing: not listing.linked)


def is_environment(directory: str) -> bool:
    """Tell whether a directory is a virtual environment, in which nothing was written by the author."""
    return os.path.exists(os.path.join(directory, ENVIRONMENT))


def directories_apart(
    base: Path, exclude: Callable[[str], bool] = lambda path: False, tree: Tree | None = None
) -> list[str]:
    """Find the directories that no search for documents may enter: links, and virtual environments; sorted.

    *exclude* is true for a path that the search leaves out anyhow; *tree* is what is known of the directories.
    """
    found = []
    for path, _, _, apart in walk(base, ".", exclude, (tree or Tree()).listing):
        found += [join(path, name) if name != "." else path for name in apart]
    return sorted(found)


def join(path: str, name: str) -> str:
    """Return the POSIX path of what is in a directory, which may be the source directory itself (``.``)."""
    return name if path == "." else f"{path}/{name}"


def walk(
    base: Path,
    root: str = ".",
    exclude: Callable[[str], bool] = lambda path: False,
    listing: Callable[[str], Listing] = list_directory,
) -> Iterator[tuple[str, list[str], list[str], list[str]]]:
    """Yield a directory and all below it, sorted, each with what is in it; virtual environments are left out.

    *exclude* is true for a path that is left out, and *listing* lists a directory; who asks again may remember it
    (:class:`Tree`). Paths are POSIX paths from *base*. With each come the names of files, of directories to look into
    (from which the caller may take some out), and of those to leave alone.
    """
    waiting = [root]
    while waiting:
        path = waiting.pop()
        files, inside, apart, _, environment = listing(os.path.join(base, path))
        if environment and path != root:
            files, inside, apart = [], [], ["."]
        inside = [name for name in inside if not exclude(join(path, name))]
        yield path, files, inside, apart
        waiting += [join(path, name) for name in reversed(inside)]


def find_logs(path: str, files: Iterable[str], settings: ScanSettings) -> list[str]:
    """Return the files of one directory that could be its log, the best first.

    If the directory's name begins with a number or a date, it is a log's name, too, with and without that:
    ``20170714_qpcr/qpcr.rst``. A log in another form than a page may also be called ``journal``; a page comes first.
    """
    own = path.rpartition("/")[2].lower()
    # Not without a number: the page of "appendix" is called so in a notebook that holds experiments beside it.
    owns: tuple[str, ...] = (own,) if OWN_NAME in settings.log_names else ()
    if own[:1].isdecimal():
        owns = (own, _NUMBER.sub("", own), _NUMBERS.sub("", own))
    names = (*settings.log_names, *owns, "journal")
    # A name that is there twice has the better of its ranks.
    ranks = {name.lower(): rank for rank, name in reversed(list(enumerate(names)))}
    others = {*settings.others}.difference(settings.unread)
    pages, elsewise = [], []
    for name in files:
        stem, suffix = os.path.splitext(name)
        rank = ranks.get(stem.lower())
        if rank is None or settings.exclude(join(path, name)):
            continue
        if suffix in settings.suffixes and rank < len(names) - 1:
            pages.append((rank, name))
        elif suffix in others and (suffix not in _DATA or not 0 <= rank - len(settings.log_names) < len(owns)):
            elsewise.append((rank, name))
    return [name for _, name in sorted(pages or elsewise)]


def compile_patterns(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Make a test of POSIX paths from the source directory out of Sphinx's patterns.

    The rules are those of ``exclude_patterns``: ``**`` matches anything, ``*`` and ``?`` stop at a slash, ``[abc]``
    and ``[!abc]`` are sets. Sphinx has this too, but the core does without Sphinx.
    """
    parts = ["".join(map(_translated, _TOKENS.finditer(pattern))) for pattern in patterns]
    if not parts:
        return lambda path: False
    expression = re.compile("(?:" + "|".join(parts) + r")\Z", re.DOTALL)
    return lambda path: expression.match(path) is not None


def literal_pattern(path: str) -> str:
    """Escape *path*, so that as a pattern it matches itself alone."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def _translated(match: re.Match[str]) -> str:
    text = match[0]
    simple = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    if text in simple:
        return simple[text]
    if match[2]:
        # Python warns of a bare "[" in a set, which it may take for another set one day.
        characters = match[2].replace("\\", "\\\\").replace("[", "\\[")
        return f"[^/{characters}]" if match[1] else "[" + re.sub(r"^\^", r"\\^", characters) + "]"
    return re.escape(text)

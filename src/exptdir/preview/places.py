"""Which files of a record could mean anything to a build, by where they lie and what they are called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from exptdir.record.walk import ENVIRONMENT, PROGRAMS, is_environment

#: What editors and programs write beside a file while they save it: vim, Emacs, JetBrains, office programs, browsers.
_TEMPORARY = re.compile(
    r".*~|\#.*\#|~\$.*|4913|.*\.(?:tmp|temp|swp|swo|swx|part|crdownload|pyc)|.*___jb_(?:tmp|old|bak)___",
    re.IGNORECASE | re.DOTALL,
)
#: The hidden directory that does mean something: the facts of an experiment; but not the link in it to the project.
_FACTS, _LINK = ".expt", "root"
#: A search for files ends here: more are no record.
_MOST = 400_000


class Places:
    """Where a record is, and where what lies in it means nothing.

    Parameters
    ----------
    root
        The source directory, absolute and without links.
    private
        Directories and files whose changes mean nothing.
    deep
        Whether directories in it belong to it, or only files.
    """

    def __init__(self, root: Path, private: Iterable[str] = (), *, deep: bool = True) -> None:
        self.root = os.fspath(root)
        self.deep = deep
        self.private = frozenset(private)
        self.outside: frozenset[str] = frozenset()

    def means_something(self, path: str) -> bool:
        """Tell whether a change of a file could change a page.

        Parameters
        ----------
        path
            The file, absolute.
        """
        at = self._below(path)
        if at is None or any(_is_below(path, one) for one in self.private):
            return False
        inside = os.path.relpath(path, at).split(os.sep)
        if inside == ["."]:
            return True
        if at == self.root and not self.deep and len(inside) > 1:
            return False
        return not (_TEMPORARY.fullmatch(inside[-1]) or _is_hidden(inside) or self._is_of_programs(at, inside))

    def _below(self, path: str) -> str | None:
        return next((one for one in (self.root, *self.outside) if _is_below(path, one)), None)

    def _is_of_programs(self, at: str, inside: list[str]) -> bool:
        if not PROGRAMS.isdisjoint(inside[:-1]):
            return True
        directories = (os.path.join(at, *inside[:depth]) for depth in range(1, len(inside)))
        return any(is_environment(one) for one in directories)

    def files(self, directory: str) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the files below a directory that mean something; links to directories are not followed."""
        waiting, seen = [directory], 0
        if not self.means_something(os.path.join(directory, "_")):
            return
        while waiting and seen < _MOST:
            entries = _listed(waiting.pop())
            seen += len(entries)
            for entry in entries:
                if entry.name.startswith(".") and entry.name != _FACTS:
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if self.deep and entry.name not in PROGRAMS and entry.path not in self.private:
                            waiting.append(entry.path)
                    elif entry.is_file() and not _TEMPORARY.fullmatch(entry.name) and entry.path not in self.private:
                        yield entry.path, entry.stat()
                except OSError:
                    continue


def _listed(directory: str) -> list[os.DirEntry[str]]:
    """List a directory, unless it holds a virtual environment or cannot be listed."""
    try:
        with os.scandir(directory) as entries:
            found = list(entries)
    except OSError:
        return []
    return [] if any(entry.name == ENVIRONMENT for entry in found) else found


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)


def _is_hidden(inside: list[str]) -> bool:
    hidden = [at for at, name in enumerate(inside) if name.startswith(".")]
    if not hidden:
        return False
    facts = len(hidden) == 1 and inside[hidden[0]] == _FACTS
    return not facts or inside[hidden[0] + 1 : hidden[0] + 2] == [_LINK]


def real(path: str) -> str:
    """Return a path whose directories are no links; what it ends with may be one."""
    directory, name = os.path.split(path)
    return os.path.join(os.path.realpath(directory), name)

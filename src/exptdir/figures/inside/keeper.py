"""Keeps a copy of each figure before a script lays hands on it, and a journal of what is to be put back.

The file that all processes of a script write down in what they touch: one fact a line.
"""

from __future__ import annotations

import json
import os
import shutil

from .scope import Scope

#: Name of the journal in the directory of the copies.
JOURNAL = "journal"


class Keeper:
    """Copies figures before they are written, renamed over or removed; the first time only.

    The journal holds one JSON list a line: the figure's path and the name of its copy, which is null where there
    was no figure. Of several lines on one figure, which come from several processes, the first holds.

    Parameters
    ----------
    scope
        Says what is a figure of the record.
    directory
        Where the copies go.
    outputs
        The figures that the script is known to write, in case it does so past any trace.
    """

    def __init__(self, scope: Scope, directory: str, outputs: tuple[str, ...] = ()) -> None:
        self._scope = scope
        self._directory = directory
        self._outputs = outputs
        self._kept: set[str] = set()

    def keep(self, path: str) -> None:
        """Make sure that the figure at an absolute path can be put back; leave anything else alone."""
        if path in self._kept or not self._scope.figure(path):
            return
        self._kept.add(path)
        copy = None
        if os.path.isfile(path):
            copy = f"{os.getpid()}-{len(self._kept)}"
            shutil.copy2(path, os.path.join(self._directory, copy))
        line = json.dumps([path, copy]) + "\n"
        journal = os.path.join(self._directory, JOURNAL)
        file = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode("ascii"))
        finally:
            os.close(file)

    def keep_all(self, directory: str) -> None:
        """Keep all known outputs, and all figures in a directory: someone writes whom we cannot see."""
        for path in self._outputs:
            self.keep(path)
        try:
            names = os.listdir(directory)
        except OSError:
            return
        for name in names:
            path = os.path.join(directory, name)
            if os.path.isfile(path):
                self.keep(path)


#: Kinds of facts: read, written, looked for in vain, listed, imported, past any trace, named.
READ, WRITE, ABSENT, LIST, MODULE, UNSEEN, NAMED = "rwalmud"


class Notes:
    """Appends facts to a file that threads, forks and other processes append to as well.

    Parameters
    ----------
    path
        The file, which is made unless it is there.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._known: set[str] = set()
        self._open()

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        self._is = self._identity()

    def _identity(self) -> tuple[int, int]:
        status = os.fstat(self._file)
        return status.st_dev, status.st_ino

    def add(self, kind: str, path: str) -> bool:
        """Write down a fact, each once a process.

        Returns
        -------
        bool
            Whether it was new to this process.
        """
        fact = f"{kind} {escape(path)}\n"
        if fact in self._known:
            return False
        self._known.add(fact)
        try:
            lost = self._identity() != self._is
        except OSError:
            lost = True
        if lost:
            # Daemons close all descriptors that they did not open, and the number may be another file's by now.
            self._open()
        os.write(self._file, fact.encode("utf-8", "surrogateescape"))
        return True


def escape(path: str) -> str:
    """Write a path without line breaks."""
    return path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def unescape(text: str) -> str:
    """Read what :func:`escape` wrote."""
    parts = text.split("\\\\")
    return "\\".join(part.replace("\\n", "\n").replace("\\r", "\r") for part in parts)

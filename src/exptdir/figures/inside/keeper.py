"""Keeps a copy of each figure before a script lays hands on it, and a journal of what is to be put back."""

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

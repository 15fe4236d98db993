"""The file that all processes of a script write down in what they touch: one fact a line."""

from __future__ import annotations

import os

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

"""What has changed in a directory since one looked last."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

#: Size and time of modification, in nanoseconds, and which file it is.
Stamp = tuple[int, int, int]
#: Directories of the output whose files are no pages, whatever they are called.
_NO_PAGES = ("_static/", "_downloads/", "_images/")


class Output:
    """The files of the output.

    Parameters
    ----------
    directory
        Where they are.
    suffix
        What pages end in.
    """

    def __init__(self, directory: Path, suffix: str) -> None:
        self._directory = os.fspath(directory)
        self._suffix = suffix
        self._stamps = dict(self._found())
        self._digests: dict[str, bytes] = {}
        for path in self._stamps:
            self._is_other(path)

    def changes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the pages, and the other files, that were written or deleted since the last call."""
        before, self._stamps = self._stamps, dict(self._found())
        changed = sorted({path for path, _ in before.items() ^ self._stamps.items()})
        pages = tuple(path for path in changed if self._is_page(path))
        return pages, tuple(path for path in changed if not self._is_page(path) and self._is_other(path))

    def _is_other(self, path: str) -> bool:
        """Say whether a static file holds other bytes than before: some are written again by every build."""
        if not path.startswith("_static/"):
            return True
        try:
            digest = hashlib.sha256(Path(self._directory, path).read_bytes()).digest()
        except OSError:
            digest = b""
        before, self._digests[path] = self._digests.get(path), digest
        return before != digest

    def _is_page(self, path: str) -> bool:
        return path.endswith(self._suffix) and not path.startswith(_NO_PAGES)

    def _found(self) -> Iterator[tuple[str, Stamp]]:
        waiting = [""]
        while waiting:
            inside = waiting.pop()
            for entry in _entries(os.path.join(self._directory, inside)):
                path = inside + entry.name
                # What is hidden is not served, and no page shows a source.
                if entry.name.startswith(".") or path == "_sources":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{path}/")
                elif (stamp := stamp_of(entry)) is not None:
                    yield path, stamp


def stamps_in(directories: Iterable[str]) -> dict[str, Stamp]:
    """Return the stamps of the files that lie directly in some directories, by their paths."""
    found: dict[str, Stamp] = {}
    for directory in directories:
        for entry in _entries(directory):
            if entry.is_file() and (stamp := stamp_of(entry)) is not None:
                found[entry.path] = stamp
    return found


def stamp_of(entry: os.DirEntry[str]) -> Stamp | None:
    """Return the stamp of a file, ``None`` if it is gone."""
    try:
        found = entry.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        return []

"""Digests of files, remembered by size and times, so that thousands are compared without being read.

Files outside the record: they are known by path, size and time, and only on the machine that saw them.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from exptdir.record.files import read_or_none, write_if_changed

#: A file changed so shortly before it was digested may change again within one tick of the file system's
#: clock, the same size and times notwithstanding; git calls such entries *racily clean*. FAT ticks every 2 s.
RACY_NS = 2_000_000_000

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_CHUNK = 1 << 20
#: Size, times of content and of state in nanoseconds, digest.
_Known = tuple[int, int, int, str]
_UNTRUSTED = -1


def digest_text(text: str) -> str:
    """Digest a text.

    Parameters
    ----------
    text
        Any text, file names that are not UTF-8 included.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits.
    """
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def digest_bytes(content: bytes) -> str:
    """Digest what a file holds, as :meth:`Digests.of` does."""
    digester = _Digester()
    digester.update(content)
    return digester.result()


class _Digester:
    """Digests a file piece by piece. Line ends of a text do not count: git may have changed them on the way."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self._text: bool | None = None
        self._rest = b""

    def update(self, piece: bytes) -> None:
        if self._text is None:
            # As git tells texts: by the absence of a null byte at the beginning.
            self._text = b"\0" not in piece[:8000]
        if self._text:
            piece = self._rest + piece
            self._rest = piece[-1:] if piece.endswith(b"\r") else b""
            piece = piece[: len(piece) - len(self._rest)].replace(b"\r\n", b"\n")
        self._sha.update(piece)

    def result(self) -> str:
        self._sha.update(self._rest)
        return "sha256:" + self._sha.hexdigest()


class Digests:
    """The digests of files, and the cache of those that were digested before.

    Parameters
    ----------
    file
        Where the cache is kept between builds; one that is missing or damaged counts as empty.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: dict[str, _Known] = {}
        # One that is damaged counts as empty.
        with suppress(ValueError, TypeError, AttributeError, RecursionError):
            data = json.loads((read_or_none(file) if file is not None else None) or b"{}")
            self._known = {path: _known(values) for path, values in data.items()}
        self._asked: set[str] = set()

    def of(self, path: str) -> str | None:
        """Digest a file, by reading it only if it may have changed.

        Parameters
        ----------
        path
            The file, absolute; links are followed.

        Returns
        -------
        str or None
            ``sha256:`` and 64 hexadecimal digits; ``None`` where no regular file can be read.
        """
        self._asked.add(path)
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            return None
        known = self._known.get(path)
        if known is not None and known[:3] == (found.st_size, found.st_mtime_ns, found.st_ctime_ns):
            return known[3]
        if not stat.S_ISREG(found.st_mode):
            return None
        try:
            descriptor = os.open(path, _FLAGS)
        except OSError:
            return None
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 (a descriptor has no path)
            now = time.time_ns()
            before = os.fstat(descriptor)
            digester = _Digester()
            try:
                while chunk := file.read(_CHUNK):
                    digester.update(chunk)
            except OSError:
                return None
            after = os.fstat(descriptor)
        digest = digester.result()
        times = (after.st_size, after.st_mtime_ns, after.st_ctime_ns)
        still = times == (before.st_size, before.st_mtime_ns, before.st_ctime_ns)
        settled = still and max(times[1:]) < now - RACY_NS
        self._known[path] = (*times, digest) if settled else (_UNTRUSTED, 0, 0, digest)
        return digest

    def seen(self, path: str) -> bool:
        """Tell whether a file was ever digested here, even if it is gone now."""
        return path in self._known

    def save(self, *, prune: bool = False) -> None:
        """Write the cache, if it changed.

        Parameters
        ----------
        prune
            Forget the files that were not asked for since the cache was loaded.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        if self._file is None:
            return
        kept = {path: known for path, known in self._known.items() if not prune or path in self._asked}
        write_if_changed(self._file, json.dumps(kept, sort_keys=True, separators=(",", ":")).encode())


def _known(values: list[object]) -> _Known:
    size, modified, changed, digest = values
    if not (isinstance(size, int) and isinstance(modified, int) and isinstance(changed, int)):
        raise TypeError("sizes and times are whole numbers")
    if not isinstance(digest, str):
        raise TypeError("a digest is a text")
    return size, modified, changed, digest


#: Where programs keep themselves: what is read there (fonts, time zones, caches) is no input of a figure.
_SYSTEM = ("/usr/share", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev", "/run", "/nix")
_SYSTEM_ELSEWHERE = ("/var/cache", "/System", "/Library", "C:\\Windows")
_OWN_CACHES = ("~/.cache", "~/.config/matplotlib", "~/.matplotlib", "~/.fonts", "~/.local/share/fonts", "~/.local/lib")


def system_places() -> tuple[str, ...]:
    """Return the directories in which nothing is an input of a figure."""
    own = (os.path.expanduser(path) for path in _OWN_CACHES)
    running = (sys.prefix, sys.base_prefix, sys.exec_prefix)
    settings = tuple(path for name in ("MPLCONFIGDIR", "XDG_CACHE_HOME") if (path := os.environ.get(name)))
    places = (*_SYSTEM, *_SYSTEM_ELSEWHERE, *own, *running, *settings)
    return tuple(sorted({os.path.normpath(path) for path in places}))


def is_below(path: str, places: tuple[str, ...]) -> bool:
    """Tell whether a path is one of *places* or in one of them."""
    return any(path == place or path.startswith(place.rstrip(os.sep) + os.sep) for place in places)


def is_passing(path: str) -> bool:
    """Tell whether a path is that of a temporary file that is gone again."""
    return is_below(path, (os.path.normpath(tempfile.gettempdir()),)) and not os.path.lexists(path)


def mark(path: str) -> str:
    """Return what stands for a path in the ledger, which must not tell it."""
    return digest_text(path)[7:23]


def stamp(path: str) -> str:
    """Return what a file or directory outside the record is known by: size and time, or the names in it."""
    try:
        if os.path.isdir(path):
            return digest_text("\n".join(sorted(os.listdir(path))))
        found = os.stat(path)
    except (OSError, ValueError):
        return "absent"
    return f"{found.st_size} {found.st_mtime_ns}"

"""What is remembered of figures on this machine alone: digests, files outside the record, failures.

Digests are remembered by the stamp of their file, so that thousands are compared without being read. Files outside the
record are known by path, size and time, and only on the machine that saw them.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from exptdir.figures.inside.scope import WILD, split_pattern
from exptdir.figures.model import LEDGER
from exptdir.record import files
from exptdir.record.files import read_or_none, write_if_changed

if TYPE_CHECKING:
    from exptdir.figures.ledger import LedgerEntry

_CHUNK = 1 << 20


def digest_text(text: str) -> str:
    """Digest a text, file names that are not UTF-8 included: ``sha256:`` and 64 hexadecimal digits."""
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
    """The digests of files, and the cache of those that were digested before; one that is damaged counts as empty."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, tuple[files.Stamp | None, str]] = {}
        with suppress(ValueError, TypeError, AttributeError, RecursionError):
            data = json.loads(read_or_none(file) or b"{}")
            for path, (known, digest) in data.items():
                self._known[path] = tuple(map(int, known)) if known else None, str(digest)
        self._asked: set[str] = set()

    def of(self, path: str) -> str | None:
        """Digest a regular file, by reading it only if it may have changed; ``None`` where there is none to be read."""
        self._asked.add(path)
        before = files.stamp(path)
        known = self._known.get(path)
        if not before or (known is not None and known[0] == before):
            return known[1] if known is not None and before else None
        digester = _Digester()
        # git calls entries that may change again within one tick of the clock *racily clean*.
        lasting = files.lasting(before)
        try:
            # What is no regular file may never end, or wait for a writer.
            with open(files.open_regular(path), "rb", buffering=0) as file:  # noqa: PTH123 (a descriptor has no path)
                while chunk := file.read(_CHUNK):
                    digester.update(chunk)
        except OSError:
            # Of a link to a directory counts where that is.
            return digest_text(os.readlink(path)) if os.path.islink(path) and os.path.isdir(path) else None
        self._known[path] = (lasting if files.stamp(path) == before else None, digester.result())
        return self._known[path][1]

    def before(self, path: str, time: int) -> str | None:
        """Return the digest of a file as it was before a time, in nanoseconds, if that is known."""
        known, digest = self._known.get(path, (None, ""))
        return digest if known and known[1] < time else None

    def exists(self, path: str) -> bool:
        """Tell whether there is such a file or directory, and remember if there is."""
        self._asked.add(path)
        there = os.path.exists(path)
        if there:
            self._known.setdefault(path, (None, ""))
        return there

    def seen(self, path: str) -> bool:
        """Tell whether a file, or one in such a directory, was ever there, even if it is gone now."""
        return path in self._known or any(known.startswith(path + os.sep) for known in self._known)

    def save(self, *, prune: bool = False) -> None:
        """Write the cache, if it changed; *prune* forgets the files that were not asked for since it was loaded.

        Raises OSError when it cannot be written.
        """
        kept = {path: known for path, known in self._known.items() if not prune or path in self._asked}
        write_if_changed(self._file, json.dumps(kept, sort_keys=True, separators=(",", ":")).encode())


def is_below(path: str, places: Iterable[str]) -> bool:
    """Tell whether a path is one of *places* or in one of them."""
    return any(path == place or path.startswith(place.rstrip(os.sep) + os.sep) for place in places)


def mark(path: str) -> str:
    """Return what stands for a path in the ledger, which must not tell it."""
    return digest_text(path)[7:23]


def is_litter(name: str) -> bool:
    """Tell by its name whether a file is what programs leave behind for themselves: office programs and ours, too."""
    names = ("Thumbs.db", "ehthumbs.db", "desktop.ini", ".DS_Store", "__pycache__", LEDGER)
    return name in names or name.startswith(("~$", ".~lock."))


def names_like(directory: str, pattern: str, before: str = "") -> Iterator[str]:
    """Find what a pattern means in a directory, by the paths from there with what stands *before* them.

    Directories have a slash at their end. Hidden names do not count unless the pattern has them. ``**`` does not follow
    links; those to directories are named, as if they were meant.
    """
    head, _, rest = pattern.partition("/")
    if not set(head) & WILD:
        place = os.path.join(directory, head)
        if rest:
            yield from names_like(place, rest, f"{before}{head}/")
        elif os.path.lexists(place):
            yield before + head
        return
    deep = head == "**"
    if deep and rest:
        yield from names_like(directory, rest, before)
    with suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            name = entry.name
            hidden = (name.startswith(".") and not head.startswith(".")) or is_litter(name)
            if hidden or not fnmatch.fnmatchcase(name, "*" if deep else head):
                continue
            inner = entry.is_dir(follow_symlinks=not deep)
            if inner and (deep or rest):
                yield from names_like(entry.path, pattern if deep else rest, f"{before}{name}/")
            if not rest or (deep and not inner and entry.is_dir()):
                yield before + name + "/" * entry.is_dir(follow_symlinks=False)


def stamp(path: str) -> str:
    """Return what a file or directory outside the record is known by: size and time, or the (matching) names in it."""
    directory, pattern = (path, "*") if os.path.exists(path) else split_pattern(path.replace(os.sep, "/"))
    if pattern and os.path.isdir(directory):
        return digest_text("\n".join(sorted(set(names_like(directory, pattern)))))
    # Not the other numbers of a stamp: those of disks and of files on network drives are others after each start.
    found = files.stamp(path)
    return f"{found[2]} {found[0]}" if found else "absent"


@dataclass(frozen=True)
class Failure:
    """How the last run of a script went wrong, as in :class:`~exptdir.figures.model.Outcome`, and in one sentence."""

    status: str
    message: str
    traceback: str = ""
    output: str = ""
    line: int | None = None
    #: What it had read until then: a ledger, and sizes and times of files outside the record.
    ledger: str = field(default="", compare=False)
    stamps: Mapping[str, str] = field(default_factory=dict, compare=False)
    #: Under which conditions it failed: with others it may not.
    setting: str = field(default="", compare=False)


def setting_of(timeout: float, memory: int) -> str:
    """Return the conditions under which a script fails beside what it reads: bounds, and what is installed."""
    places = sorted({entry for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages")})
    installed = [(place, stamp(place)) for place in places]
    return digest_text(json.dumps([sys.version, timeout, memory, installed]))


class State:
    """The state directory, which lies outside the source tree and may be deleted at any time.

    Then digests are made anew, and figures that depend on files outside the record are no longer known to be fresh.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.digests = Digests(directory / "digests.json")
        self._file = directory / "figures.json"
        self.failures: dict[str, Failure] = {}
        self._outside: dict[str, tuple[str, dict[str, str]]] = {}
        # Whatever is wrong with the file, what is lost is learnt again.
        with suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError):
            data = json.loads(read_or_none(self._file) or b"{}")
            self.failures = {key: Failure(**value) for key, value in data["failures"].items()}
            for key, (identity, stamps) in data["outside"].items():
                self._outside[key] = str(identity), {str(path): str(known) for path, known in stamps.items()}

    def scratch(self, key: str) -> Path:
        """Return a directory for one run of a script."""
        return self.directory / "scratch" / digest_text(key)[7:23]

    def remember_outside(self, entry: LedgerEntry, stamps: Mapping[str, str]) -> None:
        """Keep sizes and times of the files outside the record that an entry was made with."""
        self._outside.pop(entry.key, None)
        if stamps:
            self._outside[entry.key] = (digest_text(entry.identity), dict(stamps))

    def outside(self, entry: LedgerEntry) -> Mapping[str, str] | None:
        """Return what the files outside the record were that an entry was made with, by path.

        ``None`` if it was made on another machine, or the state is lost.
        """
        if not entry.outside:
            return {}
        identity, stamps = self._outside.get(entry.key, ("", {}))
        fits = identity == digest_text(entry.identity) and sorted(map(mark, stamps)) == sorted(entry.outside)
        return stamps if fits else None

    def save(self, *, prune: bool = False) -> None:
        """Write what changed; *prune* forgets the digests that nobody asked for. Raises OSError when that cannot be."""
        self.digests.save(prune=prune)
        failures = {key: asdict(failure) for key, failure in self.failures.items()}
        data = {"failures": failures, "outside": self._outside}
        write_if_changed(self._file, json.dumps(data, sort_keys=True, indent=1).encode())

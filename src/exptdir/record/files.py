"""Files: reading with a bound, writing as a whole or not at all, locks, and whether a file has changed.

Everything of ours that touches a file's content comes here. Locks are those of the system on the file or directory
itself: ``filelock``, which was looked at, leaves a file behind for each. Writing at once is no function of the standard
library, and the packages that had it are no longer kept.
"""

from __future__ import annotations

import codecs
import errno
import gc
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Generic, TypeVar

from exptdir.errors import MetadataError
from exptdir.record.problem import Problem

#: Largest file of metadata that is read.
MAX_METADATA = 1 << 20
#: No log is longer; the rest of it is not looked at.
MAX_LOG = 8 << 20
#: No other text, and no file of our own, is larger; what is larger is neither read nor edited.
MAX_BYTES = 64 << 20
#: How long before being looked at a change counts as a moment ago, in ns: FAT keeps times to two seconds.
RACY = 2_000_000_000

#: The errors that mean that there is no such file, which is no problem.
ABSENT = (errno.ENOENT, errno.ENOTDIR)

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_UNFINISHED = ".exptdir-tmp"
_END = re.compile(r"\r\n|\r|\n")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")

#: What of a file changes with its content: times, size, inode and device; nothing for one that is not there.
Stamp = tuple[int, ...]
Made = TypeVar("Made")
#: The text of a larger file is not put on a page, which must stay one, nor a copy into the site that nobody asked for.
MAX_SHOWN = 1_000_000


class UnreadableError(MetadataError):
    """A file of metadata cannot be made sense of; *line* is that of the fault, 1-based, where known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def open_regular(path: str | Path) -> int:
    """Open a regular file for reading, without ever waiting for a pipe or a device; return its descriptor.

    Raises OSError when it cannot be opened, or is not a regular file.
    """
    descriptor = os.open(path, _FLAGS)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is not a regular file")


def read_bytes(path: str | Path, limit: int) -> bytes:
    """Read the first *limit* bytes of a regular file.

    Raises OSError when it cannot be opened or read, or is not a regular file.
    """
    descriptor = open_regular(path)
    try:
        data = os.read(descriptor, limit)
        while len(data) < limit and (more := os.read(descriptor, limit - len(data))):
            data += more
        return data
    finally:
        os.close(descriptor)


def read_or_none(path: str | Path) -> bytes | None:
    """Read a file that may be missing, unreadable or too large; then it is ``None``."""
    with suppress(OSError):
        return read_state(Path(path))
    return None


def read_state(path: Path, *, is_link: bool = False) -> bytes | None:
    """Read what a file holds, or where a link leads; ``None`` where there is nothing.

    Raises OSError when it is there and cannot be read.
    """
    try:
        data = os.fsencode(path.readlink()) if is_link else read_bytes(path, MAX_BYTES + 1)
    except OSError as error:
        if error.errno in ABSENT:
            return None
        raise
    if len(data) > MAX_BYTES:
        raise OSError(errno.EFBIG, "it is larger than 64 MiB", str(path))
    return data


def read_log(path: Path) -> str:
    """Read a log in whatever encoding it has; nothing where it cannot be read."""
    try:
        data = read_bytes(path, MAX_LOG)
    except OSError:
        return ""
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")


def read_text(path: str) -> str | None:
    """Read a whole file of metadata; ``None`` when there is no such file.

    Raises OSError when it is there but cannot be read. Raises UnreadableError when it is too big or not UTF-8.
    """
    try:
        data = read_bytes(path, MAX_METADATA + 1)
    except OSError as error:
        # A link that leads nowhere is a file that cannot be read, not one that was never made.
        if error.errno in ABSENT and not os.path.islink(path):
            return None
        raise
    if len(data) > MAX_METADATA:
        raise UnreadableError("it is larger than 1 MiB")
    return decode(data)


def decode(data: bytes, *, whole: bool = True) -> str:
    """Decode a file of metadata, which must be UTF-8; a byte-order mark goes, and line ends become ``\n``.

    Where it is not *whole*, a character that is cut off at the end is forgiven.

    Raises UnreadableError when it is not UTF-8.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        raise UnreadableError("it is UTF-16 or UTF-32; save it as UTF-8")
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=whole)
    except UnicodeDecodeError as error:
        raise UnreadableError("it is not UTF-8", data.count(b"\n", 0, error.start) + 1) from None
    if "\0" in text:
        raise UnreadableError("it holds null bytes, so it is no text in UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def unreadable(path: str, error: Exception) -> Problem:
    """Say, as a problem of kind ``metadata``, why a file of metadata cannot be read."""
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    message = f"“{os.path.basename(path)}” cannot be read: {reason[:1].lower()}{reason[1:]}"
    return Problem("metadata", message, Path(path), getattr(error, "line", None))


def shown_text(path: Path) -> str | None:
    """Return the text of a file as a page shows it; ``None`` where it is gone, too long or no text."""
    try:
        content = read_bytes(path, MAX_SHOWN + 1)
    except OSError:
        return None
    if len(content) > MAX_SHOWN or b"\0" in content:
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").rstrip("\n")


def split_lines(text: str) -> list[str]:
    """Split a text at ``\\n``, ``\\r\\n`` and ``\\r``; the lines keep their ends."""
    return _LINE.findall(text)


def bare_lines(text: str) -> list[str]:
    """Split a text likewise, without the ends; a last line that ends has an empty one behind it."""
    return _END.split(text) if "\r" in text else text.split("\n")


def line_end(text: str) -> str:
    """Return the line end that a text uses: that of its first line, else ``\\n``."""
    found = _END.search(text)
    return found[0] if found else "\n"


def write(
    path: Path, content: bytes | None, *, is_link: bool = False, mode: int | None = None, sync: bool = False
) -> None:
    """Give a file new content at one stroke, or, without *content*, take it away.

    Its mode stays, and a link to a file goes on to lead where it led; a new file gets *mode*. With *is_link* a link is
    made that leads to *content*, and with *sync* the file's name, too, has reached the disk before this returns.

    Raises OSError when that cannot be done; the file is then what it was.
    """
    place = path if is_link or content is None else Path(os.path.realpath(path))
    if content is None:
        path.unlink(missing_ok=True)
    else:
        # Two processes may write the same file.
        unfinished = place.with_name(f"{_unfinished_name(place)}{os.getpid()}{_UNFINISHED}")
        try:
            if is_link:
                unfinished.symlink_to(os.fsdecode(content))
            else:
                with unfinished.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                if place.exists():
                    shutil.copymode(place, unfinished)
                elif mode is not None:
                    unfinished.chmod(mode)
            unfinished.replace(place)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    if sync:
        sync_directory(place.parent)


def _unfinished_name(path: Path) -> str:
    return f".{path.name[:100]}."


def clear_unfinished(path: Path) -> None:
    """Take away what a killed process has left of new content for a file."""
    with suppress(OSError):
        for name in os.listdir(path.parent):
            if name.startswith(_unfinished_name(path)) and name.endswith(_UNFINISHED):
                (path.parent / name).unlink()


def write_if_changed(path: str | Path, data: bytes) -> bool:
    """Write a file as a whole, and its directory, unless it holds the same bytes already; say whether it was written.

    Raises OSError when it cannot be written; what was there before is still there, and no half file beside it.
    """
    path = Path(path)
    if read_or_none(path) == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, data)
    return True


def sync_directory(path: Path) -> None:
    """Have the names in a directory reach the disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def inside(path: Path, base: Path) -> bool:
    """Tell whether a file, which may not exist yet, is inside a directory when links are followed."""
    root = os.path.realpath(base)
    return path.name not in {"", ".", ".."} and os.path.commonpath([os.path.realpath(path), root]) == root


def take_lock(path: str | Path, timeout: float | None = 0.0) -> int:
    """Lock a file or a directory against other processes; nothing is written, and a killed process holds nothing.

    *timeout* is in seconds, ``None`` for ever. Close the descriptor that is returned, and it is free again; it is -1 on
    systems and file systems without locks.

    Raises BlockingIOError when another still has it, OSError when it cannot be opened.
    """
    try:
        import fcntl
    except ImportError:
        return -1
    descriptor = os.open(path, _FLAGS)
    ends = None if timeout is None else time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if ends is None else fcntl.LOCK_NB))
            return descriptor
        except BlockingIOError:
            if ends is not None and time.monotonic() >= ends:
                os.close(descriptor)
                raise
            time.sleep(0.05)
        except OSError:
            # Some network file systems have no locks.
            os.close(descriptor)
            return -1


@contextmanager
def locked(path: str | Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold a file or a directory against other processes; yield whether it is held, or cannot be by anybody.

    Nothing is written to it. *wait* says whether to wait while another holds it.
    """
    held, descriptor = True, -1
    try:
        descriptor = take_lock(path, None if wait else 0.0)
    except OSError as error:
        held = not isinstance(error, BlockingIOError)
    try:
        yield held
    finally:
        if descriptor >= 0:
            os.close(descriptor)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let what is made within not be gone through again and again for rubbish."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def stamp(path: str | Path) -> Stamp:
    """Return the stamp of a file or a directory: as long as it is the same, so is the file.

    ``ctime`` cannot be set back, so that a file restored with its old times is seen as well.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return ()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev


def lasting(found: Stamp) -> Stamp | None:
    """Return a stamp that was taken just now, ``None`` where a change may leave it the same."""
    return None if found and max(found[:2]) > time.time_ns() - RACY else found


class FileCache(Generic[Made]):
    """What was made of each of many files or directories, made again only when that has changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp | None, Made]] = {}
        self._before: dict[str, tuple[Stamp | None, Made]] = {}

    def renew(self) -> None:
        """Forget, in time, what nobody asks for any more."""
        self._known, self._before = {}, self._known

    def of(self, path: str, make: Callable[[str], Made], may_last: Callable[[Made], bool] = lambda made: True) -> Made:
        """Return what *make* makes of a path; the same object as long as that is as it was.

        *may_last* says whether it may be kept, where more than the path decides on it.
        """
        now = stamp(path)
        known = self._known.get(path) or self._before.get(path)
        if known is None or not now or known[0] != now:
            # Before it is read: what changes meanwhile is read again next time.
            kept = lasting(now)
            made = make(path)
            known = kept if may_last(made) else None, made
        self._known[path] = known
        return known[1]

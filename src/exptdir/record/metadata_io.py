"""Reading small files that hold metadata: bounded, never blocking, with errors that say where."""

from __future__ import annotations

import codecs
import errno
import os
import stat
from pathlib import Path

from exptdir.errors import MetadataError
from exptdir.record.problem import Problem

#: Largest file of metadata that is read.
MAX_BYTES = 1 << 20

#: The errors that mean that there is no such file, which is no problem.
ABSENT = (errno.ENOENT, errno.ENOTDIR)

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class UnreadableError(MetadataError):
    """A file of metadata cannot be made sense of.

    Parameters
    ----------
    message
        Why not.
    line
        1-based line of the fault, where known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def read_text(path: str) -> str | None:
    """Read a whole file of metadata.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str or None
        ``None`` when there is no such file.

    Raises
    ------
    OSError
        When it is there but cannot be read.
    UnreadableError
        When it is too big or not UTF-8.
    """
    try:
        data = read_bytes(path, MAX_BYTES + 1)
    except OSError as error:
        # A link that leads nowhere is a file that cannot be read, not one that was never made.
        if error.errno in ABSENT and not os.path.islink(path):
            return None
        raise
    if len(data) > MAX_BYTES:
        raise UnreadableError("it is larger than 1 MiB")
    return decode(data)


def read_bytes(path: str, limit: int) -> bytes:
    """Read the beginning of a regular file without ever waiting for a pipe or a device.

    Parameters
    ----------
    path
        The file.
    limit
        Read no more than so many bytes.

    Returns
    -------
    bytes
        The file, or its beginning.

    Raises
    ------
    OSError
        When it cannot be opened or read, or is not a regular file.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        data = os.read(descriptor, limit)
        while len(data) < limit and (more := os.read(descriptor, limit - len(data))):
            data += more
        return data
    finally:
        os.close(descriptor)


def decode(data: bytes, *, whole: bool = True) -> str:
    """Decode a file of metadata, which must be UTF-8; a byte-order mark is taken off.

    Parameters
    ----------
    data
        The bytes.
    whole
        Whether this is all of the file; else a character cut off at the end is forgiven.

    Returns
    -------
    str
        The text, with line ends made ``\\n``.

    Raises
    ------
    UnreadableError
        When it is not UTF-8.
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


def problem(path: str, error: Exception) -> Problem:
    """Describe why a file of metadata cannot be read.

    Parameters
    ----------
    path
        The file.
    error
        What went wrong.

    Returns
    -------
    Problem
        Of kind ``metadata``.
    """
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    message = f"“{os.path.basename(path)}” cannot be read: {reason[:1].lower()}{reason[1:]}"
    return Problem("metadata", message, Path(path), getattr(error, "line", None))

"""Small files of our own: read with a bound, written as a whole or not at all, and only if they changed."""

from __future__ import annotations

import os
from pathlib import Path

from exptdir.record.metadata_io import read_bytes

#: The largest file of ours that is read: a ledger of several hundred thousand facts.
MAX_BYTES = 1 << 26


def read_or_none(path: str | Path) -> bytes | None:
    """Read a file of ours, which may be missing, unreadable or no file at all.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    bytes or None
        Its content; ``None`` when there is nothing that can be read, or too much of it.
    """
    try:
        data = read_bytes(os.fspath(path), MAX_BYTES + 1)
    except OSError:
        return None
    return data if len(data) <= MAX_BYTES else None


def write_if_changed(path: str | Path, data: bytes) -> bool:
    """Write a file atomically, unless it holds the same bytes already.

    Parameters
    ----------
    path
        The file; its directory is made if need be.
    data
        All of its bytes.

    Returns
    -------
    bool
        Whether it was written.

    Raises
    ------
    OSError
        When it cannot be written; what was there before is still there, and no half file beside it.
    """
    path = Path(path)
    if read_or_none(path) == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return True

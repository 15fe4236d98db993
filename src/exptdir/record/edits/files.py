"""Single files and links, written as a whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

from exptdir.record.metadata_io import read_bytes

#: No text of a record is larger; what is larger is not edited.
MAX_BYTES = 64 << 20


def read_state(path: Path, *, is_link: bool = False) -> bytes | None:
    """Read what a file holds, or where a link leads; ``None`` where there is nothing.

    Raises
    ------
    OSError
        When it is there and cannot be read.
    """
    try:
        data = os.fsencode(path.readlink()) if is_link else read_bytes(os.fspath(path), MAX_BYTES + 1)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR}:
            return None
        raise
    if len(data) > MAX_BYTES:
        raise OSError(errno.EFBIG, "it is larger than 64 MiB", str(path))
    return data


def beside(path: Path) -> Path:
    """Return the name under which new content waits until it is complete."""
    return path.with_name(f".{path.name[:100]}.exptdir-tmp")


def put(
    path: Path, content: bytes | None, *, is_link: bool = False, mode: int | None = None, sync: bool = True
) -> None:
    """Give a file new content at one stroke, or take it away.

    Its mode stays, and a link to a file goes on to lead where it led.

    Parameters
    ----------
    path
        The file.
    content
        Its content; ``None`` takes it away.
    is_link
        Whether to make a link that leads to *content*.
    mode
        The mode of a file that is not there yet.
    sync
        Whether its name must have reached the disk, too; else :func:`sync_directory` is left to the caller.

    Raises
    ------
    OSError
        When that cannot be done; the file is then what it was.
    """
    if content is None:
        path.unlink(missing_ok=True)
        if sync:
            sync_directory(path.parent)
        return
    place = path if is_link else Path(os.path.realpath(path))
    waiting = beside(place)
    try:
        if is_link:
            waiting.symlink_to(os.fsdecode(content))
        else:
            _fill(waiting, content)
            _copy_mode(place, waiting, mode)
        waiting.replace(place)
    except Exception:
        waiting.unlink(missing_ok=True)
        raise
    if sync:
        sync_directory(place.parent)


def _fill(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _copy_mode(place: Path, beside: Path, mode: int | None) -> None:
    if place.exists():
        shutil.copymode(place, beside)
    elif mode is not None:
        beside.chmod(mode)


def sync_directory(path: Path) -> None:
    """Have the names in a directory reach the disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def inside(path: Path, base: Path) -> bool:
    """Tell whether a file, which may not exist yet, is inside the record when links are followed."""
    root = os.path.realpath(base)
    return path.name not in {"", ".", ".."} and os.path.commonpath([os.path.realpath(path), root]) == root

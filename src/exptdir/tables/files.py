"""What is refused of a file before any reader is asked."""

from __future__ import annotations

import os
from pathlib import Path

from exptdir.errors import TableError

#: Largest file that is opened, in bytes: a notebook page shows tables, not data sets.
MAX_FILE_SIZE = 256 * 2**20


def check_file(path: Path) -> os.stat_result:
    """Refuse what is no readable file of bearable size.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    os.stat_result
        What the system says about it.

    Raises
    ------
    TableError
        If it is missing, unreadable, no regular file, empty or too large.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise TableError(f"{path} is a link to {os.readlink(path)}, which does not exist") from None
        raise TableError(f"{path} does not exist") from None
    except (OSError, ValueError) as error:
        raise TableError(f"{path} cannot be read: {_reason(error)}") from None
    if path.is_dir():
        raise TableError(f"{path} is a directory, not a file")
    if not path.is_file():
        raise TableError(f"{path} is not a regular file")
    if status.st_size == 0:
        raise TableError("the file is empty (0 bytes)")
    if status.st_size > MAX_FILE_SIZE:
        raise TableError(
            f"the file is {status.st_size // 2**20} MiB, more than the {MAX_FILE_SIZE // 2**20} MiB "
            f"that are opened: save the part to show as a file of its own"
        )
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise TableError(f"{path} cannot be read: {_reason(error)}") from None
    return status


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()

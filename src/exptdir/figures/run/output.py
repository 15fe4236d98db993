"""What a script prints: kept in a file, of which only the end is of interest."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

#: How many characters of what a script printed are handed on.
TAIL = 20_000
#: How large the file may grow.
_MOST = 1 << 24
_EARLIER = ".earlier"


def shorten(path: Path) -> None:
    """Keep the end of a file that has grown too large, while it is written to."""
    with contextlib.suppress(OSError):
        if os.stat(path).st_size > _MOST:
            path.with_suffix(_EARLIER).write_bytes(_end(path))
            os.truncate(path, 0)


def read_output(path: Path) -> str:
    """Return the end of what a script printed."""
    end = _end(path)
    if len(end) < TAIL:
        end = _end(path.with_suffix(_EARLIER)) + end
    return end.decode("utf-8", "replace").replace("\r\n", "\n")[-TAIL:]


def _end(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            # Four bytes a character at most.
            file.seek(max(0, size - 4 * TAIL))
            return file.read()
    except OSError:
        return b""

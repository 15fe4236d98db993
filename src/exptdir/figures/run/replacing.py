"""Puts a figure in its place as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def replace_file(target: Path, content: bytes) -> None:
    """Give a file new content at one stroke; its mode stays, and a link goes on to lead where it led.

    Raises
    ------
    OSError
        When that cannot be done; the file is then what it was.
    """
    place = Path(os.path.realpath(target))
    beside = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            shutil.copymode(place, beside)
        beside.replace(place)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise

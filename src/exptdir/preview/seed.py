"""Begins a preview with what ``exptdir build`` has made, so that a large record is not built once more."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from threading import Event

#: Without these a build has not come to its end, or was made for something else.
_PAGES = (".buildinfo", "objects.inv", "searchindex.js", ".exptdir-outputs")
_TREES = ("environment.pickle",)


class _Stopped(Exception):
    """Somebody has lost patience."""


def seed(html: Path, doctrees: Path, output: Path, stop: Event) -> bool:
    """Copy a complete build, unless there is a preview already.

    The copy appears as a whole or not at all. Times are kept, for by these Sphinx knows what has changed.

    Parameters
    ----------
    html, doctrees
        What ``exptdir build`` has made.
    output
        The directory of the preview: ``html/`` and ``doctrees/`` are made below it.
    stop
        Set where it is to end early.

    Returns
    -------
    bool
        Whether anything was copied.
    """
    if any((output / name).exists() for name in ("html", "doctrees")):
        return False
    before = _stamps(html, doctrees)
    if before is None:
        return False
    output.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".seed-", dir=output))

    def copy(source: str, target: str) -> None:
        if stop.is_set():
            raise _Stopped
        shutil.copy2(source, target, follow_symlinks=False)

    try:
        for name, directory in (("html", html), ("doctrees", doctrees)):
            shutil.copytree(directory, unfinished / name, symlinks=True, copy_function=copy)
        if _stamps(html, doctrees) != before:
            # A build has begun meanwhile.
            return False
        # Pages without doctrees are built anew; doctrees without pages would not be.
        for name in ("html", "doctrees"):
            (unfinished / name).replace(output / name)
    except (OSError, _Stopped):
        return False
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return True


def _stamps(html: Path, doctrees: Path) -> tuple[tuple[int, int], ...] | None:
    """Return sizes and times of the files that tell of a build, if that one was finished."""
    try:
        found = [os.stat(html / name) for name in _PAGES] + [os.stat(doctrees / name) for name in _TREES]
    except OSError:
        return None
    return tuple((one.st_size, one.st_mtime_ns) for one in found)

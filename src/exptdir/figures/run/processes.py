"""Ends processes for good: a script's, and what it started."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

#: ``PR_SET_CHILD_SUBREAPER`` of Linux (``prctl(2)``).
_SET_CHILD_SUBREAPER = 36


def end_group(leader: int) -> None:
    """Kill a process and all of its group."""
    if not hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.kill(leader, signal.SIGTERM)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
        return
    # It has not got as far as to be the leader of a group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(leader, signal.SIGKILL)


def ask_where(leader: int) -> None:
    """Have a process write down where it is; see :mod:`faulthandler`."""
    with contextlib.suppress(AttributeError, ProcessLookupError, PermissionError):
        os.kill(leader, signal.SIGUSR1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent ends, where the system can do that (Linux)."""
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return


def children(process: int | None = None) -> set[int]:
    """Return the children of a process, by default of this one, where the system tells (Linux)."""
    found: set[int] = set()
    for tasks in Path(f"/proc/{process or 'self'}/task").glob("*/children"):
        with contextlib.suppress(OSError, ValueError):
            found.update(map(int, tasks.read_text("ascii").split()))
    return found


def descendants(process: int) -> set[int]:
    """Return the children of a process, their children, and so on, where the system tells (Linux)."""
    found: set[int] = set()
    waiting = children(process)
    while waiting:
        found |= waiting
        waiting = {below for child in waiting for below in children(child)} - found
    return found


def end_all(processes: Iterable[int]) -> None:
    """Kill processes, those that are still there."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))

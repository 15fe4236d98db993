"""An end for what would otherwise not come to one, counted calls, ticks of a clock: no test measures a time."""

from __future__ import annotations

import cProfile
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from exptdir.record.files import collector_paused

#: Seconds of the processor: what ends within them takes a small part of one on any machine.
LIMIT = 60


@contextmanager
def ending() -> Iterator[None]:
    """Interrupt a block that would keep the processor busy for minutes or for ever; regular expressions are, too."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(*_: object) -> None:
        raise AssertionError(f"it keeps the processor busy for more than {LIMIT} seconds")

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def calls(call: Callable[[], object]) -> int:
    """Count the calls of functions, those of the interpreter itself too, that a call makes.

    Nothing is collected meanwhile that others have left; modules should have been loaded before.
    """
    counted = cProfile.Profile()
    with collector_paused():
        counted.runcall(call)
    return sum(entry.callcount for entry in counted.getstats())  # type: ignore[attr-defined]


def next_tick(directory: Path) -> None:
    """Wait until the clock of a file system has gone on: two changes within one tick of it have the same time."""
    with NamedTemporaryFile(dir=directory) as probe:
        path = Path(probe.name)
        begun = path.stat().st_ctime_ns
        while path.stat().st_ctime_ns == begun:
            time.sleep(0.001)
            path.touch()

"""The end of a builder: at once, with no process left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

#: A builder that is asked to end has so many seconds to end its scripts.
_PATIENCE = 0.5
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """Turns signals and a closed pipe into :class:`KeyboardInterrupt`, and sees to it that it is obeyed."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._asked = False

    def install(self) -> None:
        """Take the signals; also one that was ignored when the process was started."""
        for number in _SIGNALS:
            signal.signal(number, self._interrupt)

    def ask(self) -> None:
        """Ask the process to end, from another thread."""
        # Sent to the process, it might reach a thread that cannot be woken for it.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            # A process of Sphinx's, which shares this handler and has nothing to clear up.
            os._exit(1)
        if not self._asked:
            self._asked = True
            last = threading.Timer(_PATIENCE, leave, (1,))
            last.daemon = True
            last.start()
            raise KeyboardInterrupt


def leave(status: int) -> NoReturn:
    """End this process without waiting for anybody."""
    for child in multiprocessing.active_children():
        child.kill()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(status)

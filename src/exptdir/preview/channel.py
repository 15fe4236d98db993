"""What the server and the process that builds say to each other, in lines of JSON; and the builder's end of it.

The server serves, watches the disk and talks to browsers; the builder is a child of it, which holds the Sphinx
application. It reads :class:`Build` messages from its standard input and answers on its standard output, both kept
away from whatever else prints and reads in its process.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from types import FrameType
from typing import Any, NoReturn, Self

from exptdir.figures.run.processes import descendants, end_all
from exptdir.preview.messages import (
    BadMessage,
    Build,
    Drawn,
    Message,
    decode,
    encode,
)


class Channel:
    """Reads messages from one descriptor and writes them to another."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads = reads
        self._writes = writes
        self._builds: queue.SimpleQueue[Build] = queue.SimpleQueue()
        self._sending = threading.Lock()

    @classmethod
    def taken_over(cls) -> Self:
        """Take over standard input and output; Sphinx, extensions and scripts get nothing, and standard error."""
        sys.stdout.flush()
        channel = cls(os.dup(0), os.dup(1))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        return channel

    def listen(self, closed: Callable[[], None]) -> None:
        """Begin to read; *closed* is called, in another thread, when the other side is gone."""

        def read() -> None:
            with os.fdopen(self._reads, "rb") as lines:
                for line in lines:
                    try:
                        message = decode(line)
                    except BadMessage as error:
                        print(error, file=sys.stderr)
                        continue
                    if isinstance(message, Build):
                        self._builds.put(message)
            closed()

        threading.Thread(target=read, daemon=True).start()

    def next(self) -> Build:
        """Wait for what is to be built."""
        return self._builds.get()

    def send(self, message: Message) -> None:
        """Send a message.

        Raises
        ------
        OSError
            If the other side is gone.
        """
        line = memoryview(encode(message))
        with self._sending:
            while line:
                line = line[os.write(self._writes, line) :]


#: A builder that is asked to end has so many seconds to end its scripts.
_PATIENCE = 0.5


class Ending:
    """Turns signals and a closed pipe into :class:`KeyboardInterrupt`, and sees to it that it is obeyed."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._asked = False

    def install(self) -> None:
        """Take the signals; also one that was ignored when the process was started."""

        def interrupt(number: int, frame: FrameType | None) -> None:
            if os.getpid() != self._process:
                # A process of Sphinx's, which shares this handler and has nothing to clear up.
                os._exit(1)
            if not self._asked:
                self._asked = True
                last = threading.Timer(_PATIENCE, leave, (1,))
                last.daemon = True
                last.start()
                raise KeyboardInterrupt

        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, interrupt)

    def ask(self) -> None:
        """Ask the process to end, from another thread."""
        # Sent to the process, it might reach a thread that cannot be woken for it.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


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

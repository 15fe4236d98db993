"""The builder's ends of the two pipes, kept away from whatever else prints and reads in its process."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Self

from exptdir.preview.messages import BadMessage, Build, Message, decode, encode


class Channel:
    """Reads messages from one descriptor and writes them to another.

    Parameters
    ----------
    reads, writes
        The descriptors.
    """

    def __init__(self, reads: int, writes: int) -> None:
        self._reads = reads
        self._writes = writes
        self._builds: queue.SimpleQueue[Build] = queue.SimpleQueue()

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
        """Begin to read.

        Parameters
        ----------
        closed
            Is called, in another thread, when the other side is gone.
        """
        threading.Thread(target=self._listen, args=(closed,), daemon=True).start()

    def _listen(self, closed: Callable[[], None]) -> None:
        with os.fdopen(self._reads, "rb") as lines:
            for line in lines:
                self._take(line)
        closed()

    def _take(self, line: bytes) -> None:
        try:
            message = decode(line)
        except BadMessage as error:
            print(error, file=sys.stderr)
            return
        if isinstance(message, Build):
            self._builds.put(message)

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
        while line:
            line = line[os.write(self._writes, line) :]

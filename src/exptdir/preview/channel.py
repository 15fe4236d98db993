"""The builder's ends of the two pipes, kept away from whatever else prints and reads in its process.

The end of a builder: at once, with no process left behind.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import queue
import signal
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import NoReturn, Self

from exptdir.figures.run.interpreter import descendants, end_all
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
        with self._sending:
            while line:
                line = line[os.write(self._writes, line) :]


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


#: How long it may take to end by itself, in seconds.
PATIENCE = 0.6


#: The longest line, in bytes: a build of a large record reports every page of it.
_LONGEST_LINE = 1 << 28


#: So many of the last lines that it wrote are shown if it dies.
_REMEMBERED = 30


class Builder:
    """A builder, which has been started or not.

    Parameters
    ----------
    command
        Program and arguments.
    say
        Called with each line that it, or what it runs, prints.
    """

    def __init__(self, command: Sequence[str], say: Callable[[str], None]) -> None:
        self._command = command
        self._say = say
        self.drawn: Callable[[Drawn], None] = lambda drawn: None
        self._process: Process | None = None
        self._answers: asyncio.Queue[Message | None] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None
        self._printed: deque[str] = deque(maxlen=_REMEMBERED)
        self._listening: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def printed(self) -> str:
        """The last lines that it printed."""
        return "\n".join(self._printed)

    @property
    def ended(self) -> str:
        """How it ended, for people."""
        code = self._process.returncode if self._process is not None else None
        if code is not None and code < 0:
            with suppress(ValueError):
                return f"was ended by {signal.Signals(-code).name}"
        return f"ended with code {code}"

    async def start(self) -> None:
        """Start it, in a group of its own: Ctrl-C in the terminal does not reach it but through us."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self._printed.clear()
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=_LONGEST_LINE,
            env=environment,
            start_new_session=True,
        )
        self._answers = asyncio.Queue()
        self._listening = asyncio.create_task(self._listen(self._process))
        self._reading = asyncio.create_task(self._read(self._process))

    async def ask(self, build: Build) -> AsyncIterator[Message]:
        """Have it build, and yield what it answers, until it has no more to say.

        The caller ends the iteration at the answer that is the last for this build.
        """
        process = self._process
        assert process is not None and process.stdin is not None
        with suppress(ConnectionError):
            process.stdin.write(encode(build))
            await process.stdin.drain()
        while (message := await self._answers.get()) is not None:
            yield message

    async def _read(self, process: Process) -> None:
        """Read what it says; that something has been drawn it says whether or not it builds."""
        assert process.stdout is not None
        while line := await _line(process.stdout):
            try:
                message = decode(line)
            except BadMessage:
                # Something wrote to what was its standard output.
                self._hear(line)
                continue
            if isinstance(message, Drawn):
                self.drawn(message)
            else:
                self._answers.put_nowait(message)
        self._answers.put_nowait(None)

    async def end(self) -> None:
        """End it, and whatever it has started."""
        process, self._process = self._process, None
        if process is None:
            return
        # Scripts are in sessions of their own; once the builder is gone, nobody knows whose they were.
        started = descendants(process.pid)
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            if process.stdin is not None:
                process.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), PATIENCE)
        # Even if it is gone, children of it may not be.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        end_all(started)
        await process.wait()
        for task in (self._listening, self._reading):
            if task is not None:
                task.cancel()

    async def wait(self) -> None:
        """Wait for its end, after it has said its last word; one who does not go is ended."""
        if self._process is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), PATIENCE)
        if self._listening is not None:
            # The last lines say why; but what it has started may hold the pipe open.
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._listening), PATIENCE)

    async def _listen(self, process: Process) -> None:
        assert process.stderr is not None
        while line := await _line(process.stderr):
            self._hear(line)

    def _hear(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        self._printed.append(text)
        self._say(text)


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        # A line without end: what is read of it has been dropped, and the rest is none of the messages.
        return b"\n"


def builder_command(arguments: Sequence[str]) -> list[str]:
    """Return the command of the builder of this installation."""
    return [sys.executable, "-m", "exptdir.preview.builder", *arguments]

"""The builder as a child process: it is started, spoken to, and ended with all that it has started."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress

from exptdir.figures.run.processes import descendants, end_all
from exptdir.preview.messages import BadMessage, Build, Message, decode, encode

#: How long it may take to end by itself, in seconds.
PATIENCE = 0.6
#: The longest line, in bytes: a build of a large record reports every page of it.
_LONGEST = 1 << 28
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
        self._process: Process | None = None
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
            limit=_LONGEST,
            env=environment,
            start_new_session=True,
        )
        self._listening = asyncio.create_task(self._listen(self._process))

    async def ask(self, build: Build) -> AsyncIterator[Message]:
        """Have it build, and yield what it answers, until it has no more to say.

        The caller ends the iteration at the answer that is the last for this build.
        """
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        with suppress(ConnectionError):
            process.stdin.write(encode(build))
            await process.stdin.drain()
        while line := await _line(process.stdout):
            try:
                yield decode(line)
            except BadMessage:
                # Something wrote to what was its standard output.
                self._hear(line)

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
        if self._listening is not None:
            self._listening.cancel()

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



"""One build after the other: starts the builder, hands it what has changed, starts it again where that is needed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from exptdir.figures.run.processes import descendants, end_all
from exptdir.figures.state import is_below
from exptdir.preview.changes import Changes, Git
from exptdir.preview.channel import (
    BadMessage,
    Build,
    BuildWarning,
    Built,
    Drawn,
    Failed,
    Message,
    PagesShown,
    Progress,
    Ready,
    decode,
    encode,
)
from exptdir.record.files import stamp

if TYPE_CHECKING:
    from exptdir.preview.browsers import Broadcaster

#: Where several files change, more are likely to come: seconds without one until the build begins, and at most.
_QUIET, _LONGEST = 0.15, 2.0
#: Where builds seem to change what they read, the next one waits: seconds, and how often they are doubled at most.
_FIRST_PAUSE, _DOUBLED = 0.5, 9
#: As often may a file change while it is built or soon afterwards before that is suspected, and then before it is told.
_SUSPICIOUS, _TOLD = 3, 3
#: Where something goes on that a build has begun, it may be what changes files so soon afterwards (in ns).
_SOON = 5_000_000_000
_NUMBER = re.compile(r"\d+")

#: Seconds that a builder has to end by itself.
PATIENCE = 0.6
#: The longest line, in bytes: a build of a large record reports every page of it.
_LONGEST_LINE = 1 << 28
#: So many of the last lines that it wrote are shown if it dies.
_REMEMBERED = 30


class Builder:
    """A builder as a child process: it is started, spoken to, and ended with all that it has started.

    *say* is called with each line that it, or what it runs, prints.
    """

    def __init__(self, command: Sequence[str], say: Callable[[str], None]) -> None:
        self._command = command
        self._say = say
        self.drawn: Callable[[Drawn], None] = lambda drawn: None
        self._process: Process | None = None
        self._answers: asyncio.Queue[Message | None] = asyncio.Queue()
        self._printed: deque[str] = deque(maxlen=_REMEMBERED)
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def printed(self) -> str:
        """The last lines that it printed."""
        return "\n".join(self._printed)

    async def start(self) -> None:
        """Start it, in a group of its own: Ctrl-C in the terminal does not reach it but through us."""
        self._printed.clear()
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=_LONGEST_LINE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        assert process.stdout is not None and process.stderr is not None
        self._answers = asyncio.Queue()
        self._tasks = tuple(map(asyncio.create_task, (self._hear(process.stderr), self._hear(process.stdout, True))))

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

    async def _hear(self, stream: asyncio.StreamReader, holds_messages: bool = False) -> None:
        """Read what it says and prints; that something has been drawn it says whether or not it builds."""
        while True:
            try:
                line = await stream.readline()
            except ValueError:
                # A line without end: what is read of it has been dropped, and the rest is none of the messages.
                line = b"\n"
            if not line:
                break
            try:
                # What is none of them was written to what was its standard output.
                message = decode(line) if holds_messages else None
            except BadMessage:
                message = None
            if isinstance(message, Drawn):
                self.drawn(message)
            elif message is not None:
                self._answers.put_nowait(message)
            else:
                text = line.decode("utf-8", "replace").rstrip()
                self._printed.append(text)
                self._say(text)
        if holds_messages:
            self._answers.put_nowait(None)

    async def end(self) -> str:
        """End it, and whatever it has started; return how it ended, for people."""
        process, self._process = self._process, None
        if process is None:
            return ""
        # Scripts are in sessions of their own; once the builder is gone, nobody knows whose they were.
        started = descendants(process.pid)
        if process.returncode is None:
            # Windows has no such signal: there the builder ends because its input does. To have the process send it
            # would ask it for its end, and then nobody who waits for that is told.
            with suppress(ProcessLookupError):
                if hasattr(os, "killpg"):
                    os.kill(process.pid, signal.SIGINT)
            if process.stdin is not None:
                process.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), PATIENCE)
        # Even if it is gone, children of it may not be.
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        end_all(started)
        code = await process.wait()
        for task in self._tasks:
            task.cancel()
        with suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with code {code}"

    async def wait(self) -> None:
        """Wait for its end, after it has said its last word; one who does not go is ended."""
        if self._process is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), PATIENCE)
        for task in self._tasks[:1]:
            # The last lines say why; but what it has started may hold the pipe open.
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(task), PATIENCE)


@dataclass
class RestartRules:
    """Files and directories that decide how a change is taken: *conf* is the ``conf.py``, if there is one."""

    conf: str = ""
    modules: frozenset[str] = frozenset()
    templates: tuple[str, ...] = ()
    statics: tuple[str, ...] = ()

    def starts_anew(self, changed: Sequence[str]) -> bool:
        """Tell whether a builder cannot take a change as it is."""
        return self.writes_all(changed) or any(
            path == self.conf or path in self.modules or is_below(path, self.templates) for path in changed
        )

    def writes_all(self, changed: Sequence[str]) -> bool:
        """Tell whether every page has to be written again: each names the digests of static files."""
        return any(is_below(path, self.statics) for path in changed)


class Supervisor:
    """Keeps the output up to date.

    *viewed* returns the pages that are looked at; *seen* is what is known of the record before its first build.
    """

    def __init__(
        self,
        builder: Builder,
        changes: Changes,
        audience: Broadcaster,
        viewed: Callable[[], tuple[str, ...]],
        seen: RestartRules,
        git: Git,
    ) -> None:
        self.building = False
        self.seen = seen
        self._builder = builder
        self._changes = changes
        self._audience = audience
        self._viewed = viewed
        self._git = git
        self._changed = asyncio.Event()
        self._left: frozenset[str] = frozenset()
        self._everything = False
        self._anew = False
        self._times: dict[str, int] = {}
        self._ended = self._until = 0
        self._pages = frozenset[str]()
        self._asked = self._echo = False
        # What is to be built though nobody has changed it: figures that are drawn, files that a build has made.
        self._made: set[str] | None = None

        def note(message: Drawn) -> None:
            self._made = {*(self._made or ()), *message.figures}
            self.wake()

        builder.drawn = note

    def build_anew(self) -> None:
        """Have the record built by another builder, which also makes anew what extensions make once."""
        self._asked = True
        self.wake()

    def wake(self) -> None:
        """Say that something may have changed."""
        self._changed.set()

    async def run(self) -> None:
        """Build, for ever."""
        changed, excused = self._changes.take(), False
        while True:
            failure = await self._build(changed)
            if failure is not None:
                # A checkout during a build takes files away from it: no failure, unless it comes twice.
                if not excused and self._changes.pending:
                    await self._gather()
                    changed = self._changes.take()
                    await self._prepare(changed)
                    if changed:
                        excused = True
                        continue
                self._audience.failed(failure)
            changed, excused = await self._next(), False

    async def end(self) -> None:
        """End the builder."""
        await self._builder.end()

    async def _build(self, changed: tuple[str, ...]) -> Failed | None:
        """Build, and return how that failed, if it did."""
        self.building, began = True, time.monotonic()
        self._audience.begun(changed)
        paths = tuple(sorted(self._left | set(changed)))
        try:
            if not self._builder.alive:
                await self._builder.end()
                await self._builder.start()
            build = Build(paths, self._viewed(), self._everything, self._changes.modified)
            answer = await self._answer(build)
        except OSError as error:
            answer = Failed(BuildWarning(f"the builder cannot be started: {error}", severity="error"))
        self._ended = self._until = time.time_ns()
        self._changes.finish((*answer.wrote, *(one[:2] for one in answer.made)))
        differing = {path for path, _stamp, differs in answer.made if differs}
        # A build that writes what it reads, and something else each time, would never come to rest.
        self._echo = bool(differing) and not self._echo
        if self._echo:
            self._made = {*(self._made or ()), *differing}
        if answer.modules:
            self.seen = replace(self.seen, modules=frozenset(answer.modules))
        self.building = False
        if isinstance(answer, Built):
            anew, self._anew, self._everything, self._left = self._anew, False, False, frozenset()
            # What was drawn beside other builds took longer; what a builder needs to start, it does not count.
            waited = max(answer.seconds, time.monotonic() - began)
            self._until += _SOON if answer.goes_on else 0
            self._pages = frozenset(answer.pages)
            self._audience.built(replace(answer, seconds=waited), anew=anew)
            return None
        self._left = frozenset(paths)
        return answer

    async def _answer(self, build: Build) -> Built | Failed:
        """Have it built, and return how that ended."""
        async for message in self._builder.ask(build):
            if isinstance(message, Built):
                return message
            if isinstance(message, Failed):
                await self._builder.wait()
                await self._builder.end()
                return message
            if isinstance(message, Ready):
                self.seen = replace(self.seen, templates=message.templates, statics=message.statics)
            if isinstance(message, Ready | Progress | PagesShown):
                self._audience.heard(message)
        await self._builder.wait()
        printed = self._builder.printed
        # A busy machine may tell only now what its end was.
        text = f"the process that builds {await self._builder.end()}; it is started again when something changes"
        return Failed(BuildWarning(text, severity="error"), printed)

    async def _next(self) -> tuple[str, ...]:
        """Wait for changes that mean something, and make the builder ready for them."""
        while True:
            while not (self._changes.pending or self._asked or self._made is not None):
                self._changed.clear()
                await self._changed.wait()
            await self._gather()
            changed = self._changes.take()
            asked, self._asked = self._asked, False
            made, self._made = self._made, None
            if asked:
                self._anew = True
                await self._builder.end()
            elif made is None:
                if not changed:
                    continue
                changed = await self._rest(changed)
            changed = tuple(sorted({*changed, *(made or ())}))
            await self._prepare(changed)
            return changed

    async def _rest(self, changed: tuple[str, ...]) -> tuple[str, ...]:
        """Wait ever longer where each build changes files of one place, as a script may its input; return all changes.

        Who edits anything meanwhile is not kept waiting, nor is who looks at a page that changes after builds.
        """
        # What a process that the build started has written is often reported when it has ended.
        known = [stamp(path) or stamp(os.path.dirname(path)) for path in changed]
        last = max((found[1] if found else sys.maxsize for found in known), default=0)
        # Each build may make new files, whose names differ in their time or number.
        places = {_NUMBER.sub("", os.path.dirname(path)) for path in changed}
        self._times = {place: self._times.get(place, 0) + 1 for place in places} if last <= self._until else {}
        over = min(self._times.values(), default=0) - _SUSPICIOUS
        if over < 0:
            return changed
        if over == _TOLD and self._pages:
            self._audience.waits(changed)
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_PAUSE * 2 ** min(over, _DOUBLED)):
                while last <= self._ended or self._pages.isdisjoint(self._viewed()):
                    self._changed.clear()
                    # What is looked at is asked for from time to time.
                    asyncio.get_running_loop().call_later(_FIRST_PAUSE, self._changed.set)
                    await self._changed.wait()
                    more = self._changes.take()
                    others, changed = set(more) - set(changed), (*changed, *more)
                    if others or self._asked or self._made is not None:
                        break
                    if more and time.time_ns() > self._until:
                        # It changes though nothing is built.
                        self._times = {}
                        break
        return changed

    async def _prepare(self, changed: tuple[str, ...]) -> None:
        """End a builder that cannot take these changes."""
        if self.seen.starts_anew(changed):
            self._anew = True
            self._everything = self._everything or self.seen.writes_all(changed)
            await self._builder.end()

    async def _gather(self) -> None:
        """Wait until what changes at once has changed."""
        await self._git.done()
        if self._changes.count > 1:
            clock = asyncio.get_running_loop().time
            end = clock() + _LONGEST
            count = -1
            while count != self._changes.count and clock() < end:
                count = self._changes.count
                await asyncio.sleep(_QUIET)

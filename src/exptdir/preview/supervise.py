"""One build after the other: starts the builder, hands it what has changed, starts it again where that is needed.

The builder as a child process: it is started, spoken to, and ended with all that it has started.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from exptdir.preview.changes import Changes, Git
from exptdir.preview.channel import Builder
from exptdir.preview.messages import (
    Build,
    Built,
    Drawn,
    Failed,
    Message,
    PagesShown,
    Progress,
    Ready,
    Warned,
)

#: Where several files change, more are likely to come: seconds without one until the build begins, and at most.
_QUIET, _LONGEST = 0.15, 2.0
#: Where builds seem to change what they read, the next one waits: seconds, doubled each time, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
#: As often may a file change while it is built before that is suspected.
_SUSPICIOUS = 3
_DOCUMENTS = (".md", ".rst", ".txt", ".ipynb")


class Audience(Protocol):
    """Who is told how builds go: the browsers and the terminal."""

    def begun(self, changed: tuple[str, ...]) -> None:
        """Be told that a build begins."""

    def heard(self, message: Ready | Progress | PagesShown) -> None:
        """Be told something while it runs."""

    def built(self, message: Built, *, anew: bool) -> None:
        """Be told that it is done; *anew*: by another builder than the last, so that every page may have changed."""

    def failed(self, message: Failed) -> None:
        """Be told that it failed."""


@dataclass
class RestartRules:
    """Files and directories that decide how a change is taken.

    Parameters
    ----------
    conf
        The ``conf.py``, or nothing.
    modules
        Modules that the builder has loaded.
    """

    conf: str = ""
    modules: frozenset[str] = frozenset()
    templates: tuple[str, ...] = ()
    statics: tuple[str, ...] = ()

    def starts_anew(self, changed: Sequence[str]) -> bool:
        """Tell whether a builder cannot take a change as it is."""
        return any(path == self.conf or path in self.modules for path in changed) or (
            _any_below(changed, self.templates) or self.writes_all(changed)
        )

    def writes_all(self, changed: Sequence[str]) -> bool:
        """Tell whether every page has to be written again: each names the digests of static files."""
        return _any_below(changed, self.statics)


def _any_below(paths: Sequence[str], directories: Sequence[str]) -> bool:
    starts = tuple(one.rstrip(os.sep) + os.sep for one in directories)
    return any(path.startswith(starts) or path in directories for path in paths) if starts else False


@dataclass
class _Pause:
    """Waits longer and longer where the same files change in every build: a script writes what it reads."""

    times: dict[str, int] = field(default_factory=dict)

    def seconds(self, changed: Sequence[str], while_building: bool) -> float:
        """Return how long to wait before a build."""
        if not while_building or any(path.lower().endswith(_DOCUMENTS) for path in changed):
            self.times = {}
            return 0.0
        self.times = {path: self.times.get(path, 0) + 1 for path in changed}
        over = min(self.times.values(), default=0) - _SUSPICIOUS
        return min(_FIRST_PAUSE * 2**over, _LONGEST_PAUSE) if over >= 0 else 0.0


class Supervisor:
    """Keeps the output up to date.

    Parameters
    ----------
    changes
        What has changed.
    audience
        Who is told.
    viewed
        Returns the pages that are looked at.
    seen
        What is known of the record before its first build.
    git
        The repository that the record is in.
    """

    def __init__(
        self,
        builder: Builder,
        changes: Changes,
        audience: Audience,
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
        self._pause = _Pause()
        self._asked = self._echo = False
        # What is to be built though nobody has changed it: figures that are drawn, files that a build has made.
        self._made: set[str] | None = None
        builder.drawn = self._note_drawn

    def _note_drawn(self, message: Drawn) -> None:
        self._made = {*(self._made or ()), *message.figures}
        self.wake()

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
                again = () if excused else await self._changed_meanwhile()
                if again:
                    changed, excused = again, True
                    continue
                self._audience.failed(failure)
            changed, excused = await self._next(), False

    async def _changed_meanwhile(self) -> tuple[str, ...]:
        if not self._changes.pending:
            return ()
        await self._gather()
        changed = self._changes.take()
        await self._prepare(changed)
        return changed

    async def end(self) -> None:
        """End the builder."""
        await self._builder.end()

    async def _build(self, changed: tuple[str, ...]) -> Failed | None:
        """Build, and return how that failed, if it did."""
        self.building = True
        self._audience.begun(changed)
        paths = tuple(sorted(self._left | set(changed)))
        try:
            if not self._builder.alive:
                await self._builder.end()
                await self._builder.start()
            build = Build(paths, self._viewed(), self._everything, self._changes.modified)
            answer = await self._answer(build)
        except OSError as error:
            answer = Failed(Warned(f"the builder cannot be started: {error}", severity="error"), fatal=True)
        self._changes.finish((*answer.wrote, *(one[:3] for one in answer.made)))
        differing = {path for path, _size, _when, differs in answer.made if differs}
        # A build that writes what it reads, and something else each time, would never come to rest.
        self._echo = bool(differing) and not self._echo
        if self._echo:
            self._made = {*(self._made or ()), *differing}
        if answer.modules:
            self.seen = replace(self.seen, modules=frozenset(answer.modules))
        self.building = False
        if isinstance(answer, Built):
            anew, self._anew, self._everything, self._left = self._anew, False, False, frozenset()
            self._audience.built(answer, anew=anew)
            return None
        self._left = frozenset(paths)
        return answer

    async def _answer(self, build: Build) -> Built | Failed:
        """Have it built, and return how that ended."""
        async for message in self._builder.ask(build):
            if isinstance(message, Built):
                return message
            if isinstance(message, Failed):
                if message.fatal:
                    await self._builder.wait()
                    await self._builder.end()
                return message
            self._hear(message)
        await self._builder.wait()
        text = f"the process that builds {self._builder.ended}; it is started again when something changes"
        printed = self._builder.printed
        await self._builder.end()
        return Failed(Warned(text, severity="error"), printed, fatal=True)

    def _hear(self, message: Message) -> None:
        if isinstance(message, Ready):
            self.seen = replace(self.seen, templates=message.templates, statics=message.statics)
        if isinstance(message, Ready | Progress | PagesShown):
            self._audience.heard(message)

    async def _next(self) -> tuple[str, ...]:
        """Wait for changes that mean something, and make the builder ready for them."""
        while True:
            early = self._changes.pending
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
                await asyncio.sleep(self._pause.seconds(changed, early))
            changed = tuple(sorted({*changed, *(made or ())}))
            await self._prepare(changed)
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

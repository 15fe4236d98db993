"""The browsers that listen: what they look at, and what they and the terminal are told of the builds."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from exptdir.preview.addresses import page_about, source_of
from exptdir.preview.channel import BuildWarning, Built, Failed, PagesShown, Progress, Ready


@dataclass
class PreviewState:
    """What there is to know of the builds at a moment."""

    source: Path
    output: Path
    #: The address of the first page; empty as long as it is not known.
    home: str = ""
    building: bool = False
    #: The number of the current or last build. A server that was started again goes on with a greater one.
    build: int = field(default_factory=lambda: int(time.time()))
    seconds: float = 0.0
    #: Whether a build has come to its end since the server was started.
    ready: bool = False
    warnings: tuple[BuildWarning, ...] = ()
    failure: Failed | None = None
    #: The author's ``exptdir_editor_url``.
    editor: str = ""
    #: As in :class:`~exptdir.preview.channel.Ready`.
    language: str = "en"
    words: Mapping[str, str] = field(default_factory=dict)

    def message(self) -> dict[str, Any]:
        """Return the ``state`` message."""
        return {
            "type": "state",
            "building": self.building,
            "build": self.build,
            "seconds": round(self.seconds, 3),
            "warnings": [
                {
                    **self._located(one),
                    "kind": one.kind,
                    "severity": one.severity,
                    "page": text(page_about(self.source, self.output, one.file)) if one.file else "",
                }
                for one in self.warnings
            ],
            "failure": self.failure_shown(),
        }

    def failure_shown(self) -> dict[str, Any] | None:
        """Return the failure as browsers are told it."""
        if self.failure is None:
            return None
        return {**self._located(self.failure.failure), "traceback": text(self.failure.traceback)}

    def _located(self, one: BuildWarning) -> dict[str, Any]:
        return {
            "text": text(one.text),
            "file": text(one.file),
            "line": one.line,
            "shown": self.shown(one.file),
            "link": editor_link(self.editor, one.file, one.line),
        }

    def shown(self, file: str) -> str:
        """Return a path as people are shown it: from the source directory where it is below."""
        inside = os.path.relpath(file, self.source) if file else ""
        return text(file if inside.startswith("..") else inside)

    def sources(self, pages: tuple[str, ...]) -> dict[str, str]:
        """Return the source of each page, as it is shown."""
        found = ((page, source_of(self.source, page)) for page in pages)
        return {text(page): self.shown(str(path)) for page, path in found if path is not None}

    def word(self, english: str) -> str:
        """Return what the preview says in the language of the project, for a page."""
        return escape(self.words.get(english, english))

    def edit_link(self, page: str) -> str:
        """Return the link that opens the source of a page in the author's editor, or nothing."""
        path = source_of(self.source, page) if self.editor else None
        return editor_link(self.editor, str(path)) if path is not None else ""


def text(value: str) -> str:
    """Return a text that can be sent: bytes that are no text become replacement characters."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


#: As many messages wait for a browser that does not take them.
_MOST_WAITING = 256
#: Longer than any address.
_LONGEST = 8192
_RELOAD = json.dumps({"type": "reload"})


class Browser:
    """One page that is open somewhere."""

    def __init__(self) -> None:
        self.viewing = ""
        self.waits = False
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_MOST_WAITING)

    def tell(self, message: str) -> None:
        """Have a message sent; one who has not listened for long loads the page anew instead."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self._waiting = asyncio.Queue(_MOST_WAITING)
            self._waiting.put_nowait(_RELOAD)

    async def send(self, socket: WebSocket) -> None:
        """Send what is to be told, for ever."""
        while True:
            await socket.send_text(await self._waiting.get())


class Browsers:
    """All of them.

    A new one is told the message of *state* first; *exists* says whether there is a page at an address.
    """

    def __init__(self, state: Callable[[], Mapping[str, Any]], exists: Callable[[str], bool]) -> None:
        self._state = state
        self._exists = exists
        self._all: dict[Browser, None] = {}

    @property
    def viewed(self) -> tuple[str, ...]:
        """The pages that are looked at, the one that was opened last first."""
        return tuple(dict.fromkeys(one.viewing for one in reversed(self._all) if one.viewing))

    def tell(self, message: Mapping[str, Any]) -> None:
        """Tell all of them something."""
        line = json.dumps(message)
        for browser in self._all:
            browser.tell(line)

    def wake(self) -> None:
        """Let those whose page has not been there load it, if it is there now."""
        for browser in self._all:
            if browser.waits and self._exists(browser.viewing):
                browser.waits = False
                browser.tell(_RELOAD)

    async def serve(self, socket: WebSocket) -> None:
        """Serve one connection until it ends."""
        await socket.accept()
        browser = Browser()
        browser.tell(json.dumps(self._state()))
        self._all[browser] = None

        async def listen() -> None:
            while True:
                said = await socket.receive_text()
                try:
                    given = json.loads(said) if len(said) <= _LONGEST else None
                except (ValueError, RecursionError):
                    continue
                page = given.get("viewing") if isinstance(given, dict) else None
                if isinstance(page, str):
                    browser.viewing = page
                    browser.waits = not self._exists(page)
                    # It is now the one that was looked at last.
                    self._all[browser] = self._all.pop(browser)

        sending = asyncio.create_task(browser.send(socket))
        listening = asyncio.create_task(listen())
        try:
            await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._all[browser]
            for task in (sending, listening):
                task.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)
            if socket.application_state is WebSocketState.CONNECTED:
                with suppress(RuntimeError, WebSocketDisconnect, OSError):
                    await socket.close()


class PreviewReport(Protocol):
    """Who shows it in the terminal."""

    def note(self, text: str) -> None:
        """Show a sentence."""

    def printed(self, line: str) -> None:
        """Show, or leave out, what the builder prints."""

    def begun(self, changed: tuple[str, ...]) -> None:
        """Say that a build begins."""

    def progress(self, text: str, share: float) -> None:
        """Say what it is at, and how far (negative where that is not known)."""

    def built(self, message: Built, new: tuple[BuildWarning, ...]) -> None:
        """Say that it is done, and what is wrong: in all, and, *new*, since the last one."""

    def failed(self, failure: Failed) -> None:
        """Say that it failed."""


class Broadcaster:
    """Keeps the state, and tells browsers and the terminal how builds go.

    *follow* is called with the files and directories outside the record that are to be watched, *ignore* with the
    patterns of files whose changes mean nothing.
    """

    def __init__(
        self,
        state: PreviewState,
        browsers: Browsers,
        report: PreviewReport,
        follow: Callable[[Iterable[str]], None],
        ignore: Callable[[Iterable[str]], None] = lambda patterns: None,
    ) -> None:
        self._state = state
        self._browsers = browsers
        self._report = report
        self._follow = follow
        self._ignore = ignore

    def begun(self, changed: tuple[str, ...]) -> None:
        """Take note of a build that begins."""
        self._state.build += 1
        self._state.building = True
        self._report.begun(changed)
        self._browsers.tell(self._state.message())

    def heard(self, message: Ready | Progress | PagesShown) -> None:
        """Pass on what the builder says."""
        if isinstance(message, Ready):
            self._state.home, self._state.editor = message.home, message.editor
            self._state.language, self._state.words = message.language, message.words
            self._ignore(message.ignored)
            self._follow(message.outside)
        elif isinstance(message, Progress):
            self._report.progress(message.text, message.share)
            self._browsers.wake()
        else:
            self._update(message.pages, message.files)

    def built(self, message: Built, *, anew: bool) -> None:
        """Pass on that a build is done; by another builder than the last (*anew*), every page may have changed."""
        state = self._state
        known = frozenset(state.warnings)
        new = tuple(one for one in message.warnings if one not in known)
        state.warnings, state.seconds, state.failure = message.warnings, message.seconds, None
        state.building, state.ready = False, True
        outside = (one for one in message.modules if not one.startswith(f"{state.source}/"))
        self._follow((*message.outside, *outside))
        if not message.idle:
            self._report.built(message, new)
        self._browsers.tell(state.message())
        if anew:
            self._browsers.tell({"type": "reload"})
        else:
            self._update(message.pages, message.files)

    def waits(self, changed: tuple[str, ...]) -> None:
        """Pass on that files change after each build, and wait."""
        names = ", ".join(map(self._state.shown, changed))
        self._report.note(f"{names}: changed by each build, so it waits longer each time (see exptdir_watch_ignore)")

    def failed(self, message: Failed) -> None:
        """Pass on that it failed."""
        self._state.building, self._state.failure = False, replace(message, modules=(), wrote=())
        self._report.failed(message)
        self._browsers.tell(self._state.message())

    def _update(self, pages: tuple[str, ...], files: tuple[str, ...]) -> None:
        self._browsers.wake()
        if pages or files:
            sources = self._state.sources(pages)
            shown = {"pages": [text(one) for one in pages], "files": [text(one) for one in files]}
            self._browsers.tell({"type": "update", **shown, "sources": sources})


def editor_link(template: str, path: str, line: int = 1) -> str:
    """Return the address that opens a file in an editor.

    The *template* is the author's ``exptdir_editor_url``, with the fields ``{path}`` and ``{line}``; with other fields,
    or without a file, there is no address. The path is percent-encoded (RFC 3986), names that are no text byte by byte.
    """
    if not (template and path):
        return ""
    # An address has slashes on every system.
    encoded = quote(os.fsencode(path.replace(os.sep, "/")), safe="/:")
    # Where it has other fields, a build has told the author so already.
    with suppress(KeyError, ValueError, IndexError, AttributeError):
        return template.format(path=encoded, line=max(1, line))
    return ""

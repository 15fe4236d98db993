"""The browsers that listen: what they look at, and what they are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

#: As many messages wait for a browser that does not take them.
_MOST_WAITING = 256
#: Longer than any address.
_LONGEST = 8192
_RELOAD = json.dumps({"type": "reload"})


class Browser:
    """One page that is open somewhere.

    Parameters
    ----------
    socket
        Its connection, accepted.
    """

    def __init__(self, socket: WebSocket) -> None:
        self.viewing = ""
        self.waits = False
        self._socket = socket
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_MOST_WAITING)

    def tell(self, message: str) -> None:
        """Have a message sent; one who has not listened for long loads the page anew instead."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self._waiting = asyncio.Queue(_MOST_WAITING)
            self._waiting.put_nowait(_RELOAD)

    async def send(self) -> None:
        """Send what is to be told, for ever."""
        while True:
            await self._socket.send_text(await self._waiting.get())


class Browsers:
    """All of them.

    Parameters
    ----------
    state
        Returns the message that a new one is told first.
    exists
        Whether there is a page at an address.
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
        browser = Browser(socket)
        browser.tell(json.dumps(self._state()))
        self._all[browser] = None
        sending = asyncio.create_task(browser.send())
        listening = asyncio.create_task(self._listen(socket, browser))
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

    async def _listen(self, socket: WebSocket, browser: Browser) -> None:
        while True:
            said = await socket.receive_text()
            page = _viewing(said)
            if page is not None:
                browser.viewing = page
                browser.waits = not self._exists(page)
                # It is now the one that was looked at last.
                self._all[browser] = self._all.pop(browser)


def _viewing(said: str) -> str | None:
    """Return the page that a browser says it shows; nothing where it says anything else."""
    try:
        given = json.loads(said) if len(said) <= _LONGEST else None
    except (ValueError, RecursionError):
        return None
    page = given.get("viewing") if isinstance(given, dict) else None
    return page if isinstance(page, str) else None

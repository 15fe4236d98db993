"""Asks an ASGI application without a server, as a client would that may send anything."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

HOST = "127.0.0.1:8000"

Result = TypeVar("Result")


def run_apart(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, in a thread of its own.

    Playwright keeps a loop of events running in the thread of the tests from the first browser test to the last, and a
    thread can have one only.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def _headers(given: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    headers = {"host": HOST, **given}
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items() if value]


def ask(app: Any, path: str, method: str = "GET", **headers: str) -> Answer:
    """Send one request; underscores in names of headers stand for hyphens."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": b"",
        "headers": _headers(given),
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "http_version": "1.1",
    }
    sent: list[Any] = []

    async def receive() -> Any:
        # The body was empty, and the client stays.
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    run_apart(app(scope, receive, send))
    start = next(one for one in sent if one["type"] == "http.response.start")
    body = b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body")
    return Answer(start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body)


class Listener:
    """A WebSocket client, without a network."""

    def __init__(self, app: Any, **headers: str) -> None:
        self._scope = {
            "type": "websocket",
            "path": "/_exptdir/socket",
            "raw_path": b"/_exptdir/socket",
            "query_string": b"",
            "headers": _headers(headers),
            "scheme": "ws",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "subprotocols": [],
        }
        self._app = app
        self._in: asyncio.Queue[Any] = asyncio.Queue()
        self.out: asyncio.Queue[Any] = asyncio.Queue()

    async def __aenter__(self) -> Listener:
        self._in.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._app(self._scope, self._in.get, self.out.put))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._in.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self._task, 60)

    def say(self, text: str) -> None:
        self._in.put_nowait({"type": "websocket.receive", "text": text})

    async def hear(self) -> Any:
        """Return the next thing that the server does."""
        return await asyncio.wait_for(self.out.get(), 60)

    async def message(self) -> Any:
        import json

        return json.loads((await self.hear())["text"])

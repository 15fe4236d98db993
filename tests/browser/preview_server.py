"""A small server that shows pages as the preview does, and says to them what a test wants."""

from __future__ import annotations

import asyncio
import hashlib
import json
import mimetypes
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

import exptdir.preview
from exptdir.preview.http import OWN, dressed

STATIC = Path(exptdir.preview.__file__).parent / "static"
PATIENCE = 60
IDLE: Mapping[str, Any] = {"building": False, "build": 1, "seconds": 0.1, "warnings": [], "failure": None}


def warning(text: str, **fields: Any) -> dict[str, Any]:
    """Return a warning as the server sends it."""
    empty = {"file": "", "line": 0, "kind": "", "severity": "warning", "shown": "", "link": "", "page": ""}
    return {"text": text, **empty, **fields}


def wait_until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for something outside the browser; what the browser asks for goes through this thread meanwhile."""
    for _ in range(PATIENCE * 100):
        if condition():
            return
        page.wait_for_timeout(10)
    raise AssertionError("waited in vain")


class PreviewServer:
    """Serves a directory; ``said`` is what browsers have told it, and ``asked`` the addresses that they wanted."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.edit = ""
        self.words: dict[str, str] = {}
        # Nobody else is given the port while nobody serves there.
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(("127.0.0.1", 0))
        self.port = self._held.getsockname()[1]
        self.said: list[Any] = []
        self.asked: list[str] = []
        self.state: dict[str, Any] = {"type": "state", **IDLE}
        self._sockets: list[WebSocket] = []

    # --- as a test uses it -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Serve, at the same port each time."""
        app = Starlette(routes=[WebSocketRoute(f"{OWN}socket", self._socket), Route("/{path:path}", self._file)])
        config = uvicorn.Config(app, port=self.port, log_level="error", timeout_graceful_shutdown=1, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        ticks = threading.Event()
        while not self._server.started:
            assert self._thread.is_alive(), f"nobody serves at port {self.port}"
            ticks.wait(0.01)

    def stop(self) -> None:
        """Answer no more."""
        self._server.should_exit = True
        self._thread.join(PATIENCE)

    def url(self, address: str = "") -> str:
        """Return the address of a page."""
        return f"http://127.0.0.1:{self.port}/{address}"

    def write(self, address: str, content: str) -> None:
        """Put a file there as builds do: one who asks meanwhile gets what it was or what it is, never half of it."""
        path = self.directory / address
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.new")
        unfinished.write_text(content, "utf-8")
        unfinished.replace(path)

    def open(self, page: Page, address: str, times: int = 2) -> None:
        """Show a page, and wait until it listens and knows itself, having asked for it so many times."""
        self.asked.clear()
        page.goto(self.url(address))
        # To show it, and whether it is still so; a browser that remembers nothing asks for what it shows once more.
        wait_until(page, lambda: len([one for one in self.asked if one in (address, f"{address}index.html")]) >= times)

    def update(self, *pages: str, files: tuple[str, ...] = (), sources: Mapping[str, str] | None = None) -> None:
        """Say that pages and files were written."""
        message = {"type": "update", "pages": pages, "files": files, "sources": dict(sources or {})}
        self.say(message)

    def show(self, **facts: Any) -> None:
        """Say how the build is, from now on."""
        self.state |= facts
        self.say(self.state)

    def say(self, message: Mapping[str, Any]) -> None:
        """Say something to all browsers."""

        async def send() -> None:
            for browser in list(self._sockets):
                await browser.send_text(json.dumps(message))

        asyncio.run_coroutine_threadsafe(send(), self._loop).result(PATIENCE)

    # --- as browsers use it ----------------------------------------------------------------------------------

    async def _socket(self, browser: WebSocket) -> None:
        await browser.accept()
        self._loop = asyncio.get_running_loop()
        await browser.send_text(json.dumps(self.state))
        self._sockets.append(browser)
        try:
            async for text in browser.iter_text():
                self.said.append(json.loads(text))
        finally:
            self._sockets.remove(browser)

    async def _file(self, request: Request) -> Response:
        name = request.path_params["path"]
        self.asked.append(name)
        own = name.removeprefix(OWN.lstrip("/"))
        path = STATIC / f"exptdir-{own}" if own != name else self.directory / name
        if path.is_dir():
            path, name = path / "index.html", f"{name.rstrip('/')}/index.html".lstrip("/")
        if name == "favicon.ico":
            return Response(status_code=204)
        if not path.is_file():
            return Response("not there", 404, media_type="text/html")
        content = path.read_bytes()
        if path.suffix == ".html":
            content = dressed(content, name, self.edit, self.words)
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"etag": tag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=mimetypes.guess_type(path.name)[0])


@contextmanager
def serving(directory: Path) -> Iterator[PreviewServer]:
    """Serve a directory as long as it is needed."""
    server = PreviewServer(directory)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        server._held.close()

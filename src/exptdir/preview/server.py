"""The application that serves the output, with what the preview adds to it."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from exptdir.preview.addresses import address_of, locate, page_of, path_in_url
from exptdir.preview.dress import OWN, dressed, failed, missing, waiting
from exptdir.preview.guard import HEADERS, Guard

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from exptdir.preview.browsers import Browsers
    from exptdir.preview.state import State

_STATIC = Path(__file__).parent / "static"
#: The script of the preview, its parts and its style sheet.
_OWN_FILE = re.compile(r"preview[a-z-]*\.(?:js|css)")
_HTML = "text/html"


def exists(state: State, page: str) -> bool:
    """Tell whether there is a page at an address, as browsers name it."""
    address = address_of(path_in_url(page).encode())
    return address is not None and locate(state.output, address) is not None


class _Watchman:
    """Turns away whoever may not ask, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        headers = Headers(scope=scope)
        if scope["type"] == "websocket":
            if self._may_listen(headers):
                await self._app(scope, receive, send)
            else:
                await WebSocket(scope, receive, send).close(1008)
        elif not self._guard.is_host(headers.get("host")):
            await PlainTextResponse("This server has another name.\n", 400)(scope, receive, sending)
        elif scope["method"] not in ("GET", "HEAD"):
            allowed = {"allow": "GET, HEAD"}
            await PlainTextResponse("Pages can only be read.\n", 405, allowed)(scope, receive, sending)
        else:
            await self._app(scope, receive, sending)

    def _may_listen(self, headers: Headers) -> bool:
        host = headers.get("host")
        return self._guard.is_host(host) and self._guard.is_own_page(headers.get("origin"), host)


class _Pages:
    """The answers to requests for what was built."""

    def __init__(self, state: State) -> None:
        self._state = state

    def answer(self, request: Request) -> Response:
        """Return a page, a file, or the page that says why it is not there."""
        address = address_of(request.scope.get("raw_path") or request.url.path.encode())
        if address is None:
            return self._page(request, missing(""), 404)
        path = locate(self._state.output, address)
        if path is None:
            return self._instead(request, address)
        if path.suffix.lower() in (".html", ".htm"):
            page = page_of(self._state.output, address)
            try:
                content = path.read_bytes()
            except OSError:
                return self._page(request, missing(page), 404)
            return self._page(request, dressed(content, page, self._state.edit_link(page)))
        return _file(request, path)

    def _instead(self, request: Request, address: str) -> Response:
        state = self._state
        page = page_of(state.output, address)
        if page != address and locate(state.output, page) is not None:
            return RedirectResponse(path_in_url(f"{address}/"), 307)
        if not address and state.home and locate(state.output, state.home) is not None:
            return RedirectResponse(path_in_url(state.home), 307)
        failure = state.failure_shown()
        if failure is not None and not state.ready:
            return self._page(request, failed(page, failure), 500)
        if not state.ready:
            return self._page(request, waiting(page), 503)
        return self._page(request, missing(page), 404)

    def _page(self, request: Request, content: bytes, status: int = 200) -> Response:
        tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        if status == 200 and _has(request, tag):
            return Response(status_code=304, headers={"etag": tag})
        return Response(content, status, {"etag": tag} if status == 200 else None, _HTML)


def _file(request: Request, path: Path) -> Response:
    """Return a file that is not a page; videos are asked for part by part."""
    try:
        stamp = os.stat(path)
    except OSError:
        return PlainTextResponse("It is gone.\n", 404)
    tag = f'"{stamp.st_mtime_ns:x}-{stamp.st_size:x}"'
    if _has(request, tag):
        return Response(status_code=304, headers={"etag": tag})
    kind, packed = mimetypes.guess_type(path.name)
    # What is packed is sent as it is: nobody has asked for it to be unpacked on the way.
    kind = "application/octet-stream" if kind is None or packed else kind
    return FileResponse(path, headers={"etag": tag}, media_type=kind, stat_result=stamp)


def _has(request: Request, tag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return tag in {one.strip().removeprefix("W/") for one in known.split(",")}


def application(state: State, browsers: Browsers, guard: Guard) -> ASGIApp:
    """Return the server of the preview.

    Parameters
    ----------
    state
        What there is to serve, and how the builds stand.
    browsers
        Who listens.
    guard
        Who may ask.
    """
    pages = _Pages(state)

    def own(request: Request) -> Response:
        name = request.path_params["name"]
        path = _STATIC / f"exptdir-{name}"
        if _OWN_FILE.fullmatch(name) and path.is_file():
            return _file(request, path)
        return PlainTextResponse("There is no such file.\n", 404)

    async def listen(socket: WebSocket) -> None:
        await browsers.serve(socket)

    routes = [
        WebSocketRoute(f"{OWN}socket", listen),
        Route(f"{OWN}{{name:path}}", own),
        Route("/{address:path}", pages.answer),
    ]
    return _Watchman(Starlette(routes=routes), guard)

"""The application that serves the output, with what the preview adds to it: a script, and small pages of its own."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import mimetypes
import os
import re
import socket
import zlib
from collections.abc import Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from exptdir.preview.addresses import address_of, locate, page_of, path_in_url
from exptdir.record.files import read_or_none, stamp

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from exptdir.preview.browsers import Browsers, PreviewState

#: Sent with everything.
HEADERS: Mapping[str, str] = {
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    # No other site may show what is read here.
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """The test of requests: other sites that a browser has open can send some here, but not pretend to be this one.

    *host* is the address that is listened on, *exposed* whether other machines may ask.
    """

    def __init__(self, host: str, *, exposed: bool = False) -> None:
        self._exposed = exposed
        own = socket.gethostname().lower() if exposed else "localhost"
        self._names = frozenset({"localhost", host.lower(), own, f"{own}.local"})

    def is_host(self, header: str | None) -> bool:
        """Tell whether a ``Host`` header names this server.

        A site that has its own name resolve to this machine (DNS rebinding) still sends that name.
        """
        name = host_name(header or "")
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._exposed or address.is_loopback

    def is_own_page(self, origin: str | None, host: str | None) -> bool:
        """Tell whether a WebSocket is opened by a page of this server: browsers say so in ``Origin``."""
        own = str(host).lower()
        return bool(host) and origin is not None and origin.lower() in (f"http://{own}", f"https://{own}")


def host_name(header: str) -> str:
    """Return the name or the address in a ``Host`` header, without the port."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    name, _, port = header.rpartition(":")
    return (name if port.isdigit() and name else header).lower()


#: Where the browser finds what belongs to the preview.
OWN = "/_exptdir/"
_HEAD_END = re.compile(rb"</head\s*>", re.IGNORECASE)
_BODY_END = re.compile(rb"</body\s*>", re.IGNORECASE)
_STYLE = f'<link rel="stylesheet" href="{OWN}preview.css">'.encode()


def dressed(page: bytes, address: str, edit: str = "", words: Mapping[str, str] | None = None) -> bytes:
    """Add the preview's script and style sheet to a page, which is at an address relative to the output.

    *edit* is the link that opens its source in an editor, or nothing; *words* is what the script says if not English.
    """
    # By this the script knows whether what it fetches later is what is shown.
    version = f"{zlib.crc32(page):08x}-{len(page)}"
    data = f'data-page="{_attribute(address)}" data-edit="{_attribute(edit)}" data-version="{version}"'
    data += f' data-words="{_attribute(json.dumps(dict(words), ensure_ascii=False))}"' if words else ""
    script = f'<script src="{OWN}preview.js" {data}></script>'.encode()
    head = _HEAD_END.search(page)
    at = head.start() if head else len(page)
    ends = [found.start() for found in _BODY_END.finditer(page, at)]
    # Without either tag, browsers still take both for what they are.
    script_at = ends[-1] if ends else len(page)
    return page[:at] + _STYLE + page[at:script_at] + script + page[script_at:]


def _attribute(text: str) -> str:
    return escape(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), quote=True)


def missing(state: PreviewState, address: str) -> bytes:
    """Return the page that says that there is none."""
    text = state.word("There is no page at %s. If a document appears there, so does its page, here.")
    text = text.replace("%s", f"<code>/{_attribute(address)}</code>")
    first = f'<p><a href="/">{state.word("To the first page")}</a></p>'
    return _small(state, address, "No such page", f"<p>{text}</p>{first}")


def failed(state: PreviewState, address: str, failure: Mapping[str, Any]) -> bytes:
    """Return the page that says why there are none; *failure* is what browsers are told of it."""
    place = ":".join(str(part) for part in (failure["shown"] or failure["file"], failure["line"]) if part)
    text = f"<p><code>{_attribute(place)}</code></p><pre>{_attribute(failure['text'])}</pre>"
    if failure["traceback"]:
        summary, traceback = state.word("Traceback"), _attribute(failure["traceback"])
        text += f"<details><summary>{summary}</summary><pre>{traceback}</pre></details>"
    again = state.word("It begins again when something changes.")
    return _small(state, address, "The build failed", f"{text}<p>{again}</p>")


def _small(state: PreviewState, address: str, title: str, body: str) -> bytes:
    shown = state.word(title)
    page = (
        f'<!doctype html>\n<html lang="{_attribute(state.language)}"><head><meta charset="utf-8"><title>{shown}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f'</head><body class="exptdir-preview-own"><h1>{shown}</h1>{body}</body></html>\n'
    )
    return dressed(page.encode(), address, words=state.words)


_STATIC = Path(__file__).parent / "static"
#: The script of the preview, its parts and its style sheet.
_OWN_FILE = re.compile(r"preview[a-z-]*\.(?:js|css)")
_HTML = "text/html"


def exists(state: PreviewState, page: str) -> bool:
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
        host = headers.get("host")
        if scope["type"] == "websocket":
            if self._guard.is_host(host) and self._guard.is_own_page(headers.get("origin"), host):
                await self._app(scope, receive, send)
            else:
                await WebSocket(scope, receive, send).close(1008)
        elif not self._guard.is_host(host):
            await PlainTextResponse("This server has another name.\n", 400)(scope, receive, sending)
        elif scope["method"] not in ("GET", "HEAD"):
            allowed = {"allow": "GET, HEAD"}
            await PlainTextResponse("Pages can only be read.\n", 405, allowed)(scope, receive, sending)
        else:
            await self._app(scope, receive, sending)


def _answer(state: PreviewState, request: Request) -> Response:
    """Return a page or a file of the output, or the page that says why it is not there."""
    address = address_of(request.scope.get("raw_path") or request.url.path.encode())
    if address is None:
        return Response(missing(state, ""), 404, None, _HTML)
    path, page = locate(state.output, address), page_of(state.output, address)
    content = read_or_none(path) if path is not None and path.suffix.lower() in (".html", ".htm") else None
    if content is not None:
        content = dressed(content, page, state.edit_link(page), state.words)
        tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        known = {"etag": tag}
        return Response(None, 304, known) if _has(request, tag) else Response(content, 200, known, _HTML)
    if path is not None:
        return _file(request, path)
    if page != address and locate(state.output, page) is not None:
        return RedirectResponse(path_in_url(f"{address}/"), 307)
    if not address and state.home and locate(state.output, state.home) is not None:
        return RedirectResponse(path_in_url(state.home), 307)
    if state.ready:
        return Response(missing(state, page), 404, None, _HTML)
    failure = state.failure_shown()
    if failure is not None:
        return Response(failed(state, page, failure), 500, None, _HTML)
    text = state.word("The first build is under way. This page appears when it is there.")
    return Response(_small(state, page, "Building…", f"<p>{text}</p>"), 503, None, _HTML)


def _file(request: Request, path: Path) -> Response:
    """Return a file that is not a page; videos are asked for part by part."""
    try:
        found = os.stat(path)
    except OSError:
        return PlainTextResponse("It is gone.\n", 404)
    tag = f'"{hashlib.blake2b(repr(stamp(path)).encode(), digest_size=12).hexdigest()}"'
    if _has(request, tag):
        return Response(status_code=304, headers={"etag": tag})
    kind, packed = mimetypes.guess_type(path.name)
    # What is packed is sent as it is: nobody has asked for it to be unpacked on the way.
    kind = "application/octet-stream" if kind is None or packed else kind
    return FileResponse(path, headers={"etag": tag}, media_type=kind, stat_result=found)


def _has(request: Request, tag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return tag in {one.strip().removeprefix("W/") for one in known.split(",")}


def application(state: PreviewState, browsers: Browsers, guard: Guard) -> ASGIApp:
    """Return the server of the preview."""

    def own(request: Request) -> Response:
        name = request.path_params["name"]
        path = _STATIC / f"exptdir-{name}"
        if _OWN_FILE.fullmatch(name) and path.is_file():
            return _file(request, path)
        return PlainTextResponse("There is no such file.\n", 404)

    routes = [
        WebSocketRoute(f"{OWN}socket", browsers.serve),
        Route(f"{OWN}{{name:path}}", own),
        Route("/{address:path}", partial(_answer, state)),
    ]
    return _Watchman(Starlette(routes=routes), guard)

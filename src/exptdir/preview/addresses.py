"""From an address to a file of the output, and never to any other file; and from a page to its source."""

from __future__ import annotations

import ipaddress
import os
import socket
import stat
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from exptdir.preview.scratch_site import SUFFIXES

_INDEX = "index.html"


def address_of(raw_path: bytes) -> str | None:
    """Read the path of a request, as it was sent: percent-encoded (RFC 3986), beginning with a slash.

    Returned is the address relative to the output, bytes that are no text kept as surrogates; ``None`` where no file of
    the output can be meant: a step upwards, an absolute path, a hidden name, a backslash, a NUL.
    """
    encoded, _, _ = raw_path.partition(b"?")
    path = os.fsdecode(unquote_to_bytes(encoded))
    if not path.startswith("/") or "\0" in path or "\\" in path:
        return None
    address = path[1:]
    segments = address.removesuffix("/").split("/") if address else []
    return None if any(not one or one.startswith(".") for one in segments) else address


def locate(output: Path, address: str) -> Path | None:
    """Find the file below the output that an address (see :func:`address_of`) means, links followed.

    It is a regular file; that of a directory is its index page.
    """
    root = os.path.realpath(output)
    name = address + _INDEX if not address or address.endswith("/") else address
    try:
        real = os.path.realpath(os.path.join(root, name))
        inside = os.path.relpath(real, root).split(os.sep)
        fits = not any(one.startswith(".") for one in inside) and stat.S_ISREG(os.stat(real).st_mode)
    except (OSError, ValueError):
        return None
    return Path(real) if fits else None


def page_of(output: Path, address: str) -> str:
    """Return the address of the page that is shown at an address: a directory shows its index page."""
    if not address or address.endswith("/"):
        return address + _INDEX
    # Unlike a path's own methods, these take a name that is too long for one that is not there.
    return f"{address}/{_INDEX}" if os.path.isdir(output / address) else address


def path_in_url(address: str) -> str:
    """Return the path of an address as a URL has it."""
    return quote(os.fsencode("/" + address))


def source_of(source: Path, page: str) -> Path | None:
    """Find the document in the source directory that a page, named by its address, was made from."""
    if not page.endswith(".html"):
        return None
    stem = page.removesuffix(".html")
    return next((path for suffix in SUFFIXES if os.path.isfile(path := source / f"{stem}{suffix}")), None)


def page_about(source: Path, output: Path, file: str) -> str:
    """Return the address of the page that is made from a file; empty where there is none."""
    try:
        inside = Path(file).relative_to(source)
    except ValueError:
        return ""
    page = inside.with_suffix(".html").as_posix() if inside.suffix and inside.name else ""
    return page if page and os.path.isfile(output / page) else ""


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address or a name."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    addresses = {str(info[4][0]).partition("%")[0] for info in found}
    return bool(addresses) and all(ipaddress.ip_address(one).is_loopback for one in addresses)

"""Who may ask: other sites that a browser has open can send requests here, but not pretend to be this one."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping

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
    """The test of requests.

    Parameters
    ----------
    host
        The address that is listened on.
    exposed
        Whether other machines may ask.
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
        return bool(host) and origin is not None and origin.lower() in _origins(str(host).lower())


def _origins(host: str) -> Iterable[str]:
    return f"http://{host}", f"https://{host}"


def host_name(header: str) -> str:
    """Return the name or the address in a ``Host`` header, without the port."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    name, _, port = header.rpartition(":")
    return (name if port.isdigit() and name else header).lower()


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address or a name."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    addresses = {str(info[4][0]).partition("%")[0] for info in found}
    return bool(addresses) and all(ipaddress.ip_address(one).is_loopback for one in addresses)

"""Who asks, and whether anybody still waits for the answer."""

from __future__ import annotations

import ipaddress
import select
from collections.abc import Mapping

from ..websocket.loop_socket import SOCKET_KEYS

_IPV6_PREFIX = 64
"""What one household or machine has for itself (RFC 4291 section 2.5.4)."""


def client_network(address: str | None) -> str:
    """What one client is known by: its IPv4 address, or its IPv6 network.

    Behind a reverse proxy all are one, unless the host has Werkzeug's ProxyFix. `address`: as Flask
    gives it.
    """
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:  # a Unix socket
        return address or ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _IPV6_PREFIX), strict=False))


def has_client_gone(environ: Mapping[str, object]) -> bool:
    """Whether the connection of this request has been closed; False where that can't be told.

    A client that has sent the whole request and closes its half only is taken for gone, too: none
    that is known does that and reads on.
    """
    server_socket = next((environ[key] for key in SOCKET_KEYS if key in environ), None)
    if server_socket is None:
        return False
    poll = select.poll()
    poll.register(server_socket, select.POLLRDHUP)  # type: ignore[arg-type]
    return bool(poll.poll(0))

"""What one client is known by, where clients have shares."""

from __future__ import annotations

import contextlib
import ipaddress
import socket

_IPV6_PREFIX = 64
"""What one household or machine has for itself (RFC 4291 section 2.5.4)."""


def client_network(address: str | None, own_address: str | None = None) -> str:
    """Its IPv4 address, or its IPv6 network; on our own network its IPv6 address, since a neighbour
    there would have the owner's share.

    Behind a reverse proxy all are one, unless the host has Werkzeug's ProxyFix. `address`: as Flask
    or a socket gives it. `own_address`: see reached_address.
    """
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:  # a Unix socket
        return address or ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    network = ipaddress.ip_network((int(parsed), _IPV6_PREFIX), strict=False)
    if own_address is not None and ipaddress.ip_address(own_address) in network:
        return str(parsed)
    return str(network)


def reached_address(connection: socket.socket) -> str | None:
    """Our address that the client has connected to; None if that is none of IPv6."""
    if connection.family == socket.AF_INET6:
        with contextlib.suppress(OSError):  # closed meanwhile
            return str(connection.getsockname()[0])
    return None


def is_this_machine(address: str) -> bool:
    """Whether a client on this machine asks, such as a reverse proxy."""
    parsed = ipaddress.ip_address(address)
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback

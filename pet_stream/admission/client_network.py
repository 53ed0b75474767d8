"""The address or network that counts as one client."""

from __future__ import annotations

import contextlib
import ipaddress
import socket

_IPV6_PREFIX = 64
"""Prefix length of the IPv6 network of one household or machine (RFC 4291 section 2.5.4)."""


def client_network(address: str | None, own_address: str | None = None) -> str:
    """Returns the client's IPv4 address or IPv6 network. On our own network it returns the IPv6
    address; otherwise a neighbour there would use up the owner's share.

    Behind a reverse proxy all clients count as one, unless the host uses Werkzeug's ProxyFix.
    `address`: as Flask or a socket gives it. `own_address`: see reached_address.
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
    """Whether the client is on this machine, such as a reverse proxy."""
    parsed = ipaddress.ip_address(address)
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback

"""What one client is known by, where clients have shares."""

from __future__ import annotations

import ipaddress

_IPV6_PREFIX = 64
"""What one household or machine has for itself (RFC 4291 section 2.5.4)."""


def client_network(address: str | None) -> str:
    """Its IPv4 address, or its IPv6 network.

    Behind a reverse proxy all are one, unless the host has Werkzeug's ProxyFix. `address`: as Flask
    or a socket gives it.
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


def is_this_machine(address: str) -> bool:
    """Whether a client on this machine asks, such as a reverse proxy."""
    parsed = ipaddress.ip_address(address)
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback

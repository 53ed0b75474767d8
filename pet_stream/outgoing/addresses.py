"""Where the name of a server may lead: not back to this machine, unless the setting says so.

Whoever can change what a name leads to could otherwise have us ask services that only this machine
may ask: on loopback, or those of a cloud's machine on a link-local address.
"""

from __future__ import annotations

import ipaddress
import socket

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(OSError):
    """The name leads to an address that it may not lead to."""


def addresses_of(host: str, port: int) -> list[str]:
    """Returns the addresses of `host`. One that `host` itself spells may be any; a name may lead to
    no loopback, link-local, multicast or unspecified one, but `localhost` to loopback. Raises
    OSError: Forbidden if there is no other."""
    if spelled_address(host) is not None:
        return [host.replace("%25", "%")]  # the zone of a link-local one (RFC 6874)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as exc:
        raise ConnectionError(f"{host} is no name of a server") from exc
    spelled = dict.fromkeys(str(address[0]) for *_, address in found)
    is_local_meant = _is_localhost(host)
    allowed = [text for text in spelled if _is_allowed(text, is_local_meant=is_local_meant)]
    if not allowed:
        raise Forbidden(
            f"{host} leads to {', '.join(spelled)}: an address of this machine or its link has to "
            "stand in the setting itself"
        )
    return allowed


def spells_local(host: str) -> bool:
    """Whether `host` itself spells an address to which no name may lead: only a setting may."""
    is_address = spelled_address(host) is not None
    return not _is_allowed(host, is_local_meant=False) if is_address else _is_localhost(host)


def spelled_address(host: str) -> Address | None:
    """Returns the address that `host` spells; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_localhost(host: str) -> bool:
    return host.lower().rstrip(".") == "localhost"


def _carried(address: Address) -> Address:
    """Returns the IPv4 address that an IPv6 address stands for (RFC 4291, 3056, 6052)."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_allowed(text: str, *, is_local_meant: bool) -> bool:
    address = spelled_address(text)
    if address is None:
        return False
    address = _carried(address)
    if address.is_loopback:
        return is_local_meant
    return not (address.is_link_local or address.is_multicast or address.is_unspecified)

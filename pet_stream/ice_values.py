"""Parses the ICE settings in `app.config`. Each parser raises ValueError, whose text says what is
expected."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from .config_values import each, is_none
from .ice_server import Announced, IceServer, IpNetwork, is_turn

MAX_PORT = 65_535
MIN_ICE_PORT = 1024
"""Those below are not for everybody to listen at."""
MAX_ICE_SERVERS = 8
MAX_ICE_URLS = 4
"""Of one server."""
MAX_ANNOUNCED = 8

_ICE_URL = re.compile(
    r"(?:stuns?:[\w.-]+(?::(?P<stun>[0-9]{1,5}))?"
    r"|turns?:[\w.-]+(?::(?P<turn>[0-9]{1,5}))?(?:\?transport=(?:udp|tcp))?)"
)
"""RFC 7064, RFC 7065."""
_PORTS = re.compile(r"\s*([0-9]{1,5})\s*-\s*([0-9]{1,5})\s*")
_ANNOUNCED = re.compile(r"([0-9.]+|[0-9A-Fa-f:.]+(?=$)|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")


def ice_hosts(value: object) -> tuple[IpNetwork, ...] | None:
    if is_none(value):
        return None
    expected = "a list of addresses or networks such as '192.168.1.0/24'; or None: all"
    return tuple(each(value, _network, expected))


def ice_servers(value: object) -> tuple[IceServer, ...]:
    """A TURN server without credentials gets them of `PET_STREAM_TURN_SECRET`."""
    expected = (
        f"a list of at most {MAX_ICE_SERVERS} of {{'urls': 'stun:host:port'}}, with 'username' and "
        "'credential' where the URL begins with turn: or turns:"
    )
    items = [value] if isinstance(value, Mapping) else value
    found = tuple(each(items, _ice_server, expected))
    if len(found) > MAX_ICE_SERVERS:
        raise ValueError(expected)
    return found


def ice_ports(value: object) -> range | None:
    if is_none(value):
        return None
    if isinstance(value, str) and (match := _PORTS.fullmatch(value)):
        first, last = map(int, match.groups())
        if MIN_ICE_PORT <= first <= last <= MAX_PORT:
            return range(first, last + 1)
    raise ValueError(
        f"the first and the last port, from {MIN_ICE_PORT} on, such as '50000-50100'; or None"
    )


def ice_announce(value: object) -> tuple[Announced, ...]:
    expected = (
        f"a list of at most {MAX_ANNOUNCED} addresses such as '203.0.113.9', '203.0.113.9:50000' "
        "or '[2001:db8::9]:50000'"
    )
    found = tuple(dict.fromkeys(each(value, _announced, expected)))
    if len(found) > MAX_ANNOUNCED:
        raise ValueError(expected)
    return found


def _network(value: object) -> IpNetwork:
    if isinstance(value, int | bytes):  # ip_network(10) is 0.0.0.10
        raise ValueError
    return ipaddress.ip_network(str(value), strict=False)


def _announced(value: object) -> Announced:
    match = _ANNOUNCED.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError
    address = ipaddress.ip_address(match[1].strip("[]"))
    port = None if match[2] is None else int(match[2])
    if address.is_unspecified or address.is_multicast or str(address) == "255.255.255.255":
        raise ValueError
    if port is not None and not 0 < port <= MAX_PORT:
        raise ValueError
    return Announced(address, port)


def _ice_server(value: object) -> IceServer:
    if isinstance(value, str):
        value = {"urls": value}
    if not isinstance(value, Mapping) or not value.keys() <= {"urls", "username", "credential"}:
        raise ValueError
    urls = value.get("urls")
    urls = (urls,) if isinstance(urls, str) else tuple(urls or ())
    username, credential = value.get("username"), value.get("credential")
    if not 0 < len(urls) <= MAX_ICE_URLS or not all(map(_is_ice_url, urls)):
        raise ValueError
    if any(not isinstance(text, str | None) for text in (username, credential)):
        raise ValueError
    if any(map(is_turn, urls)) and bool(username) != bool(credential):
        raise ValueError
    return IceServer(urls, username or None, credential or None)


def _is_ice_url(url: object) -> bool:
    match = _ICE_URL.fullmatch(url) if isinstance(url, str) else None
    port = match and (match["stun"] or match["turn"])
    return match is not None and (port is None or 0 < int(port) <= MAX_PORT)

"""Parses host names, and decides which of them may mean this machine.

This prevents DNS rebinding: a page of evil.example is open, then that name is pointed to this
machine, and the browser takes the page for one of ours. Only the `Host` header still shows the
name. So only names that a stranger can't own are accepted.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection

ANY_HOST = "*"
PRIVATE_SUFFIXES = (
    "local",  # multicast DNS, RFC 6762
    "home.arpa",  # RFC 8375
    "internal",  # reserved by ICANN, 2024
    "localdomain",
    *("lan", "home", "corp", "intranet", "private"),  # RFC 6762, appendix G
)
"""Suffixes that routers append to a machine's name and that nobody can register. `fritz.box` is
missing because it is a domain of the public DNS."""

_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?")
_MAX_NAME_LENGTH = 254  # RFC 1035, 2.3.4, and the dot at the end
_WITH_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?")


def parse_host(text: str) -> tuple[str, int | None]:
    """Returns host and port of an origin or `Host` header (RFC 3986, 3.2.2 and 3.2.3); no port:
    None.

    The name is in lower case and may have `_`, as in home networks. An IPv6 address is in its
    shortest form, in brackets. Raises ValueError.
    """
    match = _WITH_PORT.fullmatch(text)
    if match is None or not text.isascii():
        raise ValueError("not a host")
    host, port = match[1].lower(), None if match[2] is None else int(match[2])
    if port is not None and not 1 <= port <= 65535:
        raise ValueError("not a port")
    if host.startswith("["):
        return f"[{ipaddress.IPv6Address(_without_zone(host[1:-1]))}]", port
    if len(host) > _MAX_NAME_LENGTH or not _NAME.fullmatch(host):
        raise ValueError("not a host")
    return host, port


def is_allowed_host(host: str, allowed: Collection[str]) -> bool:
    """Whether `host`, as parse_host gives it, is an address, localhost, this machine's name, or
    `allowed`: names, suffixes such as `.example.org` (itself and all below it), or `*`."""
    host = host.removesuffix(".")
    if is_address(host) or host == "localhost" or host.endswith(".localhost"):
        return True
    if host in _own_names() or ANY_HOST in allowed or host in allowed:
        return True
    return any(name.startswith(".") and f".{host}".endswith(name) for name in allowed)


def is_address(host: str) -> bool:
    """Whether `host` is an IP address, with or without the brackets of IPv6."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_name(host: str) -> bool:
    """Whether `host` can be read and is no IP address."""
    try:
        return parse_host(host) == (host.lower(), None) and not is_address(host)
    except ValueError:
        return False


def _own_names() -> set[str]:
    """Returns this machine's names. Asked for each time, because they can change."""
    whole = socket.gethostname().lower()
    first = whole.partition(".")[0]
    return {whole, first, *(f"{first}.{suffix}" for suffix in PRIVATE_SUFFIXES)}


def _without_zone(address: str) -> str:
    if "%" in address:  # browsers refuse zones (RFC 6874), ipaddress accepts them
        raise ValueError("an address with a zone")
    return address

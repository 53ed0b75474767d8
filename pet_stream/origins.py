"""Web origins (RFC 6454), as browsers send them in the `Origin` header."""

from __future__ import annotations

import re

from .host_names import parse_host

_ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]+)/?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def normalize_origin(text: str) -> str:
    """Returns `scheme://host[:port]` in lower case, without the scheme's default port.

    Raises ValueError for anything but an origin (a path, credentials, "null").
    """
    match = _ORIGIN.fullmatch(text)
    if match is None:
        raise ValueError("not an origin")
    scheme = match[1].lower()
    host, port = parse_host(match[2])
    if port is None or port == _DEFAULT_PORTS.get(scheme):
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{port}"

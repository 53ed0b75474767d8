"""Web origins (RFC 6454): who a page is, as browsers write it into the `Origin` header."""

from __future__ import annotations

from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def normalize_origin(text: str) -> str:
    """`scheme://host[:port]` in lower case, without the scheme's own port.

    Raises ValueError for anything else than an origin (a path, credentials, "null").
    """
    parts = urlsplit(text.strip())
    host, port = parts.hostname, parts.port  # port: ValueError when it is no port
    extras = (parts.username, parts.password, parts.query, parts.fragment, parts.path.strip("/"))
    if not parts.scheme or not host or any(extras):
        raise ValueError("not an origin")
    if ":" in host:
        host = f"[{host}]"
    if port is None or port == _DEFAULT_PORTS.get(parts.scheme):
        return f"{parts.scheme}://{host}"
    return f"{parts.scheme}://{host}:{port}"

"""Writes ICE servers as `Link` headers (RFC 9725 section 4.6, RFC 8288). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from ..ice_server import IceServer

_URI_CHARACTERS = ":/?#[]@!$&'()*+,;=%~"
_TEXT = re.compile(r"[\t\x20-\x7e]*")


def ice_server_links(servers: Sequence[IceServer]) -> Iterator[str]:
    """Yields the value of a header for each URL. A server is left out whose credentials have
    characters that no header can carry."""
    for server in servers:
        parameters = ['rel="ice-server"']
        if server.username is not None and server.credential is not None:
            if not (_TEXT.fullmatch(server.username) and _TEXT.fullmatch(server.credential)):
                continue
            parameters += [
                f"username={_quoted(server.username)}",
                f"credential={_quoted(server.credential)}",
                'credential-type="password"',
            ]
        for url in server.urls:
            yield "; ".join([f"<{quote(url, safe=_URI_CHARACTERS)}>", *parameters])


def _quoted(text: str) -> str:
    """Returns a quoted-string (RFC 9110 section 5.6.4)."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'

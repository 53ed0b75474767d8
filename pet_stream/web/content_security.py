"""Tells browsers what our pages may load, run and connect to (Content Security Policy Level 3)."""

from __future__ import annotations

import re

from flask import Response, request

from .current import current_stream

_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")

_POLICY = (
    "default-src 'self'; "
    "img-src 'self' data: blob:; "  # snapshots, thumbnails
    "media-src 'self' blob:; "  # media source extensions
    "connect-src 'self'{sockets}; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'{framing}"
)


def add_security_headers(response: Response) -> Response:
    """Runs after each of our views: nothing inline, nothing from elsewhere, in no foreign frame but
    those that the settings name."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", _policy())
        response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


def _policy() -> str:
    """Returns the policy. It names our WebSockets: older browsers don't count them as 'self'."""
    host = request.host
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    framing = "".join(f" {origin}" for origin in sorted(current_stream().config.frame_ancestors))
    return _POLICY.format(sockets=sockets, framing=framing)

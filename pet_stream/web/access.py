"""The one place where a request's right is decided. (Accounts will be asked for here, too.)"""

from __future__ import annotations

from flask import request

from ..config_values import ANY_ORIGIN
from ..errors import OriginRefused
from ..origins import normalize_origin
from .current import current_stream

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def check_access() -> None:
    """Let the request pass, or raise OriginRefused. Runs before each of our views.

    What only reads is left to the browser, which hides the answer from foreign pages; it does not
    do so with WebSockets, whose views call `check_origin` themselves.
    """
    if request.method not in SAFE_METHODS:
        check_origin()


def check_origin() -> None:
    """Raise OriginRefused if a page of a foreign origin asks.

    It can make a browser send us anything; only the `Origin` header, which browsers set on every
    request that may change something and on every WebSocket handshake, tells. A client without one
    is no browser, or a page of ours.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return
    if not (is_allowed_origin(origin) or is_own_origin(origin)):
        raise OriginRefused(
            f"Pages of {origin[:200]} may not do this: list it in PET_STREAM_ALLOWED_ORIGINS "
            "(behind a proxy, also tell Flask by werkzeug's ProxyFix)"
        )


def is_allowed_origin(origin: str) -> bool:
    """Whether the settings allow cross-origin use by `origin`."""
    allowed = current_stream().config.allowed_origins
    return ANY_ORIGIN in allowed or _normalized(origin) in allowed


def is_own_origin(origin: str) -> bool:
    """Whether a page of `origin` was served under the scheme, host and port of this request.

    They are taken as the client sent them (`Host`), never from X-Forwarded headers, which anybody
    can send: behind a proxy that is what ProxyFix is for.
    """
    return _normalized(origin) == _normalized(f"{request.scheme}://{request.host}")


def _normalized(origin: str) -> str | None:
    try:
        return normalize_origin(origin)
    except ValueError:  # "null" of sandboxed frames and local files, or no origin at all
        return None

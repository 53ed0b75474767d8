"""Decides whether a request is allowed: by the host name that it came under, by the page that sent
it, and by the right of whoever asks. No other module decides that."""

from __future__ import annotations

from collections.abc import Mapping

from flask import g, request
from werkzeug.exceptions import HTTPException

from ..config_values import ANY_ORIGIN
from ..errors import AccountsUnusable, HostRefused, NotAllowed, NotSignedIn, OriginRefused
from ..host_names import is_allowed_host, parse_host
from ..origins import normalize_origin
from ..rights import EVERYBODYS, Grant, Right
from .current import current_stream

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LINKED_ENDPOINTS = frozenset({"pet_stream.dashboard", "pet_stream.get_recording"})
"""What a link on a foreign page may lead to."""
FRAMED_ENDPOINT = "pet_stream.dashboard"
"""What a foreign page may show in a frame, if PET_STREAM_FRAME_ANCESTORS names it."""


class Access:
    """Knows which right each endpoint needs; None: it is for everybody."""

    def __init__(self, rights: Mapping[str, Right | None]) -> None:
        self._rights = rights

    def check(self) -> None:
        """Before each of our views. Raises HostRefused, OriginRefused, NotSignedIn, NotAllowed, or
        an HTTPException that carries the host's own answer.

        For a WebSocket `prepare_websocket` calls check_page and check_right: a page does not hear
        why a handshake fails.
        """
        check_host()
        g.pet_stream_right = self._rights[request.endpoint or ""]
        g.pet_stream_grant = EVERYBODYS
        if not _is_websocket():
            check_page()
            check_right()


def check_right() -> None:
    """Raise an error, as Access.check does, unless whoever asks has the right that the route needs.

    A preflight carries no credentials, and does nothing.
    """
    right: Right | None = g.pet_stream_right
    if right is not None and request.method != "OPTIONS":
        g.pet_stream_grant = current_stream().authority.grant(right)


def check_further_right(right: Right) -> None:
    """Raise NotAllowed if a message over a WebSocket needs another right than its route, and its
    sender does not have it."""
    if right is not g.pet_stream_right and not has_right(right):
        raise NotAllowed(right.value)


def current_grant() -> Grant:
    """Returns what check_right was granted, for what lasts longer than this request."""
    grant: Grant = g.pet_stream_grant
    return grant


def has_right(right: Right) -> bool:
    """Whether whoever asks has `right`, which the route need not have."""
    return grant_of(right) is not None


def grant_of(right: Right) -> Grant | None:
    """Returns what whoever asks is granted; None: they don't have `right`."""
    try:
        return current_stream().authority.grant(right)
    except (AccountsUnusable, NotAllowed, NotSignedIn, HTTPException):
        return None


def check_host() -> None:
    """Raise HostRefused if the request came under a name that may be a stranger's.

    Without `Host` there was no name, and no browser. Behind a proxy the name is the proxy's, unless
    ProxyFix has put the forwarded one in its place.
    """
    allowed, text = current_stream().config.allowed_hosts, request.headers.get("Host")
    if allowed is None or text is None:
        return
    try:
        host, _ = parse_host(text)
    except ValueError:
        raise HostRefused("The name in Host can't be read") from None
    if not is_allowed_host(host, allowed):
        raise HostRefused(
            f"{host} is not a known name of this machine: if it is its name, list it in "
            f"PET_STREAM_ALLOWED_HOSTS (environment: FLASK_PET_STREAM_ALLOWED_HOSTS={host})"
        )


def check_page() -> None:
    """Raise OriginRefused if a page of a foreign origin asks.

    Such a page can make a browser send us anything but the two headers that the browser adds.
    `Origin` comes with every request that may change something and with every WebSocket handshake.
    `Sec-Fetch-Site` comes with all requests where we are on HTTPS or localhost. A client that sends
    neither is not a browser, or it only reads, and the browser hides the answer from the page
    (`cors`). A program's token says more than both: no page can send one without being allowed to.
    """
    if bearer_token() is not None:
        return
    if _is_from_foreign_page() and not is_from_allowed_page():
        origin = request.headers.get("Origin")
        who = "other sites" if origin is None else origin[:200]
        raise OriginRefused(
            f"Pages of {who} may not do this: list their origin in PET_STREAM_ALLOWED_ORIGINS "
            "(behind a proxy, also tell Flask by werkzeug's ProxyFix)"
        )


def bearer_token() -> str | None:
    """Returns the token of `Authorization: Bearer` (RFC 6750 section 2.1), which no browser adds by
    itself."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def is_from_own_page() -> bool:
    """Whether no other page than ours can have sent this: cookies count only then."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return is_own_origin(origin)
    return not _is_cross_site() or _is_followed_link()


def is_from_allowed_page() -> bool:
    """Whether the settings allow cross-origin use by the page that asks.

    `<img>` and `<video>` send no Origin, but usually Referer. A page can withhold that, but not
    forge it.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        origin = "/".join(request.headers.get("Referer", "").split("/", 3)[:3])
    return is_allowed_origin(origin)


def is_allowed_origin(origin: str) -> bool:
    """Whether the settings allow cross-origin use by `origin`."""
    allowed = current_stream().config.allowed_origins
    return ANY_ORIGIN in allowed or _normalized(origin) in allowed


def is_own_origin(origin: str) -> bool:
    """Whether a page of `origin` was served under the scheme, host and port of this request."""
    own = own_origin()
    return own is not None and _normalized(origin) == own


def own_origin() -> str | None:
    """Returns the origin that this request was sent to; None if its `Host` can't be read.

    Scheme and host are taken as the client sent them, never from X-Forwarded headers, which anybody
    can send; behind a proxy ProxyFix takes care of them. Flask's `request.host` is empty for names
    with `_`.
    """
    return _normalized(f"{request.scheme}://{request.headers.get('Host', '')}")


def _is_from_foreign_page() -> bool:
    """Whether one of the two headers says so. Of a WebSocket only Origin counts: browsers may
    differ on whether `ws:` is the same site as `http:`."""
    origin, is_websocket = request.headers.get("Origin"), _is_websocket()
    only_reads = request.method in SAFE_METHODS and not is_websocket
    if origin is not None and not only_reads and not is_own_origin(origin):
        return True
    is_opened = _is_followed_link() or _is_allowed_frame()
    return _is_cross_site() and not is_websocket and not is_opened


def _is_websocket() -> bool:
    return request.url_rule is not None and request.url_rule.websocket


def _is_cross_site() -> bool:
    """Whether the browser says that a page of another origin asks (Fetch Metadata). `none` stands
    for the person."""
    return request.headers.get("Sec-Fetch-Site") not in (None, "same-origin", "none")


def _is_followed_link() -> bool:
    """Whether the answer opens in a window of its own, which the page can't read."""
    return (
        request.method == "GET"
        and request.endpoint in LINKED_ENDPOINTS
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )


def _is_allowed_frame() -> bool:
    """Whether the page is to be shown in a frame of a page that may do so. Where that page does not
    say who it is, the browser knows (`frame-ancestors`)."""
    allowed = current_stream().config.frame_ancestors
    referer = request.headers.get("Referer")
    return (
        bool(allowed)
        and (referer is None or _normalized("/".join(referer.split("/", 3)[:3])) in allowed)
        and request.method == "GET"
        and request.endpoint == FRAMED_ENDPOINT
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame")
    )


def _normalized(origin: str) -> str | None:
    try:
        return normalize_origin(origin)
    except ValueError:  # "null" of sandboxed frames and local files, or no origin at all
        return None

"""The cookie of a browser that has signed in: set, renewed, read and cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, g, request

if TYPE_CHECKING:
    from ..accounts.accounts import Cookie, SignedIn

SECURE_PREFIX = "__Host-"
"""Of the cookie's name under TLS: then no other name or path can set it (RFC 6265bis, 4.1.3)."""


def renew_cookie(response: Response) -> Response:
    """Runs after each of our views: a browser that comes back stays signed in."""
    signed_in: SignedIn | None = g.get("pet_stream_signed_in")
    if signed_in is not None and signed_in.cookie.value != sent_cookie(signed_in.cookie.name):
        set_cookie(response, signed_in.cookie)
    return response


def set_cookie(response: Response, cookie: Cookie) -> None:
    response.set_cookie(
        _full_name(cookie.name),
        cookie.value,
        max_age=cookie.max_age_s,
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def clear_cookie(response: Response, name: str) -> None:
    response.delete_cookie(
        _full_name(name), path="/", secure=request.is_secure, httponly=True, samesite="Lax"
    )


def sent_cookie(name: str) -> str | None:
    return request.cookies.get(_full_name(name))


def _full_name(name: str) -> str:
    return SECURE_PREFIX + name if request.is_secure else name

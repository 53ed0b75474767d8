"""Our own accounts decide: by the browser's cookie, or by a program's token."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, g, request

from ..accounts.accounts import Accounts, Cookie, SignedIn
from ..accounts.attempts import Attempts
from ..accounts.visitor import Visitor
from ..errors import AccountsUnusable, NotAllowed, NotSignedIn
from ..reason import Reason
from ..rights import EVERYBODYS, Grant, Right
from .access import bearer_token, is_from_own_page

PAGES = frozenset({"pet_stream.dashboard"})
"""They ask for a sign-in themselves, so they are for everybody."""
SECURE_PREFIX = "__Host-"
"""Of the cookie's name under TLS: then no other name or path can set it (RFC 6265bis, 4.1.3)."""


NOBODY = Reason("no_people", "Nobody can sign in yet: pet-stream invite, on this machine")


class AccountsAuthority:
    """Knows who asks. In the threads of requests."""

    name = "builtin"

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.attempts = Attempts()

    @property
    def notices(self) -> tuple[Reason, ...]:
        try:
            return () if self.accounts.has_people else (NOBODY,)
        except AccountsUnusable as exc:
            return (Reason("accounts", str(exc)),)

    def grant(self, right: Right) -> Grant:
        """Raises NotSignedIn, NotAllowed, AccountsUnusable."""
        if request.endpoint in PAGES:
            return EVERYBODYS
        visitor = self.visitor()
        if visitor is None:
            raise NotSignedIn
        if right not in visitor.rights:
            raise NotAllowed(right.value)
        return _AccountGrant(self.accounts, visitor, right)

    def visitor(self) -> Visitor | None:
        """Returns who sent the current request. Where there is a token, cookies do not count."""
        token = bearer_token()
        if token is not None:
            return self.accounts.by_token(token)
        signed_in = self._signed_in()
        return None if signed_in is None else signed_in.visitor

    def _signed_in(self) -> SignedIn | None:
        """Of a page of a foreign origin the cookie does not count, even if the settings allow it to
        use us."""
        if not is_from_own_page():
            return None
        if "pet_stream_signed_in" not in g:
            g.pet_stream_signed_in = self.accounts.by_cookies(_cookie)
        signed_in: SignedIn | None = g.pet_stream_signed_in
        return signed_in


@dataclass(frozen=True, slots=True)
class _AccountGrant:
    accounts: Accounts
    visitor: Visitor
    right: Right

    @property
    def holder(self) -> str:
        return self.visitor.holder

    @property
    def name(self) -> str:
        return self.visitor.name

    @property
    def is_owners(self) -> bool:
        return Right.MANAGE in self.visitor.rights

    def is_valid(self) -> bool:
        try:
            return self.accounts.is_still_in(self.visitor, self.right)
        except AccountsUnusable:
            return False


def renew_cookie(response: Response) -> Response:
    """Runs after each of our views: a browser that comes back stays signed in."""
    signed_in: SignedIn | None = g.get("pet_stream_signed_in")
    if signed_in is not None and signed_in.cookie.value != _cookie(signed_in.cookie.name):
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


def _cookie(name: str) -> str | None:
    return request.cookies.get(_full_name(name))


def _full_name(name: str) -> str:
    return SECURE_PREFIX + name if request.is_secure else name

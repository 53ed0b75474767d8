"""Our own accounts decide: by the browser's cookie, a program's token, or a link."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request

from ..accounts.accounts import Accounts, SignedIn
from ..accounts.attempts import Attempts
from ..accounts.visitor import Visitor
from ..admission.turns import Turns
from ..errors import AccountsUnusable, NotAllowed, NotSignedIn
from ..reason import Reason
from ..rights import EVERYBODYS, Grant, Right
from .access import bearer_token, is_from_own_page
from .cookies import sent_cookie
from .current import current_stream
from .urls import DASHBOARD, LINK, link_target, linked_path

PAGES = frozenset({"pet_stream.dashboard"})
"""They ask for a sign-in themselves, so they are for everybody."""

MAX_PASSWORDS = 8
"""Requests that wait for a password's hash at once; each holds a thread of the server."""

NOBODY = Reason("no_people", "Nobody can sign in yet: pet-stream invite, on this machine")


class AccountsAuthority:
    """Knows who asks. In the threads of requests."""

    name = "builtin"

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.attempts = Attempts()
        self.password_turns = Turns(MAX_PASSWORDS, MAX_PASSWORDS // 4)

    @property
    def notices(self) -> tuple[Reason, ...]:
        try:
            return () if self.accounts.has_people else (NOBODY,)
        except AccountsUnusable as exc:
            return (Reason("accounts", str(exc)),)

    def grant(self, right: Right) -> Grant:
        """Raises NotSignedIn, NotAllowed, AccountsUnusable."""
        return EVERYBODYS if request.endpoint in PAGES else self.grant_to_visitor(right)

    def grant_to_visitor(self, right: Right) -> Grant:
        """The same on every page. Raises NotSignedIn, NotAllowed, AccountsUnusable."""
        visitor = self.visitor()
        if visitor is not None and right in visitor.rights:
            return _AccountGrant(self.accounts, visitor, right)
        if grant := self._grant_of_link(right):
            return grant
        if visitor is None:
            raise NotSignedIn
        raise NotAllowed(right.value)

    def note(self, what: str, about: str) -> None:
        visitor = self.visitor()
        self.accounts.note("nobody" if visitor is None else visitor.name, what, about)

    def visitor(self) -> Visitor | None:
        """Returns who sent the current request. Where there is a token, cookies do not count."""
        token = bearer_token()
        if token is not None:
            return self.accounts.by_token(token)
        signed_in = self._signed_in()
        return None if signed_in is None else signed_in.visitor

    def _grant_of_link(self, right: Right) -> Grant | None:
        """Returns what the link in the URL gives: on its own path, or everywhere if that is the
        page. A link to WHEP is good for the sessions that it makes, one to a playlist of HLS for
        what leads on from it."""
        texts = request.args.getlist(LINK)
        if len(texts) != 1 or bearer_token() is not None:
            return None
        prefix = current_stream().config.url_prefix
        for path in (linked_path(request.path, prefix), prefix + DASHBOARD):
            grant = _LinkGrant(self.accounts, texts[0], link_target(path), right)
            if grant.is_valid():
                return grant
        return None

    def _signed_in(self) -> SignedIn | None:
        """Of a page of a foreign origin the cookie does not count, even if the settings allow it to
        use us."""
        if not is_from_own_page():
            return None
        if "pet_stream_signed_in" not in g:
            g.pet_stream_signed_in = self.accounts.by_cookies(sent_cookie)
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


@dataclass(frozen=True, slots=True)
class _LinkGrant:
    accounts: Accounts
    text: str
    target: str
    right: Right
    is_owners: bool = False

    @property
    def holder(self) -> str:
        return f"link {self.text}"

    @property
    def name(self) -> str:
        maker = self._maker()
        return "" if maker is None else f"{maker.name} (link)"

    def is_valid(self) -> bool:
        return self._maker() is not None

    def _maker(self) -> Visitor | None:
        try:
            return self.accounts.by_link(self.text, self.target, self.right)
        except AccountsUnusable:
            return None

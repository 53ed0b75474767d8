"""Signs people in, invites them, knows their devices and programs' tokens, and revokes all that."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import AccountsUnusable, BadRequest, LastOwner, NotFound, NotSignedIn
from ..rights import Right
from . import changes
from .audit import Audit
from .book import Book, Device, Invitation, Person, Token, spelled
from .book_file import BookFile, new_key
from .changes import entry_of, made
from .codes import TOKEN_PREFIX, hash_of, new_id, new_secret
from .cookies import RENEWAL_S, YEAR_S, cookie_name, read_cookie, write_cookie
from .links import Link, read_link, write_link
from .passwords import Passwords
from .visitor import (
    Visitor,
    as_of_now,
    visitor_of_device,
    visitor_of_maker,
    visitor_of_token,
)

KINDS = ("people", "devices", "tokens", "invitations")
INVITATION_S = 600
"""How long a link to sign in by is good, if nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Cookie:
    name: str
    value: str
    max_age_s: int = YEAR_S


@dataclass(frozen=True, slots=True)
class SignedIn:
    visitor: Visitor
    cookie: Cookie


class Accounts:
    """The accounts in the file `path`. Any thread.

    Every method may raise AccountsUnusable: then nobody is let in, and the file stays as it is.
    """

    def __init__(self, path: Path, now_s: Callable[[], float] = time.time) -> None:
        self._file = BookFile(path)
        self._audit = Audit(log_path(path))
        self._passwords = Passwords()
        self._now_s = now_s
        self.invitation_s = INVITATION_S

    def book(self) -> Book:
        """Returns what is in the file and has not ended."""
        return self._file.read().without_ended(self._now())

    @property
    def has_people(self) -> bool:
        return bool(self.book().people)

    @property
    def has_owner(self) -> bool:
        return changes.has_owner(self.book())

    @property
    def cookie_name(self) -> str:
        return cookie_name(self._file.read().key)

    def by_cookies(self, cookie_of: Callable[[str], str | None]) -> SignedIn | None:
        """Returns who has signed in with the browser that sent the cookies; `cookie_of` gives one
        of them by its name. The cookie is the one to be sent back: a new one, if it was old."""
        book = self._file.read()
        name = cookie_name(book.key)
        text = cookie_of(name)
        read = None if text is None else read_cookie(book.key, text, self._now())
        if text is None or read is None:
            return None
        device_id, given_at = read
        visitor = visitor_of_device(book, device_id, self._now())
        if visitor is None:
            return None
        if self._now() - given_at > RENEWAL_S:
            self._see(book, device_id)
            text = self._write(book, device_id)
        return SignedIn(visitor, Cookie(name, text))

    def by_token(self, secret: str) -> Visitor | None:
        """Returns the program whose token `secret` is."""
        return visitor_of_token(self._file.read(), secret, self._now())

    def is_still_in(self, visitor: Visitor, right: Right) -> bool:
        """Whether `visitor` is still signed in, and has `right`."""
        now = as_of_now(self._file.read(), visitor, self._now())
        return now is not None and right in now.rights

    def by_link(self, text: str, target: str, right: Right) -> Visitor | None:
        """Returns who made the link `text`, if it gives `right` to `target`, which its maker must
        have, too."""
        book, now = self._file.read(), self._now()
        link = read_link(book.key, text, target, now)
        if link is None or link.right is not right:
            return None
        maker = visitor_of_maker(book, link.device_id, link.token_id, now)
        return None if maker is None or right not in maker.rights else maker

    def make_link(self, target: str, right: Right, good_for_s: int, *, by: Visitor) -> str:
        """Returns the text of a link that gives `right` to `target` to whoever has it."""
        ends_at = self._now() + good_for_s
        link = Link(target, right, ends_at, device_id=by.device_id, token_id=by.token_id)
        text = write_link(self._file.read().key, link)
        self._audit.note(by.name, f"makes a link for {good_for_s // 60} min to", target)
        return text

    def invite(
        self,
        role: str,
        *,
        name: str | None = None,
        person_id: str | None = None,
        good_for_s: int = INVITATION_S,
        person_ends_at: int | None = None,
        made_by: str | None = None,
        by: str,
    ) -> str:
        """Returns the secret of a link that is good for one sign-in, and not longer than the device
        or token `made_by` is. Raises BadRequest, NotFound and TooMany."""
        secret = new_secret()
        invitation = made(
            Invitation,
            id=new_id(),
            secret_hash=hash_of(secret),
            role=role,
            name=name,
            person_id=person_id,
            made_by=made_by,
            ends_at=self._now() + good_for_s,
            person_ends_at=person_ends_at,
        )
        self._change(lambda book: changes.with_invitation(book, invitation))
        self._audit.note(by, f"invites a {role}", invitation.name or "")
        return secret

    def accept(self, secret: str, *, device: str, name: str | None = None) -> SignedIn:
        """Sign in by an invitation, which then is used up. `name` is for a new person that was
        invited without one. Raises NotSignedIn if the invitation is not good, BadRequest."""
        changes.invitation_of(self.book(), secret)  # a guess costs no lock
        device_id, now = new_id(), self._now()

        def use(book: Book) -> Book:
            invitation = changes.invitation_of(book, secret)
            person = made(
                Person,
                id=invitation.person_id or new_id(),
                name=invitation.name or name or invitation.role.capitalize(),
                role=invitation.role,
                added_at=now,
                ends_at=invitation.person_ends_at,
                password_hash=None,
            )
            book = changes.with_guest(book, invitation, person)
            return changes.with_device(book, _device(device_id, person.id, device, now))

        return self._signed_in(self._change(use), device_id, "signs in by a link")

    def sign_in(self, name: str, password: str, *, device: str) -> SignedIn:
        """Raises NotSignedIn, after the same time whether the name or the password is wrong."""
        wanted = spelled(name)
        person = next((p for p in self.book().people if spelled(p.name) == wanted), None)
        known_hash = None if person is None else person.password_hash
        if not self._passwords.is_right(password, known_hash) or person is None:
            raise NotSignedIn("Name or password is wrong")
        device_id, person_id, now = new_id(), person.id, self._now()
        new = _device(device_id, person_id, device, now)
        book = self._change(lambda book: changes.with_device(book, new))
        return self._signed_in(book, device_id, "signs in by password")

    def set_password(self, person_id: str, password: str | None, *, by: str) -> None:
        """Raises BadRequest, NotFound."""
        try:
            password_hash = None if password is None else self._passwords.hash_of(password)
        except ValueError as exc:
            raise BadRequest(str(exc)) from exc

        def change(book: Book) -> Book:
            person = replace(entry_of(book.people, person_id), password_hash=password_hash)
            return replace(
                book, people=tuple(person if p.id == person_id else p for p in book.people)
            )

        self._change(change)
        self._audit.note(by, "has no password any more" if password is None else "sets a password")

    def add_token(self, name: str, rights: object, *, ends_at: int | None = None, by: str) -> str:
        """Returns the token's secret, which is not kept. Raises BadRequest, TooMany."""
        secret = new_secret(TOKEN_PREFIX)
        token = made(
            Token,
            id=new_id(),
            name=name,
            secret_hash=hash_of(secret),
            rights=rights,
            added_at=self._now(),
            ends_at=ends_at,
        )
        self._change(lambda book: changes.with_token(book, token))
        self._audit.note(by, "makes a token", token.name)
        return secret

    def revoke(self, kind: str, entry_id: str, *, by: str, keeps_an_owner: bool = False) -> None:
        """Delete an entry: `kind` is `people`, `devices`, `tokens` or `invitations`. With a person
        the devices are deleted, and with a device the links that were made on it. Raises NotFound,
        and LastOwner if there would be none."""
        if kind not in KINDS:
            raise NotFound("There is none")
        gone = entry_of(getattr(self.book(), kind), entry_id)

        def remove(book: Book) -> Book:
            now, left = self._now(), changes.without(book, kind, entry_id)
            if keeps_an_owner and not changes.has_owner(left.without_ended(now)):
                raise LastOwner
            return left.tidied(now)

        self._change(remove)
        self._audit.note(by, f"revokes one of the {kind}:", getattr(gone, "name", None) or "")

    def revoke_any(self, entry_id: str, *, by: str) -> None:
        """Delete an entry of any kind. Raises NotFound."""
        book = self.book()
        for kind in KINDS:
            if any(one.id == entry_id for one in getattr(book, kind)):
                return self.revoke(kind, entry_id, by=by)
        raise NotFound(f"There is no {entry_id}")

    def revoke_all(self, *, by: str) -> None:
        """Sign everybody out, and delete all tokens, links and invitations."""
        self._change(lambda book: Book(new_key(), people=book.people))
        self._audit.note(by, "revokes everything")

    def note(self, who: str, what: str, about: str = "") -> None:
        """Write a line into the audit log."""
        self._audit.note(who, what, about)

    def _now(self) -> int:
        return int(self._now_s())

    def _change(self, change: Callable[[Book], Book]) -> Book:
        return self._file.change(lambda book: change(book.tidied(self._now())))

    def _signed_in(self, book: Book, device_id: str, how: str) -> SignedIn:
        visitor = visitor_of_device(book, device_id, self._now())
        if visitor is None:  # revoked in this very moment
            raise NotSignedIn
        self._audit.note(visitor.name, how, entry_of(book.devices, device_id).name)
        return SignedIn(visitor, Cookie(cookie_name(book.key), self._write(book, device_id)))

    def _see(self, book: Book, device_id: str) -> None:
        """Note, once a day, that the device is still in use. On a full disk it is not noted."""
        now = self._now()

        def see(book: Book) -> Book:
            devices = (
                replace(one, seen_at=now) if one.id == device_id and _is_away(one, now) else one
                for one in book.devices
            )
            return replace(book, devices=tuple(devices))

        if _is_away(entry_of(book.devices, device_id), now):
            with suppress(AccountsUnusable):
                self._change(see)

    def _write(self, book: Book, device_id: str) -> str:
        return write_cookie(book.key, device_id, self._now())


def _device(device_id: str, person_id: str, name: str, now: int) -> Device:
    """Raises BadRequest."""
    return made(Device, id=device_id, person_id=person_id, name=name, added_at=now, seen_at=now)


def _is_away(device: Device, now: int) -> bool:
    return now - device.seen_at > RENEWAL_S


def log_path(path: Path) -> Path:
    """Returns where the audit log of the account file `path` is."""
    log = path.with_suffix(".log")
    return log if log != path else path.with_name(f"{path.name}.log")

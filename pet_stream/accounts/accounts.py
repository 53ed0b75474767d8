"""Signs people in, invites them, knows their devices and programs' tokens, and revokes all that."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ..errors import BadRequest, NotFound, NotSignedIn, TooMany
from ..rights import Right
from . import book as rows
from .audit import Audit
from .book import Book, Device, Entry, Invitation, Person, Token
from .book_file import BookFile, new_key
from .codes import TOKEN_PREFIX, find, hash_of, new_id, new_secret
from .cookies import RENEWAL_S, YEAR_S, cookie_name, read_cookie, write_cookie
from .passwords import Passwords
from .visitor import Visitor, as_of_now, visitor_of_device, visitor_of_token

T = TypeVar("T", bound=Entry)

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
        self._audit = Audit(path.with_suffix(".log"))
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
        if self._now() - given_at <= RENEWAL_S:
            return SignedIn(visitor, Cookie(name, text))
        return SignedIn(visitor, self._give_cookie(book, device_id))

    def by_token(self, secret: str) -> Visitor | None:
        """Returns the program whose token `secret` is."""
        return visitor_of_token(self._file.read(), secret, self._now())

    def is_still_in(self, visitor: Visitor, right: Right) -> bool:
        """Whether `visitor` is still signed in, and has `right`."""
        now = as_of_now(self._file.read(), visitor, self._now())
        return now is not None and right in now.rights

    def invite(
        self,
        role: str,
        *,
        name: str | None = None,
        person_id: str | None = None,
        good_for_s: int = INVITATION_S,
        person_ends_at: int | None = None,
        by: str,
    ) -> str:
        """Returns the secret of a link that is good for one sign-in. Raises BadRequest, NotFound
        and TooMany."""
        secret = new_secret()
        invitation = _made(
            Invitation,
            id=new_id(),
            secret_hash=hash_of(secret),
            role=role,
            name=name,
            person_id=person_id,
            ends_at=self._now() + good_for_s,
            person_ends_at=person_ends_at,
        )

        def add(book: Book) -> Book:
            if person_id is not None:
                _entry(book.people, person_id)
            return replace(
                book, invitations=_added(book.invitations, invitation, rows.MAX_INVITATIONS)
            )

        self._change(add)
        self._audit.note(by, f"invites a {role}", invitation.name or "")
        return secret

    def accept(self, secret: str, *, device: str, name: str | None = None) -> SignedIn:
        """Sign in by an invitation, which then is used up. `name` is for a new person that was
        invited without one. Raises NotSignedIn if the invitation is not good, BadRequest."""
        device_id, now = new_id(), self._now()

        def use(book: Book) -> Book:
            invitation = find(secret, book.invitations)
            if invitation is None:
                raise NotSignedIn("This link has been used, or is too old: ask for a new one")
            if invitation.person_id is None:
                person = _made(
                    Person,
                    id=new_id(),
                    name=invitation.name or name or invitation.role.capitalize(),
                    role=invitation.role,
                    added_at=now,
                    ends_at=invitation.person_ends_at,
                    password_hash=None,
                )
                book = replace(book, people=_added(book.people, person, rows.MAX_PEOPLE))
                person_id = person.id
            else:
                person_id = invitation.person_id
            rest = tuple(one for one in book.invitations if one is not invitation)
            return _with_device(replace(book, invitations=rest), device_id, person_id, device, now)

        return self._signed_in(self._change(use), device_id, "signs in by a link")

    def sign_in(self, name: str, password: str, *, device: str) -> SignedIn:
        """Raises NotSignedIn, after the same time whether the name or the password is wrong."""
        person = next((p for p in self.book().people if p.name == name), None)
        known_hash = None if person is None else person.password_hash
        if not self._passwords.is_right(password, known_hash) or person is None:
            raise NotSignedIn("Name or password is wrong")
        device_id, person_id, now = new_id(), person.id, self._now()
        book = self._change(lambda book: _with_device(book, device_id, person_id, device, now))
        return self._signed_in(book, device_id, "signs in by password")

    def set_password(self, person_id: str, password: str | None) -> None:
        """Raises BadRequest, NotFound."""
        try:
            password_hash = None if password is None else self._passwords.hash_of(password)
        except ValueError as exc:
            raise BadRequest(str(exc)) from exc

        def change(book: Book) -> Book:
            person = replace(_entry(book.people, person_id), password_hash=password_hash)
            return replace(
                book, people=tuple(person if p.id == person_id else p for p in book.people)
            )

        self._change(change)

    def add_token(self, name: str, rights: object, *, ends_at: int | None = None, by: str) -> str:
        """Returns the token's secret, which is not kept. Raises BadRequest, TooMany."""
        secret = new_secret(TOKEN_PREFIX)
        token = _made(
            Token,
            id=new_id(),
            name=name,
            secret_hash=hash_of(secret),
            rights=rights,
            added_at=self._now(),
            ends_at=ends_at,
        )
        self._change(lambda book: replace(book, tokens=_added(book.tokens, token, rows.MAX_TOKENS)))
        self._audit.note(by, "makes a token", token.name)
        return secret

    def revoke(self, kind: str, entry_id: str, *, by: str) -> None:
        """Delete an entry: `kind` is `people`, `devices`, `tokens` or `invitations`. With a person
        go the devices. Raises NotFound."""
        if kind not in KINDS:
            raise NotFound("There is none")
        gone = _entry(getattr(self.book(), kind), entry_id)

        def remove(book: Book) -> Book:
            return replace(
                book,
                people=_without(book.people, entry_id),
                devices=_without(book.devices, entry_id),
                tokens=_without(book.tokens, entry_id),
                invitations=_without(book.invitations, entry_id),
            ).without_ended(self._now())

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
        return self._file.change(lambda book: change(book.without_ended(self._now())))

    def _signed_in(self, book: Book, device_id: str, how: str) -> SignedIn:
        visitor = visitor_of_device(book, device_id, self._now())
        if visitor is None:  # revoked in this very moment
            raise NotSignedIn
        self._audit.note(visitor.name, how, _entry(book.devices, device_id).name)
        return SignedIn(visitor, Cookie(cookie_name(book.key), self._write(book, device_id)))

    def _give_cookie(self, book: Book, device_id: str) -> Cookie:
        """Returns a new cookie, and notes that the device is still in use."""

        def see(book: Book) -> Book:
            devices = (
                replace(one, seen_at=self._now()) if one.id == device_id else one
                for one in book.devices
            )
            return replace(book, devices=tuple(devices))

        self._change(see)
        return Cookie(cookie_name(book.key), self._write(book, device_id))

    def _write(self, book: Book, device_id: str) -> str:
        return write_cookie(book.key, device_id, self._now())


def _made(kind: type[T], **values: object) -> T:
    """Returns a checked entry. Raises BadRequest."""
    try:
        return kind.from_json(values)
    except ValueError as exc:
        raise BadRequest(str(exc)) from exc


def _added(entries: tuple[T, ...], entry: T, maximum: int) -> tuple[T, ...]:
    if len(entries) >= maximum:
        raise TooMany(f"There are {maximum} already: delete some first", retry_after_s=60)
    return (*entries, entry)


def _entry(entries: tuple[T, ...], entry_id: str) -> T:
    for entry in entries:
        if entry.id == entry_id:
            return entry
    raise NotFound("There is none")


def _without(entries: tuple[T, ...], entry_id: str) -> tuple[T, ...]:
    return tuple(entry for entry in entries if entry.id != entry_id)


def _with_device(book: Book, device_id: str, person_id: str, name: str, now: int) -> Book:
    """Add a device. Beyond the limit the one that was not seen for longest goes."""
    device = _made(Device, id=device_id, person_id=person_id, name=name, added_at=now, seen_at=now)
    kept = sorted(book.devices, key=lambda one: one.seen_at)[-(rows.MAX_DEVICES - 1) :]
    return replace(book, devices=(*kept, device))

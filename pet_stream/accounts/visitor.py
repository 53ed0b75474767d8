"""Who asks: a person on a device, or a program with a token. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..rights import Right
from .book import Book, Token, has_ended
from .codes import find


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in, or a program."""

    name: str
    rights: frozenset[Right]
    device_id: str | None = None
    person_id: str | None = None
    role: str | None = None
    token_id: str | None = None

    @property
    def holder(self) -> str:
        return f"device {self.device_id}" if self.device_id else f"token {self.token_id}"


def visitor_of_device(book: Book, device_id: str, now: int) -> Visitor | None:
    """Returns the person whose device it is; None if either is unknown or has ended."""
    device = next((one for one in book.devices if one.id == device_id), None)
    if device is None:
        return None
    person = next((one for one in book.people if one.id == device.person_id), None)
    if person is None or has_ended(person.ends_at, now):
        return None
    return Visitor(
        name=person.name,
        rights=person.rights,
        device_id=device.id,
        person_id=person.id,
        role=person.role,
    )


def visitor_of_token(book: Book, secret: str, now: int) -> Visitor | None:
    """Returns the program whose token `secret` is."""
    token = find(secret, book.tokens)
    return None if token is None else _of_token(token, now)


def as_of_now(book: Book, visitor: Visitor, now: int) -> Visitor | None:
    """Returns `visitor` with the rights that it has now; None if it is not signed in any more."""
    return visitor_of_maker(book, visitor.device_id, visitor.token_id, now)


def visitor_of_maker(
    book: Book, device_id: str | None, token_id: str | None, now: int
) -> Visitor | None:
    """Returns the person whose device it is, or the program whose token."""
    if device_id is not None:
        return visitor_of_device(book, device_id, now)
    token = next((one for one in book.tokens if one.id == token_id), None)
    return None if token is None else _of_token(token, now)


def _of_token(token: Token, now: int) -> Visitor | None:
    if has_ended(token.ends_at, now):
        return None
    granted = frozenset(map(Right, token.rights))
    return Visitor(name=token.name, rights=granted, token_id=token.id)

"""What becomes of the book when somebody is invited, signs in or is revoked. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from ..errors import BadRequest, NotFound, NotSignedIn, TooMany
from . import book as rows
from .book import Book, Device, Entry, Invitation, Person, Token
from .codes import find

T = TypeVar("T", bound=Entry)


def made(kind: type[T], **values: object) -> T:
    """Returns a checked entry. Raises BadRequest."""
    try:
        return kind.from_json(values)
    except ValueError as exc:
        raise BadRequest(str(exc)) from exc


def entry_of(entries: tuple[T, ...], entry_id: str) -> T:
    """Raises NotFound."""
    for entry in entries:
        if entry.id == entry_id:
            return entry
    raise NotFound("There is none")


def invitation_of(book: Book, secret: str) -> Invitation:
    """Raises NotSignedIn."""
    invitation = find(secret, book.invitations)
    if invitation is None:
        raise NotSignedIn("This link has been used, or is too old: ask for a new one")
    return invitation


def with_invitation(book: Book, invitation: Invitation) -> Book:
    """Only the newest of a person's links for one more device is valid, so that nobody can use up
    everybody's room. Raises NotFound, TooMany."""
    others, person_id = book.invitations, invitation.person_id
    if person_id is not None:
        entry_of(book.people, person_id)
        others = tuple(one for one in others if one.person_id != person_id)
    return replace(book, invitations=_added(others, invitation, rows.MAX_INVITATIONS))


def with_token(book: Book, token: Token) -> Book:
    """Raises TooMany."""
    return replace(book, tokens=_added(book.tokens, token, rows.MAX_TOKENS))


def with_guest(book: Book, invitation: Invitation, person: Person) -> Book:
    """Use `invitation` up; `person` is added if it is not for somebody known. Raises TooMany."""
    rest = tuple(one for one in book.invitations if one is not invitation)
    book = replace(book, invitations=rest)
    if invitation.person_id is not None:
        return book
    person = replace(person, name=_free_name(person, book.without_ended(person.added_at)))
    return replace(book, people=_added(book.people, person, rows.MAX_PEOPLE))


def with_device(book: Book, device: Device) -> Book:
    """Beyond the limit, the person's device that was not seen for longest is removed."""
    own = [one for one in book.devices if one.person_id == device.person_id]
    own.sort(key=lambda one: one.seen_at)
    leaving = own[: max(0, len(own) + 1 - rows.MAX_DEVICES_OF_PERSON)]
    kept = tuple(one for one in book.devices if one not in leaving)
    return replace(book, devices=(*kept, device))


def without(book: Book, kind: str, entry_id: str) -> Book:
    """Raises NotFound."""
    gone: Entry = entry_of(getattr(book, kind), entry_id)
    left: Any = {kind: tuple(one for one in getattr(book, kind) if one is not gone)}
    return replace(book, **left)


def has_owner(book: Book) -> bool:
    return any(person.role == "owner" for person in book.people)


def _added(entries: tuple[T, ...], entry: T, maximum: int) -> tuple[T, ...]:
    if len(entries) >= maximum:
        raise TooMany(f"There are {maximum} already: delete some first", retry_after_s=60)
    return (*entries, entry)


def _free_name(person: Person, book: Book) -> str:
    """Returns the person's name, with a number if somebody has it: people sign in by it, and know
    each other by it."""
    taken = {rows.spelled(one.name) for one in book.people}
    names = (f"{person.name[: rows.MAX_NAME_LENGTH - 4]} {n}" for n in range(2, len(taken) + 3))
    return next(name for name in (person.name, *names) if rows.spelled(name) not in taken)

"""What the account file holds, as values. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar
from unicodedata import normalize

from ..errors import AccountsUnusable
from ..format_version import NewerFormat, check_version
from ..rights import ROLES, Right

T = TypeVar("T", bound="Entry")

VERSION = 1
"""Of the file's format."""
KEY_BYTES = 32
MAX_PEOPLE = 100
MAX_DEVICES_OF_PERSON = 10
MAX_DEVICES = MAX_PEOPLE * MAX_DEVICES_OF_PERSON
MAX_TOKENS = 100
MAX_INVITATIONS = 100
MAX_NAME_LENGTH = 50

_ID = re.compile(r"[A-Za-z0-9_-]{4,32}")
_HASH = re.compile(r"[0-9a-f]{64}")
_PASSWORD_HASH = re.compile(r"scrypt:(?:16384|32768):8:1\$[A-Za-z0-9]{1,64}\$[0-9a-f]{128}")
"""As `passwords` makes them, and Werkzeug by itself: others might cost any time and memory."""
_LATEST_TIME = 2**40


def name(value: object) -> str:
    """Returns a name for a person or a device, as one line. Raises ValueError."""
    text = " ".join(normalize("NFC", value).split()) if isinstance(value, str) else ""
    if not text or len(text) > MAX_NAME_LENGTH or not text.isprintable():
        raise ValueError(f"a name has 1 to {MAX_NAME_LENGTH} printable characters")
    return text


def spelled(name: str) -> str:
    """Returns what two names have in common that differ only in case, or in how the letters are
    composed."""
    return normalize("NFC", " ".join(name.split())).casefold()


def role(value: object) -> str:
    if not isinstance(value, str) or value not in ROLES:
        raise ValueError(f"a role is one of {', '.join(ROLES)}")
    return value


def rights(value: object) -> tuple[str, ...]:
    """Returns the words of rights, in their order."""
    known = [right.value for right in Right]
    if not isinstance(value, list | tuple) or not value or not all(w in known for w in value):
        raise ValueError(f"rights are some of {', '.join(known)}")
    return tuple(word for word in known if word in value)


def moment(value: object) -> int:
    """Returns a time in seconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LATEST_TIME:
        raise ValueError("a time in seconds since 1970")
    return value


def _text(pattern: re.Pattern[str]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"not {pattern.pattern}")
        return value

    return parse


def _optional(parse: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda value: None if value is None else parse(value)


def _field(parse: Callable[[object], Any]) -> Any:
    return field(metadata={"parse": parse})


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the file. Each field is checked when it is read."""

    id: str = _field(_text(_ID))

    @classmethod
    def from_json(cls: type[T], row: object) -> T:
        """Raises ValueError; unknown fields are refused, so that none is lost by writing."""
        if not isinstance(row, Mapping) or row.keys() != {each.name for each in fields(cls)}:
            raise ValueError(f"not a {cls.__name__.lower()}")
        return cls(**{each.name: each.metadata["parse"](row[each.name]) for each in fields(cls)})

    def to_json(self) -> dict[str, object]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class Person(Entry):
    name: str = _field(name)
    role: str = _field(role)
    added_at: int = _field(moment)
    ends_at: int | None = _field(_optional(moment))
    password_hash: str | None = _field(_optional(_text(_PASSWORD_HASH)))

    @property
    def rights(self) -> frozenset[Right]:
        return ROLES[self.role]


@dataclass(frozen=True, slots=True)
class Device(Entry):
    """A browser that somebody has signed in with."""

    person_id: str = _field(_text(_ID))
    name: str = _field(name)
    added_at: int = _field(moment)
    seen_at: int = _field(moment)


@dataclass(frozen=True, slots=True)
class Token(Entry):
    """What a program shows."""

    name: str = _field(name)
    secret_hash: str = _field(_text(_HASH))
    rights: tuple[str, ...] = _field(rights)
    added_at: int = _field(moment)
    ends_at: int | None = _field(_optional(moment))


@dataclass(frozen=True, slots=True)
class Invitation(Entry):
    """Good for one sign-in: of a new person, or with `person_id` of one more device."""

    secret_hash: str = _field(_text(_HASH))
    role: str = _field(role)
    name: str | None = _field(_optional(name))
    person_id: str | None = _field(_optional(_text(_ID)))
    made_by: str | None = _field(_optional(_text(_ID)))
    """The device or token that it was made with, and ends with."""
    ends_at: int = _field(moment)
    person_ends_at: int | None = _field(_optional(moment))


@dataclass(frozen=True, slots=True)
class Book:
    """Everything in the file."""

    key: bytes
    """Signs cookies and links. A new one signs everybody out."""
    people: tuple[Person, ...] = ()
    devices: tuple[Device, ...] = ()
    tokens: tuple[Token, ...] = ()
    invitations: tuple[Invitation, ...] = ()

    @classmethod
    def from_json(cls, value: object) -> Book:
        """Raises AccountsUnusable."""
        try:
            if not isinstance(value, dict):
                raise ValueError("not an object")
            check_version(value, VERSION)
            key = base64.b64decode(str(value.get("key")), validate=True)
            if len(key) != KEY_BYTES:
                raise ValueError("no key")
            return cls(
                key,
                _rows(value, "people", Person, MAX_PEOPLE),
                _rows(value, "devices", Device, MAX_DEVICES),
                _rows(value, "tokens", Token, MAX_TOKENS),
                _rows(value, "invitations", Invitation, MAX_INVITATIONS),
            )
        except NewerFormat as exc:
            raise AccountsUnusable(f"The account file {exc}") from exc
        except ValueError as exc:
            raise AccountsUnusable(f"The account file can't be read: {exc}") from exc

    def to_json(self) -> dict[str, object]:
        return {
            "version": VERSION,
            "key": base64.b64encode(self.key).decode(),
            "people": [row.to_json() for row in self.people],
            "devices": [row.to_json() for row in self.devices],
            "tokens": [row.to_json() for row in self.tokens],
            "invitations": [row.to_json() for row in self.invitations],
        }

    def without_ended(self, now: int) -> Book:
        """Returns it without what has ended, and without what belongs to nobody then."""
        people = tuple(one for one in self.people if not has_ended(one.ends_at, now))
        ids = {one.id for one in people}
        devices = tuple(one for one in self.devices if one.person_id in ids)
        tokens = tuple(one for one in self.tokens if not has_ended(one.ends_at, now))
        makers = {one.id for one in (*devices, *tokens)}
        invitations = tuple(
            one
            for one in self.invitations
            if not has_ended(one.ends_at, now)
            and (one.person_id is None or one.person_id in ids)
            and (one.made_by is None or one.made_by in makers)
        )
        return Book(self.key, people, devices, tokens, invitations)

    def tidied(self, now: int) -> Book:
        """Returns it without ended invitations. People and tokens that have ended stay as long as
        there is room, since the clock may be wrong; so do the people's devices."""
        current = self.without_ended(now)
        if len(self.people) >= MAX_PEOPLE or len(self.tokens) >= MAX_TOKENS:
            return current
        ids = {one.id for one in self.people}
        devices = tuple(one for one in self.devices if one.person_id in ids)
        return replace(self, devices=devices, invitations=current.invitations)


def has_ended(ends_at: int | None, now: int) -> bool:
    return ends_at is not None and ends_at <= now


def _rows(value: Mapping[str, object], key: str, kind: type[T], maximum: int) -> tuple[T, ...]:
    rows = value.get(key)
    if not isinstance(rows, list) or len(rows) > maximum:
        raise ValueError(f"{key} is not a list of at most {maximum}")
    entries = tuple(map(kind.from_json, rows))
    if len({entry.id for entry in entries}) < len(entries):
        raise ValueError(f"an id stands twice in {key}")
    return entries

"""The account file, cookies, links and passwords."""

from __future__ import annotations

import functools
import itertools
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from pet_stream.accounts.accounts import Accounts
from pet_stream.accounts.attempts import MAX_WAIT_S, Attempts
from pet_stream.accounts.book import Book
from pet_stream.accounts.book_file import BookFile
from pet_stream.accounts.cookies import read_cookie, write_cookie
from pet_stream.accounts.links import Link, read_link, write_link
from pet_stream.errors import AccountsUnusable, BadRequest, NotSignedIn, TooMany
from pet_stream.rights import Right

from .mutation import mutated_bytes, mutated_text
from .target import Call, Target, pure

KEY = bytes(range(32))
NOW = 1_700_000_000
LINK = Link("/api/recordings/cat.mp4", Right.REPLAY, NOW + 60, device_id="device")
WORDS = (
    *(b'"', b"{", b"[", b"]", b"}", b",", b":", b"null", b"true", b"1e400", b"NaN", b"-1"),
    *(b"9" * 5000, b"\\ud800", b"\\u0000", b"\\n", "猫".encode(), b"\xff", b"version", b"key"),
    *(b"people", b"devices", b"ends_at", b"password_hash", b"rights", b"role", b"scrypt:"),
)


@functools.cache
def account_files() -> tuple[bytes, ...]:
    """One of a family, one that is nearly empty, and one of this program's without spaces."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.json"
        accounts = Accounts(path, now_s=lambda: NOW)
        signed_in = accounts.accept(accounts.invite("owner", by="test"), device="Phone", name="Ann")
        first = path.read_bytes()
        accounts.set_password(str(signed_in.visitor.person_id), "a good password", by="test")
        accounts.add_token("Scrape", ["metrics"], ends_at=NOW + 9, by="test")
        accounts.invite("guest", name="猫", person_ends_at=NOW + 99, by="test")
        whole = path.read_bytes()
    return whole, first, json.dumps(json.loads(whole), separators=(",", ":")).encode()


@contextmanager
def account_file() -> Iterator[Call]:
    with tempfile.TemporaryDirectory() as folder:
        path, serial = Path(folder) / "accounts.json", itertools.count()

        def use(text: bytes) -> None:
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            with open(descriptor, "wb") as file:
                file.write(text)
            book = BookFile(path).read()
            assert Book.from_json(json.loads(json.dumps(book.to_json()))) == book
            accounts = Accounts(path, now_s=lambda: NOW)
            name = book.people[0].name if book.people else "Nobody"
            with suppress(NotSignedIn):
                accounts.sign_in(name, "a good password", device="Phone")
            token = accounts.add_token(f"Token {next(serial)}", ["view"], by="test")
            assert accounts.by_token(token) is not None

        yield use


def cookie(text: str) -> None:
    """itsdangerous skips what is no base64 in a signature, so that one cookie has many forms."""
    assert read_cookie(KEY, text, NOW) in (None, ("device", NOW))


def cookies() -> tuple[str, ...]:
    others_key = KEY[::-1]
    return write_cookie(KEY, "device", NOW), write_cookie(others_key, "stranger", NOW)


def link(text: str) -> None:
    given = write_link(KEY, LINK)
    assert read_link(KEY, text, LINK.target, NOW) == (LINK if text == given else None)


def links() -> tuple[str, ...]:
    elsewhere = replace(LINK, target="/api/recordings/dog.mp4")
    return write_link(KEY, LINK), write_link(KEY, elsewhere), write_link(KEY[::-1], LINK)


def guess(tries: list[tuple[str, float, bool]]) -> None:
    """Tries to sign in: by whom, how much later, and whether it is right."""
    now_s = 0.0
    attempts = Attempts(lambda: now_s)
    for client, later_s, is_right in tries:
        now_s += later_s
        try:
            attempts.begin(client)
        except TooMany as exc:
            assert 0 <= exc.retry_after_s <= MAX_WAIT_S + 1  # noqa: PT017 (often none is raised)
        else:
            if is_right:
                attempts.note_right(client)


CLIENTS = st.sampled_from(["a", "b"]) | st.text(max_size=3)
TRIES = st.lists(st.tuples(CLIENTS, st.floats(0, 1e6) | st.just(0.0), st.booleans()), max_size=60)
TARGETS = (
    Target(
        "account file",
        mutated_bytes(account_files, WORDS),
        account_file,
        (AccountsUnusable, BadRequest, TooMany),
        examples=80,
    ),
    pure("cookies", mutated_text(cookies, (".", "_", "-", "=")), cookie),
    pure("links", mutated_text(links, (".", "-", "d-", "t-", "9", "view")), link),
    pure("attempts", TRIES, guess),
)

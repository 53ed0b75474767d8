"""Passwords, for whoever wants one: hashed by scrypt (RFC 7914)."""

from __future__ import annotations

import threading

from werkzeug.security import check_password_hash, generate_password_hash

MIN_LENGTH = 8
MAX_LENGTH = 200
_METHOD = "scrypt:16384:8:1"
"""16 MB of memory for each check."""


class Passwords:
    """Makes and checks hashes, one at a time, so that guesses can't fill the memory. Any thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._nobodys = ""

    def hash_of(self, password: str) -> str:
        """Raises ValueError."""
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            raise ValueError(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
        with self._turn:
            return generate_password_hash(password, _METHOD)

    def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether `password` has this hash. Without one the same work is done, so that the time
        tells nothing."""
        with self._turn:
            if not self._nobodys:
                self._nobodys = generate_password_hash("", _METHOD)
            right = check_password_hash(password_hash or self._nobodys, password[:MAX_LENGTH])
            return right and password_hash is not None

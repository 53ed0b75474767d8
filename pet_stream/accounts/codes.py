"""Secrets that are shown once, of which only a hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Protocol, TypeVar

TOKEN_PREFIX = "pst_"
"""Of a program's token, so that tools that look for leaked secrets can find it."""
_BYTES = 24


class _HasSecret(Protocol):
    @property
    def secret_hash(self) -> str: ...


T = TypeVar("T", bound=_HasSecret)


def new_secret(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(_BYTES)


def new_id() -> str:
    return secrets.token_urlsafe(9)


def hash_of(secret: str) -> str:
    """Returns SHA-256: enough for a secret of 192 random bits, which nobody can guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find(secret: str, among: Iterable[T]) -> T | None:
    """Returns the entry of `secret`. Takes the same time for each of them, and for none."""
    wanted, found = hash_of(secret), None
    for entry in among:
        if hmac.compare_digest(entry.secret_hash, wanted):
            found = entry
    return found

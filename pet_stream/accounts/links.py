"""Addresses that carry a right with them: a path, a right and an end, signed. Pure.

    …?link=END.RIGHT.MAKER.SIGNATURE

What it is good for is signed, too, but not repeated. `MAKER` is the device or the token that made
it: without it the link is good for nothing.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from ..rights import Right

_SALT = b"pet_stream link"
_LINK = re.compile(
    r"(?P<end>[1-9][0-9]{0,10})\.(?P<right>[a-z]{1,10})\.(?P<maker>[dt]-[A-Za-z0-9_-]{1,40})"
    r"\.(?P<signature>[A-Za-z0-9_-]{43})",
    re.ASCII,
)
MAX_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Link:
    target: str
    """What it is good for: a path, of one camera."""
    right: Right
    ends_at: int
    device_id: str | None = None
    token_id: str | None = None

    @property
    def maker(self) -> str:
        return f"t-{self.token_id}" if self.device_id is None else f"d-{self.device_id}"


def write_link(key: bytes, link: Link) -> str:
    """Returns the value of the query's parameter."""
    if not key:
        raise ValueError("no key to sign with")
    words = f"{link.ends_at}.{link.right.value}.{link.maker}"
    return f"{words}.{_signature(key, words, link.target)}"


def read_link(key: bytes, text: str, target: str, now: int) -> Link | None:
    """Returns the link that `text` is for `target`; None if it is none of ours, or has ended."""
    match = _LINK.fullmatch(text) if key and len(text) <= MAX_LENGTH else None
    if match is None:
        return None
    words = text.rpartition(".")[0]
    if not hmac.compare_digest(match["signature"], _signature(key, words, target)):
        return None
    kind, _, maker_id = match["maker"].partition("-")
    ends_at = int(match["end"])
    if now >= ends_at:
        return None
    return Link(
        target,
        Right(match["right"]),
        ends_at,
        device_id=maker_id if kind == "d" else None,
        token_id=maker_id if kind == "t" else None,
    )


def _signature(key: bytes, words: str, target: str) -> str:
    own_key = hmac.digest(key, _SALT, "sha256")
    text = f"{words} {target}".encode(errors="surrogatepass")
    return urlsafe_b64encode(hmac.digest(own_key, text, "sha256")).decode().rstrip("=")

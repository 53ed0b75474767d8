"""One row of `PET_STREAM_WEBHOOKS`, and how what is sent there is signed. Pure, but for a secret
that stands in a file or in the environment."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .secret_text import MAX_SECRET_BYTES, kinds, secret_of
from .signals import ALL

TYPES = tuple(ALL)
"""Of events."""
MAX_WEBHOOKS = 8
EXPECTED = (
    f"a list of at most {MAX_WEBHOOKS} of {{'url': 'https://…', 'events': ['recording.ended', …], "
    "'secret': '…'}; 'events' may be missing (all of them), and 'secret_file' or 'secret_env' may "
    "stand for 'secret', which has 16 characters or more"
)
_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Webhook:
    url: str
    secret: bytes = field(repr=False)
    events: frozenset[str] = frozenset(TYPES)

    @property
    def shown(self) -> str:
        """The URL without what may be secret in it, for logs and pages."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}/…"

    def sign(self, event_id: str, at_s: int, body: bytes) -> str:
        """Returns the value of `webhook-signature`: HMAC-SHA256 over id, time and body (Standard
        Webhooks 1.0)."""
        signed = f"{event_id}.{at_s}.".encode() + body
        digest = hmac.new(self.secret, signed, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(digest).decode()}"


def parse_webhooks(value: object) -> tuple[Webhook, ...]:
    """Raises ValueError, whose text says what is expected."""
    rows = [value] if isinstance(value, Mapping) else value
    if not isinstance(rows, Collection) or isinstance(rows, str | bytes):
        raise ValueError(EXPECTED)
    if len(rows) > MAX_WEBHOOKS:
        raise ValueError(EXPECTED)
    try:
        webhooks = tuple(_parse(row) for row in rows)
    except (TypeError, ValueError) as exc:
        raise ValueError(str(exc) or EXPECTED) from exc
    if len({webhook.url for webhook in webhooks}) < len(webhooks):
        raise ValueError("each 'url' once, with all of its 'events'")
    return webhooks


def _parse(row: object) -> Webhook:
    if not isinstance(row, Mapping) or not row.keys() <= {"url", "events", *kinds("secret")}:
        raise ValueError
    url, events = row.get("url"), row.get("events", TYPES)
    events = [events] if isinstance(events, str) else events
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError
    if not str(url).isprintable() or " " in str(url) or parts.username or parts.port == 0:
        raise ValueError
    if not events or not set(events) <= set(TYPES):
        raise ValueError(f"'events' are among {', '.join(TYPES)}")
    secret = secret_of(row, "secret")
    if secret is None:
        raise ValueError
    return Webhook(str(url), _key(secret), frozenset(events))


def _key(secret: str) -> bytes:
    """Returns the key of HMAC. `whsec_…` is base64, as other senders of webhooks write theirs."""
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise ValueError from None
    if not 16 <= len(key) <= MAX_SECRET_BYTES:
        raise ValueError
    return key

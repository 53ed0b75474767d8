"""One row of `PET_STREAM_PUBLISH`: a media server that takes the camera's stream by WHIP."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .secret_text import kinds, secret_of

MAX_TARGETS = 4
EXPECTED = (
    f"a list of at most {MAX_TARGETS} of {{'url': 'https://…/whip/…', 'token': '…'}}; 'token' may "
    "be missing, 'token_file' or 'token_env' may stand in its place, and 'when' is 'always' or "
    "'asked'"
)
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)


@dataclass(frozen=True, slots=True)
class PublishTarget:
    url: str
    token: str | None = field(default=None, repr=False)
    """The credential of RFC 6750; None: the server asks for none."""
    is_always: bool = True
    """Otherwise it waits until an owner begins it."""

    @property
    def shown(self) -> str:
        """The host, for logs, pages and metrics: path and query are often secret, too."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}{f':{parts.port}' if parts.port else ''}"


def parse_targets(value: object) -> tuple[PublishTarget, ...]:
    """Raises ValueError, whose text says what is expected."""
    rows = [value] if isinstance(value, Mapping | str) else value
    if not isinstance(rows, Collection) or isinstance(rows, bytes) or len(rows) > MAX_TARGETS:
        raise ValueError(EXPECTED)
    try:
        targets = tuple(_parse({"url": row} if isinstance(row, str) else row) for row in rows)
    except (TypeError, ValueError) as exc:
        raise ValueError(str(exc) or EXPECTED) from exc
    if len({target.url for target in targets}) < len(targets):
        raise ValueError("each 'url' once")
    return targets


def _parse(row: object) -> PublishTarget:
    if not isinstance(row, Mapping) or not row.keys() <= {"url", "when", *kinds("token")}:
        raise ValueError
    url, when = row.get("url"), row.get("when", "always")
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError
    if not str(url).isprintable() or " " in str(url) or parts.username or parts.port == 0:
        raise ValueError
    if when not in ("always", "asked"):
        raise ValueError
    return PublishTarget(str(url), _token(row), when == "always")


def _token(row: Mapping[object, object]) -> str | None:
    token = secret_of(row, "token")
    if token is not None and not _TOKEN.fullmatch(token):
        raise ValueError("a token has letters, digits and -._~+/= only (RFC 6750)")
    return token

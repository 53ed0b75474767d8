"""One row of `PET_STREAM_PUBLISH`: a media server that takes the camera's stream by WHIP."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

MAX_TARGETS = 4
MAX_TOKEN_BYTES = 4096
EXPECTED = (
    f"a list of at most {MAX_TARGETS} of {{'url': 'https://…/whip/…', 'token': '…'}}; 'token' may "
    "be missing, 'token_file' or 'token_env' may stand in its place, and 'when' is 'always' or "
    "'asked'"
)
_TOKENS = {"token", "token_file", "token_env"}
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
    if not isinstance(row, Mapping) or not row.keys() <= {"url", "when", *_TOKENS}:
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
    given = {name: row[name] for name in _TOKENS & row.keys()}
    if len(given) > 1:
        raise ValueError
    for kind, value in given.items():
        if not isinstance(value, str):
            raise ValueError
        token = _read(str(kind), value)
        if not _TOKEN.fullmatch(token) or len(token) > MAX_TOKEN_BYTES:
            raise ValueError("a token has letters, digits and -._~+/= only (RFC 6750)")
        return token
    return None


def _read(kind: str, value: str) -> str:
    if kind == "token_env":
        if value not in os.environ:
            raise ValueError(f"'token_env': there is no {value} in the environment")
        return os.environ[value].strip()
    if kind == "token_file":
        try:
            with Path(value).expanduser().open("rb") as file:
                return file.read(MAX_TOKEN_BYTES + 1).decode().strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise ValueError(f"'token_file': {value} can't be read") from exc
    return value

"""Credentials for TURN servers that last an hour, made from a secret that we share with the server.

The scheme is coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00): the user name says when
they expire, the credential proves that we have said so. Pure, but for where the secret stands.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from .ice_server import IceServer
from .secret_text import kinds, secret_of

LIFETIME_S = 3600
MIN_CHARACTERS = 16
"""Whoever is given credentials can try secrets at home until one fits."""
OWN_HOLDER = "pet_stream"
"""Who this server itself is to the TURN server."""
EXPECTED = (
    f"a text of {MIN_CHARACTERS} characters or more, {{'secret_file': '/path'}} or {{'secret_env': "
    "'NAME'}; or None"
)


@dataclass(frozen=True, slots=True)
class TurnSecret:
    value: bytes = field(repr=False)

    def credentials(self, holder: str, now_s: float) -> tuple[str, str]:
        """Returns user name and credential for the next hour. `holder` can't be read from them,
        but is the same one each time, for quotas of the TURN server."""
        name = hmac.new(self.value, holder.encode(), "sha256").hexdigest()[:12]
        username = f"{int(now_s) + LIFETIME_S}:{name}"
        digest = hmac.new(self.value, username.encode(), "sha1").digest()
        return username, base64.b64encode(digest).decode()


def parse_turn_secret(value: object) -> TurnSecret | None:
    """Raises ValueError, whose text says what is expected, and does not hold the secret."""
    if value is None or (isinstance(value, str) and value.lower() in ("none", "null")):
        return None
    if isinstance(value, int) and not isinstance(value, bool):  # as the environment gives digits
        value = str(value)
    row = {"secret": value} if isinstance(value, str) else value
    if not isinstance(row, Mapping) or not row.keys() <= kinds("secret"):
        raise ValueError(EXPECTED)
    try:
        secret = secret_of(row, "secret")
    except ValueError as exc:
        raise ValueError(str(exc) or EXPECTED) from exc
    if secret is None or len(secret) < MIN_CHARACTERS or not secret.isprintable():
        raise ValueError(EXPECTED)
    return TurnSecret(secret.encode())


def with_credentials(
    servers: Sequence[IceServer], secret: TurnSecret | None, holder: str, now_s: float
) -> tuple[IceServer, ...]:
    """Returns `servers`; those that want credentials and have none get `holder`'s."""
    if secret is None:
        return tuple(servers)
    username, credential = secret.credentials(holder, now_s)
    return tuple(
        replace(server, username=username, credential=credential)
        if server.wants_credentials
        else server
        for server in servers
    )

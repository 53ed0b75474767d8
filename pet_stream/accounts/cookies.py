"""What a signed-in browser sends: its device's id and when that was given, signed."""

from __future__ import annotations

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer

YEAR_S = 365 * 86_400
RENEWAL_S = 86_400
"""A cookie that is older than this is replaced by a new one."""
_MAX_LENGTH = 500


def cookie_name(key: bytes) -> str:
    """Returns a name of its own for each account file: browsers send the cookies of one port to all
    others of the same machine."""
    return f"pet_stream_{hashlib.sha256(b'cookie' + key).hexdigest()[:8]}"


def write_cookie(key: bytes, device_id: str, given_at: int) -> str:
    text = _serializer(key).dumps([device_id, given_at])
    return text.decode() if isinstance(text, bytes) else text


def read_cookie(key: bytes, text: str, now: int) -> tuple[str, int] | None:
    """Returns the device's id, and when the cookie was given; None if it is not ours, or has ended.
    One from the future is ours: the clock was set back since."""
    if not key or len(text) > _MAX_LENGTH:
        return None
    try:
        device_id, given_at = _serializer(key).loads(text)
    except (BadSignature, ValueError, TypeError):
        return None
    if not isinstance(device_id, str) or not isinstance(given_at, int):
        return None
    return (device_id, given_at) if now < given_at + YEAR_S else None


def _serializer(key: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt="cookie", signer_kwargs={"digest_method": hashlib.sha256})

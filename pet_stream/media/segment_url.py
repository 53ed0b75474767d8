"""Parses the URL of a shared-memory segment. Pure.

There are two kinds: `posix:/pet_camera_stream` (or the bare name), and `sysv:0x50455443`.
"""

from __future__ import annotations

import re

_POSIX_NAME = re.compile(r"/?[^/\x00]{1,254}")


def parse_segment_url(url: str) -> str:
    """Returns the canonical form of a segment's URL. Raises ValueError with what is expected."""
    scheme, separator, rest = url.partition(":")
    if not separator:
        scheme, rest = "posix", url
    if scheme == "posix":
        if not _POSIX_NAME.fullmatch(rest) or rest.strip("/") in ("", ".", ".."):
            raise ValueError("a name such as /pet_camera_stream, without further slashes")
        return f"posix:/{rest.lstrip('/')}"
    if scheme == "sysv":
        try:
            key = int(rest, 0)
        except ValueError:
            key = 0
        if not 0 < key < 1 << 31:
            raise ValueError("sysv: and a key from 1 to 0x7fffffff, such as sysv:0x50455443")
        return f"sysv:{key:#x}"
    raise ValueError("posix:/name, a bare name, or sysv:key")

"""What a backup holds, and its file. Pure.

The file is a tar archive (POSIX.1-1988 "ustar"), packed by gzip: any tar can unpack it. Reading one
takes nothing but the four plain files that we write. Python's own reader is not used for it: it
knows links, devices, sparse files and headers of any size, none of which belongs here.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import page_settings
from ..accounts.book import Book
from ..config import Config
from ..config_file import parse_settings
from ..errors import AccountsUnusable, BackupUnusable, ConfigError
from ..format_version import NewerFormat, check_version
from ..recording.names import is_stored_name
from ..version import __version__

VERSION = 2
"""1: without the settings of the page; such files are still written, for older programs."""
MAX_FILE_BYTES = 4_000_000
MAX_STARS = 20_000

CONTENTS, ACCOUNTS, SETTINGS = "pet_stream_backup.json", "accounts.json", "settings.toml"
PAGE_SETTINGS = "page_settings.json"
_MAX_BYTES = {
    CONTENTS: 3_000_000,
    ACCOUNTS: 1_000_000,
    SETTINGS: 65_536,
    PAGE_SETTINGS: page_settings.MAX_FILE_BYTES,
}
MAX_UNPACKED_BYTES = sum(_MAX_BYTES.values()) + 65_536
_BLOCK = 512
_GZIP = 31  # zlib: with a gzip header
_SIZE = re.compile(rb"[0-7]{1,11}")


@dataclass(frozen=True, slots=True)
class Backup:
    book: Book | None = None
    """The people, devices and tokens; None: nobody could sign in."""
    settings: bytes | None = None
    """The settings' file; None: there was none."""
    stars: tuple[str, ...] = ()
    """Names of recordings."""
    page_settings: bytes | None = None
    """The file of what owners have changed on the page; None: there was none."""

    def to_bytes(self, made_at: int) -> bytes:
        """`made_at`: epoch seconds."""
        version = 1 if self.page_settings is None else VERSION
        contents = {"version": version, "made_by": __version__, "made_at": made_at}
        files = {CONTENTS: _json({**contents, "stars": self.stars})}
        if self.book is not None:
            files[ACCOUNTS] = _json(self.book.to_json())
        if self.settings is not None:
            files[SETTINGS] = self.settings
        if self.page_settings is not None:
            files[PAGE_SETTINGS] = self.page_settings
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size, member.mtime, member.mode = len(data), made_at, 0o600
                archive.addfile(member, io.BytesIO(data))
        return gzip.compress(packed.getvalue(), mtime=made_at)

    @classmethod
    def from_bytes(cls, data: bytes) -> Backup:
        """Raises BackupUnusable unless everything in it is as it should be."""
        try:
            files = dict(_files(_unpacked(data)))
            contents = _parsed(files.get(CONTENTS, b""), CONTENTS)
            check_version(contents, VERSION)
            return cls(
                None
                if ACCOUNTS not in files
                else Book.from_json(_parsed(files[ACCOUNTS], ACCOUNTS)),
                _settings(files.get(SETTINGS)),
                _stars(contents.get("stars")),
                _page_settings(files.get(PAGE_SETTINGS)),
            )
        except ValueError as exc:
            raise BackupUnusable(f"The backup {exc}") from exc
        except (AccountsUnusable, ConfigError) as exc:
            raise BackupUnusable(f"The backup can't be used: {exc}") from exc


def _unpacked(data: bytes) -> bytes:
    """Raises ValueError."""
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"has more than {MAX_FILE_BYTES} bytes")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        unpacked = unpacker.decompress(data, MAX_UNPACKED_BYTES + 1)
    except zlib.error as exc:
        raise ValueError("is not packed by gzip, or damaged") from exc
    if len(unpacked) > MAX_UNPACKED_BYTES:
        raise ValueError(f"has more than {MAX_UNPACKED_BYTES} bytes when it is unpacked")
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("is damaged: it ends too early, or too late")
    return unpacked


def _files(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Yields name and content of each member. Raises ValueError for all that is not plain."""
    names = set()
    offset = 0
    while (header := archive[offset : offset + _BLOCK]) != bytes(_BLOCK):
        if len(header) < _BLOCK:
            raise ValueError("is damaged: it ends in the middle")
        name, size = _member(header)
        if name in names:
            raise ValueError(f"has {name} twice")
        if size > _MAX_BYTES[name]:
            raise ValueError(f"has a {name} of more than {_MAX_BYTES[name]} bytes")
        names.add(name)
        offset += _BLOCK
        if offset + size > len(archive):
            raise ValueError("is damaged: it ends in the middle")
        yield name, archive[offset : offset + size]
        offset += -(-size // _BLOCK) * _BLOCK


def _member(header: bytes) -> tuple[str, int]:
    """Returns name and size. Raises ValueError."""
    checksum = sum(header[:148]) + 8 * ord(" ") + sum(header[156:])
    if header[257:262] != b"ustar" or _number(header[148:156]) != checksum:
        raise ValueError("is no tar archive, or damaged")
    name = header[:100].rstrip(b"\0").decode("ascii", "replace")
    is_plain = header[156:157] in (b"0", b"\0") and not header[157:257].strip(b"\0")
    if name not in _MAX_BYTES or not is_plain or header[345:500].strip(b"\0"):
        raise ValueError(f"has something in it that no backup has: {name!r}")
    return name, _number(header[124:136])


def _number(field: bytes) -> int:
    digits = field.strip(b"\0 ")
    if not _SIZE.fullmatch(digits):
        raise ValueError("is no tar archive, or damaged")
    return int(digits, 8)


def _parsed(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ValueError(f"has no {name} that can be read")
    return value


def _settings(data: bytes | None) -> bytes | None:
    """Raises ConfigError."""
    if data is not None:
        Config.from_sources([parse_settings(data, Path(SETTINGS))])
    return data


def _page_settings(data: bytes | None) -> bytes | None:
    """Raises ValueError."""
    if data is not None:
        try:
            page_settings.parse_page_settings(data)
        except NewerFormat:
            raise
        except ValueError as exc:
            raise ValueError(f"has a {PAGE_SETTINGS} that {exc}") from exc
    return data


def _stars(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_STARS:
        raise ValueError("has no list of stars that can be read")
    if not all(isinstance(name, str) and is_stored_name(name) for name in value):
        raise ValueError("has a star for what can be no recording")
    return tuple(value)


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()

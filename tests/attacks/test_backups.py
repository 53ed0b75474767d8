"""Backups that somebody has made to do harm: all are refused whole, at little cost."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from pet_stream.backup.content import MAX_FILE_BYTES, MAX_UNPACKED_BYTES, Backup
from pet_stream.command_line.failures import ExitCode
from pet_stream.errors import BackupUnusable

from ..command_line.conftest import PetStreamCommand, pet_stream

__all__ = ["pet_stream"]

CONTENTS = {"version": 1, "stars": []}


def member(name: str, data: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def packed(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(buffer.getvalue())


def contents(**changes: object) -> tuple[tarfile.TarInfo, bytes]:
    return member("pet_stream_backup.json", json.dumps({**CONTENTS, **changes}).encode())


def with_header(change: Callable[[bytearray], object]) -> bytes:
    """A good backup whose first header is changed, and its checksum right again."""
    archive = bytearray(gzip.decompress(packed(contents())))
    change(archive)
    archive[148:156] = b" " * 8
    archive[148:156] = b"%06o\0 " % sum(archive[:512])
    return gzip.compress(bytes(archive))


REFUSED = {
    "nothing": b"",
    "text": b"hello",
    "no tar": gzip.compress(b"x" * 10_000),
    "absolute": packed(contents(), member("/etc/cron.d/x", b"x")),
    "parent": packed(contents(), member("../accounts.json", b"{}")),
    "folder in front": packed(contents(), member("./accounts.json", b"{}")),
    "NUL": packed(contents(), member("accounts.json\0/../x", b"{}"), form=tarfile.PAX_FORMAT),
    "link": packed(
        contents(), member("accounts.json", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    ),
    "hard link": packed(
        contents(), member("accounts.json", type=tarfile.LNKTYPE, linkname="pet_stream_backup.json")
    ),
    "link with a plain type": packed(contents(), member("settings.toml", linkname="/etc/passwd")),
    "device": packed(contents(), member("accounts.json", type=tarfile.CHRTYPE)),
    "pipe": packed(contents(), member("accounts.json", type=tarfile.FIFOTYPE)),
    "folder": packed(contents(), member("settings.toml", type=tarfile.DIRTYPE)),
    "twice": packed(contents(), contents()),
    "long name": packed(contents(), member("x/" * 60 + "accounts.json"), form=tarfile.GNU_FORMAT),
    "prefix": packed(contents(), member("x/" * 50 + "accounts.json")),
    "extended header": packed(contents(), member("ä.json"), form=tarfile.PAX_FORMAT),
    "negative size": with_header(lambda header: header.__setitem__(slice(124, 136), b"\xff" * 12)),
    "signed size": with_header(lambda header: header.__setitem__(slice(124, 136), b"-0000000001 ")),
    "huge size": with_header(lambda header: header.__setitem__(slice(124, 136), b"77777777777\0")),
    "no checksum": gzip.compress(
        bytes(gzip.decompress(packed(contents()))).replace(b"ust", b"xyz")
    ),
    "no end": gzip.compress(gzip.decompress(packed(contents()))[:1024]),
    "half": packed(contents())[:-10],
    "more behind": packed(contents()) + b"x",
    "two files": packed(contents()) + packed(contents()),
    "bomb": gzip.compress(bytes(50_000_000)),
    "too large": bytes(MAX_FILE_BYTES + 1),
    "large settings": packed(contents(), member("settings.toml", b"#" * 65_537)),
    "no contents": packed(member("settings.toml")),
    "no object": packed(member("pet_stream_backup.json", b"[]")),
    "deep": packed(member("pet_stream_backup.json", b"[" * 100_000)),
    "no version": packed(contents(version=None)),
    "version": packed(contents(version=True)),
    "newer": packed(contents(version=2)),
    "stars": packed(contents(stars={"a": 1})),
    "star elsewhere": packed(contents(stars=["../../x.mp4"])),
    "star hidden": packed(contents(stars=[".x.mp4"])),
    "star number": packed(contents(stars=[5])),
    "many stars": packed(contents(stars=["a.mp4"] * 20_001)),
    "accounts": packed(contents(), member("accounts.json", b'{"version": 1}')),
    "settings": packed(contents(), member("settings.toml", b"max_clients = 0")),
    "settings key": packed(contents(), member("settings.toml", b"nothing = 0")),
    "no TOML": packed(contents(), member("settings.toml", b"\xff")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_backup_is_refused_whole(
    pet_stream: PetStreamCommand, tmp_path: Path, name: str
) -> None:
    source, folder = tmp_path / "evil.tar.gz", tmp_path / "machine"
    source.write_bytes(REFUSED[name])
    folder.mkdir()
    result = pet_stream(
        *("restore", source, "--yes", "--record-path", folder, "--config", tmp_path / "pet.toml"),
        FLASK_PET_STREAM_ACCOUNTS=str(folder / "accounts.json"),
    )
    assert result.exit_code in (ExitCode.TROUBLE, ExitCode.WRONG)
    assert result.stderr.startswith("pet-stream: ")
    assert result.stderr.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_a_bomb_costs_no_more_than_what_fits(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(200_000_000))
    tracemalloc.start()
    with pytest.raises(BackupUnusable, match=f"more than {MAX_UNPACKED_BYTES} bytes"):
        Backup.from_bytes(bomb)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 3 * MAX_UNPACKED_BYTES


def test_what_is_damaged_is_refused_or_the_same() -> None:
    good = Backup(settings=b"max_clients = 3\n", stars=("cat.mp4",))
    archive = gzip.decompress(good.to_bytes(1))
    random_ = random.Random(1)
    for _ in range(2_000):
        damaged = bytearray(archive)
        for _ in range(random_.randrange(1, 4)):
            damaged[random_.randrange(2_100)] = random_.randrange(256)
        with contextlib.suppress(BackupUnusable):
            Backup.from_bytes(gzip.compress(bytes(damaged), 0))

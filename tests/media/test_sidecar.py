from __future__ import annotations

import json
import random
import struct
import zlib

import pytest

from pet_stream.errors import BitstreamError
from pet_stream.media.detections import MAX_SIDE, Detection
from pet_stream.media.ring import MAX_DETECTIONS
from pet_stream.media.sidecar import (
    HEADER_BYTES,
    MAX_CHUNK_BYTES,
    MAX_TIME_MS,
    Box,
    ChunkHeader,
    Update,
    pack_chunk,
    unpack_chunk,
)

CAT = Box("cat", 91, 10, -20, 30, 40)
DOG = Box("犬", 0, 0, 0, 1, MAX_SIDE)


def unpacked(chunk: bytes) -> list[Update]:
    return unpack_chunk(ChunkHeader.parse(chunk[:HEADER_BYTES]), chunk[HEADER_BYTES:])


def chunk_of(text: bytes, first_ms: int = 0, last_ms: int = 0) -> bytes:
    """A chunk whose checksum is right, whatever is in it."""
    body = zlib.compress(text)
    checksum = zlib.crc32(struct.pack("<II", first_ms, last_ms), zlib.crc32(body))
    return struct.pack("<4sIIII", b"seen", len(body), checksum, first_ms, last_ms) + body


def rows(*rows: object, classes: object = ("cat",)) -> bytes:
    return chunk_of(json.dumps({"classes": classes, "rows": rows}).encode())


@pytest.mark.parametrize(
    "updates",
    [
        [Update(0, (CAT,))],
        [Update(MAX_TIME_MS, ())],
        [Update(1, (CAT, DOG)), Update(34, (DOG,)), Update(67, ()), Update(100, (DOG, CAT, CAT))],
        [Update(n, tuple(CAT._replace(x=n + i) for i in range(n % 11))) for n in range(500)],
    ],
)
def test_what_was_seen_comes_back(updates: list[Update]) -> None:
    chunk = pack_chunk(updates)
    header = ChunkHeader.parse(chunk[:HEADER_BYTES])
    assert unpacked(chunk) == updates
    assert (header.first_ms, header.last_ms) == (updates[0].time_ms, updates[-1].time_ms)
    assert header.body_bytes == len(chunk) - HEADER_BYTES


def test_a_detection_is_kept_in_whole_percent() -> None:
    assert Box.of(Detection("cat", 0.756, 1, 2, 3, 4)) == Box("cat", 76, 1, 2, 3, 4)


def test_what_hardly_moves_takes_hardly_any_room() -> None:
    """Ten boxes that shake by two pixels, thirty times a second: an hour of it has 5 MB at most."""
    chance = random.Random(7)
    shaken = [
        Update(
            33 * n,
            tuple(
                Box(
                    "cat",
                    80 + chance.randrange(-4, 5),
                    *(90 * i + n + chance.randrange(-2, 3),) * 4,
                )
                for i in range(MAX_DETECTIONS)
            ),
        )
        for n in range(60)
    ]
    assert len(pack_chunk(shaken)) * 1800 <= 5_000_000


def test_every_cut_off_or_damaged_chunk_is_refused() -> None:
    chunk = pack_chunk([Update(1, (CAT, DOG)), Update(34, (DOG,))])
    for end in range(len(chunk)):
        with pytest.raises(BitstreamError):
            unpacked(chunk[:end])
    for at in range(len(chunk)):
        with pytest.raises(BitstreamError):
            unpacked(chunk[:at] + bytes([chunk[at] ^ 0x10]) + chunk[at + 1 :])


@pytest.mark.parametrize(
    "chunk",
    [
        chunk_of(b""),
        chunk_of(b"\xff"),
        chunk_of(b"[" * 100_000),
        chunk_of(b"[]"),
        chunk_of(b" " * 10_000_000),
        chunk_of(b'{"classes": ["cat"]}'),
        rows(7),
        rows(None),
        rows("0123456"),
        rows({"0": 1}),
        rows([]),
        rows([-1]),
        rows([MAX_TIME_MS + 1]),
        rows([True]),
        rows([0.5]),
        rows([float("nan")]),
        rows([0, 1, 50, 0, 0, 9, 9]),
        rows([0, -1, 50, 0, 0, 9, 9]),
        rows([0, 0, 101, 0, 0, 9, 9]),
        rows([0, 0, 50, 0, 0, 0, 9]),
        rows([0, 0, 50, 0, 0, 9, MAX_SIDE + 1]),
        rows([0, 0, 50, -9, 0, 9, 9]),
        rows([0, 0, 50, 10**30, 0, 9, 9]),
        rows([0, 0, 50, 0, 0, 9]),
        rows([0], [0, 0, 50, 0, 0, 9, 9] + [0] * 6 * MAX_DETECTIONS),
        rows([0, 0, 50, 1, 1, 9, 9], [1, 0, 60]),
        rows(classes=[7]),
        rows(classes=[""]),
        rows(classes=["c" * 33]),
        rows(classes=["a\nb"]),
        rows(classes="cat\n"),
        rows(classes=7),
        chunk_of(b'{"classes": ["cat"], "rows": [[' + b"9" * 5000 + b"]]}"),
    ],
)
def test_what_none_of_ours_has_is_refused(chunk: bytes) -> None:
    with pytest.raises(BitstreamError):
        unpacked(chunk)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"seen",
        bytes(HEADER_BYTES),
        struct.pack("<4sIIII", b"Seen", 1, 1, 1, 1),
        struct.pack("<4sIIII", b"seen", MAX_CHUNK_BYTES + 1, 1, 1, 1),
    ],
)
def test_what_is_no_header_is_refused(header: bytes) -> None:
    with pytest.raises(BitstreamError):
        ChunkHeader.parse(header)

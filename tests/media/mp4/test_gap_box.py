"""A file tells its gaps; what it tells is not trusted."""

from __future__ import annotations

import random
import struct

import pytest

from pet_stream.media.gaps import MAX_TOLD, Gap, Gaps
from pet_stream.media.mp4.boxes import MAX_INNER_BOXES, Box
from pet_stream.media.mp4.gap_box import gap_box, read_gap_box

TIMESCALE = 90_000
LENGTH_S = 1000
FOREIGN = struct.pack(">I4s", 24, b"uuid") + bytes(16)
SOME = Gaps(2, 9.5, (Gap(1.0, 6.5), Gap(700.25, 704.25)))


def read(moov: bytes, length_s: float = LENGTH_S) -> Gaps | None:
    box = Box(b"moov", 0, 0, len(moov))
    return read_gap_box(
        lambda at, size: moov[at : at + size], box, TIMESCALE, round(length_s * TIMESCALE)
    )


@pytest.mark.parametrize(
    "gaps",
    [
        Gaps(),
        SOME,
        Gaps(10**6, 900.0, tuple(Gap(20.0 * n, 20.0 * n + 2) for n in range(MAX_TOLD))),
    ],
)
def test_what_is_written_is_read(gaps: Gaps) -> None:
    written = gap_box(gaps, TIMESCALE)
    assert read(written) == gaps
    assert read(FOREIGN + written) == gaps


def test_a_file_without_it_tells_none() -> None:
    assert read(b"") is None
    assert read(FOREIGN) is None
    assert read(FOREIGN * (MAX_INNER_BOXES + 1) + gap_box(SOME, TIMESCALE)) is None


def with_word(box: bytes, offset: int, value: int, layout: str = ">I") -> bytes:
    changed = bytearray(box)
    struct.pack_into(layout, changed, offset, value)
    return bytes(changed)


BOX = gap_box(SOME, TIMESCALE)


@pytest.mark.parametrize(
    "box",
    [
        pytest.param(with_word(BOX, 24, 1 << 24), id="a later version"),
        pytest.param(with_word(BOX, 28, 1), id="fewer in all than are told"),
        pytest.param(with_word(BOX, 32, 2**32 - 1), id="more than fit"),
        pytest.param(with_word(BOX, 32, 1), id="fewer than there are"),
        pytest.param(with_word(BOX, 36, 2**64 - 1, ">Q"), id="longer than the file"),
        pytest.param(with_word(BOX, 44, 2**63, ">Q"), id="it begins behind its end"),
        pytest.param(with_word(BOX, 68, 2**63, ">Q"), id="it ends behind the file"),
        pytest.param(BOX[:-8], id="cut off"),
        pytest.param(with_word(BOX[:40], 0, 40), id="too short"),
    ],
)
def test_what_contradicts_itself_is_nothing(box: bytes) -> None:
    assert read(box) is None


def test_a_file_that_is_shorter_than_its_gaps_does_not_know_them() -> None:
    assert read(BOX, 704) is None
    assert read(BOX, 705) == SOME


def test_bytes_of_all_kinds_are_read_or_not_and_raise_nothing() -> None:
    random_ = random.Random(11)
    for _ in range(3000):
        box = bytearray(BOX)
        for _ in range(random_.randrange(1, 5)):
            box[random_.randrange(len(box))] = random_.randrange(256)
        found = read(
            bytes(box[: random_.randrange(len(box) + 1)] if random_.random() < 0.3 else box)
        )
        if found is not None:
            assert len(found.longest) <= min(found.count, MAX_TOLD)
            assert all(0 <= gap.from_s <= gap.to_s <= LENGTH_S for gap in found.longest)

from __future__ import annotations

import math
import struct

import pytest

from pet_stream.media import ring
from pet_stream.media.detections import Detection, DetectionRecord
from pet_stream.media.ring import DetectionsLayout

CAT = (b"cat", 0.75, 10, 20, 30, 40)


FIRST, SEMAPHORE, DOUBLE = ring.DETECTIONS_LAYOUTS.values()


def serialize(
    *found: tuple[bytes, float, int, int, int, int],
    count: int | None = None,
    layout: DetectionsLayout = FIRST,
    seconds: float = 5.25,
) -> bytes:
    moment = (seconds,) if layout is DOUBLE else (5, 250_000_000)
    data = layout.header.pack(7, *moment, len(found) if count is None else count)
    data += b"".join(ring.DETECTION.pack(*fields) for fields in found)
    data = data.ljust(layout.version_offset, b"\xee") + struct.pack("=I", 3)
    return data.ljust(layout.segment_bytes, b"\xee")


@pytest.mark.parametrize("layout", [FIRST, SEMAPHORE, DOUBLE], ids=lambda layout: layout.name)
def test_record(layout: DetectionsLayout) -> None:
    data = serialize(CAT, CAT, layout=layout)
    assert DetectionRecord.parse(data, layout) == DetectionRecord(
        version=3,
        frame_number=7,
        time_ns=5_250_000_000,
        detections=(Detection("cat", 0.75, 10, 20, 30, 40),) * 2,
        invalid_count=0,
    )


def test_a_double_holds_the_present_time() -> None:
    data = serialize(layout=DOUBLE, seconds=1_796_000_000.000001)
    record = DetectionRecord.parse(data, DOUBLE)
    assert record is not None
    assert abs(record.time_ns - 1_796_000_000_000_001_000) < 1000


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, 1e300])
def test_impossible_times_spoil_the_record(seconds: float) -> None:
    data = serialize(CAT, layout=DOUBLE, seconds=seconds)
    assert DetectionRecord.parse(data, DOUBLE) is None


@pytest.mark.parametrize("count", [-1, 11, 2**31 - 1, -(2**31)])
def test_impossible_counts_spoil_the_record(count: int) -> None:
    assert DetectionRecord.parse(serialize(CAT, count=count), FIRST) is None


INVALID = {
    "NaN": (b"cat", math.nan, 1, 1, 1, 1),
    "infinite": (b"cat", math.inf, 1, 1, 1, 1),
    "confidence below 0": (b"cat", -0.1, 1, 1, 1, 1),
    "confidence above 1": (b"cat", 1.1, 1, 1, 1, 1),
    "no width": (b"cat", 0.5, 1, 1, 0, 1),
    "negative height": (b"cat", 0.5, 1, 1, 1, -5),
    "huge": (b"cat", 0.5, 1, 1, 20_000, 1),
    "far outside": (b"cat", 0.5, 2**31 - 1, 1, 1, 1),
    "left of the picture": (b"cat", 0.5, -30, 1, 30, 1),
    "no name": (b"", 0.5, 1, 1, 1, 1),
    "not UTF-8": (b"c\xffat", 0.5, 1, 1, 1, 1),
    "control characters": (b"c\nat", 0.5, 1, 1, 1, 1),
}


@pytest.mark.parametrize("invalid", INVALID.values(), ids=INVALID)
def test_bad_values_are_left_out_and_counted(
    invalid: tuple[bytes, float, int, int, int, int],
) -> None:
    record = DetectionRecord.parse(serialize(CAT, invalid, CAT), FIRST)
    assert record is not None
    assert len(record.detections) == 2
    assert record.invalid_count == 1


NAMES = {
    b"cat\0rest of an older name": "cat",
    "ねこ".encode(): "ねこ",
    b"sports ball": "sports ball",
    b"x" * 32: "x" * 32,
    ("ねこ" * 6).encode()[:32]: ("ねこ" * 6)[:10],  # cut within a character
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES.values())
def test_names(name: bytes, expected: str) -> None:
    record = DetectionRecord.parse(serialize((name, 0.5, -5, -5, 10, 10)), FIRST)
    assert record is not None
    assert [detection.class_name for detection in record.detections] == [expected]

"""The layout against the one that a C compiler makes of the daemons' structs."""

from __future__ import annotations

import subprocess

import pytest

from pet_stream.media import ring
from pet_stream.media.ring import SlotHeader
from tests.camera.camera import compile_program

LAST_WRITE = ring.WRITE_INDEX_MODULUS - 1


@pytest.fixture(scope="module")
def c_layout() -> dict[str, int]:
    """Sizes and offsets by name, as tests/camera/layout.c prints them."""
    program = compile_program("layout", ["layout.c"])
    lines = subprocess.run(
        [program], stdout=subprocess.PIPE, text=True, check=True, timeout=20
    ).stdout.splitlines()
    return {name: int(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_stream_ring_is_laid_out_as_in_c(c_layout: dict[str, int]) -> None:
    assert c_layout["stream_ring.write_index"] == 0
    assert c_layout["stream_ring.frame_interval_ms"] == ring.INDEX.size
    assert c_layout["stream_ring.slots"] == ring.SLOTS_OFFSET
    assert c_layout["sizeof(stream_ring)"] == ring.SEGMENT_BYTES
    assert c_layout["sizeof(slot)"] == ring.SLOT_BYTES
    assert c_layout["slot.data"] == ring.SLOT_HEADER.size
    assert c_layout["sizeof(slot)"] - c_layout["slot.data"] == ring.MAX_DATA_BYTES


@pytest.mark.parametrize(
    ("c_field", "size", "field"),
    [
        ("frame_number", 8, "frame_number"),
        ("capture_time.seconds", 8, "capture_s"),
        ("capture_time.nanoseconds", 8, "capture_ns"),
        ("camera_id", 4, "camera_id"),
        ("width", 4, "width"),
        ("height", 4, "height"),
        ("format", 4, "format"),
        ("data_size", 8, "data_size"),
    ],
)
def test_slot_header_field_is_where_c_has_it(
    c_layout: dict[str, int], c_field: str, size: int, field: str
) -> None:
    header = bytearray(ring.SLOT_HEADER.size)
    offset = c_layout[f"slot.{c_field}"]
    header[offset : offset + size] = (77).to_bytes(size, "little")
    parsed = SlotHeader.parse(bytes(header))
    others = {name for name in SlotHeader._fields if getattr(parsed, name) != 0}
    assert others == {field}
    assert getattr(parsed, field) == 77
    assert parsed.serialize() == header


def test_detections_are_laid_out_as_in_c(c_layout: dict[str, int]) -> None:
    assert c_layout["sizeof(detections)"] == ring.DETECTIONS_BYTES
    assert c_layout["detections.num_detections"] == ring.DETECTIONS_HEADER.size - 4
    assert c_layout["detections.detection"] == ring.DETECTIONS_HEADER.size
    assert c_layout["detections.version"] == ring.DETECTIONS_VERSION_OFFSET
    assert c_layout["sizeof(detection)"] == ring.DETECTION.size


def test_detection_field_is_where_c_has_it(c_layout: dict[str, int]) -> None:
    detection = ring.DETECTION.pack(b"cat", 0.5, 1, 2, 3, 4)
    offsets = [c_layout[f"detection.{name}"] for name in ("x", "y", "width", "height")]
    assert [detection[offset] for offset in offsets] == [1, 2, 3, 4]
    assert c_layout["detection.confidence"] == 32
    assert detection[: c_layout["detection.confidence"]].rstrip(b"\0") == b"cat"


@pytest.mark.parametrize(
    ("write", "slot"), [(0, 0), (29, 29), (30, 0), (LAST_WRITE, 15), (LAST_WRITE - 16, 29)]
)
def test_write_goes_to_its_slot(write: int, slot: int) -> None:
    assert ring.slot_offset(write) == 8 + slot * 3_110_448


@pytest.mark.parametrize(
    "write",
    [0, 100, *(ring.WRITE_INDEX_MODULUS - n for n in (48, 47, 46, 31, 30, 17, 16, 15, 2, 1))],
)
def test_slot_lives_until_the_next_write_to_it(write: int) -> None:
    following = (
        count
        for count in range(1, 100)
        if ring.slot_offset(ring.next_write(write, count)) == ring.slot_offset(write)
    )
    assert ring.slot_lifetime(write) == next(following)


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [(0, 0, 0), (3, 10, 7), (LAST_WRITE, 0, 1), (LAST_WRITE - 4, 5, 10), (1, 0, LAST_WRITE)],
)
def test_writes_are_counted_across_the_wrap(first: int, last: int, count: int) -> None:
    assert ring.writes_between(first, last) == count
    assert ring.next_write(first, count) == last


HEADER = SlotHeader(
    frame_number=7,
    capture_s=100,
    capture_ns=5,
    camera_id=1,
    width=1280,
    height=720,
    format=ring.FORMAT_H264,
    data_size=1000,
)


def test_identity_sorts_by_capture_time() -> None:
    assert HEADER.captured_at_ns == 100_000_000_005
    assert HEADER.identity == (100_000_000_005, 1, 7)


@pytest.mark.parametrize(
    ("field", "value", "is_plausible"),
    [
        ("data_size", 0, False),
        ("data_size", 1, True),
        ("data_size", ring.MAX_DATA_BYTES, True),
        ("data_size", ring.MAX_DATA_BYTES + 1, False),
        ("capture_ns", -1, True),
        ("capture_ns", 1_000_000_000, True),
        ("capture_s", -1, True),
    ],
)
def test_header_of_a_daemon_is_told_from_noise(field: str, value: int, is_plausible: bool) -> None:
    assert HEADER._replace(**{field: value}).is_plausible == is_plausible

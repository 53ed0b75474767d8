"""The layout against the one that a C compiler makes of the daemons' structs."""

from __future__ import annotations

import subprocess

import pytest

from pet_stream.media import ring
from pet_stream.media.ring import DetectionsLayout, RingLayout, SlotHeader
from tests.camera.camera import compile_program

LAYOUTS = list(ring.RING_LAYOUTS.values())
NAMES = [layout.name for layout in LAYOUTS]
LAST_WRITE = ring.WRITE_INDEX_MODULUS - 1


@pytest.fixture(scope="module")
def c_layout() -> dict[str, int]:
    """Sizes and offsets by name, as tests/camera/layout.c prints them."""
    program = compile_program("layout", ["layout.c"])
    lines = subprocess.run(
        [program], stdout=subprocess.PIPE, text=True, check=True, timeout=20
    ).stdout.splitlines()
    return {name: int(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


@pytest.mark.parametrize("layout", LAYOUTS, ids=NAMES)
def test_stream_ring_is_laid_out_as_in_c(c_layout: dict[str, int], layout: RingLayout) -> None:
    fields = {
        "segment_bytes": layout.segment_bytes,
        "slot_count": layout.slot_count,
        "slots_offset": layout.slots_offset,
        "slot_bytes": layout.slot_bytes,
        "data_offset": layout.data_offset,
        "interval_offset": layout.interval_offset,
    }
    assert fields == {name: c_layout[f"{layout.name}.{name}"] for name in fields}
    assert layout.data_offset + ring.MAX_DATA_BYTES <= layout.slot_bytes


def test_sizes_that_are_in_use_are_all_told_apart() -> None:
    sizes = [93_313_448, 93_313_480, 93_313_960, 93_314_112, 18_662_976]
    assert list(ring.RING_LAYOUTS) == sizes
    assert list(ring.DETECTIONS_LAYOUTS) == [552, 584, 576]


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
    offset = c_layout[f"slot_header.{c_field}"]
    header[offset : offset + size] = (77).to_bytes(size, "little")
    parsed = SlotHeader.parse(bytes(header))
    others = {name for name in SlotHeader._fields if getattr(parsed, name) != 0}
    assert others == {field}
    assert getattr(parsed, field) == 77
    assert parsed.serialize() == header


@pytest.mark.parametrize("layout", ring.DETECTIONS_LAYOUTS.values(), ids=lambda layout: layout.name)
def test_detections_are_laid_out_as_in_c(
    c_layout: dict[str, int], layout: DetectionsLayout
) -> None:
    c_offsets = {
        name.partition(".")[2]: value
        for name, value in c_layout.items()
        if name.startswith(f"detections {layout.name}.")
    }
    assert c_offsets == {
        "segment_bytes": layout.segment_bytes,
        "num_offset": layout.header.size - 4,
        "detection_offset": layout.header.size,
        "version_offset": layout.version_offset,
    }
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
    assert ring.FIRST_LAYOUT.slot_offset(write) == 8 + slot * 3_110_448


@pytest.mark.parametrize("layout", [LAYOUTS[0], LAYOUTS[-1]], ids=[NAMES[0], NAMES[-1]])
def test_slot_lives_until_the_next_write_to_it(layout: RingLayout) -> None:
    longest = 0
    for write in [0, 100, *range(ring.WRITE_INDEX_MODULUS - 48, ring.WRITE_INDEX_MODULUS)]:
        following = (
            count
            for count in range(1, 100)
            if layout.slot_offset(ring.next_write(write, count)) == layout.slot_offset(write)
        )
        lifetime = layout.slot_lifetime(write)
        assert lifetime == next(following), write
        longest = max(longest, lifetime)
    assert longest == layout.longest_slot_lifetime


def test_six_slots_jump_by_four_where_the_index_wraps() -> None:
    assert LAYOUTS[-1].slot_offset(LAST_WRITE) == 192 + 3 * 3_110_464
    assert LAYOUTS[-1].longest_slot_lifetime == 10


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

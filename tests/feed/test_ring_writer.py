from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence

import pytest

from pet_stream.errors import SegmentBusy
from pet_stream.feed.ring_writer import DetectionsWriter, RingWriter
from pet_stream.ingest.camera_stream import Cameras
from pet_stream.ingest.counts import CameraCounts
from pet_stream.ingest.picture_order import PictureOrder
from pet_stream.ingest.ring_reader import RingReader
from pet_stream.ingest.segment import POSIX_FOLDER, Segment, open_segment
from pet_stream.media import ring
from pet_stream.media.detections import Detection
from pet_stream.media.h264 import split_annex_b
from pet_stream.media.ring import RingLayout, SlotHeader

from ..camera.camera import Camera
from ..footage import encode

SIZE = {"width": 320, "height": 240}


LAYOUTS = list(ring.RING_LAYOUTS.values())
every_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=[each.name for each in LAYOUTS])


@pytest.fixture
def layout() -> RingLayout:
    return ring.FIRST_LAYOUT


@pytest.fixture
def writer(segment_name: str, layout: RingLayout) -> Iterator[RingWriter]:
    writer = RingWriter(segment_name, layout)
    yield writer
    writer.close()


@pytest.fixture
def segment(writer: RingWriter) -> Iterator[Segment]:
    segment = open_segment(writer.name, ring.RING_LAYOUTS)
    yield segment
    segment.close()


def index_of(segment: Segment) -> int:
    return int(ring.INDEX.unpack(segment.read(0, ring.INDEX.size))[0])


@every_layout
def test_the_reader_finds_every_picture_as_it_was_written(
    writer: RingWriter, segment: Segment
) -> None:
    units = encode(pictures=42)
    reader = RingReader(segment, PictureOrder(), Cameras(), CameraCounts())
    found = []
    start_ns = time.monotonic_ns()
    for number, unit in enumerate([*units, units[0]]):  # the last one may be in progress
        captured_at_ns = start_ns + number * 33_000_000
        writer.write(unit, frame_number=number, captured_at_ns=captured_at_ns, **SIZE)
        found += reader.poll(is_urgent=False)
    # The reader may want to see a few writes before it believes any.
    first = found[0].header.frame_number
    assert first < 6
    assert [picture.nal_units for picture in found] == list(map(split_annex_b, units[first:]))
    assert [picture.header.frame_number for picture in found] == list(range(first, 42))
    assert [picture.is_discontinuity for picture in found] == [True] + [False] * (41 - first)
    assert found[0].header.captured_at_ns == start_ns + first * 33_000_000


@every_layout
def test_a_slot_is_laid_out_as_in_the_contract(
    writer: RingWriter, segment: Segment, layout: RingLayout
) -> None:
    assert segment.size == layout.segment_bytes
    writer.write(
        b"\0\0\1\x65data",
        frame_number=5,
        captured_at_ns=12_000_000_034,
        camera_id=1,
        width=640,
        height=360,
    )
    header = SlotHeader.parse(segment.read(layout.slot_offset(0), ring.SLOT_HEADER.size))
    assert header == SlotHeader(5, 12, 34, 1, 640, 360, ring.FORMAT_H264, 8)
    data = segment.read(layout.slot_offset(0) + layout.data_offset, 9)
    assert data == b"\0\0\1\x65data\0"
    assert index_of(segment) == 1


def test_the_index_is_raised_before_the_slot_is_written(
    writer: RingWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    offsets: list[int] = []
    write = os.pwritev

    def note(descriptor: int, parts: Sequence[bytes], offset: int) -> int:
        offsets.append(offset)
        return write(descriptor, parts, offset)

    monkeypatch.setattr(os, "pwritev", note)
    writer.write(b"x", frame_number=0, captured_at_ns=1, **SIZE)
    assert offsets == [0, ring.FIRST_LAYOUT.slot_offset(0)]


def test_a_ring_takes_the_memory_of_its_pictures_only(writer: RingWriter) -> None:
    for number in range(60):
        writer.write(bytes(20_000), frame_number=number, captured_at_ns=number, **SIZE)
    status = (POSIX_FOLDER / writer.name[1:]).stat()
    assert status.st_size == ring.FIRST_LAYOUT.segment_bytes
    assert status.st_blocks * 512 < 2_000_000


def test_a_picture_larger_than_a_slot_is_refused(writer: RingWriter, segment: Segment) -> None:
    with pytest.raises(ValueError, match="slot"):
        writer.write(bytes(ring.MAX_DATA_BYTES + 1), frame_number=0, captured_at_ns=0, **SIZE)
    assert index_of(segment) == 0


def test_it_goes_on_in_a_ring_that_nobody_writes_any_more(segment_name: str) -> None:
    path = POSIX_FOLDER / segment_name[1:]
    with path.open("wb") as file:
        file.write(ring.INDEX.pack(ring.WRITE_INDEX_MODULUS - 1))
        file.truncate(ring.FIRST_LAYOUT.segment_bytes)
    try:
        writer = RingWriter(segment_name, watch_s=0.01)
        writer.write(b"last", frame_number=0, captured_at_ns=0, **SIZE)
        writer.write(b"first", frame_number=1, captured_at_ns=1, **SIZE)
        writer.close()
        segment = open_segment(segment_name, ring.RING_LAYOUTS)
        assert index_of(segment) == 1  # across the wrap
        write = ring.WRITE_INDEX_MODULUS - 1
        for slot, size in ((write, 4), (0, 5)):
            header = SlotHeader.parse(
                segment.read(ring.FIRST_LAYOUT.slot_offset(slot), ring.SLOT_HEADER.size)
            )
            assert header.data_size == size
        segment.close()
        assert not writer.is_created
    finally:
        path.unlink()


def test_a_daemons_ring_is_refused_by_name(segment_name: str) -> None:
    with (
        Camera(segment_name, fps=30),
        pytest.raises(SegmentBusy, match=rf"{segment_name} is being written by another program"),
    ):
        RingWriter(segment_name)


def test_detections_are_laid_out_as_in_the_contract(segment_name: str) -> None:
    writer = DetectionsWriter(segment_name)
    segment = open_segment(segment_name, ring.DETECTIONS_LAYOUTS)
    try:
        cat = Detection("cat", 0.5, 1, 2, 3, 4)
        writer.write((cat, cat), frame_number=7, captured_at_ns=3_000_000_009)
        writer.write((cat,) * 12, frame_number=8, captured_at_ns=4_000_000_000)
        data = segment.read(0, ring.FIRST_DETECTIONS_LAYOUT.segment_bytes)
        assert len(data) == 552
        assert ring.FIRST_DETECTIONS_LAYOUT.header.unpack_from(data) == (8, 4, 0, 10)
        for index in range(10):
            fields = ring.DETECTION.unpack_from(data, 28 + 52 * index)
            assert fields == (b"cat".ljust(32, b"\0"), 0.5, 1, 2, 3, 4)
        assert ring.INDEX.unpack_from(data, 548) == (2,)
    finally:
        segment.close()
        writer.close()


def test_a_long_class_name_is_cut_and_ended(segment_name: str) -> None:
    writer = DetectionsWriter(segment_name)
    segment = open_segment(segment_name, ring.DETECTIONS_LAYOUTS)
    try:
        writer.write((Detection("x" * 40, 1, 0, 0, 0, 0),), frame_number=0, captured_at_ns=0)
        assert segment.read(28, 33) == b"x" * 31 + b"\0" + b"\0"
    finally:
        segment.close()
        writer.close()

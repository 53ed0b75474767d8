"""What cameras and detectors write into shared memory."""

from __future__ import annotations

import functools
import io
import itertools
import json
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from pet_stream.errors import BitstreamError
from pet_stream.ingest.access_units import AccessUnits
from pet_stream.ingest.camera_stream import Cameras
from pet_stream.ingest.capture_clock import CaptureClock, Now
from pet_stream.ingest.counts import CameraCounts
from pet_stream.ingest.picture_order import PictureOrder
from pet_stream.ingest.ring_reader import RingReader
from pet_stream.ingest.segment import POSIX_FOLDER, open_segment
from pet_stream.media import ring
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.detections import DetectionRecord, Sighting
from pet_stream.media.gop_memory import GopMemory
from pet_stream.media.h264 import (
    ParameterSets,
    SequenceParameterSet,
    find_recovery_point,
    is_idr,
    nal_unit_type,
    parse_pps,
    parse_slice_header,
    parse_sps,
    split_annex_b,
)
from pet_stream.media.h264.avcc import (
    DecoderConfiguration,
    length_prefixed,
    split_length_prefixed,
)
from pet_stream.media.h264.recovery_point import parse_recovery_point
from pet_stream.media.mp4.reading import read_movie
from pet_stream.media.ring import SlotHeader
from pet_stream.media.rtp.packetizer import Packetizer
from pet_stream.recording.containers import Mp4Container
from pet_stream.websocket.video_messages import VideoMessages
from tests.footage import encode, open_gops
from tests.media.syntax import Hrd, Sps, Vui, pps, slice_nal_unit

from .mutation import mutated_bytes
from .target import Call, Target, pure

START_CODES = (b"\0\0\1", b"\0\0\0\1", b"\0\0\3")
HEADERS = tuple(bytes([header]) for header in (0x09, 0x41, 0x65, 0x06, 0x67, 0x68, 0x7C, 0xE5))
SPS, PPS, SEI = 7, 8, 6


@functools.cache
def pictures() -> tuple[bytes, ...]:
    """Access units of several kinds of streams, in Annex B."""
    return (
        *encode(160, 120, gop=3, pictures=5, slices=2, aud=True),
        *encode(160, 120, gop=6, pictures=6, profile="high", bframes=1),
        *encode(160, 120, gop=4, pictures=4, profile="main", x264=["interlaced=1"]),
        *open_gops(160, 120, gop=3, pictures=6),
    )


def nal_units(*kinds: int) -> tuple[bytes, ...]:
    """Those of these types in the footage; without types, all."""
    found = itertools.chain.from_iterable(map(split_annex_b, pictures()))
    return tuple(n for n in dict.fromkeys(found) if not kinds or nal_unit_type(n) in kinds)


@functools.cache
def parameter_sets() -> tuple[bytes, ...]:
    vui = Vui(
        aspect_ratio=(255, 4, 3),
        overscan=True,
        colours=(1, 1, 1),
        chroma_location=(0, 0),
        timing=(1, 60),
        nal_hrd=Hrd(((1, 1), (2, 2))),
        max_num_reorder_frames=2,
    )
    lists = (None, (1, 1), *[None] * 10)
    return (
        *nal_units(SPS, PPS),
        Sps(vui=vui).nal_unit(),
        Sps(profile_idc=244, chroma_format_idc=3, scaling_lists=lists, vui=vui).nal_unit(),
        Sps(poc_type=1, poc_offsets=(3, -2), frame_mbs_only=False).nal_unit(),
        pps(255, 31),
        pps(slice_groups=3),
    )


@functools.cache
def known_sets() -> ParameterSets:
    return ParameterSets().including(parameter_sets())


@functools.cache
def slices() -> tuple[bytes, ...]:
    return (*(n[:60] for n in nal_units(1, 5)), slice_nal_unit(pps_id=255))


@functools.cache
def configurations() -> tuple[bytes, ...]:
    return tuple(
        DecoderConfiguration.of(split_annex_b(p)).serialize()
        for p in pictures()
        if is_idr(split_annex_b(p))
    )


@functools.cache
def samples() -> tuple[bytes, ...]:
    return tuple(length_prefixed(split_annex_b(picture)) for picture in pictures())


def split(data: bytes) -> None:
    units = split_annex_b(data)
    is_idr(units)
    find_recovery_point(units)
    configuration = DecoderConfiguration.of(units)
    assert DecoderConfiguration.parse(configuration.serialize()) == configuration


def parse_set(nal_unit: bytes) -> None:
    if nal_unit[:1] and nal_unit_type(nal_unit) == PPS:
        parse_pps(nal_unit)
        return
    sps = parse_sps(nal_unit)
    assert 0 < sps.width <= 16_880
    assert 0 < sps.height <= 2 * 16_880


def parse_configuration(record: bytes) -> None:
    configuration = DecoderConfiguration.parse(record)
    assert len(configuration.codec) == len("avc1.42c01f")
    configuration.serialize()


# The ring


@dataclass(frozen=True)
class Write:
    """What a daemon does at once: raise the index, and fill a slot."""

    index_step: int
    header: SlotHeader
    data: bytes
    is_urgent: bool
    """Whether somebody watches."""


U64 = st.integers(0, 3) | st.integers(0, 2**64 - 1)
I64 = st.integers(0, 3) | st.integers(-(2**63), 2**63 - 1)
I32 = st.integers(0, 1) | st.integers(-(2**31), 2**31 - 1)
LAYOUTS = tuple(ring.RING_LAYOUTS.values())


@st.composite
def writes(draw: st.DrawFn) -> Write:
    data = draw(mutated_bytes(pictures, (*START_CODES, *HEADERS)))
    sizes = st.sampled_from([0, 1, ring.MAX_DATA_BYTES, ring.MAX_DATA_BYTES + 1, 2**64 - 1])
    return Write(
        index_step=draw(st.integers(0, 3) | st.sampled_from([29, 2**24 + 1, 2**32 - 1])),
        header=SlotHeader(
            frame_number=draw(U64),
            capture_s=draw(I64),
            capture_ns=draw(I64),
            camera_id=draw(I32),
            width=draw(I32),
            height=draw(I32),
            format=draw(st.just(ring.FORMAT_H264) | I32),
            data_size=draw(st.just(len(data)) | sizes),
        ),
        data=data,
        is_urgent=draw(st.booleans()),
    )


@st.composite
def rings(draw: st.DrawFn) -> tuple[ring.RingLayout, int, list[Write]]:
    first_index = draw(st.sampled_from([0, 5, 2**32 - 3]))
    return draw(st.sampled_from(LAYOUTS)), first_index, draw(st.lists(writes(), max_size=8))


@contextmanager
def ring_segment() -> Iterator[Call]:
    """A segment in real shared memory, of which only the pages that are written exist."""
    name = f"/pet_test_{os.getpid()}_fuzz"
    path = POSIX_FOLDER / name.lstrip("/")

    def call(value: tuple[ring.RingLayout, int, list[Write]]) -> None:
        layout, index, steps = value
        path.write_bytes(b"")
        os.truncate(path, layout.segment_bytes)
        read_ring(name, path, layout, index, steps)

    try:
        yield call
    finally:
        path.unlink(missing_ok=True)


def read_ring(
    name: str, path: Path, layout: ring.RingLayout, index: int, steps: Sequence[Write]
) -> None:
    """Everything that the camera thread does, and what becomes of the pictures."""
    counts, cameras = CameraCounts(), Cameras()
    access_units, clock = AccessUnits(counts), CaptureClock(counts)
    units: list[AccessUnit] = []
    segment = open_segment(name, ring.RING_LAYOUTS)
    try:
        with path.open("r+b") as memory:
            reader = RingReader(segment, PictureOrder(), cameras, counts)
            for step in steps:
                write(memory, layout, index, step)
                index = ring.next_write(index, step.index_step)
                memory.seek(0)
                memory.write(ring.INDEX.pack(index))
                memory.flush()
                found = reader.poll(is_urgent=step.is_urgent)
                stamps = [(p.header.camera_id, p.header.captured_at_ns) for p in found]
                times_ns = clock.times_ns(stamps, Now.read()) if stamps else []
                made = map(access_units.make, found, times_ns)
                units += [unit for unit in made if unit is not None]
    finally:
        segment.close()
    send(units)
    record(units)


def write(memory: io.BufferedRandom, layout: ring.RingLayout, index: int, step: Write) -> None:
    memory.seek(layout.slot_offset(index))
    memory.write(step.header.serialize())
    memory.seek(layout.slot_offset(index) + layout.data_offset)
    memory.write(step.data)


def send(units: Sequence[AccessUnit]) -> None:
    memory, messages = GopMemory(10, 10**6), VideoMessages()
    packetizer = Packetizer(payload_type=96, ssrc=1, tag_bytes=16, sequence_number=0)
    for before, unit in zip([None, *units], units, strict=False):
        assert before is None or before.capture_ns < unit.capture_ns
        memory.append(unit)
        assert packetizer.packetize(unit.nal_units, unit.pts_90k).sizes
        messages.message(unit, 0)


def record(units: Sequence[AccessUnit]) -> None:
    """What a recording that began at the first of them would be."""
    starts = [number for number, unit in enumerate(units) if unit.is_idr]
    if not starts:
        return
    with io.FileIO(os.memfd_create("mp4"), "rb+") as file:
        container = Mp4Container(file)
        container.write(units[starts[0] :])
        container.close()
        size = file.tell()
        movie = read_movie(lambda offset, size: os.pread(file.fileno(), size, offset), size)
        assert len(movie.table) == len(units) - starts[0]


# Detections


@st.composite
def detections(draw: st.DrawFn) -> tuple[ring.DetectionsLayout, bytes]:
    layout = draw(st.sampled_from(tuple(ring.DETECTIONS_LAYOUTS.values())))
    moment = [1_700_000_000.5] if "d" in layout.header.format else [1_700_000_000, 5]
    head = layout.header.pack(7, *moment, 2)
    cat = ring.DETECTION.pack("猫".encode(), 0.5, 1, 2, 3, 4)
    seed = (head + cat * 2).ljust(layout.segment_bytes, b"\0")
    doubles = tuple(struct.pack("=d", x) for x in (float("nan"), float("inf"), 2.0**62, -1e300))
    data = draw(mutated_bytes(lambda: (seed,), (head[:8], "猫".encode(), b"\xe7", *doubles)))
    return layout, data[: layout.segment_bytes].ljust(layout.segment_bytes, b"\xff")


def read_detections(value: tuple[ring.DetectionsLayout, bytes]) -> None:
    layout, data = value
    record = DetectionRecord.parse(data, layout)
    if record is not None:
        sighting = Sighting(record, capture_ns=0, is_matched=True)
        json.dumps(sighting.to_json(), allow_nan=False, ensure_ascii=False).encode()


def slice_header(nal_unit: bytes) -> None:
    header = parse_slice_header(nal_unit, known_sets())
    sps = known_sets().sps_by_pps.get(header.pic_parameter_set_id)
    assert isinstance(sps, SequenceParameterSet)


TARGETS = (
    pure("NAL units", mutated_bytes(pictures, (*START_CODES, *HEADERS)), split, BitstreamError),
    pure("parameter sets", mutated_bytes(parameter_sets, HEADERS), parse_set, BitstreamError),
    pure("slice headers", mutated_bytes(slices, HEADERS), slice_header, BitstreamError),
    pure("SEI", mutated_bytes(lambda: nal_units(SEI)), parse_recovery_point, BitstreamError),
    pure("avcC", mutated_bytes(configurations, HEADERS), parse_configuration, BitstreamError),
    pure("samples", mutated_bytes(samples), split_length_prefixed, BitstreamError),
    Target("rings", rings(), ring_segment, (), examples=80),
    pure("detections", detections(), read_detections),
)

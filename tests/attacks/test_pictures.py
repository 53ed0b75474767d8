"""Pictures in the camera's shared memory that no camera makes."""

from __future__ import annotations

import time
from functools import partial

from pet_stream.broadcaster import Broadcaster
from pet_stream.feed.ring_writer import RingWriter
from pet_stream.ingest.counts import CameraCounts
from pet_stream.ingest.shm_reader import ShmReader
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.h264.nal_unit import MAX_NAL_UNITS
from pet_stream.media.h264.parameter_set_cache import MAX_INSERTED_BYTES
from pet_stream.media.ring import MAX_DATA_BYTES
from tests.waiting import wait_until

from ..footage import encode
from ..media.syntax import pps

GOP, HOSTILE = 4, 10
LAG = 12
"""The reader may want to see a few pictures before it believes any; the ring has room for 30."""
SIZE = {"width": 320, "height": 240}
FILLER = b"\x00\x00\x01\x0c"
"""The shortest NAL unit that any picture may have (H.264 7.3.2.7): 777 000 fit into a slot."""


def test_a_picture_full_of_nal_units_costs_its_gop_and_no_more(segment_name: str) -> None:
    pictures = encode(gop=GOP, pictures=10 * GOP)
    room = MAX_DATA_BYTES - len(pictures[HOSTILE])
    pictures[HOSTILE] += FILLER * (room // len(FILLER))
    units, counts = published(pictures, segment_name)
    next_idr = (HOSTILE // GOP + 1) * GOP
    assert [number for number in units if number <= next_idr][-2:] == [HOSTILE - 1, next_idr]
    assert units[next_idr].is_discontinuity
    assert counts.process_errors == 1
    assert max(len(unit.nal_units) for unit in units.values()) < MAX_NAL_UNITS


def test_a_picture_full_of_parameter_sets_makes_no_idr_large(segment_name: str) -> None:
    """Valid ones, 3 MB of them."""
    pictures = encode(gop=GOP, pictures=10 * GOP)
    long = [pps(number % 255 + 1) + bytes([number // 255 + 1]) * 8000 for number in range(380)]
    pictures[HOSTILE] = b"".join(b"\0\0\1" + n for n in long) + pictures[HOSTILE]
    units, counts = published(pictures, segment_name)
    assert counts.process_errors == 0
    assert not any(units[number].is_discontinuity for number in units if number > LAG)
    sizes = {
        number: sum(len(n) for n in unit.nal_units if n[0] & 31 in (7, 8))
        for number, unit in units.items()
        if unit.is_idr and number > HOSTILE
    }
    assert sizes
    assert MAX_INSERTED_BYTES / 2 < max(sizes.values()) <= MAX_INSERTED_BYTES


def published(
    pictures: list[bytes], segment_name: str
) -> tuple[dict[int, AccessUnit], CameraCounts]:
    """What a camera's pictures become, by their numbers."""
    broadcaster = Broadcaster()
    subscription = broadcaster.subscribe("audience", 100, lambda: None, is_urgent=True)
    reader = ShmReader(segment_name, broadcaster, "test")
    writer = RingWriter(segment_name)
    reader.start()
    try:
        for number, picture in enumerate(pictures):
            captured_at_ns = time.monotonic_ns()
            writer.write(picture, frame_number=number, captured_at_ns=captured_at_ns, **SIZE)
            wait_until(partial(has_seen, reader, number - LAG))
    finally:
        reader.stop()
        writer.close()
    return {unit.frame_number: unit for unit in subscription.take()}, reader.counts


def has_seen(reader: ShmReader, count: int) -> bool:
    counts = reader.counts
    return counts.frames_read + counts.process_errors > count

"""Watches what a camera's ring holds and what is written to it within a few seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ..ingest.camera_stream import Cameras
from ..ingest.capture_clock import CaptureClock, ClockName, Now
from ..ingest.counts import CameraCounts
from ..ingest.picture_order import PictureOrder
from ..ingest.refused import Refused
from ..ingest.ring_reader import Picture, RingReader
from ..ingest.segment import Segment
from ..media import ring
from ..media.ring import RingLayout

_POLL_S = 0.004


@dataclass(slots=True)
class Observation:
    """What was seen of a ring."""

    writes: int = 0
    pictures: list[Picture] = field(default_factory=list)
    times_ns: list[int] = field(default_factory=list)
    """When each was taken, on CLOCK_MONOTONIC."""
    counts: CameraCounts = field(default_factory=CameraCounts)
    refused: Refused | None = None
    """The newest pictures that came and can't be used."""
    clock: ClockName | None = None
    clock_fault: str = ""
    """Why the camera's time stamps are no clock."""
    index: int = 0
    """As it was at the end, like the two fields below."""
    used_slots: int = 0
    plausible_slots: int = 0
    layout: RingLayout = ring.FIRST_LAYOUT


def observe(segment: Segment, seconds: float) -> Observation:
    """Read the ring for `seconds`. Raises SegmentError if it shrinks meanwhile."""
    seen = Observation()
    reader = RingReader(segment, PictureOrder(), Cameras(), seen.counts)
    seen.layout = reader.layout
    clock = CaptureClock(seen.counts)
    end_s = time.monotonic() + seconds
    is_first = True
    while time.monotonic() < end_s:
        pictures = reader.poll(is_urgent=False)
        if not is_first:  # the first look finds what was written before
            seen.writes += reader.new_writes
        stamps = [(picture.header.camera_id, picture.header.captured_at_ns) for picture in pictures]
        seen.times_ns += clock.times_ns(stamps, Now.read())
        seen.pictures += pictures
        seen.refused = seen.counts.refused or seen.refused
        if seen.writes:
            seen.clock, seen.clock_fault = clock.name, clock.fault
        is_first = False
        time.sleep(_POLL_S)
    _survey(segment, seen)
    return seen


def _survey(segment: Segment, seen: Observation) -> None:
    """Look at the header of every complete slot: the newest may still be written."""
    index = seen.index = int(ring.INDEX.unpack(segment.read(0, ring.INDEX.size))[0])
    seen.used_slots = min(max(0, index - 1), seen.layout.slot_count - 2)
    for age in range(2, seen.used_slots + 2):
        offset = seen.layout.slot_offset(ring.next_write(index, -age))
        header = ring.SlotHeader.parse(segment.read(offset, ring.SLOT_HEADER.size))
        seen.plausible_slots += header.is_plausible

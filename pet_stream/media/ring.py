"""The layouts of the camera's shared memory.

Native byte order and LP64 alignment, as the C daemons have it::

    stream segment                          slot
       0  u32  write_index                     0  u64  frame_number
    4/64  u32  frame_interval_ms               8  i64  capture time, seconds
       …  slot × 30 or 6                      16  i64  capture time, nanoseconds
                                              24  i32  camera_id
                                              28  i32  width
                                              32  i32  height
                                              36  i32  format, see FORMAT_NAMES
                                              40  u64  data_size
                                           48/60  u8   data[3 110 400]

    detections segment                      detection
       0  u64  frame_number                    0  char class_name[32]
       8  i64  time, seconds (or f64)         32  f32  confidence
      16  i64  time, nanoseconds              36  i32  x
   16/24  i32  num_detections                 40  i32  y
       …  detection × 10                      44  i32  width
       …  u32  version                        48  i32  height

The daemons' versions differ in what stands in between, which is nobody's business here: a semaphore
that readers don't need, the picture's brightness behind `data_size`. The size of a segment tells
its layout.

The number of a *write* is the value of `write_index` before the write: 0, 1, … 2³² − 1, 0, …; write
`w` goes to slot `w mod 30`, or 6. The index is raised before the slot is copied, or afterwards: at
index `i`, the writes `i − 1` and `i` may be in progress, and every earlier one is complete.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

WRITE_INDEX_MODULUS = 1 << 32

INDEX = struct.Struct("=I")
SLOT_HEADER = struct.Struct("=QqqiiiiQ")
MAX_DATA_BYTES = 3_110_400

FORMAT_H264 = 3
FORMAT_NAMES = {0: "JPEG", 1: "NV12", 2: "RGB", FORMAT_H264: "H.264", 4: "H.265"}

DETECTION = struct.Struct("=32sfiiii")
MAX_DETECTIONS = 10


@dataclass(frozen=True, slots=True)
class RingLayout:
    """Where a version of the daemons puts the pictures; all in bytes but the number of slots."""

    name: str
    slot_count: int
    slots_offset: int
    slot_bytes: int
    data_offset: int
    """In a slot. Readers compare the first 48 bytes of a slot; what follows them may differ."""
    interval_offset: int = 4
    leaves_old_bytes: bool = False
    """Whether a writer may copy the picture only, so that older bytes stay behind it."""

    @property
    def segment_bytes(self) -> int:
        return self.slots_offset + self.slot_count * self.slot_bytes

    def slot_offset(self, write: int) -> int:
        """Where in the segment the slot of `write` begins."""
        return self.slots_offset + (write % self.slot_count) * self.slot_bytes

    @property
    def longest_slot_lifetime(self) -> int:
        """In writes; see `slot_lifetime`."""
        return self.slot_count + WRITE_INDEX_MODULUS % self.slot_count

    def slot_lifetime(self, write: int) -> int:
        """Returns the number of writes after which the slot of `write` is written again.

        It is the number of slots, except for the last writes before the index wraps: 2³² is no
        multiple of 30 or of 6, so the slot order jumps there. A slot lives for 16 to 46 writes, and
        of six slots one for 4 to 10.
        """
        until_wrap = WRITE_INDEX_MODULUS - write
        if until_wrap > self.slot_count:
            return self.slot_count
        return until_wrap + write % self.slot_count


FIRST_LAYOUT = RingLayout("first", 30, 8, 3_110_448, 48)
RING_LAYOUTS: Mapping[int, RingLayout] = MappingProxyType(
    {
        layout.segment_bytes: layout
        for layout in (
            FIRST_LAYOUT,  # 93 313 448 bytes
            RingLayout("semaphore", 30, 40, 3_110_448, 48),  # 93 313 480
            RingLayout("brightness", 30, 40, 3_110_464, 60),  # 93 313 960
            RingLayout("aligned", 30, 192, 3_110_464, 60, 64, leaves_old_bytes=True),  # 93 314 112
            RingLayout("six-slots", 6, 192, 3_110_464, 60, 64, leaves_old_bytes=True),  # 18 662 976
        )
    }
)
"""By the segment's size."""


@dataclass(frozen=True, slots=True)
class DetectionsLayout:
    """Where a version of the detector puts its record."""

    name: str
    header: struct.Struct
    version_offset: int
    segment_bytes: int


FIRST_DETECTIONS_LAYOUT = DetectionsLayout("first", struct.Struct("=Qqqi"), 548, 552)
DETECTIONS_LAYOUTS: Mapping[int, DetectionsLayout] = MappingProxyType(
    {
        layout.segment_bytes: layout
        for layout in (
            FIRST_DETECTIONS_LAYOUT,
            DetectionsLayout("semaphore", struct.Struct("=Qqqi"), 548, 584),
            DetectionsLayout("double", struct.Struct("=Qdi"), 540, 576),
        )
    }
)
"""By the segment's size."""


class SlotHeader(NamedTuple):
    """The first 48 bytes of a slot."""

    frame_number: int
    capture_s: int
    capture_ns: int
    camera_id: int
    width: int
    height: int
    format: int
    data_size: int

    @classmethod
    def parse(cls, data: bytes) -> SlotHeader:
        """Parse `SLOT_HEADER.size` bytes; any bytes give a header, see `is_plausible`."""
        return cls(*SLOT_HEADER.unpack(data))

    def serialize(self) -> bytes:
        return SLOT_HEADER.pack(*self)

    @property
    def captured_at_ns(self) -> int:
        """Capture time in nanoseconds of the camera's clock."""
        return self.capture_s * 1_000_000_000 + self.capture_ns

    @property
    def identity(self) -> tuple[int, int, int]:
        """Identifies the picture, and sorts by time: capture time, camera, number."""
        return (self.captured_at_ns, self.camera_id, self.frame_number)

    @property
    def is_plausible(self) -> bool:
        """Whether a daemon can have written this, whatever its clock says; False for an unused
        slot."""
        return 0 < self.data_size <= MAX_DATA_BYTES

    @property
    def may_be_h264(self) -> bool:
        """Whether the slot holds H.264, as far as its header tells."""
        return self.format == FORMAT_H264 and 0 < self.data_size <= MAX_DATA_BYTES


def format_name(number: int) -> str:
    """Returns what the `format` of a slot is called."""
    return FORMAT_NAMES.get(number, f"format {number}")


def next_write(write: int, count: int = 1) -> int:
    """The number of the write `count` after (or, negative, before) `write`."""
    return (write + count) % WRITE_INDEX_MODULUS


def writes_between(first: int, last: int) -> int:
    """Returns the number of writes from `first` up to, not including, `last`, across the wrap."""
    return (last - first) % WRITE_INDEX_MODULUS

"""The layout of the camera's shared memory.

Native byte order and LP64 alignment, as the C daemons have it::

    stream segment                          slot
       0  u32  write_index                     0  u64  frame_number
       4  u32  frame_interval_ms               8  i64  capture time, seconds
       8  slot × 30                           16  i64  capture time, nanoseconds
                                              24  i32  camera_id
                                              28  i32  width
                                              32  i32  height
                                              36  i32  format (0 JPEG, 1 NV12, 2 RGB, 3 H.264)
                                              40  u64  data_size
                                              48  u8   data[3 110 400]

    detections segment                      detection
       0  u64  frame_number                    0  char class_name[32]
       8  i64  time, seconds                  32  f32  confidence
      16  i64  time, nanoseconds              36  i32  x
      24  i32  num_detections                 40  i32  y
      28  detection × 10                      44  i32  width
     548  u32  version                        48  i32  height

The number of a *write* is the value of `write_index` before the write: 0, 1, … 2³² − 1, 0, …; write
`w` goes to slot `w mod 30`. The index is raised first and the slot is copied afterwards: at index
`i`, write `i − 1` may be in progress and every earlier one is complete.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

SLOT_COUNT = 30
WRITE_INDEX_MODULUS = 1 << 32
LONGEST_SLOT_LIFETIME = 46
"""In writes; see `slot_lifetime`."""

INDEX = struct.Struct("=I")
SLOT_HEADER = struct.Struct("=QqqiiiiQ")
MAX_DATA_BYTES = 3_110_400
SLOTS_OFFSET = 8
SLOT_BYTES = SLOT_HEADER.size + MAX_DATA_BYTES
SEGMENT_BYTES = SLOTS_OFFSET + SLOT_COUNT * SLOT_BYTES

FORMAT_H264 = 3

DETECTIONS_HEADER = struct.Struct("=Qqqi")
DETECTION = struct.Struct("=32sfiiii")
MAX_DETECTIONS = 10
DETECTIONS_VERSION_OFFSET = DETECTIONS_HEADER.size + MAX_DETECTIONS * DETECTION.size
DETECTIONS_BYTES = DETECTIONS_VERSION_OFFSET + INDEX.size


class SlotHeader(NamedTuple):
    """The 48 bytes in front of a picture's data."""

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


def slot_offset(write: int) -> int:
    """Where in the segment the slot of `write` begins, bytes."""
    return SLOTS_OFFSET + (write % SLOT_COUNT) * SLOT_BYTES


def next_write(write: int, count: int = 1) -> int:
    """The number of the write `count` after (or, negative, before) `write`."""
    return (write + count) % WRITE_INDEX_MODULUS


def writes_between(first: int, last: int) -> int:
    """Returns the number of writes from `first` up to, not including, `last`, across the wrap."""
    return (last - first) % WRITE_INDEX_MODULUS


def slot_lifetime(write: int) -> int:
    """Returns the number of writes after which the slot of `write` is written again.

    It is 30, except for the last 30 writes before the index wraps: 2³² is not a multiple of 30, so
    the slot order jumps there and a slot lives for 16 to 46 writes.
    """
    until_wrap = WRITE_INDEX_MODULUS - write
    if until_wrap > SLOT_COUNT:
        return SLOT_COUNT
    return until_wrap + write % SLOT_COUNT

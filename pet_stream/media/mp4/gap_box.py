"""The box in which a file tells its gaps, so that a list of recordings needs no look at its index.

A box of type `uuid` (ISO/IEC 14496-12, 4.2) in the `moov`, which players skip. How many gaps there
are, how long they are together, then where the longest begin and end: in ticks of the track.
"""

from __future__ import annotations

import struct
from itertools import chain
from uuid import UUID

from ..gaps import MAX_TOLD, Gap, Gaps
from .boxes import Box, ReadAt, children

_ID = UUID("c04e2d33-6b51-4f0e-9d57-7f2f0a9c31d8").bytes
_HEAD = struct.Struct(">16sIIIQ")
"""The id; version and flags, 0; how many there are, how many are told, how long all are."""


def gap_box(gaps: Gaps, timescale: int) -> bytes:
    times = [
        round(time_s * timescale)
        for time_s in chain.from_iterable((gap.from_s, gap.to_s) for gap in gaps.longest)
    ]
    missing = round(gaps.missing_s * timescale)
    payload = _HEAD.pack(_ID, 0, gaps.count, len(gaps.longest), missing)
    payload += struct.pack(f">{len(times)}Q", *times)
    return struct.pack(">I4s", 8 + len(payload), b"uuid") + payload


def read_gap_box(read_at: ReadAt, moov: Box, timescale: int, duration: int) -> Gaps | None:
    """Returns what the box in `moov` says; None without one, or if it contradicts itself or the
    `duration` of the track."""
    for box in children(read_at, moov, b"uuid"):
        head = read_at(box.payload, _HEAD.size)
        if len(head) < _HEAD.size or head[:16] != _ID or box.end - box.payload < _HEAD.size:
            continue
        _, version, count, told, missing = _HEAD.unpack(head)
        if version or told > min(count, MAX_TOLD) or missing > duration:
            return None
        data = read_at(box.payload + _HEAD.size, 16 * told)
        if box.end - box.payload != _HEAD.size + 16 * told or len(data) != 16 * told:
            return None
        times = struct.unpack(f">{2 * told}Q", data)
        if list(times) != sorted(times) or any(time > duration for time in times):
            return None
        gaps = zip(times[::2], times[1::2], strict=True)
        longest = tuple(Gap(start / timescale, end / timescale) for start, end in gaps)
        return Gaps(count, missing / timescale, longest)
    return None

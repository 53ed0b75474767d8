"""Tells how long a file is, whoever wrote it (ISO/IEC 14496-12, 8.8).

A complete file says it in its `moov` box. A fragmented one mostly does not. It lasts from the start
of its first fragment to the end of its last one, and no other fragments are read.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from .boxes import Box, ReadAt, boxes, children, top_boxes
from .index import has_samples
from .track import Track

_MAX_DURATIONS_BYTES: Final = 1024 * 1024
"""Of a list of durations that is read."""
_ENDS: Final = 1000
"""At most this many fragments are looked at from each end: some may be of other tracks."""
_MAX_BOXES: Final = 20_000
"""In all of these fragments together; one has about five."""


def read_duration(read_at: ReadAt, size: int, moov: Box, track: Track) -> int | None:
    """Returns ticks of the track's timescale; None where the file does not tell."""
    mvex = next(children(read_at, moov, b"mvex"), None)
    if mvex is None:
        return track.duration or _sample_duration(read_at, track) or None
    first, last = _outer_fragments(read_at, size)
    if not first:
        return track.duration or None
    runs = _Runs(read_at, mvex, track.track_id)
    start = 0 if has_samples(read_at, moov) else runs.first_start(first)
    end = runs.last_end(last)
    return end - start if start is not None and end is not None and end > start else None


class _Runs:
    """The fragments of one track: when they begin and end, in ticks."""

    def __init__(self, read_at: ReadAt, mvex: Box, track_id: int) -> None:
        self._read_at = read_at
        self._track_id = track_id
        self._usual_duration = 0
        self._boxes_left = _MAX_BOXES
        for trex in children(read_at, mvex, b"trex"):
            if self._number(trex, 4) == track_id:
                self._usual_duration = self._number(trex, 12)

    def first_start(self, moofs: list[Box]) -> int | None:
        return next((traf[0] for moof in moofs if (traf := self._traf(moof))), None)

    def last_end(self, moofs: list[Box]) -> int | None:
        return next((sum(traf) for moof in reversed(moofs) if (traf := self._traf(moof))), None)

    def _traf(self, moof: Box) -> tuple[int, int] | None:
        """Returns start and duration of the track's part of a fragment; None without either."""
        for traf in children(self._read_at, moof, b"traf"):
            found = list(boxes(self._read_at, traf.payload, traf.end))
            self._boxes_left -= 1 + len(found)
            if self._boxes_left < 0:
                return None
            heads = [box for box in found if box.kind == b"tfhd"]
            if not heads or self._number(heads[0], 4) != self._track_id:
                continue
            times = [box for box in found if box.kind == b"tfdt"]
            usual_duration = self._head_duration(heads[0])
            durations = [
                self._run_duration(box, usual_duration) for box in found if box.kind == b"trun"
            ]
            if times and durations and None not in durations:
                width = 8 if self._read_at(times[0].payload, 1) == b"\1" else 4
                start = self._number(times[0], 4, width)
                return start, sum(duration or 0 for duration in durations)
        return None

    def _head_duration(self, tfhd: Box) -> int:
        flags = self._number(tfhd, 0) & 0xFFFFFF
        if not flags & 0x8:
            return self._usual_duration
        return self._number(tfhd, 8 + 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2))

    def _run_duration(self, trun: Box, usual_duration: int) -> int | None:
        """Returns the duration of all samples of a run; None if that is too much to read."""
        flags = self._number(trun, 0) & 0xFFFFFF
        count = self._number(trun, 4)
        if not flags & 0x100:
            return count * usual_duration
        start = 8 + 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
        sample_bytes = 4 * (flags >> 8 & 0xF).bit_count()
        if count * sample_bytes > min(_MAX_DURATIONS_BYTES, trun.end - trun.payload - start):
            return None
        data = self._read_at(trun.payload + start, count * sample_bytes)
        return sum(
            int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), sample_bytes)
        )

    def _number(self, box: Box, offset: int, width: int = 4) -> int:
        """Returns a field of a box; 0 if the box is shorter."""
        end = min(box.end, box.payload + offset + width)
        data = self._read_at(box.payload + offset, max(0, end - box.payload - offset))
        return int.from_bytes(data, "big") if len(data) == width else 0


def _outer_fragments(read_at: ReadAt, size: int) -> tuple[list[Box], list[Box]]:
    """Returns the `moof` boxes of the first fragments, and of the last ones. A fragment counts if
    its data is there."""
    first: list[Box] = []
    last: deque[Box] = deque(maxlen=_ENDS)
    moof: Box | None = None
    for box in top_boxes(read_at, size):
        if box.kind == b"moof":
            moof = box
        elif box.kind == b"mdat" and moof is not None:
            if len(first) < _ENDS:
                first.append(moof)
            last.append(moof)
            moof = None
    return first, list(last)


def _sample_duration(read_at: ReadAt, track: Track) -> int:
    """Returns the duration of all samples in the index; 0 if that is too much to read."""
    stts = track.boxes.get(b"stts")
    if stts is None or not 8 < stts.end - stts.payload <= _MAX_DURATIONS_BYTES:
        return 0
    data = read_at(stts.payload + 8, stts.end - stts.payload - 8)
    return sum(
        int.from_bytes(data[at : at + 4], "big") * int.from_bytes(data[at + 4 : at + 8], "big")
        for at in range(0, len(data) - 7, 8)
    )

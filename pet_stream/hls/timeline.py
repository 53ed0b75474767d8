"""Cuts pictures into segments of whole GOPs and their parts, and numbers them. Pure.

A segment ends with the GOP in which it becomes SEGMENT_NS long, so that a player may begin at each.
Its parts are some GOPs, or equal shares of a longer one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from ..media.access_unit import AccessUnit, ticks_90k
from ..media.mp4 import writing as mp4
from ..media.mp4.pending_pictures import PendingPictures, TimedPicture, to_samples
from ..media.mp4.video_format import VideoFormat

PART_NS = 500_000_000
"""Parts are about as long; a GOP up to half as long again is one part."""
_LEAST_PART = mp4.TIMESCALE * 4 // 10
"""Ticks. Shorter GOPs are put together."""
SEGMENT_NS = 1_500_000_000
WINDOW_NS = 20_000_000_000
MIN_SEGMENTS = 4
MAX_BYTES = 64 * 1024 * 1024
"""What is kept: so much time, and at least so many segments, as far as these bytes allow."""
_EARLY = 0.95
"""A part may end this early: the picture nearest to its end is rarely there exactly."""
_USUAL_DURATION = mp4.TIMESCALE // 30
_MAX_NUMBER = 2**32


@dataclass(frozen=True, slots=True)
class Fragment:
    """A GOP, or some of it: one fragment of MP4."""

    pictures: tuple[TimedPicture, ...]
    """In decoding order."""
    start_time: int
    """Ticks of 90 kHz, on CLOCK_MONOTONIC."""
    duration: int

    def to_mp4(self) -> bytes:
        data, samples = to_samples(self.pictures)
        number = self.pictures[0].unit.sequence % (_MAX_NUMBER - 1) + 1
        return b"".join((mp4.fragment_start(number, self.start_time, samples), *data))


@dataclass(slots=True, eq=False)
class Part:
    """What a player fetches at once if it wants to be close to the end."""

    fragments: tuple[Fragment, ...]
    data: bytes | None = None
    """The bytes, while they are kept."""

    @property
    def duration(self) -> int:
        """Ticks."""
        return sum(fragment.duration for fragment in self.fragments)

    @property
    def is_independent(self) -> bool:
        """Whether a player can begin here."""
        return self.fragments[0].pictures[0].is_sync

    @property
    def picture_count(self) -> int:
        return sum(len(fragment.pictures) for fragment in self.fragments)

    @property
    def duration_s(self) -> float:
        return self.duration / mp4.TIMESCALE

    @property
    def size_bytes(self) -> int:
        """About that many; without boxes."""
        pictures = (picture for fragment in self.fragments for picture in fragment.pictures)
        return sum(picture.unit.size_bytes for picture in pictures)

    def to_mp4(self) -> bytes:
        return b"".join(fragment.to_mp4() for fragment in self.fragments)


@dataclass(slots=True, eq=False)
class Segment:
    """Whole GOPs; without the newest ones as long as it is not complete."""

    number: int
    is_discontinuity: bool
    """What came before is not continued: times jump, or the video's format changes."""
    discontinuity_count: int
    """Up to and including this one."""
    begins_ns: int
    """Capture time of its first picture."""
    video_format: VideoFormat
    parts: list[Part] = field(default_factory=list)
    is_complete: bool = False

    @property
    def duration_s(self) -> float:
        return sum(part.duration for part in self.parts) / mp4.TIMESCALE

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)

    @property
    def init_name(self) -> str:
        """The same for the same parameter sets and size, whenever it is made."""
        shape = f"{self.video_format.width}x{self.video_format.height}".encode()
        digest = sha256(b"\0".join((shape, *self.video_format.parameter_sets)))
        return f"init-{digest.hexdigest()[:16]}.mp4"


class Timeline:
    """The newest segments. Owned by a lock."""

    def __init__(self, next_number: int = 0) -> None:
        self.segments: deque[Segment] = deque()
        self._next_number = next_number
        self._discontinuity_count = 0
        self._last: AccessUnit | None = None
        self._last_time = -1
        self._leaves_out_leading = True
        self._gop_begins_ns = 0
        self._pending = PendingPictures(PART_NS)
        self._fragments: list[Fragment] = []  # of the next part

    def clear(self, next_number: int = 0) -> None:
        """Forget all pictures. Segments that come are numbered from `next_number` on, or where the
        last ones ended if that is later."""
        self._discontinuity_count += bool(self.segments)
        self.segments.clear()
        self._pending.clear()
        self._fragments.clear()
        self._last = None
        self._last_time = -1
        self._next_number = max(self._next_number, next_number)

    @property
    def newest(self) -> tuple[int, int]:
        """Capture time and sequence of the newest picture."""
        last = self._last
        return (-1, -1) if last is None else (last.capture_ns, last.sequence)

    def add(self, units: Iterable[AccessUnit]) -> int:
        """Take the next pictures, and leave out those that it has. Returns how many parts they
        complete."""
        newest = self.newest
        new = [unit for unit in units if (unit.capture_ns, unit.sequence) > newest]
        return sum(self._add(unit) for unit in new)

    @property
    def next_part(self) -> tuple[int, int]:
        """Number of the segment, and of the part in it, that comes next."""
        if not self.segments or self.segments[-1].is_complete:
            return self._next_number, 0
        newest = self.segments[-1]
        return newest.number, len(newest.parts)

    def _add(self, unit: AccessUnit) -> int:
        count, last = 0, self._last
        is_continued = (
            last is not None
            and unit.sequence == last.sequence + 1
            and not unit.is_discontinuity
            and unit.camera_id == last.camera_id
        )
        if not is_continued:
            self._end_fragment(None)
            count += self._end_segment()
            if not unit.is_entry_point:
                return count
        if unit.is_entry_point:
            self._leaves_out_leading = not is_continued
        if unit.is_leading and self._leaves_out_leading:
            self._last = unit
            return count
        time = self._last_time = max(ticks_90k(unit.capture_ns), self._last_time + 1)
        if self._pending.ends_before(unit):
            self._end_fragment(time)
            if sum(fragment.duration for fragment in self._fragments) >= _LEAST_PART:
                count += self._end_part()
        if unit.is_entry_point:
            count += self._begin_gop(unit, is_continued=is_continued)
        self._pending.append(unit, time)
        self._last = unit
        return count

    def _begin_gop(self, unit: AccessUnit, *, is_continued: bool) -> int:
        count = 0
        gop_ns = unit.capture_ns - self._gop_begins_ns
        self._gop_begins_ns = unit.capture_ns
        if is_continued:
            share_count = max(1, round(gop_ns / PART_NS))
            share_ns = gop_ns / share_count
            self._pending.max_fragment_ns = round(share_ns * (_EARLY if share_count > 1 else 1.5))
            newest = self.segments[-1] if self.segments else None
            if newest is not None and unit.capture_ns - newest.begins_ns >= SEGMENT_NS:
                count = self._end_segment()
        if not self.segments or self.segments[-1].is_complete:
            self._begin_segment(unit, is_discontinuity=not is_continued)
        return count

    def _begin_segment(self, unit: AccessUnit, *, is_discontinuity: bool) -> None:
        is_discontinuity = is_discontinuity and bool(self.segments)
        self._discontinuity_count += is_discontinuity
        self.segments.append(
            Segment(
                self._next_number,
                is_discontinuity,
                self._discontinuity_count,
                unit.capture_ns,
                VideoFormat.of(unit),
            )
        )
        self._next_number += 1
        self._drop_old(unit.capture_ns)

    def _end_fragment(self, end_time: int | None) -> None:
        """Without `end_time` its last picture is shown for as long as the one before."""
        times = self._pending.times
        if not times:
            return
        if end_time is None:
            usual = times[-1] - times[-2] if len(times) > 1 else _USUAL_DURATION
            end_time = times[-1] + usual
        start_time = times[0]
        pictures = tuple(self._pending.take(len(times), end_time))
        self._fragments.append(Fragment(pictures, start_time, end_time - start_time))

    def _end_part(self) -> int:
        """Returns how many parts that completes."""
        if not self._fragments:
            return 0
        self.segments[-1].parts.append(Part(tuple(self._fragments)))
        self._fragments.clear()
        return 1

    def _end_segment(self) -> int:
        """Returns how many parts that completes."""
        count = self._end_part()
        if self.segments:
            self.segments[-1].is_complete = True
        return count

    def _drop_old(self, now_ns: int) -> None:
        size_bytes = sum(segment.size_bytes for segment in self.segments)
        while len(self.segments) > 1:
            next_one = self.segments[1]
            is_past = (
                len(self.segments) > MIN_SEGMENTS + 1 and next_one.begins_ns < now_ns - WINDOW_NS
            )
            if not is_past and size_bytes <= MAX_BYTES:
                break
            size_bytes -= self.segments.popleft().size_bytes

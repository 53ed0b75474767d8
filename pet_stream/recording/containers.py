"""The file formats: turn access units into the bytes of a file."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from ..media.access_unit import AccessUnit
from ..media.clip_mark import with_mark
from ..media.mp4 import writing as mp4
from ..media.mp4.pending_pictures import PendingPictures, to_samples
from ..media.mp4.sample_table import Sample, SampleTable
from ..media.mp4.video_format import VideoFormat

_USUAL_DURATION = mp4.TIMESCALE // 30
"""The duration of a file's only picture."""
_LONGEST_GUESS = mp4.TIMESCALE


class Container(Protocol):
    """Writes access units into one open file. Used by one thread, the writer's.

    The writer opens, syncs and closes the file. A container only appends to it, and may change its
    own bytes in close().
    """

    @property
    def frame_count(self) -> int:
        """Pictures in the file, including those written when it is closed."""

    @property
    def bytes_written(self) -> int:
        """Size of the file so far."""

    def write(self, units: Sequence[AccessUnit]) -> None:
        """Append `units`, in decoding order; the first one of a file is an entry point.

        Raises OSError. The file must stay playable then.
        """

    def flush(self) -> None:
        """Append the pictures that are still held back, but not those that a later one may be shown
        before. Raises OSError."""

    def close(self, end_ns: int | None = None) -> None:
        """Complete the file. Nothing is written afterwards, even if this fails. The last picture is
        shown until `end_ns`, if that is known. Raises OSError."""


ContainerFactory = Callable[[io.FileIO, bool], Container]
"""Makes a container from an empty file, and whether it is a clip."""


class AnnexBContainer:
    """The raw byte stream of H.264 Annex B: playable at every moment, without times.

    A gap needs no mark: it ends at an entry point with its parameter sets, where every decoder
    begins again.
    """

    def __init__(self, file: io.FileIO, is_clip: bool = False) -> None:
        self._file = file
        self._is_clip = is_clip
        self.frame_count = 0
        self.bytes_written = 0

    def write(self, units: Sequence[AccessUnit]) -> None:
        if units and self._is_clip and not self.frame_count:
            first = replace(units[0], nal_units=with_mark(units[0].nal_units))
            units = (first, *units[1:])
        pictures = [unit.to_annex_b() for unit in units]
        try:
            _write_all(self._file, b"".join(pictures))
        except OSError:
            self._keep_whole(pictures, self._file.tell() - self.bytes_written)
            raise
        self.frame_count += len(pictures)
        self.bytes_written += sum(map(len, pictures))

    def flush(self) -> None:
        pass

    def close(self, end_ns: int | None = None) -> None:
        pass

    def _keep_whole(self, pictures: list[bytes], written: int) -> None:
        """Only `written` bytes of `pictures` reached the file: cut off the incomplete last one."""
        for picture in pictures:
            written -= len(picture)
            if written < 0:
                break
            self.frame_count += 1
            self.bytes_written += len(picture)
        os.ftruncate(self._file.fileno(), self.bytes_written)


_Fragment = tuple[int, list[bytes], list[Sample]]
"""The time of the first picture in ticks, the pictures' data, and their samples."""


class Mp4Container:
    """MP4 that grows by a fragment for each GOP, and has an index once it is closed.

    The pictures of a GOP are kept until the next GOP begins, two seconds have passed, or flush() is
    called (`PendingPictures`). The last picture of a fragment is shown until the next fragment
    begins; its duration in a flushed fragment is only a guess. Times are capture times since the
    first picture, so gaps and slow cameras play at true speed.

    Parameter sets stay with their pictures, though the header has the first ones, too: a set may
    change under its id, and a decoder goes by those that it read last, also after a seek.
    """

    def __init__(self, file: io.FileIO, is_clip: bool = False) -> None:
        self._file = file
        self._is_clip = is_clip
        self.bytes_written = 0
        self._format: VideoFormat | None = None
        self._created_at = 0.0
        self._table = SampleTable()
        self._fragment_count = 0
        self._first_ns = 0
        self._pending = PendingPictures()
        self._last_time = -1

    @property
    def frame_count(self) -> int:
        return len(self._table) + len(self._pending)

    def write(self, units: Sequence[AccessUnit]) -> None:
        if not units:
            return
        if self._format is None:
            self._begin(units[0])
        fragments: list[_Fragment] = []
        for unit in units:
            time_of_unit = self._time_of(unit)
            if self._pending.ends_before(unit):
                fragments.append(self._take_pending(len(self._pending), time_of_unit))
            self._pending.append(unit, time_of_unit)
        self._append(fragments)

    def flush(self) -> None:
        self._flush(self._pending.complete_count)

    def close(self, end_ns: int | None = None) -> None:
        if self._format is None:
            return
        self._flush(len(self._pending))
        if end_ns is not None:
            self._table.end_at(self._ticks(end_ns))
        end = self.bytes_written
        try:
            self._append_bytes(mp4.index(self._format, self._table, self._created_at))
            # The index first: after a crash in between, the file is still a valid growing one.
            os.fdatasync(self._file.fileno())
        except OSError:
            self._cut_off_at(end)
            raise
        os.pwrite(self._file.fileno(), mp4.as_one_mdat(end), mp4.PLACEHOLDER_AT)

    def _begin(self, idr: AccessUnit) -> None:
        age_s = (time.monotonic_ns() - idr.capture_ns) / 1e9
        video_format, created_at = VideoFormat.of(idr), time.time() - age_s
        self._append_bytes(mp4.file_start(video_format, created_at, is_clip=self._is_clip))
        self._format, self._created_at, self._first_ns = video_format, created_at, idr.capture_ns

    def _time_of(self, unit: AccessUnit) -> int:
        """Returns ticks since the first picture; always later than the picture before."""
        self._last_time = max(self._ticks(unit.capture_ns), self._last_time + 1)
        return self._last_time

    def _flush(self, count: int) -> None:
        times = self._pending.times
        if count:
            end_time = times[count] if count < len(times) else self._usual_end_time()
            self._append([self._take_pending(count, end_time)])

    def _usual_end_time(self) -> int:
        """Returns when the last picture ends if it lasts as long as the one before it."""
        times = self._pending.times
        if len(times) > 1:
            duration = times[-1] - times[-2]
        else:
            duration = self._table.durations[-1] if len(self._table) else _USUAL_DURATION
        return times[-1] + min(duration, _LONGEST_GUESS)

    def _ticks(self, capture_ns: int) -> int:
        return (capture_ns - self._first_ns) * mp4.TIMESCALE // 1_000_000_000

    def _take_pending(self, count: int, end_time: int) -> _Fragment:
        start_time = self._pending.start_time
        pictures = self._pending.take(count, end_time)
        data, samples = to_samples(pictures, begins_file=start_time == 0)
        return start_time, data, samples

    def _append(self, fragments: list[_Fragment]) -> None:
        for start_time, data, samples in fragments:
            start = mp4.fragment_start(self._fragment_count + 1, start_time, samples)
            offset = self.bytes_written + len(start)
            self._append_bytes(b"".join((start, *data)))
            self._table.end_at(start_time)
            self._table.append_chunk(offset, samples)
            self._fragment_count += 1

    def _append_bytes(self, data: bytes) -> None:
        try:
            _write_all(self._file, data)
        except OSError:
            self._pending.clear()  # they refer to pictures that are lost
            self._cut_off_at(self.bytes_written)
            raise
        self.bytes_written += len(data)

    def _cut_off_at(self, size: int) -> None:
        os.ftruncate(self._file.fileno(), size)
        self._file.seek(size)
        self.bytes_written = size


def _write_all(file: io.FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


FORMATS: Mapping[str, ContainerFactory] = {"mp4": Mp4Container, "h264": AnnexBContainer}
"""The formats, by the ending of the file."""

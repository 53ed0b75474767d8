"""Writes pictures into a ring as the camera daemon does.

Like the daemon it raises the index first and then copies the slot, so that readers meet the same
races. One thing differs: it writes a slot's header and the picture's own bytes, not all 3.1 MB;
the bytes after them stay as they were. A ring of ours therefore takes the memory that its pictures
need, not 93 MB.
"""

from __future__ import annotations

import time

from ..errors import SegmentBusy
from ..media import ring
from ..media.detections import Detection
from ..media.ring import RingLayout, SlotHeader
from .owned_segment import OwnedSegment

WATCH_S = 1.2
"""How long nobody may write a segment that exists already: a camera at 2 fps writes twice in that
time."""

_DETECTIONS = ring.FIRST_DETECTIONS_LAYOUT
_NAME_BYTES = 32


class RingWriter:
    """The writer of one ring. Owned by one thread."""

    def __init__(
        self, url: str, layout: RingLayout = ring.FIRST_LAYOUT, *, watch_s: float = WATCH_S
    ) -> None:
        """Make the segment, or take over one that nobody writes any more.

        Raises SegmentBusy if its index changes within `watch_s`, and what OwnedSegment raises.
        """
        self.max_picture_bytes = ring.MAX_DATA_BYTES
        self._layout = layout
        self._segment = OwnedSegment(url, layout.segment_bytes)
        self.name = self._segment.name
        self._write = self._read_index()
        if not self._segment.is_created:
            time.sleep(watch_s)
            moved = ring.writes_between(self._write, self._read_index())
            if moved:
                self._segment.close()
                raise SegmentBusy(
                    f"shared memory {self.name} is being written by another program "
                    f"({moved} writes in {watch_s:g} s): stop it, or choose another name"
                )

    @property
    def is_created(self) -> bool:
        """Whether the segment was made here, and so is removed at the end."""
        return self._segment.is_created

    def write(
        self,
        data: bytes,
        *,
        frame_number: int,
        captured_at_ns: int,
        width: int,
        height: int,
        camera_id: int = 0,
        picture_format: int = ring.FORMAT_H264,
    ) -> None:
        """Write one access unit (Annex B), captured at nanoseconds of CLOCK_MONOTONIC.

        Raises ValueError when it does not fit into a slot, SegmentError when memory has run out.
        """
        if len(data) > self.max_picture_bytes:
            raise ValueError(
                f"{len(data)} bytes do not fit into a slot of {self.max_picture_bytes}"
            )
        seconds, nanoseconds = divmod(captured_at_ns, 1_000_000_000)
        header = SlotHeader(
            frame_number=frame_number,
            capture_s=seconds,
            capture_ns=nanoseconds,
            camera_id=camera_id,
            width=width,
            height=height,
            format=picture_format,
            data_size=len(data),
        )
        write = self._write
        self._write = ring.next_write(write)
        self._segment.write(0, ring.INDEX.pack(self._write))
        self._segment.write(
            self._layout.slot_offset(write),
            header.serialize().ljust(self._layout.data_offset, b"\0"),
            data,
        )

    def close(self) -> None:
        """Let go, and remove the segment if it was made here. Idempotent."""
        self._segment.close()

    def _read_index(self) -> int:
        return int(ring.INDEX.unpack(self._segment.read(0, ring.INDEX.size))[0])


class DetectionsWriter:
    """Writes the newest detections as the detector does. Owned by one thread."""

    def __init__(self, url: str) -> None:
        """Raises what OwnedSegment raises."""
        self._segment = OwnedSegment(url, _DETECTIONS.segment_bytes)
        self.name = self._segment.name
        stored = self._segment.read(_DETECTIONS.version_offset, ring.INDEX.size)
        self._version = int(ring.INDEX.unpack(stored)[0])

    def write(
        self, detections: tuple[Detection, ...], *, frame_number: int, captured_at_ns: int
    ) -> None:
        """Replace what is there by at most MAX_DETECTIONS of `detections`. The version is written
        last."""
        found = detections[: ring.MAX_DETECTIONS]
        seconds, nanoseconds = divmod(captured_at_ns, 1_000_000_000)
        parts = [_DETECTIONS.header.pack(frame_number, seconds, nanoseconds, len(found))]
        parts += [
            ring.DETECTION.pack(
                d.class_name.encode()[: _NAME_BYTES - 1],
                d.confidence,
                d.x,
                d.y,
                d.width,
                d.height,
            )
            for d in found
        ]
        self._segment.write(0, *parts)
        self._version = (self._version + 1) % (1 << 32)
        self._segment.write(_DETECTIONS.version_offset, ring.INDEX.pack(self._version))

    def close(self) -> None:
        """Let go, and remove the segment if it was made here. Idempotent."""
        self._segment.close()

"""Plays real footage to a broadcaster, and decodes what was recorded of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import av

from pet_stream.broadcaster import Broadcaster
from pet_stream.media.access_unit import START_CODE, AccessUnit
from pet_stream.media.clip_mark import MARK_SEI
from pet_stream.media.h264 import NalUnitType, nal_unit_type, split_annex_b
from pet_stream.recording.status import RecordingStatus

GOP = 14
FRAME_NS = 1_000_000_000 // 30


def access_unit(data: bytes) -> AccessUnit:
    nal_units = split_annex_b(data)
    return AccessUnit(
        nal_units=nal_units,
        sequence=0,
        capture_ns=0,
        is_idr=any(nal_unit_type(unit) == NalUnitType.IDR_SLICE for unit in nal_units),
        is_discontinuity=False,
        width=320,
        height=240,
        camera_id=0,
        frame_number=0,
    )


@dataclass
class Showing:
    """In the place of a recorder: says that this is what it is at."""

    status: RecordingStatus


class Camera:
    """Publishes real pictures, one after the other, as the camera's thread does.

    `pictures` are whole GOPs, shown again and again; capture times begin a second ago and go up
    by `FRAME_NS`.
    """

    def __init__(self, broadcaster: Broadcaster, pictures: list[AccessUnit]) -> None:
        self._broadcaster = broadcaster
        self._pictures = pictures
        self._position = 0
        self._sequence = 0
        self._was_interrupted = False
        self.clock_ns = time.monotonic_ns() - 1_000_000_000

    def publish(self, count: int) -> list[AccessUnit]:
        """The next `count` pictures."""
        published = []
        for _ in range(count):
            picture = self._pictures[self._position % len(self._pictures)]
            unit = replace(
                picture,
                sequence=self._sequence,
                capture_ns=self.clock_ns,
                is_discontinuity=self._was_interrupted,
            )
            self._was_interrupted = False
            self._position += 1
            self._sequence += 1
            self.clock_ns += FRAME_NS
            self._broadcaster.publish(unit)
            published.append(unit)
        return published

    def publish_to_idr(self) -> list[AccessUnit]:
        """The rest of this GOP; the next picture is an IDR."""
        return self.publish(-self._position % GOP)

    def lose_to_idr(self) -> None:
        """Pictures are lost: the next one is the IDR of the next GOP, after a discontinuity."""
        count = GOP - self._position % GOP
        self._position += count
        self.clock_ns += count * FRAME_NS
        self._was_interrupted = True


def annex_b(units: list[AccessUnit]) -> bytes:
    return b"".join(unit.to_annex_b() for unit in units)


def decoded_count(path: Path) -> int:
    """Pictures in `path`, decoded strictly: any error in the stream fails the test."""
    with av.open(str(path), format="h264") as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        frames = list(container.decode(stream))
    assert frames[0].key_frame
    assert frames[0].pict_type == av.video.frame.PictureType.I
    assert not any(frame.is_corrupt for frame in frames)
    return len(frames)


def pictures_in(path: Path) -> bytes:
    """The raw file at `path` without the mark of a clip."""
    return path.read_bytes().replace(START_CODE + MARK_SEI, b"", 1)

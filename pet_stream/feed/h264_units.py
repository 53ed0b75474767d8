"""The access units of an H.264 source, and whether browsers can play them as they are."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

import av
from av.bitstream import BitStreamFilterContext
from av.video.stream import VideoStream

from ..errors import BitstreamError
from ..media.access_unit import START_CODE
from ..media.h264 import split_annex_b
from ..media.h264.avcc import DecoderConfiguration
from .container import VideoPacket
from .orientation import UPRIGHT, Orientation, orientation_of
from .passthrough import NotPlayable, PassthroughStream
from .source_picture import SourcePicture
from .timeline import Timeline

logger = logging.getLogger(__name__)

_MAX_DECODED = 100


@dataclass(frozen=True, slots=True)
class Unit:
    """One access unit in Annex B, and what the checks say of it."""

    data: bytes
    pts: int | None
    dts: int | None
    time_s: float
    picture: SourcePicture | None
    """None where it can't be passed through: there is a reason, it is damaged, or an IDR is
    awaited."""
    reason: str

    @property
    def is_idr(self) -> bool:
        return self.picture is not None and self.picture.is_idr


class UnitReader:
    """Reads packets as units. Owned by one thread."""

    def __init__(
        self,
        stream: VideoStream,
        packets: Iterator[VideoPacket],
        clock: Timeline,
        *,
        is_live: bool,
    ) -> None:
        self.clock = clock
        self.orientation: Orientation | None = None
        """How the pictures lie; None until one could be decoded."""
        self.parameter_sets = _parameter_sets(stream.codec_context.extradata)
        """What the container says; the stream may hold others, or none."""
        self.time_base_s = float(stream.time_base or 0)
        self._stream = stream
        self._packets = packets
        self._is_live = is_live
        self._checks = PassthroughStream(self.parameter_sets)
        self._decoded = 0

    def units(self) -> Iterator[Unit]:
        """Raises av.FFmpegError or OSError when reading fails."""
        to_annex_b = BitStreamFilterContext("h264_mp4toannexb", self._stream)
        for packet in self._packets:
            arrived_s = time.monotonic() if self._is_live else None
            if self.orientation is None:
                self._find_orientation(packet)
            pts, dts = packet.pts, packet.dts
            try:
                data = b"".join(map(bytes, to_annex_b.filter(packet)))
            except av.InvalidDataError as exc:  # one damaged picture
                logger.debug("a picture is no H.264: %s", exc)
                continue
            time_s = self.clock.place(pts if dts is None else dts, self.time_base_s, arrived_s)
            yield self._checked(data, pts, dts, time_s)

    def _checked(self, data: bytes, pts: int | None, dts: int | None, time_s: float) -> Unit:
        picture, reason = None, ""
        try:
            passed = self._checks.process(data, self.clock.interval_s)
        except NotPlayable as exc:
            reason = str(exc)
        else:
            if self.orientation is not None and self.orientation.filters:
                reason = f"it has to be {self.orientation.words}"
            elif passed is not None:
                size = self._checks.width, self._checks.height
                picture = SourcePicture(passed[0], time_s, passed[1], *size)
        return Unit(data, pts, dts, time_s, picture, reason)

    def _find_orientation(self, packet: VideoPacket) -> None:
        """Ask the container's own decoder: others don't know what the container says."""
        self._decoded += 1
        try:
            frames = self._stream.codec_context.decode(packet)
        except av.FFmpegError:  # it may be passed through all the same
            frames = []
        if frames:
            self.orientation = orientation_of(frames[0]) or UPRIGHT
        elif self._decoded >= _MAX_DECODED:
            self.orientation = UPRIGHT


def _parameter_sets(extradata: bytes | None) -> tuple[bytes, ...]:
    """From the SDP of an RTSP camera, or MP4's `avcC`."""
    try:
        if extradata and extradata.startswith((START_CODE, START_CODE[1:])):
            return split_annex_b(extradata)
        if extradata:
            configuration = DecoderConfiguration.parse(extradata)
            return (*configuration.sps, *configuration.pps)
    except BitstreamError:
        pass  # then the stream itself has to bring them
    return ()

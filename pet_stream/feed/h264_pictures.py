"""The pictures of an H.264 source: passed through while browsers play them, encoded while not."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from typing import cast

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..media.access_unit import START_CODE
from ..media.gop_memory import GOP_BYTES
from .container import VideoPacket, pixel_aspect_of
from .encoding import PictureEncoder
from .h264_units import Unit, UnitReader
from .orientation import UPRIGHT
from .source_picture import SourceOptions, SourcePicture
from .timeline import Timeline

logger = logging.getLogger(__name__)

_MAX_LOOKED_AT = 600
_MAX_LOOKED_AT_BYTES = 2 * GOP_BYTES
_MAX_REVIEW_S = 600.0


class H264Pictures:
    """Decides what is done with a source at a first look, and again while it goes on. Owned by one
    thread.

    When something comes that browsers don't play, it is encoded from there on: what has been shown
    since the last IDR is decoded once more. When everything has been playable for `review_s`, it is
    passed through again from an IDR on. Each time that takes twice as long.
    """

    def __init__(
        self,
        stream: VideoStream,
        packets: Iterator[VideoPacket],
        options: SourceOptions,
        on_plan: Callable[[str], object],
        *,
        rate_fps: float | None,
        is_live: bool,
    ) -> None:
        """`on_plan` is told in words what is done from here on."""
        self._options = options
        self._on_plan = on_plan
        self._pixel_aspect = pixel_aspect_of(stream)
        self._rate_fps = rate_fps
        self._is_live = is_live
        self._reader = UnitReader(stream, packets, self._timeline(0.0), is_live=is_live)
        self._units = self._reader.units()
        self._held: deque[Unit] = deque()
        """Those that are given once more, before new ones are read."""
        self._review_s = options.review_s
        self._gop: list[Unit] = []
        self._end_s = 0.0
        """When the last picture that was given is over."""

    def pictures(self) -> Iterator[SourcePicture]:
        """Yields everything from the first IDR on, or from where it can be decoded.

        Raises av.FFmpegError or OSError when reading fails.
        """
        reason, shown = self._look(), 0
        if reason is None:
            return
        if self._is_live:
            shown = self._catch_up(has_to_be_decoded=bool(reason))
        self._on_plan(reason or "H.264 is passed through")
        while True:
            if reason:
                idr = yield from self._encode(shown)
                if idr is None:
                    return
                self._on_plan("H.264 is passed through again")
                self._held.appendleft(idr)
            reason = yield from self._pass_through()
            if not reason:
                return
            self._on_plan(f"encoding from here on: {reason}")
            self._held.extendleft(reversed(self._gop))
            shown = len(self._gop) - 1

    def _look(self) -> str | None:
        """Returns why it has to be encoded, nothing if it has not; None if it ended before there
        was anything to play. What was looked at is held."""
        if self._options.must_encode:
            return "encoding"
        first: Unit | None = None
        size = 0
        for unit in self._units:
            self._held.append(unit)
            size += len(unit.data)
            if unit.reason:
                return f"encoding: {unit.reason}"
            if first is None and unit.is_idr:
                first = unit
            if size > _MAX_LOOKED_AT_BYTES or (first is None and len(self._held) >= _MAX_LOOKED_AT):
                break
            if first is not None and unit.time_s - first.time_s > self._options.look_s:
                break
        else:
            if first is None and (self._is_live or not self._held):
                return None
        return "" if first else "encoding: it has no IDR"

    def _catch_up(self, *, has_to_be_decoded: bool) -> int:
        """What was looked at is late by now. Returns how many of the held ones are not shown."""
        idrs = [index for index, unit in enumerate(self._held) if unit.is_idr]
        if has_to_be_decoded:
            return len(self._held) - 1 - (idrs[0] if idrs else 0)
        for _ in range(idrs[-1]):
            self._held.popleft()
        return 0

    def _next_units(self) -> Iterator[Unit]:
        while True:
            if self._held:
                yield self._held.popleft()
            elif (unit := next(self._units, None)) is not None:
                yield unit
            else:
                return

    def _pass_through(self) -> Generator[SourcePicture, None, str]:
        """Returns why this can't go on; nothing at the end of the source."""
        shift_s: float | None = None
        lost = 0
        for unit in self._next_units():
            if unit.is_idr:
                self._gop = []
            if unit.reason:
                self._gop.append(unit)
                return unit.reason
            if unit.picture is None:
                lost += 1
                if lost < _MAX_LOOKED_AT:
                    continue
                self._gop = [unit]
                return "it has no IDR any more"
            lost = 0
            self._gop.append(unit)
            if shift_s is None:
                shift_s = self._end_s - unit.time_s
            time_s = unit.time_s + shift_s
            self._end_s = time_s + self._reader.clock.interval_s
            yield replace(unit.picture, time_s=time_s)
        return ""

    def _encode(self, shown: int) -> Generator[SourcePicture, None, Unit | None]:
        """Encode all but the first `shown` pictures. Returns the IDR from which on they can be
        passed through; None at the end of the source."""
        decoder = self._decoder()
        timeline = self._timeline(self._end_s)
        encoder = PictureEncoder(
            timeline,
            self._options.fps or self._rate_fps,
            pixel_aspect=self._pixel_aspect,
        )
        playable_since_s: float | None = None
        next_idr: Unit | None = None
        for unit in self._next_units():
            if unit.reason:
                playable_since_s = None
            elif unit.is_idr:
                if playable_since_s is None:
                    playable_since_s = unit.time_s
                if self._is_reviewed(unit.time_s - playable_since_s):
                    next_idr = unit
                    break
            frames = _decode(decoder, unit)
            yield from self._encoded(encoder, frames[shown:])
            shown = max(0, shown - len(frames))
        yield from self._encoded(encoder, _decode(decoder, None)[shown:])
        self._end_s = timeline.end_s
        return next_idr

    def _encoded(
        self, encoder: PictureEncoder, frames: Iterable[VideoFrame]
    ) -> Iterator[SourcePicture]:
        orientation = self._reader.orientation or UPRIGHT
        for frame in frames:
            yield from encoder.encode(
                frame,
                self._reader.time_base_s,
                orientation=orientation,
                arrived_s=time.monotonic() if self._is_live else None,
            )

    def _is_reviewed(self, playable_s: float) -> bool:
        if self._options.must_encode or playable_s <= self._review_s:
            return False
        self._review_s = min(2 * self._review_s, _MAX_REVIEW_S)
        return True

    def _timeline(self, starts_at_s: float) -> Timeline:
        return Timeline(self._rate_fps, wanted_fps=self._options.fps, starts_at_s=starts_at_s)

    def _decoder(self) -> VideoCodecContext:
        decoder = av.CodecContext.create("h264", "r")
        assert isinstance(decoder, VideoCodecContext)
        if self._reader.parameter_sets:
            decoder.extradata = START_CODE + START_CODE.join(self._reader.parameter_sets)
        return decoder


def _decode(decoder: VideoCodecContext, unit: Unit | None) -> list[VideoFrame]:
    """None: returns what the decoder holds back."""
    packet = None
    if unit is not None:
        data = unit.data if unit.picture is None else unit.picture.data  # with parameter sets
        packet = cast("VideoPacket", Packet(data))
        packet.pts, packet.dts = unit.pts, unit.dts
    try:
        return decoder.decode(packet)
    except av.InvalidDataError as exc:  # one damaged picture
        logger.debug("a picture can't be decoded: %s", exc)
        return []

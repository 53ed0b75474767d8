"""Reads anything that PyAV opens as encoded pictures."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

import av
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..errors import SourceError
from ..media.h264.playable import MAX_IDR_INTERVAL_S
from .encoding import DEFAULT_RATE_FPS, PictureEncoder
from .passthrough import NotPlayable, PassthroughStream

logger = logging.getLogger(__name__)

OPEN_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 5.0
MAX_RATE_FPS = 30.0
"""Pictures that are encoded here are dropped down to this rate; those passed through are not."""

_PROBE_S = MAX_IDR_INTERVAL_S + 0.2
_MAX_PROBED = 600
_DEVICES = "/dev/"
_LAVFI = "lavfi:"
"""Pictures that FFmpeg itself makes, such as lavfi:testsrc2=size=1280x720:rate=30."""

VideoPacket: TypeAlias = "Packet[VideoStream]"


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """One access unit in decoding order, which is also the order of display."""

    data: bytes
    time_s: float
    """In the source's own time."""
    is_idr: bool
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How to open a source and what to make of it."""

    url: str
    fps: float | None = None
    must_encode: bool = False
    demuxer_options: tuple[tuple[str, str], ...] = ()


class Source:
    """One opened source: made, read once, closed. Owned by one thread."""

    def __init__(self, options: SourceOptions) -> None:
        """Open it, which may take OPEN_TIMEOUT_S. Raises SourceError."""
        self._options = options
        self._container = _open(options)
        if not self._container.streams.video:
            self._container.close()
            raise SourceError(f"{options.url} has no video")
        self._stream: VideoStream = self._container.streams.video[0]
        rate = self._stream.guessed_rate or self._stream.average_rate
        self._rate_fps = options.fps or (float(rate) if rate else DEFAULT_RATE_FPS)
        duration = self._container.duration
        self.is_file = (
            Path(options.url).is_file()
            or options.url.startswith(_LAVFI)
            or (duration is not None and duration > 0)
        )
        """Whether it has to be paced: a file can be read faster than it is to be played."""

    def close(self) -> None:
        self._container.close()

    def pictures(self, on_plan: Callable[[str], object]) -> Iterator[SourcePicture]:
        """Yields everything from the first IDR on. `on_plan` is told in words what is done with it.

        Raises NotPlayable if H.264 that was passed through turns out not to be playable (open it
        again with `must_encode`), SourceError if reading fails.
        """
        codec = self._stream.codec_context.name
        try:
            if codec != "h264":
                on_plan(f"encoding: it is {codec}")
                yield from self._encoded(self._packets())
            elif self._options.must_encode:
                on_plan("encoding")
                yield from self._encoded(self._packets())
            else:
                yield from self._passed_through_or_encoded(on_plan)
        except (av.FFmpegError, OSError) as exc:
            raise SourceError(f"{self._options.url} can't be read on: {_words(exc)}") from exc

    def _passed_through_or_encoded(
        self, on_plan: Callable[[str], object]
    ) -> Iterator[SourcePicture]:
        """Decide after looking at more than one GOP."""
        packets = self._packets()
        stream = PassthroughStream(self._stream.codec_context.extradata)
        to_annex_b = BitStreamFilterContext("h264_mp4toannexb", self._stream)
        clock = _Clock(self._options.fps, self._rate_fps)
        probed: list[VideoPacket] = []
        pictures: list[SourcePicture] = []
        try:
            for packet in packets:
                probed.append(_copy(packet))  # the filter takes the packet's bytes away
                pictures += self._pass_through(packet, to_annex_b, stream, clock)
                if pictures and pictures[-1].time_s - pictures[0].time_s > _PROBE_S:
                    break
                if len(probed) >= _MAX_PROBED and not pictures:
                    break
            if not pictures:
                raise NotPlayable("it has no IDR")
        except NotPlayable as exc:
            on_plan(f"encoding: {exc}")
            yield from self._encoded(_chain(probed, packets))
            return
        on_plan("H.264 is passed through")
        if not self.is_file:  # what was probed is late by now: begin at its last IDR
            newest = max((i for i, p in enumerate(pictures) if p.is_idr), default=0)
            pictures = pictures[newest:]
        yield from pictures
        for packet in packets:
            yield from self._pass_through(packet, to_annex_b, stream, clock)

    def _pass_through(
        self,
        packet: VideoPacket,
        to_annex_b: BitStreamFilterContext,
        stream: PassthroughStream,
        clock: _Clock,
    ) -> Iterator[SourcePicture]:
        time_s = clock.time_s(packet.dts, float(packet.time_base or 0))
        for filtered in to_annex_b.filter(packet):
            unit = stream.process(bytes(filtered), time_s)
            if unit is not None:
                yield SourcePicture(unit[0], time_s, unit[1], stream.width, stream.height)

    def _encoded(self, packets: Iterator[VideoPacket]) -> Iterator[SourcePicture]:
        encoder = PictureEncoder(min(self._rate_fps, MAX_RATE_FPS))
        clock = _Clock(self._options.fps, self._rate_fps)
        interval_s = 1 / min(self._rate_fps, MAX_RATE_FPS)
        due_s: float | None = None
        for frame in self._frames(packets):
            time_s = clock.time_s(frame.pts, float(frame.time_base or 0))
            if due_s is not None and time_s < due_s - interval_s / 2:
                continue
            due_s = time_s + interval_s if due_s is None else max(due_s, time_s) + interval_s
            for data, is_idr in encoder.encode(frame):
                yield SourcePicture(data, time_s, is_idr, encoder.width, encoder.height)

    def _frames(self, packets: Iterator[VideoPacket]) -> Iterator[VideoFrame]:
        for packet in packets:
            yield from self._decode(packet)
        yield from self._decode(None)

    def _decode(self, packet: VideoPacket | None) -> list[VideoFrame]:
        try:
            return self._stream.codec_context.decode(packet)
        except av.InvalidDataError as exc:  # one damaged picture
            logger.debug("a picture can't be decoded: %s", exc)
            return []

    def _packets(self) -> Iterator[VideoPacket]:
        for packet in self._container.demux(self._stream):
            if packet.size:
                yield packet


class _Clock:
    """Gives pictures their times: from their timestamps, or by counting if there are none or a
    fixed rate is wanted."""

    def __init__(self, wanted_fps: float | None, rate_fps: float) -> None:
        self._wanted_fps = wanted_fps
        self._rate_fps = rate_fps
        self._count = 0

    def time_s(self, timestamp: int | None, time_base_s: float) -> float:
        self._count += 1
        if timestamp is None or not time_base_s or self._wanted_fps:
            return (self._count - 1) / (self._wanted_fps or self._rate_fps)
        return timestamp * time_base_s


def is_device(url: str) -> bool:
    return url.startswith(_DEVICES)


def is_network(url: str) -> bool:
    return "://" in url


def _open(options: SourceOptions) -> InputContainer:
    demuxer_options = dict(options.demuxer_options)
    file_format = None
    if options.url.startswith(("rtsp://", "rtsps://")):
        demuxer_options.setdefault("rtsp_transport", "tcp")
    elif is_device(options.url):
        file_format = "v4l2"
        if options.fps:
            demuxer_options.setdefault("framerate", f"{options.fps:g}")
    elif options.url.startswith(_LAVFI):
        file_format = "lavfi"
    url = options.url.removeprefix(_LAVFI)
    try:
        container = av.open(
            url,
            format=file_format,
            options=demuxer_options,
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
        )
    except (av.FFmpegError, OSError, ValueError) as exc:
        raise SourceError(f"{options.url} can't be opened: {_words(exc)}") from exc
    assert isinstance(container, InputContainer)
    return container


def _chain(first: list[VideoPacket], rest: Iterator[VideoPacket]) -> Iterator[VideoPacket]:
    yield from first
    yield from rest


def _copy(packet: VideoPacket) -> VideoPacket:
    copy = cast("VideoPacket", Packet(bytes(packet)))
    copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
    return copy


def _words(exc: Exception) -> str:
    return getattr(exc, "strerror", None) or str(exc) or type(exc).__name__

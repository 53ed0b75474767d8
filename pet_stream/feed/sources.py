"""Reads anything that PyAV opens as pictures that browsers play."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
from av.video.frame import VideoFrame

from ..errors import SourceError
from .container import (
    LAVFI,
    VideoPacket,
    choose_stream,
    open_container,
    pixel_aspect_of,
    reason_of,
    words_of_choice,
)
from .encoding import PictureEncoder
from .h264_pictures import H264Pictures
from .source_picture import SourceOptions, SourcePicture
from .timeline import Timeline, plausible_rate

logger = logging.getLogger(__name__)


class Source:
    """One opened source: made, read once, closed. Owned by one thread."""

    def __init__(self, options: SourceOptions) -> None:
        """Open it, which may take 10 s. Raises SourceError."""
        self._options = options
        self._container = open_container(options)
        try:
            self._stream = choose_stream(self._container, options)
        except SourceError:
            self._container.close()
            raise
        self.choice = words_of_choice(self._container, self._stream)
        """Which of several video streams is played, in words; empty if there is one."""
        rates = self._stream.guessed_rate, self._stream.average_rate
        self._rate_fps = plausible_rate(*(float(rate) if rate else None for rate in rates))
        duration = self._container.duration
        self.is_file = (
            Path(options.url).is_file()
            or options.url.startswith(LAVFI)
            or (duration is not None and duration > 0)
        )
        """Whether it has to be paced: a file can be read faster than it is to be played."""

    def close(self) -> None:
        self._container.close()

    def pictures(self, on_plan: Callable[[str], object]) -> Iterator[SourcePicture]:
        """Yields what browsers play. `on_plan` is told in words what is done with the source, each
        time before a new stream begins.

        Raises SourceError if reading fails.
        """
        codec = self._stream.codec_context.name
        try:
            if codec == "h264":
                yield from H264Pictures(
                    self._stream,
                    self._packets(),
                    self._options,
                    on_plan,
                    rate_fps=self._rate_fps,
                    is_live=not self.is_file,
                ).pictures()
            else:
                on_plan(f"encoding: it is {codec}")
                yield from self._encoded()
        except (av.FFmpegError, OSError) as exc:
            raise SourceError(f"{self._options.url} can't be read on: {reason_of(exc)}") from exc

    def _encoded(self) -> Iterator[SourcePicture]:
        timeline = Timeline(self._rate_fps, wanted_fps=self._options.fps)
        encoder = PictureEncoder(
            timeline,
            self._options.fps or self._rate_fps,
            pixel_aspect=pixel_aspect_of(self._stream),
        )
        for frame in self._frames():
            arrived_s = None if self.is_file else time.monotonic()
            yield from encoder.encode(frame, float(frame.time_base or 0), arrived_s=arrived_s)

    def _frames(self) -> Iterator[VideoFrame]:
        for packet in self._packets():
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

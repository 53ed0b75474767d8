"""Encodes decoded pictures as H.264 that any browser plays."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from ..media.h264.playable import MAX_IDR_INTERVAL_S
from .orientation import UPRIGHT, Orientation, Turner, orientation_of
from .source_picture import SourcePicture
from .timeline import DEFAULT_RATE_FPS, Timeline

GOP_PICTURES = 14
MAX_WIDTH, MAX_HEIGHT = 1920, 1080
MAX_RATE_FPS = 30.0
"""Pictures that are encoded here are dropped down to this rate; those passed through are not."""

_MIN_INTERVAL_S = 1 / MAX_RATE_FPS
_TOLERANCE_S = 0.005  # of stamps in milliseconds
_BITS_PER_PIXEL = 0.075  # 2 Mbit/s for 720p30
_MIN_BIT_RATE = 300_000
_X264 = (
    "scenecut=0:repeat-headers=1:"
    "bframes=0:cabac=0:8x8dct=0:weightp=0"  # which makes it Constrained Baseline
)


class PictureEncoder:
    """libx264 without delay: baseline, a GOP of 14 pictures, never more than 2 s. Owned by one
    thread.

    Pictures are thinned out to 30 a second, and stand upright.
    """

    def __init__(
        self, timeline: Timeline, rate_fps: float | None, *, pixel_aspect: float = 1.0
    ) -> None:
        """`pixel_aspect` is a source pixel's width divided by its height; browsers' are square."""
        rate_fps = min(rate_fps or DEFAULT_RATE_FPS, MAX_RATE_FPS)
        self._timeline = timeline
        self._pixel_aspect = pixel_aspect
        self._rate = Fraction(rate_fps).limit_denominator(1001)
        self._encoder: VideoCodecContext | None = None
        self._source: tuple[int, int, Orientation] | None = None
        self._turner: Turner | None = None
        self._due_s: float | None = None
        self._shown_s = self._idr_s = 0.0  # when the last picture and the last IDR were shown
        self._count = 0
        self._lying_size = self._size = (0, 0)

    def encode(
        self,
        frame: VideoFrame,
        time_base_s: float,
        *,
        orientation: Orientation = UPRIGHT,
        arrived_s: float | None = None,
    ) -> Iterator[SourcePicture]:
        """Yields `frame` as a picture, unless it comes too soon after the last one. `orientation`
        is that of a frame that does not say its own. If size or orientation has changed, a new
        stream begins."""
        stamp = frame.dts if frame.pts is None else frame.pts
        time_s = self._timeline.place(stamp, time_base_s, arrived_s)
        if self._due_s is not None and time_s < self._due_s - _MIN_INTERVAL_S / 2:
            return
        self._due_s = max(self._due_s or time_s, time_s) + _MIN_INTERVAL_S
        picture = self._upright(frame, orientation_of(frame) or orientation)
        next_s = 2 * time_s - self._shown_s  # if it takes as long as this one took
        self._shown_s = time_s
        is_idr_due = next_s - self._idr_s > MAX_IDR_INTERVAL_S + _TOLERANCE_S
        # Otherwise the encoder decides, not the source.
        picture.pict_type = PictureType.I if is_idr_due else PictureType.NONE
        width, height = self._size
        assert self._encoder is not None
        for packet in self._encoder.encode(picture):
            if packet.is_keyframe:
                self._idr_s = time_s
            yield SourcePicture(bytes(packet), time_s, packet.is_keyframe, width, height)

    def _upright(self, frame: VideoFrame, orientation: Orientation) -> VideoFrame:
        source = frame.width, frame.height, orientation
        is_new = source != self._source
        if is_new:
            self._source = source
            self._lying_size = fit(round(frame.width * self._pixel_aspect), frame.height)
            width, height = self._lying_size
            self._size = (height, width) if orientation.is_quarter_turn else (width, height)
            self._encoder = self._open()
        picture = frame.reformat(*self._lying_size, "yuv420p")
        picture.pts = self._count
        picture.time_base = 1 / self._rate
        self._count += 1
        if is_new:
            self._turner = Turner(orientation, picture) if orientation.filters else None
        return picture if self._turner is None else self._turner.turn(picture)

    def _open(self) -> VideoCodecContext:
        encoder = av.CodecContext.create("libx264", "w")
        assert isinstance(encoder, VideoCodecContext)
        encoder.width, encoder.height = self._size
        encoder.pix_fmt = "yuv420p"
        encoder.framerate = self._rate
        encoder.time_base = 1 / self._rate
        bit_rate = int(encoder.width * encoder.height * float(self._rate) * _BITS_PER_PIXEL)
        encoder.bit_rate = max(_MIN_BIT_RATE, bit_rate)
        gop = max(1, min(GOP_PICTURES, int(2 * self._rate)))
        encoder.options = {
            "preset": "veryfast",
            "forced-idr": "1",
            "tune": "zerolatency",
            "maxrate": str(encoder.bit_rate * 5 // 4),
            "bufsize": str(encoder.bit_rate),
            "x264-params": f"keyint={gop}:min-keyint={gop}:{_X264}",
        }
        return encoder


def fit(width: int, height: int) -> tuple[int, int]:
    """Returns the largest even size of the same shape that exceeds neither this one nor 1080p."""
    scale = min(1.0, MAX_WIDTH / width, MAX_HEIGHT / height)
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)

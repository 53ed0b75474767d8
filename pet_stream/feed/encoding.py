"""Encodes decoded pictures as H.264 that any browser plays."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

GOP_PICTURES = 14
MAX_WIDTH, MAX_HEIGHT = 1920, 1080
DEFAULT_RATE_FPS = 30.0

_BITS_PER_PIXEL = 0.075  # 2 Mbit/s for 720p30
_MIN_BIT_RATE = 300_000
_X264 = (
    "scenecut=0:repeat-headers=1:"
    "bframes=0:cabac=0:8x8dct=0:weightp=0"  # which makes it Constrained Baseline
)


class PictureEncoder:
    """libx264 without delay: baseline, GOP 14 and never more than 2 s. Owned by one thread."""

    def __init__(self, rate_fps: float) -> None:
        self._rate = Fraction(rate_fps).limit_denominator(1001)
        self._encoder: VideoCodecContext | None = None
        self._source_size = (0, 0)
        self._count = 0
        self.width = 0
        self.height = 0

    def encode(self, frame: VideoFrame) -> Iterator[tuple[bytes, bool]]:
        """Yields the access unit (Annex B) of `frame`, and whether it is an IDR. If the source's
        size has changed, a new stream begins."""
        if self._encoder is None or (frame.width, frame.height) != self._source_size:
            self._source_size = frame.width, frame.height
            self.width, self.height = fit(frame.width, frame.height)
            self._encoder = self._open()
        picture = frame.reformat(self.width, self.height, "yuv420p")
        picture.pict_type = PictureType.NONE  # the encoder decides, not the source
        picture.pts = self._count
        picture.time_base = 1 / self._rate
        self._count += 1
        for packet in self._encoder.encode(picture):
            yield bytes(packet), packet.is_keyframe

    def _open(self) -> VideoCodecContext:
        encoder = av.CodecContext.create("libx264", "w")
        assert isinstance(encoder, VideoCodecContext)
        encoder.width, encoder.height = self.width, self.height
        encoder.pix_fmt = "yuv420p"
        encoder.framerate = self._rate
        encoder.time_base = 1 / self._rate
        bit_rate = int(self.width * self.height * float(self._rate) * _BITS_PER_PIXEL)
        encoder.bit_rate = max(_MIN_BIT_RATE, bit_rate)
        gop = max(1, min(GOP_PICTURES, int(2 * self._rate)))
        encoder.options = {
            "preset": "veryfast",
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

"""Still pictures: the only place where anything is decoded, and only one picture at a time."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from ..media.access_unit import AccessUnit
from .disk import PART_SUFFIX

_QUALITY = 4
"""Of JPEG's quantizers, 2 (best) to 31."""
_FORMATS = {".mp4": "mp4", "h264": "h264"}


def thumbnail(path: Path, width: int) -> bytes | None:
    """The first picture of the file at `path` as JPEG, `width` pixels wide; None if it has none."""
    try:
        with av.open(str(path), format=_FORMATS[path.name.removesuffix(PART_SUFFIX)[-4:]]) as file:
            stream = file.streams.video[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.skip_frame = "NONKEY"
            frame = next(file.decode(stream), None)
    except (av.error.FFmpegError, IndexError, OSError, UnicodeDecodeError):  # any file at all
        return None
    if frame is None:
        return None
    height = max(2, round(frame.height * width / frame.width / 2) * 2)
    return to_jpeg(frame, width, height)


def newest(gop: Sequence[AccessUnit]) -> bytes | None:
    """The last picture of `gop`, in full size, as JPEG; None if it can't be decoded."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    frames: list[av.VideoFrame] = []
    try:
        for unit in gop:
            frames = decoder.decode(av.Packet(unit.to_annex_b())) or frames
        frames = decoder.decode(None) or frames
    except av.error.FFmpegError:
        pass
    return to_jpeg(frames[-1], frames[-1].width, frames[-1].height) if frames else None


def to_jpeg(frame: av.VideoFrame, width: int, height: int) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 30)
    encoder.thread_count = 1
    encoder.options = {"qmin": str(_QUALITY), "qmax": str(_QUALITY)}
    picture = frame.reformat(width=width, height=height, format="yuvj420p")
    picture.pts = 0
    return b"".join(map(bytes, (*encoder.encode(picture), *encoder.encode(None))))

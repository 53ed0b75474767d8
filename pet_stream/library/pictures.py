"""Decodes still pictures, one at a time. Nothing else in this package decodes.

FFmpeg gets one picture of a file, not the file; where it begins with a gradual refresh, a few.
Files are read by `media`, which trusts nothing in them.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import av

from ..errors import BitstreamError
from ..media.access_unit import START_CODE, AccessUnit
from ..media.mp4.reading import MAX_PICTURE_BYTES, first_pictures
from ..recording.disk import PART_SUFFIX, open_to_read, read_at

_QUALITY = 4
"""JPEG quantizer, from 2 (best) to 31."""
MAX_PIXELS = 35_651_584
"""The limit of H.264's largest level, 6.2 (table A-1)."""
_SPS = re.compile(rb"\x00\x00\x01[\x27\x47\x67]")
"""How a sequence parameter set begins: one stands in front of each IDR of ours."""
_LONGEST_SIDE_RATIO = 8
"""No camera's picture is narrower."""
_MAX_PICTURES = 100
"""A gradual refresh takes a second or two."""


def thumbnail(path: Path, width: int, max_pixels: int = MAX_PIXELS) -> bytes | None:
    """Returns a picture from the middle of the file at `path`, as JPEG, `width` pixels wide; its
    first one if there is no entry point in the middle, or the file still grows. None if it has none
    that is right, or one of more than `max_pixels`."""
    frame = _frame(path, max_pixels, from_middle=True) or _frame(path, max_pixels)
    if frame is None or frame.height > _LONGEST_SIDE_RATIO * frame.width:
        return None
    return to_jpeg(frame, width)


def _frame(path: Path, max_pixels: int, *, from_middle: bool = False) -> av.VideoFrame | None:
    read = partial(_pictures, path, from_middle=from_middle)
    try:
        return _first_frame(read(1), max_pixels) or _refreshed_frame(
            read(_MAX_PICTURES), max_pixels
        )
    except (BitstreamError, OSError, av.error.FFmpegError):  # any file at all
        return None


def newest_frame(gop: Sequence[AccessUnit]) -> tuple[av.VideoFrame, AccessUnit] | None:
    """Returns the last picture of `gop`, and what it was decoded from; None if it can't be
    decoded."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    frames: list[av.VideoFrame] = []
    try:
        for number, unit in enumerate(gop):
            packet = av.Packet(unit.to_annex_b())
            packet.pts = number
            frames = decoder.decode(packet) or frames
        frames = decoder.decode(None) or frames
    except av.error.FFmpegError:
        pass
    return (frames[-1], gop[frames[-1].pts or 0]) if frames else None


def _pictures(path: Path, max_pictures: int, *, from_middle: bool) -> bytes:
    """Returns the first pictures of a file, or of its second half, as Annex B. Raises OSError,
    BitstreamError."""
    descriptor = open_to_read(path)
    try:
        size = os.fstat(descriptor).st_size
        if path.name.removesuffix(PART_SUFFIX).endswith(".h264"):
            if not from_middle:
                return read_at(descriptor, 0, MAX_PICTURE_BYTES)
            half = read_at(descriptor, size // 2, MAX_PICTURE_BYTES)
            found = _SPS.search(half)
            return half[found.start() :] if found else b""
        data = bytearray()
        pictures = first_pictures(partial(read_at, descriptor), size, from_middle=from_middle)
        for nal_units in itertools.islice(pictures, max_pictures):
            data += b"".join(START_CODE + nal_unit for nal_unit in nal_units)
            if len(data) > MAX_PICTURE_BYTES:
                break
        return bytes(data)
    finally:
        os.close(descriptor)


def _first_frame(data: bytes, max_pixels: int) -> av.VideoFrame | None:
    """Returns the first picture of `data` that can be decoded alone."""
    decoder = _decoder(max_pixels)
    decoder.skip_frame = "NONKEY"
    for packet in (*decoder.parse(data), *decoder.parse(), None):
        for frame in decoder.decode(packet):
            return frame
    return None


def _refreshed_frame(data: bytes, max_pixels: int) -> av.VideoFrame | None:
    """Returns the first picture that is right of `data`, which begins with a gradual refresh."""
    decoder = _decoder(max_pixels)
    for packet in itertools.islice((*decoder.parse(data), *decoder.parse()), _MAX_PICTURES):
        for frame in decoder.decode(packet):
            return frame
    return None


def _decoder(max_pixels: int) -> av.VideoCodecContext:
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    decoder.options = {"max_pixels": str(max_pixels)}
    return decoder


def to_jpeg(frame: av.VideoFrame, width: int) -> bytes:
    """Returns `frame` in this width, and as high as fits that."""
    height = frame.height
    if width != frame.width:
        height = max(2, round(height * width / frame.width / 2) * 2)
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 30)
    encoder.thread_count = 1
    encoder.options = {"qmin": str(_QUALITY), "qmax": str(_QUALITY)}
    picture = frame.reformat(width=width, height=height, format="yuvj420p")
    picture.pts = 0
    return b"".join(map(bytes, (*encoder.encode(picture), *encoder.encode(None))))

"""Real H.264 to test with: a moving scene encoded by libx264, each kind once per process."""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Literal

import av

_SPS, _PPS = 7, 8
_PROFILES = {
    "baseline": "Baseline",
    "main": "Main",
    "high": "High",
    "high10": "High 10",
    "high422": "High 4:2:2",
    "high444": "High 4:4:4 Predictive",
}
"""x264's names, and FFmpeg's, which is what every supported PyAV takes."""
_NAL_UNIT = re.compile(rb"\x00*\x00\x00\x01(?=(.))", re.DOTALL)


def encode(
    width: int = 320,
    height: int = 240,
    *,
    fps: int = 30,
    gop: int = 14,
    pictures: int = 42,
    profile: str = "baseline",
    bframes: int = 0,
    slices: int = 1,
    aud: bool = False,
    bit_rate: int | None = None,
    headers: Literal["each", "first", "none"] = "each",
    pixel_format: str = "yuv420p",
    is_noise: bool = False,
    x264: Sequence[str] = (),
) -> list[bytes]:
    """`pictures` access units in Annex B, decoding order; an IDR every `gop`, never in between.

    SPS and PPS stand in front of each IDR, the first one, or none (`headers`). Start codes have
    3 and 4 bytes, as libx264 makes them. `is_noise`: a still picture of noise, which is large.
    `x264`: further parameters, such as "interlaced=1".
    """
    units = _encode(
        width,
        height,
        fps,
        gop,
        pictures,
        profile,
        bframes,
        slices,
        aud,
        bit_rate,
        pixel_format,
        is_noise,
        tuple(x264),
    )
    if headers == "each":
        return list(units)
    kept = 1 if headers == "first" else 0
    return [*units[:kept], *map(without_parameter_sets, units[kept:])]


def open_gops(width: int = 320, height: int = 240, *, gop: int, pictures: int) -> list[bytes]:
    """An IDR, then I pictures with a recovery point in place of IDRs, each `gop` pictures; no B
    pictures."""
    units = encode(
        width,
        height,
        profile="main",
        gop=2 * gop,
        pictures=2 * pictures,
        bframes=1,
        x264=["open-gop=1"],
    )
    # x264 makes them together with B pictures only. To these no other picture refers.
    return [unit for unit in units if any(m[1][0] & 0x60 for m in _slices(unit))]


def _slices(access_unit: bytes) -> list[re.Match[bytes]]:
    return [m for m in _NAL_UNIT.finditer(access_unit) if m[1][0] & 0x1F in (1, 5)]


def without_parameter_sets(access_unit: bytes) -> bytes:
    """`access_unit` without its SPS and PPS, everything else as it was."""
    starts = [(match.start(), match[1][0] & 0x1F) for match in _NAL_UNIT.finditer(access_unit)]
    ends = [start for start, _ in starts[1:]] + [len(access_unit)]
    return b"".join(
        access_unit[start:end]
        for (start, kind), end in zip(starts, ends, strict=True)
        if kind not in (_SPS, _PPS)
    )


def decode(access_units: Iterable[bytes]) -> list[av.VideoFrame]:
    """What FFmpeg's decoder makes of `access_units`, in the order of showing.

    Raises av.error.FFmpegError where it can't decode one of them.
    """
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    decoder.options = {"err_detect": "explode"}
    frames: list[av.VideoFrame] = []
    for access_unit in access_units:
        frames += decoder.decode(av.Packet(access_unit))
    return frames + decoder.decode(None)


def write_source(path: Path, access_units: Iterable[bytes]) -> None:
    """The file that the C writer's --source takes: each access unit behind its length, u32 LE."""
    with path.open("wb") as source:
        for access_unit in access_units:
            source.write(struct.pack("<I", len(access_unit)))
            source.write(access_unit)


@functools.cache
def _encode(
    width: int,
    height: int,
    fps: int,
    gop: int,
    pictures: int,
    profile: str,
    bframes: int,
    slices: int,
    aud: bool,
    bit_rate: int | None,
    pixel_format: str,
    is_noise: bool,
    x264: tuple[str, ...],
) -> tuple[bytes, ...]:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = pixel_format
    encoder.time_base = Fraction(1, fps)
    encoder.framerate = Fraction(fps)
    encoder.profile = _PROFILES[profile]
    encoder.thread_count = 1
    if bit_rate is not None:
        encoder.bit_rate = bit_rate
    parameters = (
        f"keyint={gop}",
        f"min-keyint={gop}",
        "scenecut=0",
        f"bframes={bframes}",
        "b-adapt=0",
        "rc-lookahead=0",
        "sync-lookahead=0",
        "repeat-headers=1",
        f"slices={slices}",
        f"aud={int(aud)}",
        "log=-1",
        *x264,
    )
    encoder.options = {
        "preset": "veryfast",
        "x264-params": ":".join(parameters),
    }
    units: list[bytes] = []
    noise = _noise(width, height, pixel_format) if is_noise else None
    for number in range(pictures):
        frame = noise or _picture(width, height, pixel_format, number)
        frame.pts = number
        units += map(bytes, encoder.encode(frame))
    units += map(bytes, encoder.encode(None))
    assert len(units) == pictures
    return tuple(units)


def _picture(width: int, height: int, pixel_format: str, number: int) -> av.VideoFrame:
    """A gradient that drifts to the left, and in front of it a bright square that moves right."""
    frame = av.VideoFrame(width, height, pixel_format)
    side = max(2, height // 4)
    for index, plane in enumerate(frame.planes):
        ramp = bytes(_wave(x + 2 * number, 64 + 40 * index) for x in range(plane.width + 64))
        square = side * plane.height // height
        square_width = min(plane.width, side * plane.width // width)
        left = (7 * number) % max(1, plane.width - square_width)
        top = (plane.height - square) // 2
        padding = bytes(plane.line_size - plane.width)
        rows = []
        for y in range(plane.height):
            row = ramp[y % 64 : y % 64 + plane.width]
            if top <= y < top + square:
                bright = bytes([235 - 60 * index]) * square_width
                row = row[:left] + bright + row[left + square_width :]
            rows.append(row + padding)
        plane.update(b"".join(rows))
    return frame


def _noise(width: int, height: int, pixel_format: str) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, pixel_format)
    random = Random(1)
    for plane in frame.planes:
        plane.update(random.randbytes(plane.buffer_size))
    return frame


def _wave(x: int, level: int) -> int:
    return level + abs(x % 64 - 32)

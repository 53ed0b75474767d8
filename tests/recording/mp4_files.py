"""What FFmpeg finds in the MP4 files that were recorded here."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av

from pet_stream.media.access_unit import AccessUnit


@dataclass(frozen=True)
class Film:
    """A file, demuxed and decoded: any error in it fails the test."""

    pictures: list[tuple[bytes, ...]]
    """NAL units of each sample."""
    times_s: list[float]
    keyframes: list[int]
    decoded_count: int
    duration_s: float | None
    width: int
    height: int
    profile: str | None


def film(source: Path | bytes) -> Film:
    with av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source)) as file:
        stream = file.streams.video[0]
        packets = [packet for packet in file.demux(stream) if packet.size]
        duration_s = None if file.duration is None else file.duration / 1e6
        pictures = [_nal_units(bytes(packet)) for packet in packets]
        times_s = [float(packet.pts * stream.time_base) for packet in packets]
        keyframes = [index for index, packet in enumerate(packets) if packet.is_keyframe]
        context = stream.codec_context
        size = context.width, context.height
    with av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source)) as file:
        stream = file.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        frames = list(file.decode(stream))
        profile = stream.codec_context.profile
    assert not any(frame.is_corrupt for frame in frames)
    return Film(pictures, times_s, keyframes, len(frames), duration_s, *size, profile)


def expected_pictures(units: Sequence[AccessUnit]) -> list[tuple[bytes, ...]]:
    return [unit.nal_units for unit in units]


def expected_times_s(units: Sequence[AccessUnit]) -> list[float]:
    return [(unit.capture_ns - units[0].capture_ns) / 1e9 for unit in units]


def _nal_units(sample: bytes) -> tuple[bytes, ...]:
    found = []
    while sample:
        size = int.from_bytes(sample[:4], "big")
        assert 0 < size <= len(sample) - 4
        found.append(sample[4 : 4 + size])
        sample = sample[4 + size :]
    return tuple(found)

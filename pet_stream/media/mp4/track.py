"""Reads the `moov` box of an MP4 file: its video track (ISO/IEC 14496-12, 8.3 to 8.5)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import BitstreamError
from ..h264.avcc import DecoderConfiguration
from ..h264.parameter_sets import parse_sps
from .boxes import Box, ReadAt, boxes, children, track_boxes
from .video_format import VideoFormat

MAX_DESCRIPTION_BYTES = 64 * 1024
_AVC1_HEADER = 8 + 78  # of the sample entry, in front of the boxes in it


@dataclass(frozen=True, slots=True)
class Track:
    """The video track of a file."""

    video_format: VideoFormat
    timescale: int
    """Ticks a second."""
    duration: int
    """Ticks; 0 while the file grows, or where the file does not tell."""
    track_id: int
    """By which fragments name it; 0 if it has none."""
    boxes: dict[bytes, Box]
    """The boxes of the track by their kind, those of the sample table included."""


def read_track(read_at: ReadAt, moov: Box) -> Track:
    """Returns the first H.264 track. Raises BitstreamError."""
    for trak in children(read_at, moov, b"trak"):
        found = {box.kind: box for box in track_boxes(read_at, trak)}
        if b"mdhd" not in found or b"stsd" not in found:
            continue
        video_format = _read_description(read_at, found[b"stsd"])
        if video_format is None:
            continue
        mdhd = read_at(found[b"mdhd"].payload, 36)
        try:
            layout = ">4x16xIQ" if mdhd[:1] == b"\1" else ">4x8xII"
            timescale, duration = struct.unpack_from(layout, mdhd)
        except struct.error as exc:
            raise BitstreamError("The mdhd box is cut off") from exc
        if not timescale:
            raise BitstreamError("The track's timescale is 0")
        if duration == (1 << 64) - 1 if mdhd[:1] == b"\1" else duration == (1 << 32) - 1:
            duration = 0  # 8.4.2.3: it can't be determined
        track_id = _track_id(read_at, found)
        return Track(video_format, timescale, duration, track_id, found)
    raise BitstreamError("The file has no H.264 track")


def _track_id(read_at: ReadAt, found: Mapping[bytes, Box]) -> int:
    if b"tkhd" not in found:
        return 0
    tkhd = read_at(found[b"tkhd"].payload, 24)
    at = 20 if tkhd[:1] == b"\1" else 12
    return int.from_bytes(tkhd[at : at + 4], "big")


def _read_description(read_at: ReadAt, stsd: Box) -> VideoFormat | None:
    for entry in boxes(read_at, stsd.payload + 8, stsd.end):
        if entry.kind not in (b"avc1", b"avc3"):
            continue
        for box in boxes(read_at, entry.start + _AVC1_HEADER, entry.end):
            if box.kind == b"avcC" and box.end - box.payload <= MAX_DESCRIPTION_BYTES:
                record = read_at(box.payload, box.end - box.payload)
                configuration = DecoderConfiguration.parse(record)
                sps = parse_sps(configuration.sps[0])
                return VideoFormat(configuration.sps, configuration.pps, sps.width, sps.height)
    return None

"""Video files of any kind, from the tests' footage."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av

TICKS = 90_000


def write_h264(
    path: Path,
    access_units: Iterable[bytes],
    *,
    fps: int = 30,
    stamps: Sequence[int] = (),
) -> Path:
    """Mux access units without B pictures; the suffix of `path` says into what. `stamps`: 90 kHz,
    rising; steady ones without them."""
    units = list(access_units)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.time_base = Fraction(1, TICKS)
        for index, unit in enumerate(units):
            packet = av.Packet(unit)
            packet.stream = stream
            packet.time_base = Fraction(1, TICKS)
            packet.pts = packet.dts = stamps[index] if stamps else index * TICKS // fps
            packet.duration = TICKS // fps
            container.mux(packet)
    return path


def write_video(
    path: Path,
    codec: str,
    *,
    size: tuple[int, int] = (320, 240),
    fps: int = 30,
    pictures: int = 45,
    pixel_format: str = "yuv420p",
    aspect: tuple[int, int] = (1, 1),
    options: dict[str, str] | None = None,
    paint: Callable[[av.VideoFrame], object] | None = None,
) -> Path:
    """Encode a grey ramp that gets brighter, or what `paint` makes of it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else pixel_format
        stream.codec_context.sample_aspect_ratio = Fraction(*aspect)
        for index in range(pictures):
            frame = av.VideoFrame(*size, stream.pix_fmt)
            for number, plane in enumerate(frame.planes):
                value = 16 + 4 * index % 200 if number == 0 else 128
                plane.update(bytes([value]) * plane.buffer_size)
            if paint is not None:
                paint(frame)
            frame.pts = index
            frame.time_base = Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_audio(path: Path, codec: str) -> Path:
    """A second of silence."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=44_100)
        frame = av.AudioFrame(format=stream.format.name, layout="stereo", samples=1024)
        frame.sample_rate = 44_100
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for index in range(40):
            frame.pts = index * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def jpeg(width: int = 64, height: int = 48) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    frame = av.VideoFrame(width, height, "yuvj420p")
    for plane in frame.planes:
        plane.update(bytes([128]) * plane.buffer_size)
    return b"".join(map(bytes, [*encoder.encode(frame), *encoder.encode(None)]))


def with_display_matrix(path: Path, a: float, b: float, c: float, d: float) -> Path:
    """Make `path`, an MP4 file, say how its pictures lie (ISO/IEC 14496-12, 6.2.2)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    numbers = (round(number * 65536) for number in (a, b, 0, c, d, 0, 0, 0, 16384))
    data[at : at + 36] = struct.pack(">9i", *numbers)
    path.write_bytes(data)
    return path


def with_cover(path: Path, picture: bytes) -> Path:
    """Put a cover picture in front of the tracks of `path`, an MP4 file."""
    data = path.read_bytes()
    value = _box(b"data", struct.pack(">II", 13, 0) + picture)  # 13: JPEG
    items = _box(b"ilst", _box(b"covr", value))
    handler = _box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    user_data = _box(b"udta", _box(b"meta", bytes(4) + handler + items))
    at = data.index(b"moov") - 4
    assert data.rindex(b"mdat") < at, "chunk offsets do not move"
    moov = data[at + 8 :]
    path.write_bytes(data[:at] + _box(b"moov", user_data + moov))
    return path


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content

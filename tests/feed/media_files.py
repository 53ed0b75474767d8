"""Video files of any kind, from the tests' footage."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av

TICKS = 90_000


def write_h264(path: Path, access_units: Iterable[bytes], *, fps: int = 30) -> Path:
    """Mux access units without B pictures; the suffix of `path` says into what."""
    units = list(access_units)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.time_base = Fraction(1, TICKS)
        for index, unit in enumerate(units):
            packet = av.Packet(unit)
            packet.stream = stream
            packet.time_base = Fraction(1, TICKS)
            packet.pts = packet.dts = index * TICKS // fps
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
    options: dict[str, str] | None = None,
) -> Path:
    """Encode a grey ramp that gets brighter."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for index in range(pictures):
            frame = av.VideoFrame(*size, stream.pix_fmt)
            for number, plane in enumerate(frame.planes):
                value = 16 + 4 * index % 200 if number == 0 else 128
                plane.update(bytes([value]) * plane.buffer_size)
            frame.pts = index
            frame.time_base = Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path

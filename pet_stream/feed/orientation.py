"""How a picture is to be turned, so that it stands upright."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from av.filter import Graph
from av.video.frame import VideoFrame

_MATRIX = struct.Struct("=9i")  # rows of three; the left upper four are the turn, in 16.16


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways in which a picture may lie."""

    words: str = ""
    """What is done to it: "turned by 90°"; clockwise. Empty if nothing is."""
    filters: tuple[tuple[str, str], ...] = ()
    """FFmpeg's filters that do it, with their arguments."""
    is_quarter_turn: bool = False
    """Whether width and height change places."""


UPRIGHT = Orientation()
_ORIENTATIONS = {
    (1, 0, 0, 1): UPRIGHT,
    (0, 1, -1, 0): Orientation("turned by 90°", (("transpose", "clock"),), True),
    (-1, 0, 0, -1): Orientation("turned by 180°", (("hflip", ""), ("vflip", ""))),
    (0, -1, 1, 0): Orientation("turned by 270°", (("transpose", "cclock"),), True),
    (-1, 0, 0, 1): Orientation("mirrored", (("hflip", ""),)),
    (1, 0, 0, -1): Orientation("mirrored upside down", (("vflip", ""),)),
    (0, 1, 1, 0): Orientation("mirrored and turned by 270°", (("transpose", "cclock_flip"),), True),
    (0, -1, -1, 0): Orientation("mirrored and turned by 90°", (("transpose", "clock_flip"),), True),
}


def orientation_of(frame: VideoFrame) -> Orientation | None:
    """Returns what the display matrix says: the container's, or that of an H.264 SEI message. None
    without one. A turn that is no quarter is rounded; between two of them nothing is turned."""
    side_data = cast("Mapping[str, bytes]", frame.side_data)  # PyAV's stub knows one kind only
    matrix = side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return None
    a, b, _, c, d, *_ = _MATRIX.unpack(bytes(matrix)[: _MATRIX.size])
    longest = max(abs(a), abs(b), abs(c), abs(d)) or 1
    rounded = (round(a / longest), round(b / longest), round(c / longest), round(d / longest))
    return _ORIENTATIONS.get(rounded, UPRIGHT)


class Turner:
    """Turns pictures of one size and format. Owned by one thread."""

    def __init__(self, orientation: Orientation, first: VideoFrame) -> None:
        self._graph = Graph()
        source = self._graph.add_buffer(
            width=first.width, height=first.height, format=first.format, time_base=first.time_base
        )
        filters = [self._graph.add(name, arguments) for name, arguments in orientation.filters]
        self._graph.link_nodes(source, *filters, self._graph.add("buffersink")).configure()

    def turn(self, frame: VideoFrame) -> VideoFrame:
        self._graph.vpush(frame)
        return self._graph.vpull()

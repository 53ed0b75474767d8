"""Pictures, one after the other, through one core and one network.

Straight lines say when a core is busy all of the time. But pictures come in a rhythm, and some are
many times as large: the last viewer of a large one waits for all others. This counts how long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .cost import FPS, PAYLOAD_BYTES, Processor, packets_per_s, wire_megabits

GOP = 14
IDR_FACTOR = 8
"""An IDR is as large as so many other pictures."""
GOPS = 4
LATE_S = 0.1
"""More than this is not live any more."""


@dataclass(frozen=True, slots=True)
class Board:
    """What pictures go through. `slower`: how many times, compared with what was measured."""

    processor: Processor
    slower: float
    link_megabits: float


def picture_bytes(bits_per_second: float) -> list[float]:
    """Of a GOP, whose first picture is the IDR."""
    gop_bytes = bits_per_second / 8 * GOP / FPS
    other = gop_bytes / (IDR_FACTOR + GOP - 1)
    return [IDR_FACTOR * other] + [other] * (GOP - 1)


def lateness_s(board: Board, bits_per_second: float, viewers: int) -> float:
    """How long after it came the last viewer had the latest picture; infinite where more comes than
    can go.

    A picture waits until the core has sent the one before to everybody, and then until the network
    has carried that.
    """
    core_s, link_s = _picture_s(board, bits_per_second, viewers)
    if max(sum(core_s), sum(link_s)) > GOP / FPS:
        return math.inf
    core_free_s = link_free_s = latest_s = 0.0
    for number, (core, link) in enumerate(list(zip(core_s, link_s, strict=True)) * GOPS):
        came_s = number / FPS
        begun_s = max(came_s, core_free_s)
        core_free_s = begun_s + core
        # the network carries what is sent while the core goes on: it ends after both
        link_free_s = max(core_free_s, max(begun_s, link_free_s) + link)
        latest_s = max(latest_s, link_free_s - came_s)
    return latest_s


def _picture_s(
    board: Board, bits_per_second: float, viewers: int
) -> tuple[list[float], list[float]]:
    """How long the core, and the network, take for each picture of a GOP."""
    processor, core = board.processor, board.slower / 100
    parts = [(processor.idle, 1), (processor.first, 1), (processor.further, viewers - 1)]
    picture_s = core / FPS * sum(line.base * count for line, count in parts)
    packet_core_s = core * sum(line.per_packet * count for line, count in parts)
    megabits = wire_megabits(bits_per_second, viewers) / packets_per_s(bits_per_second)
    packet_link_s = megabits / board.link_megabits
    packets = [size / PAYLOAD_BYTES + 0.5 for size in picture_bytes(bits_per_second)]
    return (
        [picture_s + count * packet_core_s for count in packets],
        [count * packet_link_s for count in packets],
    )


def most_viewers(board: Board, bits_per_second: float, late_s: float = LATE_S) -> int:
    """How many can watch so that no picture is later than that at the last of them."""
    most, too_many = 0, 1
    while lateness_s(board, bits_per_second, too_many) <= late_s:
        most, too_many = too_many, 2 * too_many
    while too_many - most > 1:
        middle = (most + too_many) // 2
        if lateness_s(board, bits_per_second, middle) <= late_s:
            most = middle
        else:
            too_many = middle
    return most

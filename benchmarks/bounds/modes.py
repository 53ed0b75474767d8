"""What a camera does all day, what that takes of a board, and the limit that it reaches first."""

from __future__ import annotations

from dataclasses import dataclass

from .cost import MEGABIT, Memory, Processor, replay_mb, wire_megabits
from .measured import (
    DEFAULTS,
    DETECTIONS_PERCENT,
    HLS_PARTS_PERCENT,
    HLS_PERCENT,
    Measured,
)
from .storage import Day, recording_day

HLS_MB = 16
"""The parts that are kept, at most."""
TCP_FACTOR = 1538 / 1448
"""What a full TCP segment takes of a cable, for each byte that it brings."""
CARD_MEGABYTES_PER_S = 10
"""What a card of class 10 or U1 takes at least."""
MEMORY_MB = 512
"""Where the unit of `install-service` ends the process."""


@dataclass(frozen=True, slots=True)
class Mode:
    name: str
    viewers: int = 0
    """By WebRTC; a media server is one."""
    hls_viewers: int = 0
    has_hls_parts: bool = False
    is_recording: bool = False
    has_boxes: bool = False
    replay_seconds: float = DEFAULTS["replay_seconds"]
    replay_most_mb: float = DEFAULTS["replay_mb"]


MODES = (
    Mode("nobody watches"),
    *(Mode(f"{count} watch", viewers=count) for count in (1, 5, 10, 20, 50)),
    Mode("10 watch by HLS, whole segments", hls_viewers=10),
    Mode("10 watch by HLS, parts", hls_viewers=10, has_hls_parts=True),
    Mode("published to a media server", viewers=1),
    Mode("a recording without an end", is_recording=True),
    Mode("… with detections kept", is_recording=True, has_boxes=True),
    Mode("… and 10 watch", viewers=10, is_recording=True, has_boxes=True),
    Mode("60 s are kept for clips", replay_seconds=60, replay_most_mb=64),
)


@dataclass(frozen=True, slots=True)
class Use:
    """What a mode takes. The processor: of one core, as it was measured."""

    cpu_percent: float
    wire_megabits: float
    memory_mb: float
    day: Day

    def shares(self, slower: float, link_megabits: float) -> dict[str, float]:
        """Of each limit of a board: 1 is all of it."""
        return {
            "processor": self.cpu_percent * slower / 100,
            "network": self.wire_megabits / link_megabits,
            "memory": self.memory_mb / MEMORY_MB,
            "card": self.day.written_bytes / 86_400 / (CARD_MEGABYTES_PER_S * 1e6),
        }

    def reached_first(self, slower: float, link_megabits: float) -> tuple[str, float]:
        """The limit that is nearest, and the share of it."""
        shares = self.shares(slower, link_megabits)
        name = max(shares, key=lambda each: shares[each])
        return name, shares[name]


def use_of(mode: Mode, bits_per_second: float, measured: Measured) -> Use:
    hls_percent = (HLS_PARTS_PERCENT if mode.has_hls_parts else HLS_PERCENT).value
    cpu_percent = (
        Processor.of(measured).percent(bits_per_second, mode.viewers)
        # measured at 2 Mbit/s; the requests stay the same, so that this is too much beyond
        + mode.hls_viewers * hls_percent * bits_per_second / (2 * MEGABIT)
        + (measured.disk.cpu_percent if mode.is_recording else 0.0)
        + (DETECTIONS_PERCENT.value if mode.has_boxes else 0.0)
    )
    kept_mb = replay_mb(bits_per_second, mode.replay_seconds, mode.replay_most_mb)
    kept_mb += HLS_MB if mode.hls_viewers else 0
    day = Day(0.0, 0.0)
    if mode.is_recording:
        sync_s = DEFAULTS["sync_seconds"]
        day = recording_day(bits_per_second, measured.disk, sync_s, boxes=mode.has_boxes)
    return Use(
        cpu_percent=cpu_percent,
        wire_megabits=wire_megabits(bits_per_second, mode.viewers)
        + mode.hls_viewers * bits_per_second * TCP_FACTOR / MEGABIT,
        memory_mb=Memory.of(measured).mb(mode.viewers, kept_mb),
        day=day,
    )

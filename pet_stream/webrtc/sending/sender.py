"""What all ways of sending pictures to one viewer have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from aiortc import RTCRtpTransceiver

from ...histogram import Histogram
from ...media.access_unit import AccessUnit
from ..private import Drop
from ..signaling.h264_format import H264Format

ROUND_TRIPS_S = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
LOSS_RATIOS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


class Step(Enum):
    """How packets leave, from the cheapest way down: the order is that of the ladder."""

    GSO = "gso"
    """Several with one call, which the kernel cuts apart (UDP generic segmentation offload)."""
    PACKETS = "packets"
    """One call each, on the socket itself."""
    TRANSPORT = "transport"
    """aioice's transport: a TURN server is in between."""
    STOCK = "stock"
    """aiortc's own sender, which shares nothing between viewers."""


@dataclass(slots=True)
class PeerCounts:
    """What happened to all viewers together. Written on the event-loop thread."""

    frames_sent: int = 0
    frames_dropped: int = 0
    keyframe_requests: int = 0
    packets_nacked: int = 0
    """RTP packets that viewers asked for again."""
    packets_retransmitted: int = 0
    thinned: int = 0
    """How many times a viewer was sent entry points only, because its link is slow."""
    connections: int = 0
    vanished: int = 0
    gave_way: int = 0
    """Offers that gave way to newer ones before they connected."""
    came_too_late: int = 0
    """Viewers that connected after all places had been taken."""
    errors: int = 0
    """Viewers that never connected, and failures while answering or sending."""
    datagrams_dropped: Counter[Drop] = field(
        default_factory=lambda: Counter(dict.fromkeys(Drop, 0))
    )
    round_trips: Histogram = field(default_factory=lambda: Histogram(ROUND_TRIPS_S))
    """By each report of a viewer's, about one a second."""
    losses: Histogram = field(default_factory=lambda: Histogram(LOSS_RATIOS, per_unit=256))
    """The share of packets that got lost before each report."""


class Sender(Protocol):
    """Carries pictures to one viewer. On the event-loop thread; nothing here waits.

    It takes over at the transceiver: aiortc calls `send(parameters)` of the transceiver's sender
    when the viewer is connected, and `stop()` at its end.
    """

    @property
    def step(self) -> Step:
        """How pictures leave now. Any thread."""

    @property
    def thinned_to(self) -> float | None:
        """Pictures a second that are sent of a stream that the viewer's link can't carry; 0 while
        that is not known, None if all are. Any thread."""

    def agree(self, h264_format: H264Format, extensions: Mapping[str, int]) -> None:
        """Send in this format, with these header extensions (number by URI). Before the viewer is
        connected: where we have made the offer, its answer tells."""

    def start(self, gop: Sequence[AccessUnit]) -> None:
        """Begin with `gop`, the units since the last IDR; empty: with the next IDR."""

    def send(self, unit: AccessUnit) -> None:
        """Send `unit` next, or drop it and what follows up to an IDR."""


SenderFactory = Callable[
    [RTCRtpTransceiver, H264Format, Mapping[str, int], PeerCounts, Callable[[str], None]], Sender
]
"""Attaches a sender to a sendonly transceiver, before the offer is applied to it: given the format
that was chosen, the offered header extensions (number by URI), and what ends the viewer, with a
reason, when nothing can be sent to it any more. What all viewers share, such as one packetization
of each access unit, belongs to the factory."""

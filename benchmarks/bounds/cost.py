"""Processor, network and memory of some viewers, as straight lines through what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from pet_stream.media.rtp.packets import HEADER, MAX_PACKET_BYTES

from .measured import DEFAULTS, Measured

FPS = 30
MEGABIT = 1_000_000
PAYLOAD_BYTES = MAX_PACKET_BYTES - HEADER.size - 2
"""H.264 in a full packet: behind the RTP header and two bytes of FU-A (RFC 6184 section 5.8)."""
SRTP_BYTES = 16
"""The authentication tag of AES-GCM (RFC 7714); AES-CM has 10."""
WIRE_BYTES = 8 + 20 + 18 + 20
"""UDP, IPv4, Ethernet with its checksum, preamble and gap: what a packet takes of a cable."""


def packets_per_s(bits_per_second: float, fps: float = FPS) -> float:
    """Of one viewer. A picture's last packet is half full, on average."""
    return bits_per_second / 8 / PAYLOAD_BYTES + fps / 2


def wire_megabits(bits_per_second: float, viewers: int = 1) -> float:
    """What viewers of a stream take of a cable, headers and gaps included, in Mbit/s."""
    packets = packets_per_s(bits_per_second)
    bytes_per_packet = HEADER.size + 2 + SRTP_BYTES + WIRE_BYTES
    return viewers * (bits_per_second + 8 * packets * bytes_per_packet) / MEGABIT


@dataclass(frozen=True, slots=True)
class Line:
    """A cost that grows with the packets of the stream."""

    base: float
    per_packet: float
    """For each packet a second."""

    @classmethod
    def through(cls, first: tuple[float, float], second: tuple[float, float]) -> Line:
        """Of two points, packets a second and cost. A cost falls neither below zero nor with the
        packets: what is measured so is noise, and the line is level."""
        (x, y), (other_x, other_y) = first, second
        slope = max(0.0, (other_y - y) / (other_x - x))
        base = y - slope * x
        if base < 0:
            return cls(0.0, max(y / x, other_y / other_x))
        return cls(base if slope else max(y, other_y), slope)

    def at(self, packets: float) -> float:
        return self.base + self.per_packet * packets


@dataclass(frozen=True, slots=True)
class Processor:
    """Per cent of one core of the machine that was measured."""

    idle: Line
    first: Line
    """What the first viewer adds: every picture is looked for at once, and cut into packets."""
    further: Line
    """What each further viewer adds."""

    @classmethod
    def of(cls, measured: Measured) -> Processor:
        rates = sorted({load.bits_per_second for load in measured.loads})
        few, many = rates[0], rates[-1]
        lines = zip(_parts(measured, few), _parts(measured, many), strict=True)
        return cls(*(Line.through(at_few, at_many) for at_few, at_many in lines))

    def percent(self, bits_per_second: float, viewers: int) -> float:
        packets = packets_per_s(bits_per_second)
        percent = self.idle.at(packets)
        if viewers:
            percent += self.first.at(packets) + (viewers - 1) * self.further.at(packets)
        return percent

    def viewers(self, bits_per_second: float, percent: float) -> int:
        """How many take this much of a core."""
        left = percent - self.percent(bits_per_second, 1)
        return max(0, int(1 + left / self.further.at(packets_per_s(bits_per_second))))


def _parts(measured: Measured, bits_per_second: int) -> tuple[tuple[float, float], ...]:
    """Packets a second, and what nobody, the first viewer and each further one cost."""
    counts = sorted(
        load.viewers for load in measured.loads if load.bits_per_second == bits_per_second
    )
    nobody, one, many = (measured.load(bits_per_second, count) for count in counts)
    further = (many.cpu_percent - one.cpu_percent) / (many.viewers - one.viewers)
    costs = nobody.cpu_percent, one.cpu_percent - nobody.cpu_percent, further
    return tuple((many.packets_per_s, cost) for cost in costs)


@dataclass(frozen=True, slots=True)
class Memory:
    """MB of the process, without what is kept for clips."""

    idle: float
    first: float
    """What the first viewer adds, aiortc and FFmpeg included."""
    further: float

    @classmethod
    def of(cls, measured: Measured) -> Memory:
        rate = min(load.bits_per_second for load in measured.loads)
        loads = sorted(
            (load for load in measured.loads if load.bits_per_second == rate),
            key=lambda load: load.viewers,
        )
        nobody, one, many = loads
        further = (many.rss_mb - one.rss_mb) / (many.viewers - one.viewers)
        return cls(nobody.rss_mb, one.rss_mb - nobody.rss_mb, max(0.0, further))

    def mb(self, viewers: int, replay_mb: float) -> float:
        watched = self.first + (viewers - 1) * self.further if viewers else 0.0
        return self.idle + watched + replay_mb


def replay_mb(
    bits_per_second: float, seconds: float, most_mb: float = DEFAULTS["replay_mb"]
) -> float:
    """What is kept for clips and for what came before a recording."""
    return min(seconds * bits_per_second / 8 / 1e6, most_mb)

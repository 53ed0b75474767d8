"""What one viewer got, judged packet by packet. Shares no code with pet_stream's own RTP.

RFC 3550 section 5.1 (the header), RFC 4588 section 4 (retransmissions), RFC 6184 sections 5.6 to
5.8 (single NAL unit, STAP-A, FU-A).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.camera.stamp import parse_payload

STAP_A, FU_A = 24, 28
IDR_SLICE = 5
_REMEMBERED = 4096


@dataclass(slots=True)
class Counts:
    packets: int = 0
    bytes: int = 0
    """Of RTP payload and header, SRTP's tag not counted."""
    lost: int = 0
    """Sequence numbers that never came."""
    duplicates: int = 0
    reordered: int = 0
    retransmitted: int = 0
    unauthentic: int = 0
    """Refused by libsrtp."""
    pictures: int = 0
    broken_pictures: int = 0
    """A packet is missing, or the bytes are not those that the camera wrote."""
    skipped_pictures: int = 0
    """By the pictures' own numbers: never sent, or lost as a whole."""


@dataclass(slots=True)
class Arrivals:
    """One row a picture: its time in the RTP clock and at the camera, and when it came.

    Nanoseconds of CLOCK_MONOTONIC; the capture time is 0 for a picture without a stamp.
    """

    timestamp: list[int] = field(default_factory=list)
    capture_ns: list[int] = field(default_factory=list)
    first_ns: list[int] = field(default_factory=list)
    last_ns: list[int] = field(default_factory=list)


class StreamCheck:
    """Takes the decrypted packets of one stream in the order in which they came."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.arrivals = Arrivals()
        self.ssrc = 0
        self.highest_sequence = 0
        """Extended by the count of cycles, as in receiver reports."""
        self.first_idr_ns = 0
        """When the first IDR was complete; 0 before."""
        self._has_begun = False
        self._missing: set[int] = set()
        self._number: int | None = None
        self._timestamp: int | None = None
        self._nal_units: list[bytes] = []
        self._fragments: list[bytes] = []
        self._first_ns = 0
        self._has_idr = False
        self._is_whole = True

    def begin_window(self) -> None:
        """Forget what was counted so far."""
        self.counts = Counts()
        self.arrivals = Arrivals()
        self._missing.clear()

    def end_window(self) -> None:
        self.counts.lost = len(self._missing)

    def put(self, packet: bytes, arrival_ns: int) -> None:
        """One decrypted RTP packet."""
        counts = self.counts
        counts.packets += 1
        counts.bytes += len(packet)
        sequence = packet[2] << 8 | packet[3]
        ssrc = int.from_bytes(packet[8:12], "big")
        if not self._has_begun:
            self.ssrc = ssrc
            self.highest_sequence = (sequence - 1) & 0xFFFF
            self._has_begun = True
        payload_at = 12 + 4 * (packet[0] & 0x0F)
        if packet[0] & 0x10:
            words = packet[payload_at + 2] << 8 | packet[payload_at + 3]
            payload_at += 4 + 4 * words
        end = len(packet) - packet[-1] if packet[0] & 0x20 else len(packet)
        if ssrc != self.ssrc:  # RTX
            counts.retransmitted += 1
            if end - payload_at >= 2:
                self._missing.discard(packet[payload_at] << 8 | packet[payload_at + 1])
            return
        if not self._is_next(sequence):
            return
        timestamp = int.from_bytes(packet[4:8], "big")
        if timestamp != self._timestamp:
            if self._timestamp is not None and self._nal_units:
                counts.broken_pictures += 1  # no marker
            self._begin_unit(timestamp)
        if self._first_ns == 0:
            self._first_ns = arrival_ns
        self._take(packet, payload_at, end)
        if packet[1] & 0x80:
            self._end_unit(timestamp, arrival_ns)

    def _is_next(self, sequence: int) -> bool:
        """Whether the packet continues the stream; gaps and repeats are counted."""
        step = (sequence - self.highest_sequence) & 0xFFFF
        if step == 1:
            self.highest_sequence += 1
            return True
        if step == 0 or step >= 0x8000:
            if sequence in self._missing:
                self._missing.discard(sequence)
                self.counts.reordered += 1
            else:
                self.counts.duplicates += 1
            return False
        if len(self._missing) < _REMEMBERED:
            missing = range(self.highest_sequence + 1, self.highest_sequence + step)
            self._missing.update(number & 0xFFFF for number in missing)
        self.highest_sequence += step
        self._is_whole = False
        return True

    def _begin_unit(self, timestamp: int) -> None:
        self._timestamp = timestamp
        self._nal_units = []
        self._fragments = []
        self._first_ns = 0
        self._has_idr = False
        self._is_whole = True

    def _take(self, packet: bytes, at: int, end: int) -> None:
        kind = packet[at] & 0x1F
        if kind == FU_A:
            header = packet[at + 1]
            if header & 0x80:
                self._fragments = [bytes((packet[at] & 0xE0 | header & 0x1F,))]
            elif not self._fragments:
                self._is_whole = False
            self._fragments.append(packet[at + 2 : end])
            if header & 0x40:
                self._add(b"".join(self._fragments))
                self._fragments = []
        elif kind == STAP_A:
            at += 1
            while at < end:
                size = packet[at] << 8 | packet[at + 1]
                self._add(packet[at + 2 : at + 2 + size])
                at += 2 + size
        else:
            self._add(packet[at:end])

    def _add(self, nal_unit: bytes) -> None:
        self._has_idr |= nal_unit[0] & 0x1F == IDR_SLICE
        self._nal_units.append(nal_unit)

    def _end_unit(self, timestamp: int, arrival_ns: int) -> None:
        counts = self.counts
        counts.pictures += 1
        capture_ns = 0
        if self._fragments or not self._is_whole:
            counts.broken_pictures += 1
        elif (stamp := parse_payload(self._nal_units)) is not None:
            capture_ns = stamp.capture_ns
            counts.broken_pictures += not stamp.crc_ok
            if self._number is not None and stamp.number > self._number + 1:
                counts.skipped_pictures += stamp.number - self._number - 1
            self._number = stamp.number
        if self._has_idr and self.first_idr_ns == 0:
            self.first_idr_ns = arrival_ns
        arrivals = self.arrivals
        arrivals.timestamp.append(timestamp)
        arrivals.capture_ns.append(capture_ns)
        arrivals.first_ns.append(self._first_ns)
        arrivals.last_ns.append(arrival_ns)
        self._begin_unit(timestamp)

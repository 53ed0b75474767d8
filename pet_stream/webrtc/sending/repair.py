"""Sends packets again that a viewer has missed: NACK (RFC 4585), retransmission (RFC 4588)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence

from ...media.rtp.packetizer import PacketBlock, block_of
from ...media.rtp.packets import MAX_PACKET_BYTES, STRIDE, retransmission
from .congestion import Congestion
from .packet_stream import PacketStream
from .send_queue import SendQueue

REPEAT_DELAY_S = 0.01
"""Time until the second copy: losses come in bursts."""


class Repair:
    """Sends again what one viewer's NACKs name. On the event-loop thread."""

    def __init__(
        self,
        payload_type: int | None,
        ssrc: int,
        tag_bytes: int,
        congestion: Congestion,
        queue: SendQueue,
        send: Callable[[PacketBlock], None],
    ) -> None:
        """`payload_type` is that of RTX; None: the viewer does not know it, and nothing is sent
        again. While `queue` is blocked there is no room for retransmissions, either."""
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._tag_bytes = tag_bytes
        self._sequence_number = secrets.randbelow(0x8000)
        self._congestion = congestion
        self._queue = queue
        self._send = send
        self._stream: PacketStream | None = None
        self._first = 0

    def begin(self, stream: PacketStream, sequence_number: int) -> None:
        """Repair `stream` from this number on. What came before was dropped because the viewer was
        too slow: sending it again would make that worse."""
        self._stream = stream
        self._first = sequence_number

    def stop(self) -> None:
        """Repair nothing until the next `begin`."""
        self._stream = None

    def send_again(self, sequence_numbers: Sequence[int], round_trip_s: float) -> None:
        stream = self._stream
        if stream is None or self._queue.is_blocked:
            return
        missed = [n for n in sequence_numbers if n - self._first & 0xFFFF < 0x8000]
        packets_per_s = stream.bytes_per_s / STRIDE
        chosen = self._congestion.missed(missed, round_trip_s, packets_per_s)
        self._retransmit(stream, chosen)
        if copied := self._congestion.worth_a_copy(chosen):
            asyncio.get_running_loop().call_later(REPEAT_DELAY_S, self._repeat, copied)

    def _repeat(self, sequence_numbers: Sequence[int]) -> None:
        if self._stream is not None and not self._queue.is_blocked:
            self._retransmit(self._stream, sequence_numbers)

    def _retransmit(self, stream: PacketStream, sequence_numbers: Sequence[int]) -> None:
        """Send those again that are still kept."""
        if self._payload_type is None:
            return
        packets = []
        for number in sequence_numbers:
            packet = stream.packet(number)
            if packet is not None:
                packets.append(
                    retransmission(packet, self._payload_type, self._sequence_number, self._ssrc)
                )
                self._sequence_number = self._sequence_number + 1 & 0xFFFF
        if packets:
            self._send(block_of(packets, MAX_PACKET_BYTES, self._tag_bytes))

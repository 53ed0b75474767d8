"""What is private in aiortc's senders and in the transport that they share with receivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from aiortc import RTCDtlsTransport, RTCRtpSender

from ...media.rtcp import GOODBYE
from ...media.rtp import HEADER

_NACK = 1  # feedback message types (RFC 4585 section 6.2.1, 6.3.1; RFC 5104 section 4.3.1)
_PLI = 1
_FIR = 4


def set_ssrcs(sender: RTCRtpSender, ssrc: int, rtx_ssrc: int) -> None:
    """Have `sender` send under these. Call it before the answer, which names them.

    Raises AttributeError.
    """
    if not (hasattr(sender, "_ssrc") and hasattr(sender, "_rtx_ssrc")):
        raise AttributeError("RTCRtpSender._ssrc")
    sender._ssrc, sender._rtx_ssrc = ssrc, rtx_ssrc


def on_keyframe_request(sender: RTCRtpSender, callback: Callable[[], None]) -> None:
    """Call `callback` for each picture loss indication and, from aiortc 1.14 on, each FIR."""
    sender._send_keyframe = callback  # type: ignore[method-assign]


def received_packet_count(transport: RTCDtlsTransport) -> int:
    """DTLS, RTP and RTCP packets so far; always 0 if that is not to be known."""
    count: int = getattr(transport, "_RTCDtlsTransport__rx_packets", 0)
    return count


class RtcpListener(Protocol):
    """Hears what a viewer says about the stream that it gets."""

    def handle_nack(self, sequence_numbers: Sequence[int]) -> None: ...
    def handle_keyframe_request(self) -> None: ...
    def handle_report(self, lsr: int, dlsr: int) -> None: ...


def listen_to_rtcp(transport: RTCDtlsTransport, ssrc: int, listener: RtcpListener) -> object:
    """Give RTCP about the stream `ssrc` to `listener` from now on, until `stop_listening`."""
    tap = _RtcpTap(ssrc, listener)
    transport._rtp_router.register_sender(tap, ssrc=ssrc)
    transport._rtp_router.register_sender(tap, ssrc=0)  # FIR names its stream further inside
    return tap


def stop_listening(transport: RTCDtlsTransport, tap: Any) -> None:
    transport._rtp_router.unregister_sender(tap)


class _RtcpTap:
    """In the place of a sender in aiortc's router."""

    def __init__(self, ssrc: int, listener: RtcpListener) -> None:
        self._ssrc = ssrc
        self._listener = listener

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if hasattr(packet, "reports"):
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self._listener.handle_report(report.lsr, report.dlsr)
        elif hasattr(packet, "lost"):
            if packet.fmt == _NACK and packet.media_ssrc == self._ssrc:
                self._listener.handle_nack(packet.lost)
        elif hasattr(packet, "fci"):
            is_pli = packet.fmt == _PLI and packet.media_ssrc == self._ssrc
            if is_pli or (packet.fmt == _FIR and self._is_named_in(packet.fci)):
                self._listener.handle_keyframe_request()

    def _is_named_in(self, fci: bytes) -> bool:
        """RFC 5104 section 4.3.1.1: eight bytes for each stream."""
        own = self._ssrc.to_bytes(4, "big")
        return any(fci[start : start + 4] == own for start in range(0, len(fci), 8))


class RenumberedTransport:
    """A viewer's transport for aiortc's sender when that takes over in the middle: sequence numbers
    and timestamps, which it begins anywhere, go on from what was sent before."""

    def __init__(self, transport: RTCDtlsTransport, ssrc: int, number: int, timestamp: int) -> None:
        self._transport = transport
        self._ssrc = ssrc
        self._next = number, timestamp
        self._shift: tuple[int, int] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _register_rtp_sender(self, sender: Any, _parameters: object) -> None:
        self._registered = _WithoutNacks(sender)
        self._transport._rtp_router.register_sender(self._registered, ssrc=self._ssrc)

    def _unregister_rtp_sender(self, _sender: object) -> None:
        self._transport._rtp_router.unregister_sender(self._registered)

    async def _send_rtp(self, data: bytes) -> None:
        if 192 <= data[1] <= 223:  # RTCP (RFC 5761 section 4); its sender reports would be wrong
            if data[1] == GOODBYE:
                await self._transport._send_rtp(data)
            return
        first, second, number, timestamp, ssrc = HEADER.unpack_from(data)
        if ssrc != self._ssrc:
            return
        if self._shift is None:
            self._shift = self._next[0] - number, self._next[1] - timestamp
        number, timestamp = number + self._shift[0] & 0xFFFF, timestamp + self._shift[1]
        header = HEADER.pack(first, second, number, timestamp & 0xFFFFFFFF, ssrc)
        await self._transport._send_rtp(header + data[HEADER.size :])


class _WithoutNacks:
    """A sender that can't find what the viewer asks for under its old number."""

    def __init__(self, sender: Any) -> None:
        self._ssrc = sender._ssrc
        self._sender = sender

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if not hasattr(packet, "lost"):
            await self._sender._handle_rtcp_packet(packet)

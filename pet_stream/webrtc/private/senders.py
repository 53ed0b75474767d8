"""What is private in aiortc's senders and in the transport that they share with receivers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from aiortc import RTCDtlsTransport, RTCRtpSender

from ...errors import BitstreamError
from ...media.rtcp import GOODBYE, parse_feedback
from ...media.rtp import HEADER

logger = logging.getLogger(__name__)


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


class RtcpListener(Protocol):
    """Hears what a viewer says about the stream that it gets."""

    def handle_nack(self, sequence_numbers: Sequence[int]) -> None: ...
    def handle_keyframe_request(self) -> None: ...
    def handle_report(self, lsr: int, dlsr: int) -> None: ...


def listen_to_rtcp(transport: RTCDtlsTransport, ssrc: int, listener: RtcpListener) -> None:
    """Give RTCP about the stream `ssrc` to `listener`, and none to aiortc, until `stop_listening`.

    Raises AttributeError.
    """
    if not hasattr(transport, "_handle_rtcp_data"):
        raise AttributeError("RTCDtlsTransport._handle_rtcp_data")

    async def handle(data: bytes) -> None:
        try:
            feedback = parse_feedback(data, ssrc)
        except BitstreamError as exc:
            logger.debug("RTCP that can't be read: %s", exc)
            return
        if feedback.report is not None:
            listener.handle_report(*feedback.report)
        if feedback.lost:
            listener.handle_nack(feedback.lost)
        if feedback.wants_keyframe:
            listener.handle_keyframe_request()

    transport._handle_rtcp_data = handle  # type: ignore[method-assign]


def stop_listening(transport: RTCDtlsTransport) -> None:
    """Does nothing if nobody listens."""
    vars(transport).pop("_handle_rtcp_data", None)


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

"""Uses what is private in aiortc's senders and DTLS transport: SSRCs, key frames, RTCP."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from aiortc import RTCDtlsTransport, RTCRtpSender

from ...errors import BitstreamError
from ...media.rtp.rtcp import Report, parse_feedback
from ...supervision.error_counts import ErrorCounts

logger = logging.getLogger(__name__)


def set_ssrcs(sender: RTCRtpSender, ssrc: int, rtx_ssrc: int) -> None:
    """Have `sender` use these SSRCs. Call it before the answer, which names them.

    Raises AttributeError.
    """
    if not (hasattr(sender, "_ssrc") and hasattr(sender, "_rtx_ssrc")):
        raise AttributeError("RTCRtpSender._ssrc")
    sender._ssrc, sender._rtx_ssrc = ssrc, rtx_ssrc


def ssrcs_of(sender: RTCRtpSender) -> tuple[int, int]:
    """Returns its SSRC, and that of its retransmissions. Raises AttributeError."""
    return sender._ssrc, sender._rtx_ssrc


def on_keyframe_request(sender: RTCRtpSender, callback: Callable[[], None]) -> None:
    """Call `callback` for each picture loss indication and, from aiortc 1.14 on, each FIR."""
    sender._send_keyframe = callback  # type: ignore[method-assign]


class RtcpListener(Protocol):
    """Hears what a viewer says about the stream that it gets."""

    def handle_nack(self, sequence_numbers: Sequence[int]) -> None: ...
    def handle_keyframe_request(self) -> None: ...
    def handle_report(self, report: Report) -> None: ...


def listen_to_rtcp(
    transport: RTCDtlsTransport, ssrc: int, listener: RtcpListener, errors: ErrorCounts
) -> None:
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
        with errors.ending("webrtc", "what a viewer asks for by RTCP could not be done"):
            if feedback.report is not None:
                listener.handle_report(feedback.report)
            if feedback.lost:
                listener.handle_nack(feedback.lost)
            if feedback.wants_keyframe:
                listener.handle_keyframe_request()

    transport._handle_rtcp_data = handle  # type: ignore[method-assign]


def stop_listening(transport: RTCDtlsTransport) -> None:
    """Does nothing if nobody listens."""
    vars(transport).pop("_handle_rtcp_data", None)

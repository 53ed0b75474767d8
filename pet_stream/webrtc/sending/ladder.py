"""Chooses each viewer's sender when it connects: the fast one where it works, else aiortc's own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from aiortc import RTCRtpTransceiver
from aiortc.rtcrtpparameters import RTCRtpSendParameters

from ...media.access_unit import AccessUnit
from ...supervision.error_counts import ErrorCounts
from .. import private
from ..signaling.h264_format import H264Format
from ..signaling.offer import SENT_EXTENSIONS
from .fast_sender import FastSender, Shared
from .route import RouteFailed
from .sender import PeerCounts, Sender, Step
from .stock_sender import StockSender

logger = logging.getLogger(__name__)


class Senders:
    """Makes each viewer's sender, and owns what they share. On the event-loop thread."""

    def __init__(self, errors: ErrorCounts | None = None) -> None:
        self._shared: Shared | None = None
        try:
            self._shared = Shared(errors or ErrorCounts())
        except AttributeError as exc:
            logger.warning("viewers get aiortc's own sender, which costs more of the CPU: %s", exc)

    def __call__(
        self,
        transceiver: RTCRtpTransceiver,
        h264_format: H264Format,
        extensions: Mapping[str, int],
        counts: PeerCounts,
        end_viewer: Callable[[str], None],
    ) -> Sender:
        shared = self._shared
        if shared is not None:
            try:
                private.set_ssrcs(transceiver.sender, shared.streams.ssrc, shared.streams.rtx_ssrc)
            except AttributeError as exc:
                logger.warning("a viewer gets aiortc's own sender, at more of the CPU: %s", exc)
            else:
                return LadderSender(
                    shared, transceiver, h264_format, extensions, counts, end_viewer
                )
        return StockSender(transceiver, h264_format, extensions, counts, end_viewer)


class LadderSender:
    """A sender that begins on the first step that the installed releases, the viewer's route and
    earlier failures allow. When no step is left, the viewer is ended; if it connects again, it
    begins below what failed. On the event-loop thread."""

    def __init__(
        self,
        shared: Shared,
        transceiver: RTCRtpTransceiver,
        h264_format: H264Format,
        extensions: Mapping[str, int],
        counts: PeerCounts,
        end_viewer: Callable[[str], None],
    ) -> None:
        self._shared = shared
        self._transceiver = transceiver
        self._sender = transceiver.sender
        self.agree(h264_format, extensions)
        self._counts = counts
        self._end_viewer = end_viewer
        self._active: FastSender | StockSender | None = None
        self.send: Callable[[AccessUnit], None] = _drop
        """`send` of the sender in charge, which saves a call for each viewer and picture."""
        self._sender.send = self._begin  # type: ignore[method-assign]
        self._sender.stop = self._end  # type: ignore[method-assign]

    def agree(self, h264_format: H264Format, extensions: Mapping[str, int]) -> None:
        self._h264_format = h264_format
        self._extensions = tuple(
            (uri, extensions[uri]) for uri in SENT_EXTENSIONS if uri in extensions
        )

    @property
    def step(self) -> Step:
        return Step.STOCK if self._active is None else self._active.step

    @property
    def thinned_to(self) -> float | None:
        active = self._active
        return None if active is None else active.thinned_to

    def start(self, gop: Sequence[AccessUnit]) -> None:
        assert self._active is not None, "the viewer is not connected yet"
        self._active.start(gop)

    async def _begin(self, parameters: RTCRtpSendParameters) -> None:
        """In the place of RTCRtpSender.send, which aiortc calls when the viewer is connected."""
        try:
            self._active = FastSender(
                self._shared,
                self._sender.transport,
                self._h264_format,
                self._extensions,
                parameters.rtcp.cname or "",
                self._counts,
                self._fail,
            )
            self.send = self._active.send
        except (RouteFailed, AttributeError, TypeError) as exc:
            logger.warning("a viewer gets aiortc's own sender, at more of the CPU: %s", exc)
            del self._sender.send, self._sender.stop  # aiortc's methods are there again
            self._active = StockSender(
                self._transceiver, self._h264_format, {}, self._counts, self._end_viewer
            )
            self.send = self._active.send
            await self._sender.send(parameters)

    async def _end(self) -> None:
        """In the place of RTCRtpSender.stop."""
        del self._sender.send, self._sender.stop  # ours, which would keep this object
        self.send = _drop
        fast, self._active = self._active, None
        if isinstance(fast, FastSender):
            fast.say_goodbye()
            fast.close()

    def _fail(self, exc: Exception) -> None:
        """End the viewer: its fast sender has failed, and says so once."""
        fast, self._active = self._active, None
        assert isinstance(fast, FastSender)
        reason = f"sending by {fast.step.value} failed"
        logger.warning("%s; the viewer has to connect again", reason, exc_info=exc)
        self._counts.errors += 1
        self.send = _drop
        fast.close()
        self._end_viewer(reason)


def _drop(_unit: AccessUnit) -> None:
    """Send nothing: the viewer is not connected."""

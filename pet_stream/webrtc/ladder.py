"""The fast sender while it works, aiortc's own one otherwise: decided per viewer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from aiortc import RTCRtpTransceiver
from aiortc.rtcrtpparameters import RTCRtpSendParameters

from ..media.access_unit import AccessUnit
from . import private
from .fast_sender import FastSender, Shared
from .h264_format import H264Format
from .offer import SENT_EXTENSIONS
from .sender import PeerCounts, Sender, Step
from .stock_sender import StockSender

logger = logging.getLogger(__name__)


class Senders:
    """Makes each viewer's sender, and owns what they share. On the event-loop thread."""

    def __init__(self) -> None:
        self._shared: Shared | None = None
        try:
            self._shared = Shared()
        except AttributeError as exc:
            logger.warning("viewers get aiortc's own sender: %s", exc)

    def __call__(
        self,
        transceiver: RTCRtpTransceiver,
        h264_format: H264Format,
        extensions: Mapping[str, int],
        counts: PeerCounts,
    ) -> Sender:
        shared = self._shared
        if shared is not None:
            try:
                private.set_ssrcs(transceiver.sender, shared.streams.ssrc, shared.streams.rtx_ssrc)
            except AttributeError as exc:
                logger.warning("a viewer gets aiortc's own sender: %s", exc)
            else:
                return LadderSender(shared, transceiver, h264_format, extensions, counts)
        return StockSender(transceiver, h264_format, extensions, counts)


class LadderSender:
    """Begins on the step that the installed releases and the viewer's route allow, and goes down
    when a step fails; no access unit is lost by that. On the event-loop thread."""

    def __init__(
        self,
        shared: Shared,
        transceiver: RTCRtpTransceiver,
        h264_format: H264Format,
        extensions: Mapping[str, int],
        counts: PeerCounts,
    ) -> None:
        self._shared = shared
        self._transceiver = transceiver
        self._sender = transceiver.sender
        self._h264_format = h264_format
        self._extensions = tuple(
            (uri, extensions[uri]) for uri in SENT_EXTENSIONS if uri in extensions
        )
        self._counts = counts
        self._fast: FastSender | None = None
        self._stock: StockSender | None = None
        self._handover: asyncio.Future[None] | None = None
        self.send: Callable[[AccessUnit], None] = _drop
        """That of the sender in charge: one call less for each viewer and picture."""
        self._sender.send = self._begin  # type: ignore[method-assign]
        self._sender.stop = self._end  # type: ignore[method-assign]

    @property
    def step(self) -> Step:
        return Step.STOCK if self._fast is None else self._fast.step

    def start(self, gop: Sequence[AccessUnit]) -> None:
        self._active.start(gop)

    @property
    def _active(self) -> FastSender | StockSender:
        active = self._fast or self._stock
        assert active is not None, "the viewer is not connected yet"
        return active

    async def _begin(self, parameters: RTCRtpSendParameters) -> None:
        """In the place of RTCRtpSender.send, which aiortc calls when the viewer is connected."""
        try:
            self._fast = FastSender(
                self._shared,
                self._sender.transport,
                self._h264_format,
                self._extensions,
                parameters.rtcp.cname or "",
                self._counts,
                partial(self._go_on_without, parameters),
            )
            self.send = self._fast.send
        except (AttributeError, TypeError) as exc:
            logger.warning("a viewer gets aiortc's own sender: %s", exc)
            await self._hand_over(parameters)

    async def _end(self) -> None:
        """In the place of RTCRtpSender.stop."""
        del self._sender.send, self._sender.stop  # ours, which would keep this object
        self.send = _drop
        fast, self._fast = self._fast, None
        if fast is not None:
            fast.say_goodbye()
            fast.close()

    def _go_on_without(self, parameters: RTCRtpSendParameters, exc: Exception) -> None:
        """The fast sender's last step has failed: hand its work over in the middle."""
        logger.warning("a viewer goes on with aiortc's own sender", exc_info=exc)
        fast, self._fast = self._fast, None
        assert fast is not None
        number, unsent = fast.next_sequence_number, fast.unsent
        fast.close()
        transport = private.RenumberedTransport(
            self._sender.transport,
            self._shared.streams.ssrc,
            number,
            unsent[0].pts_90k,
        )
        self._sender.setTransport(transport)  # type: ignore[arg-type]
        self._handover = asyncio.ensure_future(self._hand_over(parameters))
        self._active.start(unsent)

    def _hand_over(self, parameters: RTCRtpSendParameters) -> Coroutine[Any, Any, None]:
        """Give aiortc its methods back, and let it begin."""
        del self._sender.send, self._sender.stop
        self._stock = StockSender(self._transceiver, self._h264_format, {}, self._counts)
        self.send = self._stock.send
        return self._sender.send(parameters)


def _drop(_unit: AccessUnit) -> None:
    """Nobody is connected."""

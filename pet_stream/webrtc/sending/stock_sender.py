"""Sends by aiortc's own sender, which works whatever became of its private names."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from aiortc import MediaStreamTrack, RTCRtpTransceiver
from aiortc.rtcrtpparameters import ParametersDict, RTCRtpSendParameters
from av.packet import Packet

from ...broadcaster import Subscription
from ...media.access_unit import AccessUnit
from .. import private
from ..signaling.h264_format import H264Format
from .sender import PeerCounts, Step

VIEWER_CAPACITY = 30
"""Access units that may wait for one viewer, the GOP that it starts with not counted."""

RTP_CLOCK = Fraction(1, 90_000)

SendMethod = Callable[[RTCRtpSendParameters], Coroutine[Any, Any, None]]


class StockSender:
    """aiortc's sender, which packetizes and encrypts per viewer, fed with H.264 as it is."""

    step = Step.STOCK
    thinned_to = None  # it does not hear what the viewer reports

    def __init__(
        self,
        transceiver: RTCRtpTransceiver,
        h264_format: H264Format,
        _extensions: Mapping[str, int],
        counts: PeerCounts,
        _end_viewer: Callable[[str], None],
    ) -> None:
        self._counts = counts
        self._h264_format = h264_format
        self._track = PacketTrack(counts)
        sender = transceiver.sender
        sender.replaceTrack(self._track)
        sender.send = self._under_agreed_types(sender.send)  # type: ignore[method-assign,assignment]
        private.on_keyframe_request(sender, self._count_keyframe_request)

    def agree(self, h264_format: H264Format, extensions: Mapping[str, int]) -> None:
        self._h264_format = h264_format

    def start(self, gop: Sequence[AccessUnit]) -> None:
        self._track.start(gop)

    def send(self, unit: AccessUnit) -> None:
        self._track.put(unit)

    def _under_agreed_types(self, send: SendMethod) -> SendMethod:
        """Returns `send` with the payload types that were agreed on; aiortc was told others."""

        async def send_as_agreed(parameters: RTCRtpSendParameters) -> None:
            h264_format, (h264, *others) = self._h264_format, parameters.codecs
            codecs = [replace(h264, payloadType=h264_format.payload_type)]
            if others and h264_format.rtx_payload_type is not None:
                apt: ParametersDict = {"apt": h264_format.payload_type}
                codecs.append(
                    replace(others[0], payloadType=h264_format.rtx_payload_type, parameters=apt)
                )
            await send(replace(parameters, codecs=codecs))

        return send_as_agreed

    def _count_keyframe_request(self) -> None:
        """The camera can't be asked for an IDR: the next one is the answer."""
        self._counts.keyframe_requests += 1


class PacketTrack(MediaStreamTrack):
    """A video track whose frames are encoded already."""

    kind = "video"

    def __init__(self, counts: PeerCounts) -> None:
        super().__init__()
        self._counts = counts
        self._ready = asyncio.Event()
        self._queue = Subscription("viewer", VIEWER_CAPACITY, self._ready.set)
        self._next: deque[AccessUnit] = deque()

    def start(self, gop: Sequence[AccessUnit]) -> None:
        self._queue = Subscription("viewer", VIEWER_CAPACITY, self._ready.set, gop=tuple(gop))
        self._ready.set()

    def put(self, unit: AccessUnit) -> None:
        dropped_before = self._queue.dropped_count
        self._queue.put(unit)
        self._counts.frames_dropped += self._queue.dropped_count - dropped_before

    async def recv(self) -> Packet[Any]:
        """The next access unit; aiortc's sender asks for it when the one before is sent."""
        while not self._next:
            self._ready.clear()
            self._next.extend(self._queue.take())
            if not self._next:
                await self._ready.wait()
        unit = self._next.popleft()
        packet = Packet(unit.to_annex_b())
        packet.pts = unit.pts_90k
        packet.time_base = RTP_CLOCK
        self._counts.frames_sent += 1
        return packet

"""A connection of aiortc, from its negotiation to its end: of a viewer, or a publication."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransport,
    RTCPeerConnection,
    RTCSessionDescription,
)

from ..ice_server import HostCandidates, IceServer
from ..process.standstill import wait_for_any
from ..supervision.error_counts import ErrorCounts
from . import private
from .sending.sender import PeerCounts, Sender, SenderFactory
from .signaling.answer import answer_from_aiortc, offer_for_aiortc
from .signaling.h264_format import H264Format
from .signaling.offer import Offer


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long each step may take. aiortc itself may wait for ever."""

    connect_s: float = 15.0
    """From the answer to the first encrypted packet."""
    reach_s: float = 8.0
    """From the answer to the first sign of a viewer: an ICE check that goes through, or one more
    candidate."""
    silence_s: float = 3.5
    """Without a sign of life the viewer has vanished. ICE itself needs 30 seconds."""
    look_s: float = 0.5
    """Time between two looks for a sign of life."""
    close_s: float = 3.0
    flood_s: float = 5.0
    """How long a viewer may send more RTCP than its budget."""


@dataclass(frozen=True, slots=True)
class ConnectionSetup:
    """What all connections are made with."""

    ice_servers: Callable[[], tuple[IceServer, ...]]
    """Those of a connection that begins now: at most one STUN and one TURN server, as aiortc takes
    them."""
    ice_hosts: HostCandidates
    make_sender: SenderFactory
    counts: PeerCounts
    limits: TimeLimits
    errors: ErrorCounts


class Connection:
    """Sends pictures to one other side. Everything on the event-loop thread.

    `send_as`, `take`, `live`, `close`, in this order; whoever makes one closes it. aiortc always
    answers here: the other side's description is given to it as an offer, whoever has spoken first.
    """

    def __init__(self, setup: ConnectionSetup) -> None:
        self.sender: Sender
        """From `send_as` on."""
        self._make_sender = setup.make_sender
        self._counts = setup.counts
        self._limits = setup.limits
        self._errors = setup.errors
        loop = asyncio.get_running_loop()
        self._connected: asyncio.Future[None] = loop.create_future()
        self._ended: asyncio.Future[str] = loop.create_future()
        self._heard_s = 0.0
        self._heard_count = 0
        self._question: asyncio.Task[None] | None = None
        self._refusal: asyncio.Task[None] | None = None
        servers = [
            RTCIceServer(list(server.urls), server.username, server.credential)
            for server in setup.ice_servers()
        ]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._connection.on("connectionstatechange", self._on_connection_state)
        self._transceiver = self._connection.addTransceiver("video", direction="sendonly")
        self._dtls = self._transceiver.sender.transport
        private.offer_hosts(self._ice, setup.ice_hosts)
        private.prefer_fastest(self._dtls)
        self._guard = private.Guard(self._dtls, self._counts.datagrams_dropped, self._errors)

    def send_as(self, h264_format: H264Format, extensions: Mapping[str, int]) -> None:
        """Send in this format, with these header extensions (number by URI)."""
        end = partial(_end, self._ended)  # not self.end: the sender would keep this object
        make, transceiver = self._make_sender, self._transceiver
        self.sender = make(transceiver, h264_format, extensions, self._counts, end)

    async def take(self, offer: Offer, h264_format: H264Format, profile_level_id: str) -> str:
        """Begin to connect to who has written `offer`; returns the answer to it, with all host
        candidates. Must not be cancelled: aioice would lose the sockets that it is opening."""
        offered = offer_for_aiortc(offer, h264_format)
        await self._connection.setRemoteDescription(RTCSessionDescription(offered, "offer"))
        await self._connection.setLocalDescription()
        answered = self._connection.localDescription.sdp
        return answer_from_aiortc(answered, offer, h264_format, profile_level_id)

    async def live(self, on_connected: Callable[[], object]) -> str:
        """Wait until the viewer is gone; returns why. `on_connected` is called at most once; from
        then on `look` has to be called every `look_s`."""
        limit_s = min(self._limits.reach_s, self._limits.connect_s)
        either: set[asyncio.Future[Any]] = {self._connected, self._ended}
        await wait_for_any(either, limit_s)
        if self.is_reached or self._is_coming:
            rest_s, limit_s = self._limits.connect_s - limit_s, self._limits.connect_s
            await wait_for_any(either, rest_s)
        if not (self._connected.done() or self._ended.done()):
            self._counts.errors += 1
            return f"not connected within {limit_s:g} s"
        if not self._ended.done():
            self._heard_s = asyncio.get_running_loop().time()
            on_connected()
            await asyncio.wait({self._ended})
        return self._ended.result()

    def look(self, now_s: float) -> None:
        """Check whether the viewer has been heard since the last call. Browsers send RTCP reports
        each second; a viewer that is silent gets a liveness check, and is ended if it does not
        answer."""
        heard_count = self._guard.heard_count
        if heard_count != self._heard_count:
            self._heard_count, self._heard_s = heard_count, now_s
        silence_s = now_s - self._heard_s
        if silence_s >= self._limits.silence_s:
            self._counts.vanished += 1
            self.end("vanished")
        elif silence_s >= self._limits.silence_s / 2 and _is_idle(self._question):
            self._question = asyncio.create_task(self._ask())
        if self._guard.rtcp.is_flooded(now_s, self._limits.flood_s):
            self.end("RTCP flood")

    def begin_anew(self, now_s: float) -> None:
        """Count silence from now on: until now this process could not have heard the viewer."""
        self._heard_s = now_s

    def end(self, reason: str) -> None:
        """Make `live` return."""
        _end(self._ended, reason)

    @property
    def is_ending(self) -> bool:
        return self._ended.done()

    @property
    def is_reached(self) -> bool:
        """Whether an ICE check went through: somebody is there."""
        return self._ice.state == "completed"

    async def close(self) -> None:
        for task in (self._question, self._refusal):
            if task is not None:
                task.cancel()
        self._question = self._refusal = None
        if not self._connected.done():  # aioice up to 0.11 would go on waiting for candidates
            await self._ice.addRemoteCandidate(None)
        await self._connection.close()
        self._guard.leave()

    def _on_connection_state(self) -> None:
        """Called by aiortc, in the middle of what it does: an error must not end that."""
        try:
            self._take_connection_state()
        except Exception as exc:
            self._fail(exc, "a viewer is ended: its connection's state can't be taken in")

    def _take_connection_state(self) -> None:
        state = self._connection.connectionState
        if state == "connected" and not self._connected.done():
            self._counts.connections += 1
            private.on_refusal(self._ice, self._handle_refusal)
            self._guard.watch_rtcp()
            self._connected.set_result(None)
        elif state in ("failed", "closed"):
            if state == "failed" and not self._connected.done():
                self._counts.errors += 1
            self.end(f"connection {state}")

    def _handle_refusal(self) -> None:
        """Called by asyncio, or in the middle of sending."""
        try:
            self._on_refusal()
        except Exception as exc:
            self._fail(exc, "a viewer is ended: whether its port is closed can't be told")

    def _fail(self, error: Exception, said: str) -> None:
        self._errors.end("webrtc", error, said)
        self.end("it has failed")

    def _on_refusal(self) -> None:
        if _is_idle(self._refusal):
            self._refusal = asyncio.create_task(self._confirm_refusal())

    async def _confirm_refusal(self) -> None:
        if not await private.is_reachable(self._ice):
            self.end("its port is closed")

    async def _ask(self) -> None:
        if await private.is_reachable(self._ice):
            self._heard_s = asyncio.get_running_loop().time()

    @property
    def _is_coming(self) -> bool:
        """Whether the other side has given a sign of life that is no ICE check."""
        return False

    @property
    def _ice(self) -> RTCIceTransport:
        return self._dtls.transport


def _end(ended: asyncio.Future[str], reason: str) -> None:
    if not ended.done():
        ended.set_result(reason)


def _is_idle(task: asyncio.Task[None] | None) -> bool:
    return task is None or task.done()

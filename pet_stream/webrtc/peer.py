"""One viewer's connection, from its offer to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransport,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.stats import RTCTransportStats

from ..config_values import IceServer, IpNetwork
from . import private
from .h264_format import H264Format
from .offer import Offer
from .sender import PeerCounts, SenderFactory
from .signaling import answer_from_aiortc, offer_for_aiortc


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long things may take, in seconds. aiortc itself may wait for ever."""

    connect_s: float = 15.0
    """From the answer to the first encrypted packet."""
    silence_s: float = 3.5
    """Without a sign of life the viewer has vanished. ICE itself needs 30 seconds."""
    look_s: float = 0.5
    """How often to look for one."""
    close_s: float = 3.0


class Peer:
    """One viewer. Everything on the event-loop thread.

    `negotiate`, `live`, `close`, in this order; whoever makes a Peer closes it.
    """

    def __init__(
        self,
        pc_id: str,
        h264_format: H264Format,
        offer: Offer,
        *,
        ice_servers: tuple[IceServer, ...],
        ice_hosts: tuple[IpNetwork, ...] | None,
        make_sender: SenderFactory,
        counts: PeerCounts,
        limits: TimeLimits,
    ) -> None:
        self.pc_id = pc_id
        self._h264_format = h264_format
        self._offer = offer
        self._counts = counts
        self._limits = limits
        self._connected = asyncio.Event()
        self._refusal: asyncio.Task[None] | None = None
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        servers = [
            RTCIceServer(list(server.urls), server.username, server.credential)
            for server in ice_servers
        ]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._connection.on("connectionstatechange", self._on_connection_state)
        transceiver = self._connection.addTransceiver("video", direction="sendonly")
        self._rtp_sender = transceiver.sender
        private.offer_hosts(self._ice, ice_hosts)
        extensions = {uri: number for number, uri in offer.extensions}
        self.sender = make_sender(transceiver, h264_format, extensions, counts)

    async def negotiate(self, profile_level_id: str) -> str:
        """The answer to the offer, all host candidates in it. Not to be cancelled: aioice would
        lose the sockets that it is just opening."""
        offered = offer_for_aiortc(self._offer, self._h264_format)
        await self._connection.setRemoteDescription(RTCSessionDescription(offered, "offer"))
        await self._connection.setLocalDescription()
        answered = self._connection.localDescription.sdp
        return answer_from_aiortc(answered, self._offer, self._h264_format, profile_level_id)

    async def live(self, on_connected: Callable[[], object]) -> str:
        """Wait until the viewer is gone, and say why. `on_connected` is called at most once."""
        watch = asyncio.create_task(self._watch(on_connected))
        try:
            await asyncio.wait({watch, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            return self._ended.result() if self._ended.done() else watch.result()
        finally:
            watch.cancel()

    def end(self, reason: str) -> None:
        """Make `live` return."""
        if not self._ended.done():
            self._ended.set_result(reason)

    @property
    def is_ending(self) -> bool:
        return self._ended.done()

    @property
    def short_id(self) -> str:
        """For logs: who knows the whole id may close the peer."""
        return self.pc_id[:6]

    async def close(self) -> None:
        if self._refusal is not None:
            self._refusal.cancel()
        if not self._connected.is_set():  # aioice up to 0.11 would go on waiting for candidates
            await self._ice.addRemoteCandidate(None)
        await self._connection.close()

    async def _watch(self, on_connected: Callable[[], object]) -> str:
        try:
            await asyncio.wait_for(self._connected.wait(), self._limits.connect_s)
        except asyncio.TimeoutError:
            self._counts.errors += 1
            return f"not connected within {self._limits.connect_s:g} s"
        on_connected()
        clock = asyncio.get_running_loop().time
        heard_at, packet_count = clock(), 0
        while (silence_s := clock() - heard_at) < self._limits.silence_s:
            look = asyncio.sleep(self._limits.look_s)
            has_answered = False
            if silence_s < self._limits.silence_s / 2:
                await look
            else:
                _, has_answered = await asyncio.gather(look, private.is_reachable(self._ice))
            received = await self._received_packet_count()
            if received != packet_count or has_answered:
                heard_at, packet_count = clock(), received
        self._counts.vanished += 1
        return "vanished"

    def _on_connection_state(self) -> None:
        state = self._connection.connectionState
        if state == "connected":
            self._counts.connections += 1
            private.on_refusal(self._ice, self._on_refusal)
            self._connected.set()
        elif state in ("failed", "closed"):
            if state == "failed" and not self._connected.is_set():
                self._counts.errors += 1
            self.end(f"connection {state}")

    def _on_refusal(self) -> None:
        if self._refusal is None or self._refusal.done():
            self._refusal = asyncio.create_task(self._confirm_refusal())

    async def _confirm_refusal(self) -> None:
        if not await private.is_reachable(self._ice):
            self.end("gone without a goodbye")

    async def _received_packet_count(self) -> int:
        """DTLS, RTP and RTCP packets so far. Browsers report on what they receive each second."""
        report = await self._rtp_sender.getStats()
        return sum(
            stats.packetsReceived
            for stats in report.values()
            if isinstance(stats, RTCTransportStats)
        )

    @property
    def _ice(self) -> RTCIceTransport:
        return self._rtp_sender.transport.transport

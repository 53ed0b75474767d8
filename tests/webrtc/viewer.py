"""A viewer made of aiortc that looks at nothing but loopback and keeps every byte it gets."""

from __future__ import annotations

import asyncio
import os
import socket
from ipaddress import ip_network
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs.h264 import h264_depayload
from aiortc.rtp import RtpPacket

from pet_stream.webrtc import private

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Viewer:
    """On the event-loop thread. `units` are the access units received, in Annex B."""

    def __init__(self, *, reports: bool = True) -> None:
        """`reports`: send RTCP receiver reports, as browsers do."""
        self.units: list[bytes] = []
        self.timestamps: list[int] = []
        self.payload_types: set[int] = set()
        self.gap_count = 0
        self._reports = reports
        self._unit = b""
        self._sequence_number: int | None = None
        self._changed = asyncio.Event()
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.on("connectionstatechange", self._changed.set)
        self._transceiver = self._connection.addTransceiver("video", direction="recvonly")
        private.offer_hosts(self._ice, LOOPBACK)
        self._receiver: Any = self._transceiver.receiver
        self._handle = self._receiver._handle_rtp_packet
        self._receiver._handle_rtp_packet = self._record  # type: ignore[method-assign]

    async def offer(self) -> str:
        await self._connection.setLocalDescription()
        return self._connection.localDescription.sdp

    async def accept(self, answer_sdp: str) -> None:
        await self._connection.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))

    async def has(self, count: int) -> list[bytes]:
        """Wait for the first `count` access units."""
        while len(self.units) < count:
            self._changed.clear()
            await self._changed.wait()
        return self.units[:count]

    async def becomes(self, state: str) -> None:
        while self._connection.connectionState != state:
            self._changed.clear()
            await self._changed.wait()

    @property
    def state(self) -> str:
        return self._connection.connectionState

    def vanish(self) -> None:
        """Neither send nor hear anything from now on, as if the plug had been pulled."""
        for protocol in self._protocols:
            protocol.transport.sendto = lambda *_: None
            protocol.datagram_received = lambda *_: None

    def crash(self) -> None:
        """Vanish, and the kernel closes the sockets, as it does for a closed tab of Chromium."""
        self.vanish()
        for protocol in self._protocols:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unbound:
                os.dup2(unbound.fileno(), protocol.transport.get_extra_info("socket").fileno())

    async def ask_for_a_keyframe(self) -> None:
        await self._receiver._send_rtcp_pli(self._ssrc)

    async def close(self) -> None:
        await self._connection.close()

    @property
    def _ice(self) -> Any:
        return self._transceiver.receiver.transport.transport

    @property
    def _protocols(self) -> Any:
        return private._connection(self._ice)._protocols

    async def _record(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        self._ssrc = packet.ssrc
        self.payload_types.add(packet.payload_type)
        if self._sequence_number is not None:
            expected = (self._sequence_number + 1) & 0xFFFF
            self.gap_count += packet.sequence_number != expected
        self._sequence_number = packet.sequence_number
        self._unit += h264_depayload(packet.payload)
        if packet.marker:
            self.units.append(self._unit)
            self.timestamps.append(packet.timestamp)
            self._unit = b""
            self._changed.set()
        if self._reports:
            await self._handle(packet, arrival_time_ms=arrival_time_ms)

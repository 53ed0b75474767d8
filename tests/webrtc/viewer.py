"""A viewer made of aiortc that looks at nothing but loopback and keeps every byte it gets."""

from __future__ import annotations

import asyncio
import copy
import os
import re
import socket
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import aioice.ice
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtcpPacket, RtcpSrPacket

from pet_stream.ice_server import HostCandidates, IpNetwork
from pet_stream.media.access_unit import START_CODE
from pet_stream.webrtc import private

from ..media.depacketizer import Depacketizer
from ..media.rtp_packets import RtpPacket, original, parse_packet

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Viewer:
    """On the event-loop thread. `units` are the access units received, in Annex B.

    What is missing stops `units` until it comes as a retransmission.
    """

    def __init__(self, *, reports: bool = True, hosts: tuple[IpNetwork, ...] = LOOPBACK) -> None:
        """`reports`: send RTCP receiver reports and NACKs, as browsers do."""
        self.units: list[bytes] = []
        self.timestamps: list[int] = []
        self.packets: list[RtpPacket] = []
        """As they came; retransmissions as what they are of."""
        self.sender_reports: list[RtcpSrPacket] = []
        self.gap_count = 0
        self.retransmitted_count = 0
        self.loses: Callable[[RtpPacket], bool] = lambda packet: False
        """Decides which packets get lost on the way to this viewer, retransmissions excepted."""
        self._reports = reports
        self._unit: list[bytes] = []
        self._depacketizer = Depacketizer()
        self._early: dict[int, RtpPacket] = {}
        self._expected: int | None = None
        self._last_number: int | None = None
        self._rtx_payload_type: int | None = None
        self._changed = asyncio.Event()
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.on("connectionstatechange", self._changed.set)
        self._transceiver = self._connection.addTransceiver("video", direction="recvonly")
        private.offer_hosts(self._ice, HostCandidates(hosts))
        self._receiver: Any = self._transceiver.receiver
        dtls: Any = self._receiver.transport
        self._handle_rtp, self._handle_rtcp = dtls._handle_rtp_data, dtls._handle_rtcp_data
        dtls._handle_rtp_data, dtls._handle_rtcp_data = self._take_rtp, self._take_rtcp

    async def offer(self) -> str:
        await self._connection.setLocalDescription()
        for protocol in self._protocols:  # a whole IDR comes while the loop is still sending it
            udp = protocol.transport.get_extra_info("socket")
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        return self._connection.localDescription.sdp

    async def accept(self, answer_sdp: str) -> None:
        rtx = re.search(r"a=rtpmap:(\d+) rtx/90000", answer_sdp)
        self._rtx_payload_type = int(rtx[1]) if rtx else None
        await self._connection.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))

    async def has(self, count: int) -> list[bytes]:
        """Wait for the first `count` access units."""
        await self.until(lambda: len(self.units) >= count)
        return self.units[:count]

    @property
    def cipher(self) -> str:
        """The SRTP protection profile that the DTLS server has chosen."""
        return str(self._receiver.transport._ssl.get_selected_srtp_profile().decode())

    async def becomes(self, state: str) -> None:
        await self.until(lambda: self._connection.connectionState == state)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something to come that makes `condition` true."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    @property
    def state(self) -> str:
        return self._connection.connectionState

    @property
    def payload_types(self) -> set[int]:
        return {packet.payload_type for packet in self.packets}

    @property
    def ice_username(self) -> str:
        name: str = private.ice.connection_of(self._ice).local_username
        return name

    def vanish(self) -> None:
        """Neither send nor hear anything from now on, as if the plug had been pulled."""
        for protocol in self._protocols:
            _silence(protocol)

    def crash(self) -> None:
        """Vanish, and the kernel closes the sockets, as it does for a closed tab of Chromium."""
        self.vanish()
        for protocol in self._protocols:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unbound:
                unbound.setblocking(False)  # the loop may be about to read from it
                os.dup2(unbound.fileno(), protocol.transport.get_extra_info("socket").fileno())

    async def move(self) -> tuple[str, int]:
        """Nominate another pair of addresses, as a phone does that changes networks (RFC 8445
        section 8.1.1): the checks with USE-CANDIDATE come from a new socket, its address."""
        connection = private.ice.connection_of(self._ice)
        old = connection._nominated[1]
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: aioice.ice.StunProtocol(connection), local_addr=("127.0.0.1", 0)
        )
        address: tuple[str, int] = transport.get_extra_info("sockname")
        protocol.local_candidate = _moved(old.local_candidate, *address)
        connection._protocols.append(protocol)
        pair = aioice.ice.CandidatePair(protocol, old.remote_candidate)
        request = connection.build_request(pair, nominate=True)
        key = connection.remote_password.encode()
        await protocol.request(request, pair.remote_addr, integrity_key=key)
        connection._nominated[1] = pair
        _silence(old.protocol)
        return address

    async def ask_for_a_keyframe(self) -> None:
        await self._receiver._send_rtcp_pli(self.packets[-1].ssrc)

    async def ask_for(self, sequence_numbers: list[int]) -> None:
        await self._receiver._send_rtcp_nack(self.packets[-1].ssrc, sequence_numbers)

    async def send_rtcp(self, data: bytes) -> None:
        await self._receiver.transport._send_rtp(data)

    async def send_records(self, count: int, *, says_goodbye: bool) -> None:
        """So many DTLS records of application data in one datagram."""
        connection = self._receiver.transport._ssl
        for _ in range(count):
            connection.send(b"x")
        if says_goodbye:
            connection.shutdown()
        self.send_raw(connection.bio_read(1500))

    def send_raw(self, data: bytes) -> None:
        """As it is, from the viewer's address: what somebody could send in its name."""
        pair = private.ice.connection_of(self._ice)._nominated[1]
        descriptor = pair.protocol.transport.get_extra_info("socket").fileno()
        with socket.socket(fileno=os.dup(descriptor)) as udp:  # asyncio's does not send nothing
            udp.sendto(data, pair.remote_addr)

    async def close(self) -> None:
        await self._connection.close()

    @property
    def _ice(self) -> Any:
        return self._transceiver.receiver.transport.transport

    @property
    def _protocols(self) -> Any:
        return private.ice.connection_of(self._ice)._protocols

    async def _take_rtp(self, data: bytes, arrival_time_ms: int) -> None:
        packet = parse_packet(data)
        if packet.payload_type == self._rtx_payload_type:
            self.retransmitted_count += 1
            main = self.packets[-1]
            self._put(parse_packet(original(data, main.payload_type, main.ssrc)))
        elif self.loses(packet):
            return
        else:
            if self._last_number is not None:
                self.gap_count += packet.sequence_number != self._last_number + 1 & 0xFFFF
            self._last_number = packet.sequence_number
            self._put(packet)
        self._changed.set()
        if self._reports:
            await self._handle_rtp(data, arrival_time_ms=arrival_time_ms)

    async def _take_rtcp(self, data: bytes) -> None:
        self.sender_reports += [p for p in RtcpPacket.parse(data) if isinstance(p, RtcpSrPacket)]
        self._changed.set()
        await self._handle_rtcp(data)

    def _put(self, packet: RtpPacket) -> None:
        self.packets.append(packet)
        if self._expected is None:
            self._expected = packet.sequence_number
        self._early[packet.sequence_number] = packet
        while (next_packet := self._early.pop(self._expected, None)) is not None:
            self._expected = self._expected + 1 & 0xFFFF
            self._unit += self._depacketizer.push(next_packet)
            if next_packet.is_marked:
                self.units.append(START_CODE + START_CODE.join(self._unit))
                self.timestamps.append(next_packet.timestamp)
                self._unit = []


def _silence(protocol: Any) -> None:
    protocol.transport.sendto = lambda *_: None
    protocol.datagram_received = lambda *_: None


def _moved(candidate: aioice.Candidate, host: str, port: int) -> aioice.Candidate:
    moved = copy.copy(candidate)
    moved.host, moved.port = host, port
    return moved

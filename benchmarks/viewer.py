"""One viewer: aiortc makes the connection, a bare socket loop receives.

Everything here that is private to aiortc, aioice or asyncio is in this module: the bench needs the
kernel's arrival times, and a receiver that costs next to nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import time
import urllib.request
from typing import Any
from urllib.parse import urljoin

import aioice.ice
import pylibsrtp
from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket

from .rtp_check import StreamCheck

SO_TIMESTAMPNS = 35  # <asm-generic/socket.h>; not in Python's socket module
ANCILLARY_BYTES = socket.CMSG_SPACE(16)
TIMESPEC = struct.Struct("@qq")
RECEIVE_BUFFER_BYTES = 2 << 20
CONNECT_TIMEOUT_S = 20.0
LOOPBACK = "127.0.0.1"


def use_only(address: str = LOOPBACK) -> None:
    """Make aioice offer `address` and no other; 127.0.0.1 it never offers by itself. For the whole
    process."""
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [address]


def realtime_offset_ns() -> int:
    """What to add to CLOCK_REALTIME to get CLOCK_MONOTONIC, to within a microsecond or so."""
    best: tuple[int, int] | None = None
    for _ in range(5):
        before = time.monotonic_ns()
        realtime = time.time_ns()
        after = time.monotonic_ns()
        candidate = (after - before, (before + after) // 2 - realtime)
        best = min(best, candidate) if best else candidate
    assert best is not None
    return best[1]


class Viewer:
    """On the event loop's thread. `drain` is to be called whenever something may have come."""

    def __init__(
        self, url: str, timeout_s: float = CONNECT_TIMEOUT_S, *, answers: bool = False
    ) -> None:
        """`url` takes an offer, or, where the viewer `answers`, gives one."""
        self.check = StreamCheck()
        self.offer_sent_ns = 0
        self.has_first_idr = asyncio.Event()
        self._url = url
        self._answers = answers
        self._timeout_s = timeout_s
        self._early: list[tuple[bytes, int]] = []
        self._sockets: list[socket.socket] = []
        self._protocol_of: dict[int, tuple[socket.socket, Any]] = {}
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        if answers:
            return
        transceiver = self._connection.addTransceiver("video", direction="recvonly")
        capabilities = RTCRtpReceiver.getCapabilities("video")
        assert capabilities is not None
        transceiver.setCodecPreferences(
            [
                codec
                for codec in capabilities.codecs
                if codec.mimeType in ("video/H264", "video/rtx")
            ]
        )

    async def connect(self, poll: Any) -> None:
        """Connect; returns when the first IDR is complete. `poll`: an epoll object that gets the
        sockets. Raises TimeoutError."""
        await (self._answer(poll) if self._answers else self._offer(poll))
        try:
            await asyncio.wait_for(self.has_first_idr.wait(), self._timeout_s)
        except asyncio.TimeoutError:
            raise TimeoutError(f"no IDR within {self._timeout_s:g} s of the answer") from None

    async def _offer(self, poll: Any) -> None:
        await self._connection.setLocalDescription(await self._connection.createOffer())
        self._take_sockets(poll)
        offer = {"type": "offer", "sdp": self._connection.localDescription.sdp}
        self.offer_sent_ns = time.monotonic_ns()
        ask = self._ask_by_whep if self._url.endswith("/whep") else self._ask
        answer = await asyncio.to_thread(ask, self._url, offer)
        await self._connection.setRemoteDescription(
            RTCSessionDescription(answer["sdp"], answer["type"])
        )

    async def _answer(self, poll: Any) -> None:
        self.offer_sent_ns = time.monotonic_ns()
        offer = await asyncio.to_thread(self._ask, self._url)
        await self._connection.setRemoteDescription(
            RTCSessionDescription(offer["sdp"], offer["type"])
        )
        # the DTLS server chooses the cipher, and its certificate is one that aiortc can use
        self._dtls._set_role("server")
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        self._take_sockets(poll)
        answer = {"type": "answer", "sdp": self._connection.localDescription.sdp}
        await asyncio.to_thread(self._ask, urljoin(self._url, offer["answer"]), answer)

    async def report(self) -> None:
        """One receiver report, as browsers send each second."""
        if self.check.ssrc:
            info = RtcpReceiverInfo(
                ssrc=self.check.ssrc,
                fraction_lost=0,
                packets_lost=0,
                highest_sequence=self.check.highest_sequence & 0xFFFFFFFF,
                jitter=0,
                lsr=0,
                dlsr=0,
            )
            try:
                await self.send_rtcp(bytes(RtcpRrPacket(ssrc=1, reports=[info])))
            except ConnectionError:
                pass

    async def send_rtcp(self, data: bytes) -> None:
        """Whatever it is. Raises ConnectionError when the server has ended the connection."""
        await self._dtls._send_rtp(data)

    async def close(self) -> None:
        await self._connection.close()
        for udp in self._sockets:
            udp.close()

    def drain(self, descriptor: int, offset_ns: int) -> int:
        """Take all that waits in one socket; how many datagrams it was."""
        udp, protocol = self._protocol_of[descriptor]
        count = 0
        unprotect = None
        while True:
            try:
                data, ancillary, _, sender = udp.recvmsg(2048, ANCILLARY_BYTES)
            except BlockingIOError:
                return count
            except OSError:
                return count
            count += 1
            if not data:
                continue
            if 128 <= data[0] <= 191 and not 192 <= data[1] <= 223:
                seconds, nanoseconds = TIMESPEC.unpack(ancillary[0][2])
                arrival_ns = seconds * 1_000_000_000 + nanoseconds + offset_ns
                if unprotect is None:
                    session = self._dtls._rx_srtp
                    if session is None:
                        self._early.append((data, arrival_ns))
                        continue
                    unprotect = session.unprotect
                    self._put_early(unprotect)
                self._put(unprotect, data, arrival_ns)
            else:
                protocol.datagram_received(data, sender)

    def _put_early(self, unprotect: Any) -> None:
        early, self._early = self._early, []
        for data, arrival_ns in early:
            self._put(unprotect, data, arrival_ns)

    def _put(self, unprotect: Any, data: bytes, arrival_ns: int) -> None:
        try:
            packet = unprotect(data)
        except pylibsrtp.Error:
            self.check.counts.unauthentic += 1
            return
        self.check.put(packet, arrival_ns)
        if self.check.first_idr_ns and not self.has_first_idr.is_set():
            self.has_first_idr.set()

    def _take_sockets(self, poll: Any) -> None:
        """From now on the loop hears nothing of these sockets; `drain` hands on what is not RTP."""
        loop: Any = asyncio.get_running_loop()
        for protocol in self._dtls.transport._connection._protocols:
            transport = protocol.transport
            original = transport.get_extra_info("socket")
            loop._remove_reader(original.fileno())
            udp = socket.socket(fileno=os.dup(original.fileno()))
            udp.setblocking(False)
            udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            self._sockets.append(udp)
            self._protocol_of[udp.fileno()] = (udp, protocol)
            poll(udp.fileno(), self)

    @property
    def _dtls(self) -> Any:
        return self._connection.getTransceivers()[0].receiver.transport

    def _ask_by_whep(self, url: str, offer: dict[str, str]) -> dict[str, str]:
        request = urllib.request.Request(
            url, data=offer["sdp"].encode(), headers={"Content-Type": "application/sdp"}
        )
        with urllib.request.urlopen(request, timeout=self._timeout_s) as response:
            return {"type": "answer", "sdp": response.read().decode()}

    def _ask(self, url: str, description: dict[str, str] | None = None) -> dict[str, str]:
        request = urllib.request.Request(
            url,
            data=None if description is None else json.dumps(description).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=self._timeout_s) as response:
            answer: dict[str, str] = json.load(response)
            return answer

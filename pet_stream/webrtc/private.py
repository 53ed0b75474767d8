"""Every private name of aiortc, aioice and pylibsrtp that the project uses, and nothing else.

A release may move them. What needs them then does without; `missing_names` says which ones it
were, for the test that runs with every supported release.
"""

from __future__ import annotations

import errno
import inspect
import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import Any, NamedTuple, Protocol

import aioice
import pylibsrtp
from aioice import stun
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceTransport, RTCRtpSender
from aiortc.rtcicetransport import RTCIceGatherer

from ..config_values import IpNetwork
from ..media.rtcp import GOODBYE
from ..media.rtp import HEADER, PacketBlock

logger = logging.getLogger(__name__)

_IP_RECVERR = 11  # <linux/in.h>, <linux/in6.h>; not in Python's socket module
_IPV6_RECVERR = 25
_MAX_REPORTS = 1000
_LOOPBACK = ("127.0.0.1", "::1")
_NACK = 1  # feedback message types (RFC 4585 section 6.2.1, 6.3.1; RFC 5104 section 4.3.1)
_PLI = 1
_FIR = 4
_FIRST_PACKETS = 128
_MAX_WAITING_BYTES = 256 * 1024

SrtpError = pylibsrtp.Error
_libsrtp: Any = pylibsrtp


def offer_hosts(transport: RTCIceTransport, networks: Sequence[IpNetwork] | None) -> None:
    """Offer only addresses inside `networks` as host candidates of this one connection.

    Loopback addresses, which aioice leaves out, are among them if a network holds them. None:
    all that aioice finds. Call it before gathering.
    """
    if networks is None:
        return
    connection = _connection(transport)
    gather = getattr(connection, "get_component_candidates", None)
    if gather is None:
        logger.warning("aioice %s: host candidates can't be filtered", aioice.__version__)
        return

    async def gather_inside(component: int, addresses: list[str], **options: Any) -> object:
        inside = [
            address
            for address in dict.fromkeys((*addresses, *_LOOPBACK))
            if any(ipaddress.ip_address(address) in network for network in networks)
        ]
        return await gather(component=component, addresses=inside, **options)

    connection.get_component_candidates = gather_inside


async def is_reachable(transport: RTCIceTransport) -> bool:
    """Ask the viewer's ICE agent once, as for consent (RFC 7675); an answer takes a round trip.

    False after half a second without one. True if this can't be asked.
    """
    connection = _connection(transport)
    try:
        pair = next(iter(connection._nominated.values()), None)
        if pair is None:
            return False
        request = connection.build_request(pair, nominate=False)
        key = connection.remote_password.encode()
        await pair.protocol.request(request, pair.remote_addr, integrity_key=key, retransmissions=0)
    except stun.TransactionFailed:
        return True  # an error is an answer, too
    except stun.TransactionTimeout:
        return False
    except (AttributeError, TypeError) as exc:
        logger.debug("aioice %s: a viewer can't be asked: %s", aioice.__version__, exc)
    return True


def received_packet_count(transport: RTCDtlsTransport) -> int:
    """DTLS, RTP and RTCP packets so far; always 0 if that is not to be known."""
    count: int = getattr(transport, "_RTCDtlsTransport__rx_packets", 0)
    return count


def on_refusal(transport: RTCIceTransport, callback: Callable[[], object]) -> None:
    """Call `callback` when the viewer's host says that its port is closed (ICMP port unreachable).

    Call it when connected. A tab that is closed says no goodbye in Chromium: this is all there is
    to be heard of it. The kernel tells it for an unconnected socket only with IP_RECVERR, and then
    queues the reports: they have to be taken out, or the loop would be woken up for ever.
    """
    for pair in getattr(_connection(transport), "_nominated", {}).values():
        if pair.local_candidate.type != "host":  # a TURN server's socket is not ours
            continue
        udp = pair.protocol.transport.get_extra_info("socket")
        if udp.family == socket.AF_INET6:
            udp.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        else:
            udp.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        pair.protocol.error_received = partial(_take_refusals, udp.fileno(), callback)


def on_keyframe_request(sender: RTCRtpSender, callback: Callable[[], None]) -> None:
    """Call `callback` for each picture loss indication and, from aiortc 1.14 on, each FIR."""
    sender._send_keyframe = callback  # type: ignore[method-assign]


class Way(NamedTuple):
    """Where a viewer's packets go."""

    protocol: Any
    """asyncio's, whose `transport` sends, and which hears of errors."""
    address: tuple[str, int]
    descriptor: int | None
    """Of the UDP socket; None: packets take a TURN server's way."""


def nominated_pairs(transport: RTCIceTransport) -> Mapping[int, object]:
    """The pairs of addresses in use, by component (1: RTP); the connection changes them."""
    pairs: Mapping[int, object] = _connection(transport)._nominated
    return pairs


def way_of(pair: Any) -> Way:
    protocol = pair.protocol
    if pair.local_candidate.type == "relay":
        return Way(protocol, pair.remote_addr, None)
    udp = protocol.transport.get_extra_info("socket")
    return Way(protocol, pair.remote_addr, udp.fileno())


def send_by_transport(way: Way, packet: bytes) -> None:
    """Send by asyncio or through a TURN server. Raises BlockingIOError if too much waits there."""
    transport = way.protocol.transport
    waiting_bytes = getattr(transport, "get_write_buffer_size", int)()
    if waiting_bytes > _MAX_WAITING_BYTES:
        raise BlockingIOError(errno.EAGAIN, "asyncio's buffer is full")
    transport.sendto(packet, way.address)


def set_ssrcs(sender: RTCRtpSender, ssrc: int, rtx_ssrc: int) -> None:
    """Have `sender` send under these. Call it before the answer, which names them.

    Raises AttributeError.
    """
    if not (hasattr(sender, "_ssrc") and hasattr(sender, "_rtx_ssrc")):
        raise AttributeError("RTCRtpSender._ssrc")
    sender._ssrc, sender._rtx_ssrc = ssrc, rtx_ssrc


class RtcpListener(Protocol):
    """Hears what a viewer says about the stream that it gets."""

    def handle_nack(self, sequence_numbers: Sequence[int]) -> None: ...
    def handle_keyframe_request(self) -> None: ...
    def handle_report(self, lsr: int, dlsr: int) -> None: ...


def listen_to_rtcp(transport: RTCDtlsTransport, ssrc: int, listener: RtcpListener) -> object:
    """Give RTCP about the stream `ssrc` to `listener` from now on, until `stop_listening`."""
    tap = _RtcpTap(ssrc, listener)
    transport._rtp_router.register_sender(tap, ssrc=ssrc)
    transport._rtp_router.register_sender(tap, ssrc=0)  # FIR names its stream further inside
    return tap


def stop_listening(transport: RTCDtlsTransport, tap: Any) -> None:
    transport._rtp_router.unregister_sender(tap)


class _RtcpTap:
    """In the place of a sender in aiortc's router."""

    def __init__(self, ssrc: int, listener: RtcpListener) -> None:
        self._ssrc = ssrc
        self._listener = listener

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if hasattr(packet, "reports"):
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self._listener.handle_report(report.lsr, report.dlsr)
        elif hasattr(packet, "lost"):
            if packet.fmt == _NACK and packet.media_ssrc == self._ssrc:
                self._listener.handle_nack(packet.lost)
        elif hasattr(packet, "fci"):
            is_pli = packet.fmt == _PLI and packet.media_ssrc == self._ssrc
            if is_pli or (packet.fmt == _FIR and self._is_named_in(packet.fci)):
                self._listener.handle_keyframe_request()

    def _is_named_in(self, fci: bytes) -> bool:
        """RFC 5104 section 4.3.1.1: eight bytes for each stream."""
        own = self._ssrc.to_bytes(4, "big")
        return any(fci[start : start + 4] == own for start in range(0, len(fci), 8))


class SrtpSession:
    """What encrypts for one viewer, once DTLS is through."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        session = transport._tx_srtp
        self.protect = session.protect
        self.protect_rtcp = session.protect_rtcp
        self.context = session._srtp[0]
        self._session = session  # the context lives as long as this


class SrtpBuffer:
    """Where blocks of packets, `stride` bytes apart, are encrypted in place, one viewer's after the
    other's. What is in it is valid until the next one. Owned by one thread."""

    def __init__(self, stride: int) -> None:
        self._stride = stride
        self._grow(_FIRST_PACKETS)

    def protect(self, session: SrtpSession, block: PacketBlock) -> memoryview:
        """The encrypted packets, each where it was, `tag_bytes` longer. Raises SrtpError."""
        count = len(block.sizes)
        if count > self._capacity:
            self._grow(max(count, 2 * self._capacity))
        self._data[: len(block.data)] = block.data
        self._sizes[: len(block.packed_sizes)] = block.packed_sizes
        # one call per packet, and nothing of Python between two of them
        states = map(self._protect, repeat(session.context, count), self._packets, self._lengths)
        if any(states):
            raise SrtpError("srtp_protect")
        return self._data

    def _grow(self, packet_count: int) -> None:
        ffi = _libsrtp.ffi
        self._capacity = packet_count
        data, sizes = bytearray(packet_count * self._stride), bytearray(4 * packet_count)
        first_packet, first_length = (
            ffi.from_buffer("char[]", data),
            ffi.from_buffer("int[]", sizes),
        )
        self._data, self._sizes = memoryview(data), memoryview(sizes)
        self._packets = [first_packet + self._stride * index for index in range(packet_count)]
        self._lengths = [first_length + index for index in range(packet_count)]
        self._kept = first_packet, first_length
        self._protect = _libsrtp.lib.srtp_protect


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


def missing_names() -> list[str]:
    """The names and parameters used here that the installed releases do not have."""
    transport = RTCIceTransport(RTCIceGatherer(iceServers=[]))
    connection = aioice.Connection(ice_controlling=False)
    dtls = RTCDtlsTransport(transport, [RTCCertificate.generateCertificate()])
    router = getattr(dtls, "_rtp_router", None)
    sender = RTCRtpSender("video", dtls)
    used: list[tuple[object, str, tuple[str, ...]]] = [
        (transport, "_connection", ()),
        (connection, "get_component_candidates", ("component", "addresses")),
        (connection, "build_request", ("pair", "nominate")),
        (connection, "remote_password", ()),
        (connection, "_nominated", ()),
        (aioice.ice.CandidatePair, "local_candidate", ()),
        (aioice.ice.CandidatePair, "remote_addr", ()),
        (aioice.ice.StunProtocol, "error_received", ()),
        (aioice.ice.StunProtocol, "request", ("integrity_key", "retransmissions")),
        (stun, "TransactionFailed", ()),
        (stun, "TransactionTimeout", ()),
        (RTCRtpSender, "_send_keyframe", ()),
        (dtls, "_rtp_router", ()),
        (router, "register_sender", ("sender", "ssrc")),
        (router, "unregister_sender", ("sender",)),
        (dtls, "_tx_srtp", ()),
        (dtls, "_send_rtp", ()),
        (dtls, "_RTCDtlsTransport__rx_packets", ()),
        (sender, "_ssrc", ()),
        (sender, "_rtx_ssrc", ()),
        (pylibsrtp.Session(), "_srtp", ()),
        (_libsrtp, "ffi", ()),
        (_libsrtp, "lib", ()),
        (_libsrtp.lib, "srtp_protect", ()),
    ]
    missing = []
    for owner, name, parameters in used:
        title = f"{getattr(owner, '__name__', type(owner).__name__)}.{name}"
        if not hasattr(owner, name):
            missing.append(title)
        elif parameters:
            known = inspect.signature(getattr(owner, name)).parameters
            missing += [
                f"{title}({parameter})" for parameter in parameters if parameter not in known
            ]
    return missing


def _take_refusals(descriptor: int, callback: Callable[[], object], error: Exception) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as udp:
        try:
            for _ in range(_MAX_REPORTS):
                udp.recvmsg(1, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        except BlockingIOError:
            pass  # all taken out
    if isinstance(error, ConnectionRefusedError):
        callback()


def _connection(transport: RTCIceTransport) -> Any:
    return transport._connection

"""Uses what is private in aioice and aiortc's ICE transport: roles, checks, destinations."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import aioice
from aioice import stun
from aiortc import RTCIceTransport

logger = logging.getLogger(__name__)

_IP_RECVERR = 11  # <linux/in.h>, <linux/in6.h>; not in Python's socket module
_IPV6_RECVERR = 25
_MAX_REPORTS = 1000
_MAX_WAITING_BYTES = 256 * 1024


def take_control(transport: RTCIceTransport) -> None:
    """Have this side nominate, as the side that offers does (RFC 8445 section 6.1.1), although
    aiortc is made to answer. Raises AttributeError."""
    if not hasattr(transport, "_role_set"):
        raise AttributeError("RTCIceTransport._role_set")
    connection_of(transport).ice_controlling = transport._role_set = True


async def is_reachable(transport: RTCIceTransport) -> bool:
    """Ask the viewer's ICE agent once, as for consent (RFC 7675); an answer takes a round trip.

    False after half a second without one. True if this can't be asked.
    """
    connection = connection_of(transport)
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


def on_refusal(transport: RTCIceTransport, callback: Callable[[], object]) -> None:
    """Call `callback` when the viewer's host says that its port is closed (ICMP port unreachable).

    Call it when connected. Chromium sends nothing when a tab is closed: this is the only sign of
    it. For an unconnected socket the kernel reports it only with IP_RECVERR, and then queues the
    reports: they have to be taken out, or the loop would be woken up for ever.
    """
    for protocol in getattr(connection_of(transport), "_protocols", ()):
        if protocol.local_candidate.type != "host":  # a TURN server's socket is not ours
            continue
        udp = protocol.transport.get_extra_info("socket")
        if udp.family == socket.AF_INET6:
            udp.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        else:
            udp.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        protocol.error_received = partial(_take_refusals, udp.fileno(), callback)


class Destination(NamedTuple):
    """Where a viewer's packets go."""

    protocol: Any
    """asyncio's, whose `transport` sends, and which hears of errors."""
    address: tuple[str, int]
    descriptor: int | None
    """Of the UDP socket; None: it is closed, or packets go through a TURN server."""
    host: str
    """The local address that is sent from, or the TURN server's."""


def nominated_pairs(transport: RTCIceTransport) -> Mapping[int, object]:
    """Returns the pairs of addresses in use, by component (1: RTP); the connection changes them."""
    pairs: Mapping[int, object] = connection_of(transport)._nominated
    return pairs


def destination_of(pair: Any) -> Destination:
    protocol = pair.protocol
    udp = protocol.transport.get_extra_info("socket")
    is_own = pair.local_candidate.type != "relay" and udp is not None and udp.fileno() >= 0
    descriptor = udp.fileno() if is_own else None
    return Destination(protocol, pair.remote_addr, descriptor, pair.local_candidate.host)


def send_by_transport(destination: Destination, packet: bytes) -> None:
    """Send by asyncio or through a TURN server. Raises BlockingIOError if too much waits there."""
    transport = destination.protocol.transport
    waiting_bytes = getattr(transport, "get_write_buffer_size", int)()
    if waiting_bytes > _MAX_WAITING_BYTES:
        raise BlockingIOError(errno.EAGAIN, "asyncio's buffer is full")
    transport.sendto(packet, destination.address)


def connection_of(transport: RTCIceTransport) -> Any:
    return transport._connection


def _take_refusals(descriptor: int, callback: Callable[[], object], error: Exception) -> None:
    udp = socket.socket(fileno=descriptor)  # no copy: there may be no descriptor left for one
    try:
        for _ in range(_MAX_REPORTS):
            udp.recvmsg(1, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
    except BlockingIOError:
        pass  # all taken out
    finally:
        udp.detach()
    if isinstance(error, ConnectionRefusedError):
        callback()

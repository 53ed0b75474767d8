"""Every private name of aiortc and aioice that the project uses, and nothing else.

A release may move them. What needs them then does without; `missing_names` says which ones it
were, for the test that runs with every supported release.
"""

from __future__ import annotations

import inspect
import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import aioice
from aioice import stun
from aiortc import RTCIceTransport, RTCRtpSender
from aiortc.rtcicetransport import RTCIceGatherer

from ..config_values import IpNetwork

logger = logging.getLogger(__name__)

_IP_RECVERR = 11  # <linux/in.h>, <linux/in6.h>; not in Python's socket module
_IPV6_RECVERR = 25
_MAX_REPORTS = 1000
_LOOPBACK = ("127.0.0.1", "::1")


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


def missing_names() -> list[str]:
    """The names and parameters used here that the installed releases do not have."""
    transport = RTCIceTransport(RTCIceGatherer(iceServers=[]))
    connection = aioice.Connection(ice_controlling=False)
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

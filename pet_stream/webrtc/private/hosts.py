"""Chooses the host candidates of a connection: which addresses, at which ports, and which of a
router's beside them."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import random
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import aioice
from aioice import stun
from aioice.candidate import candidate_foundation, candidate_priority
from aiortc import RTCIceTransport

from ...errors import NoPort
from ...ice_server import HostCandidates
from .ice import connection_of

logger = logging.getLogger(__name__)

SERVERS_LIMIT_S = 1.5
ANNOUNCED_PREFERENCE = 65_534
"""One less than aioice's for host candidates (RFC 8445 section 5.1.2.1): at home the direct way is
taken."""
_LOOPBACK = ("127.0.0.1", "::1")


def offer_hosts(transport: RTCIceTransport, hosts: HostCandidates) -> None:
    """Offer `hosts` as host candidates of this one connection.

    Loopback addresses, which aioice leaves out, are among them if a network holds them. STUN and
    TURN servers get a second and a half to answer instead of five: the viewer's answer waits for
    it. Call it before gathering, which then raises NoPort if all of `hosts.ports` are taken.
    """
    connection = connection_of(transport)
    gather = getattr(connection, "get_component_candidates", None)
    if gather is None:
        logger.warning(
            "PET_STREAM_ICE_HOSTS does not count: of aioice %s host candidates can't be filtered",
            aioice.__version__,
        )
        return
    gather_any = (
        gather if hosts.ports is None else partial(_gather, connection, gather, hosts.ports)
    )

    async def gather_chosen(component: int, addresses: list[str], **options: Any) -> object:
        limit = {"timeout": SERVERS_LIMIT_S, **options}
        inside = _inside(addresses, hosts)
        candidates = await gather_any(component=component, addresses=inside, **limit)
        return [*candidates, *_announced(candidates, hosts)]

    connection.get_component_candidates = gather_chosen


def bind_together(addresses: Sequence[str], ports: range) -> list[socket.socket]:
    """Returns a UDP socket for each of `addresses`, all at one port of `ports`, so that a router
    may forward it to any of them. One that has gone meanwhile is left out. Raises NoPort."""
    first = random.randrange(len(ports))  # not the port that has just been left: packets may come
    for index in range(len(ports)):
        port = ports[(first + index) % len(ports)]
        with ExitStack() as opened:
            if (sockets := _bind(addresses, port, opened)) is not None:
                opened.pop_all()
                return sockets
    logger.warning("a viewer is turned away: every port of PET_STREAM_ICE_PORTS is in use")
    raise NoPort(ports)


def _bind(addresses: Sequence[str], port: int, opened: ExitStack) -> list[socket.socket] | None:
    """Returns None if another socket has `port`."""
    sockets = []
    for address in addresses:
        is_ipv6 = ":" in address
        udp = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
        opened.callback(udp.close)
        udp.setblocking(False)
        try:
            udp.bind((address, port))
        except OSError as exc:
            if exc.errno == errno.EADDRINUSE:
                return None
            logger.debug("no candidate at %s: %s", address, exc)
            udp.close()
            continue
        sockets.append(udp)
    return sockets


async def _gather(
    connection: Any,
    gather: Callable[..., Any],
    ports: range,
    *,
    component: int,
    addresses: list[str],
    timeout: float,
) -> list[aioice.Candidate]:
    """In the place of aioice's, which binds any port."""
    protocols = []
    for udp in bind_together(addresses, ports) if addresses else ():
        _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            partial(aioice.ice.StunProtocol, connection), sock=udp
        )
        host, port = protocol.transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = _host_candidate(component, host, port)
        connection._protocols.append(protocol)
        protocols.append(protocol)
    asked = [
        asyncio.wait_for(_reflexive(protocol, connection.stun_server), timeout)
        for protocol in protocols
        if connection.stun_server and ":" not in protocol.local_candidate.host
    ]
    relayed = gather(component=component, addresses=[], timeout=timeout)
    found, *reflexive = await asyncio.gather(relayed, *asked, return_exceptions=True)
    return [
        *(protocol.local_candidate for protocol in protocols),
        *(candidate for candidate in reflexive if isinstance(candidate, aioice.Candidate)),
        *([] if isinstance(found, BaseException) else found),
    ]


async def _reflexive(protocol: Any, server: tuple[str, int]) -> aioice.Candidate:
    """Ask a STUN server how others see the address of `protocol`."""
    found = await asyncio.get_running_loop().getaddrinfo(
        *server, family=socket.AF_INET, type=socket.SOCK_DGRAM
    )
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    response, _ = await protocol.request(request, found[0][4])
    host, port = response.attributes["XOR-MAPPED-ADDRESS"]
    local = protocol.local_candidate
    return aioice.Candidate(
        foundation=candidate_foundation("srflx", "udp", local.host),
        component=local.component,
        transport="udp",
        priority=candidate_priority(local.component, "srflx"),
        host=host,
        port=port,
        type="srflx",
        related_address=local.host,
        related_port=local.port,
    )


def _inside(addresses: list[str], hosts: HostCandidates) -> list[str]:
    if hosts.networks is None:
        return addresses
    return [
        address
        for address in dict.fromkeys((*addresses, *_LOOPBACK))
        if any(ipaddress.ip_address(address) in network for network in hosts.networks)
    ]


def _announced(
    candidates: Sequence[aioice.Candidate], hosts: HostCandidates
) -> Iterator[aioice.Candidate]:
    """Yields one candidate for each announced address and port of a host candidate of its kind."""
    seen = {(candidate.host, candidate.port) for candidate in candidates}
    for candidate in [candidate for candidate in candidates if candidate.type == "host"]:
        for announced in hosts.announced:
            address = str(announced.address)
            place = address, announced.port_of(candidate.port, hosts.ports)
            if (":" in address) == (":" in candidate.host) and place not in seen:
                seen.add(place)
                yield _host_candidate(candidate.component, *place, ANNOUNCED_PREFERENCE)


def _host_candidate(
    component: int, host: str, port: int, preference: int = 65_535
) -> aioice.Candidate:
    return aioice.Candidate(
        foundation=candidate_foundation("host", "udp", host),
        component=component,
        transport="udp",
        priority=candidate_priority(component, "host", preference),
        host=host,
        port=port,
        type="host",
    )

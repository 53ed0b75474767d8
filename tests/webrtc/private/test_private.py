"""What the project uses of aiortc's and aioice's insides is there, and does what it should."""

from __future__ import annotations

import asyncio
import select
import socket
import time
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import aioice
import pytest
from aiortc import RTCIceGatherer, RTCIceServer, RTCIceTransport

from pet_stream.ice_server import HostCandidates
from pet_stream.webrtc import private
from tests.waiting import TIMEOUT_S


def test_this_release_has_every_private_name_that_is_used() -> None:
    async def look() -> list[str]:
        return private.missing_names()

    assert asyncio.run(look()) == []


def gathered(networks: list[str] | None, servers: Sequence[RTCIceServer] = ()) -> list[str]:
    async def gather() -> list[str]:
        transport = RTCIceTransport(RTCIceGatherer(iceServers=list(servers)))
        parsed = None if networks is None else tuple(map(ip_network, networks))
        private.offer_hosts(transport, HostCandidates(parsed))
        await transport.iceGatherer.gather()
        hosts = [candidate.ip for candidate in transport.iceGatherer.getLocalCandidates()]
        await transport.stop()
        return hosts

    return asyncio.run(gather())


def test_loopback_is_offered_only_when_asked_for() -> None:
    assert gathered(["127.0.0.0/8"]) == ["127.0.0.1"]
    assert gathered(["127.0.0.1/32"]) == ["127.0.0.1"]
    assert "127.0.0.1" not in gathered(None)


def test_only_addresses_inside_the_networks_are_offered() -> None:
    everything = gathered(None)
    ipv4 = [host for host in everything if ip_address(host).version == 4]
    assert gathered(["0.0.0.0/0"]) == [*ipv4, "127.0.0.1"]
    assert gathered(["198.51.100.0/24"]) == []


def test_a_stun_server_that_does_not_answer_is_not_waited_for_long() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server = RTCIceServer(f"stun:127.0.0.1:{silent.getsockname()[1]}")
        begun_s = time.monotonic()
        assert gathered(["127.0.0.0/8"], [server]) == ["127.0.0.1"]
        assert time.monotonic() - begun_s < 4.5  # aioice: 5


def test_other_connections_in_the_process_are_not_touched() -> None:
    before = aioice.ice.get_host_addresses
    everything = gathered(None)
    gathered(["127.0.0.0/8"])
    assert aioice.ice.get_host_addresses is before
    assert gathered(None) == everything


def test_a_viewer_that_was_never_connected_is_not_reachable() -> None:
    async def ask() -> bool:
        transport = RTCIceTransport(RTCIceGatherer(iceServers=[]))
        return await private.is_reachable(transport)

    assert asyncio.run(ask()) is False


def test_a_closed_port_is_reported_and_does_not_keep_the_loop_awake() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        closed_port = listening.getsockname()[1]

    async def send_there() -> list[tuple[int, int]]:
        transport = RTCIceTransport(RTCIceGatherer(iceServers=[]))
        private.offer_hosts(transport, HostCandidates((ip_network("127.0.0.0/8"),)))
        await transport.iceGatherer.gather()
        connection: Any = transport._connection
        remote = aioice.Candidate("1", 1, "udp", 1, "127.0.0.1", closed_port, "host")
        connection._nominated[1] = aioice.ice.CandidatePair(connection._protocols[0], remote)
        refused = asyncio.Event()
        private.on_refusal(transport, refused.set)
        await connection.send(b"is anybody there")
        await asyncio.wait_for(refused.wait(), TIMEOUT_S)
        poll = select.poll()
        poll.register(connection._protocols[0].transport.get_extra_info("socket").fileno(), 0)
        left = poll.poll(0)
        await transport.stop()
        return left

    assert asyncio.run(send_there()) == []


def test_a_release_that_moved_a_name_is_noticed_and_lived_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(aioice.Connection, "build_request")
    monkeypatch.delattr(aioice.Connection, "get_component_candidates")

    async def look() -> tuple[list[str], bool]:
        transport = RTCIceTransport(RTCIceGatherer(iceServers=[]))
        private.offer_hosts(transport, HostCandidates((ip_network("127.0.0.0/8"),)))
        transport._connection._nominated[1] = object()  # type: ignore[assignment]
        return private.missing_names(), await private.is_reachable(transport)

    missing, is_reachable = asyncio.run(look())
    assert missing == ["Connection.get_component_candidates", "Connection.build_request"]
    assert is_reachable

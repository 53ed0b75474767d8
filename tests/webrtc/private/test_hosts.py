"""Host candidates: their ports are of the range, and a router's addresses are beside them."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
import time
from contextlib import ExitStack
from ipaddress import ip_address, ip_network

import pytest
from aioice import stun
from aiortc import RTCIceCandidate, RTCIceGatherer, RTCIceServer, RTCIceTransport

from pet_stream.errors import NoPort
from pet_stream.ice_server import Announced, HostCandidates
from pet_stream.webrtc import private
from pet_stream.webrtc.private.hosts import bind_together

HOME = (ip_network("127.0.0.1"), ip_network("::1"))


def candidates_of(
    *all_hosts: HostCandidates, stun_url: str = "", turn_url: str = ""
) -> list[list[RTCIceCandidate]]:
    """Gather for each, one after the other, and then end all of them."""

    async def gather() -> list[list[RTCIceCandidate]]:
        found, transports = [], []
        servers = [RTCIceServer(stun_url)] if stun_url else []
        servers += [RTCIceServer(turn_url, "user", "hidden")] if turn_url else []
        try:
            for hosts in all_hosts:
                transport = RTCIceTransport(RTCIceGatherer(iceServers=servers))
                transports.append(transport)
                private.offer_hosts(transport, hosts)
                await transport.iceGatherer.gather()
                found.append(transport.iceGatherer.getLocalCandidates())
        finally:
            for transport in transports:
                await transport.stop()
        return found

    return asyncio.run(gather())


def free_range(count: int) -> range:
    """Returns ports of which none is in use, below those that the kernel gives, and not those that
    other processes of the tests look at."""
    base = 20_000 + os.getpid() % 40 * 300
    for first in range(base, base + 300, count):
        with ExitStack() as opened:
            try:
                for port in range(first, first + count):
                    udp = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return range(first, first + count)
    raise AssertionError("no free ports")


def test_each_connection_has_a_port_of_the_range_the_same_at_each_address() -> None:
    ports = free_range(3)
    taken = [
        {candidate.port for candidate in candidates}
        for candidates in candidates_of(*[HostCandidates(HOME, ports)] * 3)
    ]
    assert [len(each) for each in taken] == [1, 1, 1]
    assert set().union(*taken) == set(ports)


def test_when_all_ports_are_in_use_that_is_said_and_they_are_given_back_at_the_end() -> None:
    hosts = HostCandidates(HOME, free_range(2))
    for _ in range(2):
        with pytest.raises(NoPort, match="Every UDP port for WebRTC is in use"):
            candidates_of(*[hosts] * 3)
        assert len(candidates_of(hosts, hosts)) == 2


def test_a_port_that_another_program_has_is_passed_over() -> None:
    ports = free_range(2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as foreign:
        foreign.bind(("127.0.0.1", ports[0]))
        for _ in range(8):  # whichever is tried first
            [candidates] = candidates_of(HostCandidates(HOME, ports))
            assert {candidate.port for candidate in candidates} == {ports[1]}


def test_an_address_that_has_gone_is_left_out() -> None:
    sockets = bind_together(["127.0.0.1", "198.51.100.7"], free_range(1))
    assert [udp.getsockname()[0] for udp in sockets] == ["127.0.0.1"]
    sockets[0].close()


def test_without_an_address_no_port_is_needed() -> None:
    nowhere = (ip_network("198.51.100.0/24"),)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as foreign:
        foreign.bind(("", 0))
        port = foreign.getsockname()[1]
        assert candidates_of(HostCandidates(nowhere, range(port, port + 1))) == [[]]


def test_an_announced_address_has_the_port_of_each_host_candidate_of_its_kind() -> None:
    announced = tuple(
        Announced(ip_address(text)) for text in ("203.0.113.9", "203.0.113.10", "2001:db8::9")
    )
    [candidates] = candidates_of(HostCandidates(HOME[:1], None, announced))
    [own, *others] = candidates
    assert [(each.ip, each.port) for each in others] == [
        ("203.0.113.9", own.port),
        ("203.0.113.10", own.port),
    ]
    assert {each.type for each in candidates} == {"host"}
    assert all(each.priority < own.priority for each in others)  # at home it is not taken


def test_a_router_may_have_other_ports() -> None:
    ports = free_range(4)
    announced = (Announced(ip_address("203.0.113.9"), 40_000),)
    for candidates in candidates_of(*[HostCandidates(HOME, ports, announced)] * 4):
        own = candidates[0]
        outside = [each for each in candidates if each.ip == "203.0.113.9"]
        assert [each.port for each in outside] == [40_000 + own.port - ports[0]]


def test_a_stun_server_is_asked_from_a_port_of_the_range_too() -> None:
    ports = free_range(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        asked_from = []

        def answer() -> None:
            data, address = server.recvfrom(2000)
            asked_from.append(address)
            request = stun.parse_message(data)
            response = stun.Message(
                stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id
            )
            response.attributes["XOR-MAPPED-ADDRESS"] = ("203.0.113.9", 7)
            server.sendto(bytes(response), address)

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"stun:127.0.0.1:{server.getsockname()[1]}"
        [candidates] = candidates_of(HostCandidates(HOME[:1], ports), stun_url=url)
        thread.join()
    assert asked_from == [("127.0.0.1", ports[0])]
    told = [(each.type, each.ip, each.port, each.relatedPort) for each in candidates]
    assert told == [("host", "127.0.0.1", ports[0], None), ("srflx", "203.0.113.9", 7, ports[0])]


GARBAGE = {"noise": bytes(range(256)) * 5, "silence": None}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_what_a_stun_server_sends_ends_nothing(garbage: bytes | None) -> None:
    ports = free_range(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)

        def answer() -> None:
            _, address = server.recvfrom(2000)
            if garbage is not None:
                server.sendto(garbage, address)

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"stun:127.0.0.1:{server.getsockname()[1]}"
        [candidates] = candidates_of(HostCandidates(HOME[:1], ports), stun_url=url)
        thread.join()
    assert [each.type for each in candidates] == ["host"]


def test_priorities_are_those_of_aioice() -> None:
    """Its own host candidates, and ours in a range, are worth the same."""
    [own], [ranged] = candidates_of(
        HostCandidates(HOME[:1]), HostCandidates(HOME[:1], free_range(1))
    )
    assert (own.priority, own.foundation) == (ranged.priority, ranged.foundation)


@pytest.mark.slow
# aioice 0.10 leaves the socket of a try that is not answered to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("ports", [None, 1], ids=["any port", "a range"])
def test_a_turn_server_that_keeps_silent_or_talks_nonsense_is_left_out(
    garbage: bytes | None, ports: int | None
) -> None:
    hosts = HostCandidates(HOME[:1], None if ports is None else free_range(ports))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)

        def answer() -> None:
            _, address = server.recvfrom(2000)
            if garbage is not None:
                server.sendto(garbage, address)

        thread = threading.Thread(target=answer)
        thread.start()
        begun_s = time.monotonic()
        url = f"turn:127.0.0.1:{server.getsockname()[1]}"
        [candidates] = candidates_of(hosts, turn_url=url)
        took_s = time.monotonic() - begun_s
        thread.join()
    assert [each.type for each in candidates] == ["host"]
    assert took_s < 4.5  # aioice: 5
    gc.collect()  # here, and in no other test

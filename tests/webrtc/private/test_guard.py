"""What the guard does at the edges of a connection's life; tests/attacks has the rest."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from typing import Any

import aioice
import pytest
from aiortc import (
    RTCCertificate,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceServer,
    RTCIceTransport,
)

from pet_stream.ice_server import HostCandidates
from pet_stream.webrtc import private
from pet_stream.webrtc.private import Drop
from tests.waiting import TIMEOUT_S

HELLO = b"\x16\xfe\xfd" + bytes(60)


def dtls_transport(*servers: RTCIceServer) -> RTCDtlsTransport:
    ice = RTCIceTransport(RTCIceGatherer(iceServers=list(servers)))
    private.offer_hosts(ice, HostCandidates((ip_network("127.0.0.0/8"),)))
    return RTCDtlsTransport(ice, [RTCCertificate.generateCertificate()])


def test_nothing_comes_in_while_a_stun_server_is_waited_for() -> None:
    """The sockets are open by then, and aioice's own handler is on them."""

    async def gather(server: RTCIceServer) -> tuple[Counter[Drop], int]:
        transport = dtls_transport(server)
        drops: Counter[Drop] = Counter()
        guard = private.Guard(transport, drops)
        connection: Any = transport.transport._connection
        gathering = asyncio.ensure_future(transport.transport.iceGatherer.gather())
        while not connection._protocols:
            await asyncio.sleep(0)
        address = connection._protocols[0].transport.get_extra_info("sockname")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for data in (b"", b"\x80" * 60_000, b"\x16" * 100):
                stranger.sendto(data, address)
            while drops.total() < 3 and not gathering.done():
                await asyncio.sleep(0.001)
        waiting = connection._queue.qsize()
        await gathering
        await transport.transport.stop()
        guard.leave()
        return drops, waiting

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server = RTCIceServer(f"stun:127.0.0.1:{silent.getsockname()[1]}")
        assert asyncio.run(gather(server)) == (Counter({Drop.UNCHECKED: 3}), 0)


def test_what_a_turn_server_relays_is_looked_at_by_its_true_sender() -> None:
    viewer, stranger = ("198.51.100.7", 5000), ("198.51.100.8", 5000)

    async def relay() -> tuple[Counter[Drop], list[bytes]]:
        transport = dtls_transport()
        drops: Counter[Drop] = Counter()
        guard = private.Guard(transport, drops)
        await transport.transport.iceGatherer.gather()
        connection: Any = transport.transport._connection
        (protocol,) = connection._protocols
        remote = aioice.Candidate("1", 1, "udp", 1, viewer[0], viewer[1], "relay")
        await connection.add_remote_candidate(remote)
        (pair,) = connection._check_list
        pair.state = aioice.ice.CandidatePair.State.SUCCEEDED
        client = aioice.turn.TurnClientUdpProtocol(("192.0.2.1", 3478), "u", "p", 600, 500)
        client.receiver = protocol
        client.channel_to_peer = {0x4000: viewer, 0x4001: stranger}
        for channel, data in ((0x4000, b""), (0x4000, HELLO), (0x4001, HELLO)):
            client.datagram_received(struct.pack("!HH", channel, len(data)) + data, client.server)
        passed = [connection._queue.get_nowait()[0] for _ in range(connection._queue.qsize())]
        await transport.transport.stop()
        guard.leave()
        return drops, passed

    expected = Counter({Drop.EMPTY: 1, Drop.UNCHECKED: 1})
    assert asyncio.run(relay()) == (expected, [HELLO])


def reading(*results: Exception | None) -> tuple[list[Exception | None], Counter[Drop]]:
    """What aiortc's `_recv_next` raises, and what comes of it through the guard."""
    drops: Counter[Drop] = Counter()

    async def read() -> list[Exception | None]:
        transport: Any = dtls_transport()
        left = iter(results)

        async def receive() -> None:
            result = next(left)
            if result is not None:
                raise result

        transport._recv_next = receive
        private.Guard(transport, drops)
        return [await _raised_by(transport._recv_next) for _ in results]

    return asyncio.run(read()), drops


def test_a_check_without_an_answer_ends_with_the_connection() -> None:
    """aioice repeats it, on a closed socket, too."""
    failures: list[dict[str, Any]] = []

    async def check(silent: socket.socket) -> bool:
        asyncio.get_running_loop().set_exception_handler(lambda _, why: failures.append(why))
        transport = dtls_transport()
        guard = private.Guard(transport, Counter())
        await transport.transport.iceGatherer.gather()
        connection: Any = transport.transport._connection
        connection.remote_username, connection.remote_password = "viewer", "secret"
        address = silent.getsockname()
        remote = aioice.Candidate("1", 1, "udp", 1, address[0], address[1], "host")
        await connection.add_remote_candidate(remote)
        (pair,) = connection._check_list
        pair.task = task = asyncio.ensure_future(connection.check_start(pair))
        await asyncio.sleep(0)  # it is sent
        await transport.transport.stop()
        guard.leave()
        await asyncio.wait([task], timeout=TIMEOUT_S)
        return bool(task.done())

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert asyncio.run(check(silent))
    assert failures == []


async def _raised_by(read: Callable[[], Awaitable[object]]) -> Exception | None:
    try:
        await read()
    except Exception as exc:
        return exc
    return None


def test_what_a_parser_raises_ends_no_reader() -> None:
    gone = ConnectionError()
    raised, drops = reading(IndexError(), ValueError(), None, gone)
    assert raised == [None, None, None, gone]
    assert drops == {Drop.MALFORMED: 2}


def test_a_reader_that_fails_without_reading_is_not_called_for_ever() -> None:
    raised, _ = reading(*[AttributeError("moved")] * 2000)
    assert isinstance(raised[-1], AttributeError)


def test_a_release_that_moved_a_name_has_no_guard(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(aioice.Connection, "check_incoming")

    async def connect() -> object:
        transport = dtls_transport()
        guard = private.Guard(transport, Counter())
        await transport.transport.iceGatherer.gather()
        connection: Any = transport.transport._connection
        untouched = "data_received" not in vars(connection)
        await asyncio.wait_for(transport.transport.stop(), TIMEOUT_S)
        guard.leave()
        return untouched

    assert asyncio.run(connect())
    assert "no guard" in caplog.text

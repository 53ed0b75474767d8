"""Viewers elsewhere, whose own addresses reach nobody: by Debian's coturn, or a forwarded port."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription

from pet_stream.config import Config
from pet_stream.doctor.finding import Finding, Level
from pet_stream.doctor.ice import check_ice_servers
from pet_stream.event_loop import EventLoopThread
from pet_stream.ice_server import Announced, HostCandidates, IceServer
from pet_stream.turn_secret import TurnSecret, with_credentials
from pet_stream.webrtc.private.ice import connection_of
from tests.certificates import write_certificate
from tests.waiting import TIMEOUT_S, wait_until

from .conftest import Streaming
from .networks import (
    AWAY_ADDRESS,
    HOME_ADDRESS,
    PUBLIC_ADDRESS,
    Networks,
    enter,
    networks,
    turn_server,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes network namespaces"),
]

MakeStreaming = Callable[..., Streaming]

SECRET = "0123456789-of-the-test"
UDP = f"turn:{PUBLIC_ADDRESS}:3478"
URLS = [UDP, f"{UDP}?transport=tcp", f"turns:{PUBLIC_ADDRESS}:5349"]


def relay(url: str, secret: str = SECRET, now_s: float | None = None) -> tuple[IceServer, ...]:
    """With credentials as viewers get them, and this server gives to itself."""
    servers, now_s = [IceServer((url,))], time.time() if now_s is None else now_s
    return with_credentials(servers, TurnSecret(secret.encode()), "viewer", now_s)


class Away:
    """A viewer elsewhere. Its event loop is there, too."""

    def __init__(self, made: Networks) -> None:
        self._loop = EventLoopThread("away")
        self._loop.start()
        self._run(_enter(made.away))
        self._connections: list[RTCPeerConnection] = []

    def watch(self, streaming: Streaming, servers: tuple[IceServer, ...] = ()) -> tuple[str, Any]:
        """Returns the kind of this side's candidate that is used, and the other side's address."""
        offer = self._run(self._offer(servers))
        answer = streaming.run(streaming.peers.answer(offer))
        found: tuple[str, Any] = self._run(self._accept(answer.sdp, streaming))
        self.leave()
        return found

    def kinds(self, servers: tuple[IceServer, ...]) -> set[str]:
        """Returns those of its own candidates."""
        found = set(re.findall(r"a=candidate:.* typ (\w+)", self._run(self._offer(servers))))
        self.leave()
        return found

    def examine(self, config: Config) -> list[Finding]:
        async def examine() -> list[Finding]:
            return check_ice_servers(config, TIMEOUT_S / 2)  # whose threads are where this one is

        found: list[Finding] = self._run(examine())
        return found

    def leave(self) -> None:
        while self._connections:
            self._run(self._connections.pop().close())

    def stop(self) -> None:
        self.leave()
        self._loop.stop()

    def _run(self, coroutine: Any) -> Any:
        return self._loop.call(coroutine, TIMEOUT_S)

    def finds(self, port: int) -> bool:
        """Whether somebody listens there at the public address."""
        try:
            _, writer = self._run(asyncio.open_connection(PUBLIC_ADDRESS, port))
        except OSError:
            return False
        self._loop.call_soon(writer.close)
        return True

    async def _offer(self, servers: tuple[IceServer, ...]) -> str:
        ice_servers = [RTCIceServer(list(s.urls), s.username, s.credential) for s in servers]
        connection = RTCPeerConnection(RTCConfiguration(iceServers=ice_servers))
        self._connections.append(connection)
        connection.addTransceiver("video", direction="recvonly")
        await connection.setLocalDescription()
        return connection.localDescription.sdp

    async def _accept(self, sdp: str, streaming: Streaming) -> tuple[str, Any]:
        connection = self._connections[-1]
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        receiver = connection.getReceivers()[0]
        while connection.connectionState in ("new", "connecting"):
            await asyncio.sleep(0.01)
        if connection.connectionState != "connected":
            return connection.connectionState, None
        pair = connection_of(receiver.transport.transport)._nominated[1]
        while not await _packets(receiver):
            streaming.camera.publish(1)
            await asyncio.sleep(0.01)
        return pair.local_candidate.type, pair.remote_addr[0]


async def _packets(receiver: Any) -> int:
    reports = (await receiver.getStats()).values()
    return sum(each.packetsReceived for each in reports if each.type == "inbound-rtp")


async def _enter(name: str) -> None:
    enter(name)


@pytest.fixture
def made() -> Iterator[Networks]:
    with networks() as made:
        yield made


@pytest.fixture
def away(made: Networks) -> Iterator[Away]:
    away = Away(made)
    yield away
    away.stop()


@pytest.fixture
def turn(
    made: Networks, away: Away, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    certificate = tmp_path / "certificate.pem"
    write_certificate(certificate, address=PUBLIC_ADDRESS)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # which OpenSSL trusts then
    with turn_server(made, tmp_path, SECRET, certificate):
        wait_until(lambda: away.finds(5349) and "relay" in away.kinds(relay(UDP)))
        yield


def at_home(make: MakeStreaming, made: Networks, **options: Any) -> Streaming:
    streaming = make(**{"ice_hosts": HostCandidates(), **options})
    streaming.run(_enter(made.home))
    return streaming


def test_a_viewer_elsewhere_takes_its_relay_and_then_the_direct_way_when_there_is_one(
    made: Networks, turn: None, away: Away, make_streaming: MakeStreaming
) -> None:
    streaming = at_home(make_streaming, made)
    for url in URLS:
        assert away.watch(streaming, relay(url)) == ("relay", HOME_ADDRESS)
    made.cross()
    assert away.watch(streaming, relay(UDP)) == ("host", HOME_ADDRESS)


def test_our_own_relay_serves_a_viewer_that_has_none(
    made: Networks, turn: None, away: Away, make_streaming: MakeStreaming
) -> None:
    for url in URLS:
        streaming = at_home(make_streaming, made, ice_servers=lambda url=url: relay(url))
        assert away.watch(streaming) == ("host", PUBLIC_ADDRESS)


def test_each_side_may_have_a_relay(
    made: Networks, turn: None, away: Away, make_streaming: MakeStreaming
) -> None:
    none = HostCandidates(networks=())
    streaming = at_home(make_streaming, made, ice_hosts=none, ice_servers=lambda: relay(UDP))
    assert away.watch(streaming, relay(UDP))[1] == PUBLIC_ADDRESS


def test_credentials_of_another_secret_or_of_yesterday_open_nothing(
    made: Networks, turn: None, away: Away
) -> None:
    yesterday_s = time.time() - 86_400
    for servers in (relay(UDP, secret="another-secret-entirely"), relay(UDP, now_s=yesterday_s)):
        assert away.kinds(servers) == {"host"}
    assert away.kinds(relay(UDP)) == {"host", "relay"}


def test_the_doctor_says_which_server_fails_and_why(turn: None, away: Away) -> None:
    settings = {"PET_STREAM_ICE_SERVERS": [f"stun:{PUBLIC_ADDRESS}", *URLS]}
    well = away.examine(Config.from_mapping({**settings, "PET_STREAM_TURN_SECRET": SECRET}))
    assert [(each.check, each.level) for each in well[:4]] == [
        ("STUN", Level.OK),
        *[("TURN", Level.OK)] * 3,
    ]
    assert AWAY_ADDRESS in well[0].message
    assert all(f"relays at {PUBLIC_ADDRESS}" in each.message for each in well[1:4])
    other = {**settings, "PET_STREAM_TURN_SECRET": "another-secret-entirely"}
    for finding in away.examine(Config.from_mapping(other))[1:4]:
        assert "it refuses: 401" in finding.message
        assert "static-auth-secret" in finding.advice


def test_a_forwarded_port_is_reached_by_the_announced_address(
    made: Networks, away: Away, make_streaming: MakeStreaming
) -> None:
    made.forward(range(40_000, 40_004), to=50_000)
    announced = Announced(ip_address(PUBLIC_ADDRESS), 40_000)
    hosts = HostCandidates(None, range(50_000, 50_004), (announced,))
    streaming = at_home(make_streaming, made, ice_hosts=hosts)
    assert away.watch(streaming) == ("host", PUBLIC_ADDRESS)

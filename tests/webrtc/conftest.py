"""A running event loop, a camera with real footage, Peers on loopback, viewers that get closed."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from aiortc import RTCRtpTransceiver

from pet_stream.admission.grants import Grants
from pet_stream.admission.places import Places
from pet_stream.broadcaster import Broadcaster
from pet_stream.event_loop import EventLoopThread
from pet_stream.fan_out import FanOut
from pet_stream.ice_server import HostCandidates, IceServer, IpNetwork
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.h264 import NalUnitType, SequenceParameterSet, nal_unit_type, split_annex_b
from pet_stream.rights import EVERYBODYS, Grant
from pet_stream.webrtc.connection import TimeLimits
from pet_stream.webrtc.peers import Answer, Peers
from pet_stream.webrtc.sending.ladder import Senders
from pet_stream.webrtc.sending.sender import Sender, SenderFactory
from tests.waiting import TIMEOUT_S

from ..footage import encode
from .viewer import LOOPBACK, Viewer

PATIENT = TimeLimits(connect_s=10 * TIMEOUT_S, reach_s=10 * TIMEOUT_S, silence_s=10 * TIMEOUT_S)
"""A busy machine is not taken for a viewer that vanished."""

GOP = 14
FRAME_NS = 1_000_000_000 // 30

T = TypeVar("T")


class Camera:
    """Publishes real pictures one by one. Every GOP-th is an IDR with its parameter sets."""

    def __init__(self, broadcaster: Broadcaster) -> None:
        self._broadcaster = broadcaster
        self._pictures = [split_annex_b(data) for data in encode(gop=GOP, pictures=3 * GOP)]
        self._number = 0
        self._start_ns = time.monotonic_ns()

    def publish(self, count: int) -> list[AccessUnit]:
        return [
            self.publish_picture(self._pictures[self._number % len(self._pictures)])
            for _ in range(count)
        ]

    def publish_picture(self, nal_units: tuple[bytes, ...]) -> AccessUnit:
        unit = AccessUnit(
            nal_units=nal_units,
            sequence=self._number,
            capture_ns=self._start_ns + self._number * FRAME_NS,
            is_idr=any(nal_unit_type(n) == NalUnitType.IDR_SLICE for n in nal_units),
            is_discontinuity=False,
            width=320,
            height=240,
            camera_id=0,
            frame_number=self._number,
        )
        self._number += 1
        self._broadcaster.publish(unit)
        return unit


class Streaming:
    """Peers as the extension wires them, driven from the test's thread."""

    def __init__(
        self,
        max_clients: int = 10,
        limits: TimeLimits = PATIENT,
        ice_hosts: tuple[IpNetwork, ...] | HostCandidates = LOOPBACK,
        ice_servers: Callable[[], tuple[IceServer, ...]] = tuple,
        make_sender: SenderFactory | None = None,
        grants: Grants | None = None,
    ) -> None:
        self.event_loop = EventLoopThread("test")
        self.event_loop.start()
        self.audience_changes = 0
        self.broadcaster = Broadcaster(self._handle_audience_change)
        self.fan_out = FanOut(self.broadcaster, self.event_loop)
        self.camera = Camera(self.broadcaster)
        self.places = Places(max_clients)
        self.grants = grants or Grants("test")
        self.sps: SequenceParameterSet | None = None
        self._made: list[tuple[weakref.ref[RTCRtpTransceiver], weakref.ref[Sender]]] = []
        self._make_sender = make_sender or Senders()
        self.peers = Peers(
            fan_out=self.fan_out,
            event_loop=self.event_loop,
            places=self.places,
            grants=self.grants,
            video=lambda: self.sps,
            ice_hosts=HostCandidates(ice_hosts) if isinstance(ice_hosts, tuple) else ice_hosts,
            ice_servers=ice_servers,
            limits=limits,
            make_sender=self._make,
            offer_interval_s=0,
        )
        self._viewers: list[Viewer] = []

    def _make(self, transceiver: RTCRtpTransceiver, *arguments: Any) -> Sender:
        sender = self._make_sender(transceiver, *arguments)
        self._made.append((weakref.ref(transceiver), weakref.ref(sender)))
        return sender

    @property
    def made(self) -> list[tuple[RTCRtpTransceiver, Sender]]:
        """Of each viewer that is not freed, in their order: its transceiver and its sender."""
        pairs = [(transceiver(), sender()) for transceiver, sender in self._made]
        return [(made_for, made) for made_for, made in pairs if made_for and made]

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.event_loop.call(coroutine, TIMEOUT_S)

    def viewer(self, *, reports: bool = True) -> Viewer:
        async def make() -> Viewer:
            return Viewer(reports=reports)

        viewer = self.run(make())
        self._viewers.append(viewer)
        return viewer

    def answer(self, viewer: Viewer, grant: Grant = EVERYBODYS) -> Answer:
        return self.run(self.peers.answer(self.run(viewer.offer()), grant=grant))

    def connect(self, *, reports: bool = True, grant: Grant = EVERYBODYS) -> tuple[Viewer, str]:
        """A connected viewer and its pc_id."""
        viewer = self.viewer(reports=reports)
        joined = self.peers.connected_count + 1
        answer = self.answer(viewer, grant)
        self.run(viewer.accept(answer.sdp))
        self.run(viewer.becomes("connected"))
        self.until(lambda: self.peers.connected_count == joined)
        return viewer, answer.pc_id

    def until(self, condition: Callable[[], object], timeout_s: float = TIMEOUT_S) -> None:
        """Wait until the loop makes `condition` true."""

        async def wait() -> None:
            while not condition():
                await asyncio.sleep(0.005)

        self.event_loop.call(wait(), timeout_s)

    def _handle_audience_change(self) -> None:
        self.audience_changes += 1

    def stop(self) -> None:
        self.run(self.peers.close_all())
        self.run(_all(viewer.close() for viewer in self._viewers))
        self.grants.stop()
        self.event_loop.stop()


async def _all(awaitables: Iterator[Awaitable[object]]) -> None:
    await asyncio.gather(*awaitables)


@pytest.fixture
def make_streaming(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Streaming]]:
    """Nothing may be logged as an error meanwhile: asyncio reports lost exceptions that way."""
    made: list[Streaming] = []

    def make(**options: Any) -> Streaming:
        made.append(Streaming(**options))
        return made[-1]

    yield make
    for streaming in made:
        streaming.stop()
        assert streaming.places.active_count == 0
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors == []


@pytest.fixture
def streaming(make_streaming: Callable[..., Streaming]) -> Streaming:
    return make_streaming()

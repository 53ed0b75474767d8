"""A real WebRTC viewer and a real WebSocket viewer of the same pictures."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from wsproto.connection import Connection as WsConnection
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage

from pet_stream.camera_status import CameraStatus
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.gop_memory import GOP_UNITS
from pet_stream.reason import Reason
from pet_stream.websocket.connection import Connection
from pet_stream.websocket.loop_socket import LoopSocket
from pet_stream.websocket.video_viewers import VideoViewers
from tests.waiting import TIMEOUT_S
from tests.websocket.client import header_of

from .conftest import GOP, Streaming

LIVE = CameraStatus("live", Reason("", ""), "", 0.0, 30.0, True, None, "monotonic", False)


class SocketViewer:
    """Its WebSocket, and what comes out of it."""

    def __init__(
        self, streaming: Streaming, viewers: VideoViewers, before: Callable[[], object]
    ) -> None:
        """`before` is done on the loop, right before it joins."""
        self._streaming = streaming
        server, self._client = socket.socketpair()
        self._client.settimeout(TIMEOUT_S)
        self._server = server
        self._wire = WsConnection(ConnectionType.CLIENT)
        self._messages: list[bytes] = []
        self._unfinished = b""

        async def join() -> Connection:
            before()
            connection = Connection(LoopSocket(server))
            connection.at_end(lambda: viewers.leave(connection))
            viewers.join(connection)
            return connection

        self._connection = streaming.run(join())

    def has(self, count: int) -> list[bytes]:
        """The first `count` messages with a picture in them."""
        while len(self._messages) < count:
            data = self._client.recv(1 << 16)
            assert data, "closed by the server"
            self._wire.receive_data(data)
            for event in self._wire.events():
                if isinstance(event, BytesMessage):
                    self._unfinished += bytes(event.data)
                    if event.message_finished:
                        self._messages.append(self._unfinished)
                        self._unfinished = b""
        return self._messages[:count]

    def hang_up(self) -> None:
        self._client.close()

    def leave(self) -> None:
        async def end() -> None:
            self._connection.end("it leaves")

        self._streaming.run(end())
        self._client.close()
        self._server.close()


JoinBySocket = Callable[..., SocketViewer]


class Status:
    camera = LIVE


@pytest.fixture
def status() -> Status:
    return Status()


@pytest.fixture
def viewers(streaming: Streaming, status: Status) -> VideoViewers:
    return VideoViewers(streaming.fan_out, streaming.event_loop, lambda: status.camera)


@pytest.fixture
def join_by_socket(streaming: Streaming, viewers: VideoViewers) -> Iterator[JoinBySocket]:
    joined: list[SocketViewer] = []

    def join(before: Callable[[], object] = lambda: None) -> SocketViewer:
        joined.append(SocketViewer(streaming, viewers, before))
        return joined[-1]

    yield join
    for viewer in joined:
        viewer.leave()


def sequences(messages: list[bytes]) -> list[int]:
    return [header_of(message)[1] for message in messages]


def annex_b(units: list[AccessUnit]) -> list[bytes]:
    return [unit.to_annex_b() for unit in units]


def test_each_gets_the_gop_so_far_and_what_follows_whoever_comes_first(
    streaming: Streaming, join_by_socket: JoinBySocket
) -> None:
    published = streaming.camera.publish(GOP + 3)[GOP:]
    first = join_by_socket()
    published += streaming.camera.publish(2)
    peer, _ = streaming.connect()
    published += streaming.camera.publish(2)
    second = join_by_socket()
    published += streaming.camera.publish(GOP)
    assert streaming.run(peer.has(len(published))) == annex_b(published)
    messages = first.has(len(published))
    assert sequences(messages) == [unit.sequence for unit in published]
    assert second.has(len(published)) == messages, "made once: the same bytes"
    assert streaming.peers.counts.frames_dropped == 0


def test_one_subscription_lasts_as_long_as_somebody_watches(
    streaming: Streaming, join_by_socket: JoinBySocket
) -> None:
    peer, pc_id = streaming.connect()
    by_socket = join_by_socket()
    assert streaming.audience_changes == 1
    streaming.run(streaming.peers.close(pc_id))
    published = streaming.camera.publish(3)
    assert sequences(by_socket.has(3)) == [unit.sequence for unit in published]
    assert streaming.broadcaster.has_urgent_subscriber
    by_socket.leave()
    assert not streaming.broadcaster.has_urgent_subscriber
    assert streaming.audience_changes == 2
    assert peer.units == []


def test_a_loss_before_the_loop_counts_for_each_kind(
    streaming: Streaming, join_by_socket: JoinBySocket, viewers: VideoViewers
) -> None:
    peer, _ = streaming.connect()
    by_socket = join_by_socket()

    async def publish_in_one_go() -> list[AccessUnit]:  # the loop can't take them out meanwhile
        return streaming.camera.publish(40)

    published = streaming.run(publish_in_one_go())[:30] + streaming.camera.publish(3)[2:]
    assert published[-1].is_idr
    assert streaming.run(peer.has(31)) == annex_b(published)
    assert sequences(by_socket.has(31)) == [unit.sequence for unit in published]
    assert streaming.peers.counts.frames_dropped == 12
    assert viewers.counts.frames_dropped == 12


def test_while_the_camera_stands_still_nobody_begins_with_its_last_pictures(
    streaming: Streaming, join_by_socket: JoinBySocket
) -> None:
    first = join_by_socket()
    shown = streaming.camera.publish(3)
    first.has(3)
    streaming.broadcaster.forget()
    second, (peer, _) = join_by_socket(), streaming.connect()
    streaming.camera.publish(GOP - 3)
    new = streaming.camera.publish(2)
    assert new[0].is_idr
    assert sequences(second.has(2)) == [unit.sequence for unit in new]
    assert streaming.run(peer.has(2)) == annex_b(new)
    assert sequences(first.has(GOP + 2))[:3] == [unit.sequence for unit in shown]


def test_who_joins_in_a_gop_that_is_too_long_begins_with_the_next(
    streaming: Streaming, join_by_socket: JoinBySocket
) -> None:
    first = join_by_socket()
    idr, later = streaming.camera.publish(2)
    for count in range(2, 2 + GOP_UNITS):
        streaming.camera.publish_picture(later.nal_units)
        first.has(count)  # one by one: what waits for long is dropped
    second, (peer, _) = join_by_socket(), streaming.connect()
    new = streaming.camera.publish_picture(idr.nal_units)
    assert sequences(second.has(1)) == [new.sequence]
    assert streaming.run(peer.has(1)) == annex_b([new])


@pytest.mark.parametrize("news", ["a picture", "a status"])
def test_who_joins_when_the_last_other_is_found_to_be_gone_gets_pictures(
    streaming: Streaming, join_by_socket: JoinBySocket, status: Status, news: str
) -> None:
    first = join_by_socket()
    published = streaming.camera.publish(1)
    first.has(1)

    def hang_up() -> None:  # the loop has not heard of it when it sends the news
        first.hang_up()
        if news == "a picture":
            published.extend(streaming.camera.publish(1))
        else:
            status.camera = replace(LIVE, state="stalled")

    second = join_by_socket(before=hang_up)
    published += streaming.camera.publish(2)
    assert sequences(second.has(len(published))) == [unit.sequence for unit in published]

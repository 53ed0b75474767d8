from __future__ import annotations

from collections.abc import Iterator

import pytest
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage

from pet_stream.websocket.frames import PING, binary_frame, close_frame, json_frame


def read(data: bytes) -> list[Event]:
    """What a client makes of it."""
    connection = Connection(ConnectionType.CLIENT)
    connection.receive_data(data)
    return list(connection.events())


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 200_000])
def test_binary_frames_of_every_kind_of_length(size: int) -> None:
    payload = bytes(range(256)) * (size // 256 + 1)
    events = read(binary_frame(payload[: size // 3], payload[size // 3 : size]))
    assert [type(event) for event in events] == [BytesMessage]
    assert _joined(events) == payload[:size]


def test_json_frame() -> None:
    (event,) = read(json_frame({"type": "error", "error": "kein Platz – später"}))
    assert isinstance(event, TextMessage)
    assert event.data == '{"type":"error","error":"kein Platz – später"}'


def test_ping() -> None:
    (event,) = read(PING)
    assert isinstance(event, Ping)


@pytest.mark.parametrize("reason", ["", "full", "é" * 200])
def test_close_frame(reason: str) -> None:
    (event,) = read(close_frame(4503, reason))
    assert isinstance(event, CloseConnection)
    assert event.code == 4503
    assert reason.startswith(event.reason or "")
    assert (event.reason or "") == reason[: 123 // len("é".encode())]


def _joined(events: list[Event]) -> bytes:
    return b"".join(_data(events))


def _data(events: list[Event]) -> Iterator[bytes]:
    for event in events:
        assert isinstance(event, BytesMessage)
        yield bytes(event.data)

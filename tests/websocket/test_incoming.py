"""What is heard from a client, and what it may not do."""

from __future__ import annotations

import pytest
from wsproto.events import CloseConnection, Ping

from pet_stream.websocket.incoming import (
    FRAMES_A_SECOND,
    MAX_FRAMES_AT_ONCE,
    MAX_MESSAGE_SIZE,
    Heard,
    Incoming,
    Refused,
)
from tests.websocket.client import masked

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FRAGMENT = 0
"""`first` byte of a frame that is not the last of its message."""
PROTOCOL_ERROR, NOT_TEXT, POLICY, TOO_BIG = 1002, 1007, 1008, 1009


def heard(*frames: bytes, now_s: float = 0.0) -> list[Heard]:
    incoming = Incoming(0.0)
    return [one for frame in frames for one in incoming.read(frame, now_s)]


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([masked(TEXT, b"")], ""),
        ([masked(TEXT, "\U0001f408".encode())], "\U0001f408"),
        ([masked(BINARY, b"\0\1")], b"\0\1"),
        ([masked(TEXT, b"x" * MAX_MESSAGE_SIZE)], "x" * MAX_MESSAGE_SIZE),
        ([masked(TEXT, b"a", FRAGMENT), masked(CONTINUATION, b"b")], "ab"),
        ([masked(TEXT, b"\xf0\x9f", FRAGMENT), masked(CONTINUATION, b"\x90\x88")], "\U0001f408"),
    ],
)
def test_messages_come_whole(frames: list[bytes], message: str | bytes) -> None:
    assert heard(*frames) == [message]
    data = b"".join(frames)
    assert heard(data) == [message]
    assert heard(data[:3], data[3:]) == [message]


def test_a_ping_may_come_between_fragments() -> None:
    frames = [masked(TEXT, b"a", FRAGMENT), masked(PING, b"?"), masked(CONTINUATION, b"b")]
    assert heard(*frames) == [Ping(b"?"), "ab"]


def test_nothing_is_heard_after_a_goodbye() -> None:
    goodbye = masked(CLOSE, b"\x03\xe8bye")
    assert heard(goodbye + masked(TEXT, b"?"), goodbye) == [CloseConnection(1000, "bye")]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([masked(TEXT, b"x" * (MAX_MESSAGE_SIZE + 1))], TOO_BIG),
        ([masked(TEXT, b"x" * 9000, FRAGMENT), masked(CONTINUATION, b"x" * 9000)], TOO_BIG),
        ([masked(TEXT, b"x", mask=0)], PROTOCOL_ERROR),
        ([masked(TEXT, b"x", 0xC0)], PROTOCOL_ERROR),  # compressed, which nobody agreed to
        ([masked(3)], PROTOCOL_ERROR),
        ([masked(CONTINUATION, b"x")], PROTOCOL_ERROR),
        ([masked(TEXT, b"x", FRAGMENT), masked(TEXT, b"x")], PROTOCOL_ERROR),
        ([masked(PING, b"x", FRAGMENT)], PROTOCOL_ERROR),
        ([masked(PING, bytes(126))], PROTOCOL_ERROR),
        ([masked(CLOSE, b"\x03")], PROTOCOL_ERROR),
        ([masked(CLOSE, b"\x03\xed")], PROTOCOL_ERROR),  # 1005 is not to be sent
        ([masked(TEXT, b"\xff")], NOT_TEXT),
        ([masked(TEXT, b"\xf0\x9f")], NOT_TEXT),
        ([masked(PING)] * (MAX_FRAMES_AT_ONCE + 1), POLICY),
        ([masked(PONG)] * (MAX_FRAMES_AT_ONCE + 1), POLICY),
        ([masked(TEXT, b"", FRAGMENT)] + [masked(CONTINUATION, b"", FRAGMENT)] * 100, POLICY),
    ],
)
def test_what_breaks_a_rule_is_refused_once(frames: list[bytes], code: int) -> None:
    said = heard(*frames, masked(TEXT, b"more"), *frames)
    assert [one for one in said if isinstance(one, Refused)] == said[-1:]
    assert isinstance(said[-1], Refused)
    assert said[-1].code == code
    assert "more" not in said


def test_a_frame_that_claims_to_be_endless_is_refused_once_there_is_too_much_of_it() -> None:
    incoming = Incoming(0.0)
    begin = masked(BINARY)[:1] + b"\xff" + (2**62).to_bytes(8, "big") + bytes(4)
    assert list(incoming.read(begin + bytes(MAX_MESSAGE_SIZE), 0.0)) == []
    (refused,) = incoming.read(b"\0", 0.0)
    assert isinstance(refused, Refused)


def test_who_goes_slowly_may_go_on() -> None:
    incoming = Incoming(0.0)
    for number in range(10 * MAX_FRAMES_AT_ONCE):
        assert list(incoming.read(masked(TEXT, b"x"), number / FRAMES_A_SECOND)) == ["x"]


def test_only_what_is_whole_is_a_sign_of_life() -> None:
    incoming = Incoming(0.0)
    for now_s, data, heard_at_s in (
        (1.0, masked(PONG), 1.0),
        (2.0, masked(TEXT, b"hello")[:1], 1.0),
        (3.0, masked(TEXT, b"hello")[1:7], 1.0),
        (4.0, masked(TEXT, b"hello")[7:], 4.0),
        (5.0, masked(TEXT, b"", FRAGMENT), 4.0),
        (6.0, masked(PONG), 4.0),
        (7.0, masked(CONTINUATION, b"", FRAGMENT), 4.0),
        (8.0, masked(CONTINUATION), 8.0),
    ):
        list(incoming.read(data, now_s))
        assert incoming.heard_at_s == heard_at_s

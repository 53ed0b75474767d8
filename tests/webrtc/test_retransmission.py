from __future__ import annotations

from pet_stream.media.rtp import PacketBlock, original, parse_packet
from pet_stream.webrtc.packet_stream import PacketStream, StreamFormat
from pet_stream.webrtc.retransmission import (
    MAX_PER_REQUEST,
    MAX_PER_ROUND_TRIP,
    MIN_ROUND_TRIP_S,
    Retransmitter,
)

from .pictures import picture

SSRC, RTX_SSRC, RTX_TYPE, TAG_BYTES = 7, 8, 109, 10
ROUND_TRIP_S = 0.1


def sent_stream() -> PacketStream:
    stream = PacketStream(StreamFormat(108, TAG_BYTES), SSRC, 65_000)
    stream.block(picture(is_idr=True, size=1_000_000))
    return stream


STREAM = sent_stream()
NUMBERS = [65_000 + index & 0xFFFF for index in range(800)]


def retransmitter() -> Retransmitter:
    return Retransmitter(RTX_TYPE, RTX_SSRC, TAG_BYTES)


def packets_of(block: PacketBlock | None) -> list[bytes]:
    return [] if block is None else [block.packet(index) for index in range(len(block.sizes))]


def ask(sender: Retransmitter, numbers: list[int], now_s: float) -> list[bytes]:
    return packets_of(sender.block(STREAM, numbers, now_s, ROUND_TRIP_S))


def test_what_was_missed_comes_under_the_retransmissions_own_numbers() -> None:
    again = ask(retransmitter(), [65_005, 3, 65_001], 0)
    assert [original(p, 108, SSRC) for p in again] == [
        STREAM.packet(number) for number in (65_005, 3, 65_001)
    ]
    parsed = [parse_packet(packet) for packet in again]
    assert {(p.ssrc, p.payload_type) for p in parsed} == {(RTX_SSRC, RTX_TYPE)}
    first = parsed[0].sequence_number
    assert [p.sequence_number for p in parsed] == [first, first + 1, first + 2]


def test_what_is_not_there_any_more_is_left_out() -> None:
    assert retransmitter().block(STREAM, [64_999, 5_000], 0, ROUND_TRIP_S) is None
    assert len(ask(retransmitter(), [64_999, 65_000], 0)) == 1


def test_a_request_is_answered_up_to_a_limit() -> None:
    assert len(ask(retransmitter(), NUMBERS, 0)) == MAX_PER_REQUEST


def test_a_round_trip_has_a_limit_too() -> None:
    sender = retransmitter()
    sent = sum(len(ask(sender, NUMBERS[start:], 0)) for start in range(0, 800, 100))
    assert sent == MAX_PER_ROUND_TRIP
    assert len(ask(sender, NUMBERS[:5], ROUND_TRIP_S)) == 5


def test_nothing_goes_out_again_before_it_could_have_arrived() -> None:
    sender = retransmitter()
    assert len(ask(sender, [65_001, 65_001], 1.0)) == 1
    assert ask(sender, [65_001], 1.0 + ROUND_TRIP_S * 0.9) == []
    assert len(ask(sender, [65_001], 1.0 + ROUND_TRIP_S * 1.1)) == 1


def test_a_round_trip_of_nothing_is_no_licence() -> None:
    sender = retransmitter()
    assert sender.block(STREAM, [65_001], 1.0, 0.0) is not None
    assert sender.block(STREAM, [65_001], 1.0 + MIN_ROUND_TRIP_S / 2, 0.0) is None

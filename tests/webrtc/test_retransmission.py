from __future__ import annotations

from pet_stream.webrtc.packet_stream import PacketStream, StreamFormat
from pet_stream.webrtc.retransmission import (
    BURST_LOSS_PACKETS,
    CONGESTED_S,
    CONGESTED_SHARE,
    MAX_PER_REQUEST,
    MAX_PER_ROUND_TRIP,
    MAX_PER_S,
    MIN_ROUND_TRIP_S,
    Retransmitter,
)

from ..media.rtp_packets import original, parse_packet
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


def again(sender: Retransmitter, numbers: list[int]) -> list[bytes]:
    block = sender.block(STREAM, numbers)
    return [] if block is None else [block.packet(index) for index in range(len(block.sizes))]


def test_what_was_missed_comes_under_the_retransmissions_own_numbers() -> None:
    packets = again(retransmitter(), [65_005, 3, 65_001])
    assert [original(p, 108, SSRC) for p in packets] == [
        STREAM.packet(number) for number in (65_005, 3, 65_001)
    ]
    parsed = [parse_packet(packet) for packet in packets]
    assert {(p.ssrc, p.payload_type) for p in parsed} == {(RTX_SSRC, RTX_TYPE)}
    first = parsed[0].sequence_number
    assert [p.sequence_number for p in parsed] == [first, first + 1, first + 2]


def test_a_second_copy_has_a_number_of_its_own() -> None:
    sender = retransmitter()
    first, second = again(sender, [65_001])[0], again(sender, [65_001])[0]
    assert original(first, 108, SSRC) == original(second, 108, SSRC)
    numbers = [parse_packet(packet).sequence_number for packet in (first, second)]
    assert numbers[1] == numbers[0] + 1


def test_what_is_not_there_any_more_is_left_out() -> None:
    assert again(retransmitter(), [64_999, 5_000]) == []
    assert len(again(retransmitter(), [64_999, 65_000])) == 1


def test_a_request_is_answered_up_to_a_limit() -> None:
    chosen = retransmitter().choose(NUMBERS, 0, ROUND_TRIP_S)
    assert chosen == NUMBERS[:MAX_PER_REQUEST]


def test_a_round_trip_has_a_limit_too() -> None:
    sender = retransmitter()
    chosen = [sender.choose(NUMBERS[at : at + 100], 0, ROUND_TRIP_S) for at in range(0, 800, 100)]
    assert sum(map(len, chosen)) == MAX_PER_ROUND_TRIP
    assert len(sender.choose(NUMBERS[:5], ROUND_TRIP_S, ROUND_TRIP_S)) == 5


def test_a_second_has_a_limit_however_short_the_viewer_makes_a_round_trip() -> None:
    sender, sent = retransmitter(), 0
    for step in range(100):
        now_s = step * 0.03
        sent += len(sender.choose(NUMBERS[:MAX_PER_REQUEST], now_s, 0.0))
        assert sent <= MAX_PER_S * (1 + now_s)
    assert sent > 3 * MAX_PER_S


def test_who_asks_twice_at_once_gets_one_answer_and_who_asks_again_another() -> None:
    sender = retransmitter()
    assert sender.choose([65_001, 65_001], 1.0, ROUND_TRIP_S) == [65_001]
    assert sender.choose([65_001], 1.0 + ROUND_TRIP_S * 0.4, ROUND_TRIP_S) == []
    assert sender.choose([65_001], 1.0 + ROUND_TRIP_S * 0.6, ROUND_TRIP_S) == [65_001]


def test_a_round_trip_of_nothing_is_no_licence() -> None:
    sender = retransmitter()
    assert sender.choose([65_001], 1.0, 0.0) == [65_001]
    assert sender.choose([65_001], 1.0 + MIN_ROUND_TRIP_S * 0.4, 0.0) == []


def test_who_has_lost_a_part_of_a_burst_gets_little_for_a_while() -> None:
    sender = retransmitter()
    packets_per_s = 400.0
    share = int(packets_per_s * ROUND_TRIP_S * CONGESTED_SHARE)
    few = NUMBERS[: BURST_LOSS_PACKETS - 1]
    assert sender.choose(few, 0.0, ROUND_TRIP_S, packets_per_s) == few
    assert not sender.is_congested(0.0)
    assert len(sender.choose(NUMBERS, 1.0, ROUND_TRIP_S, packets_per_s)) == share
    assert sender.is_congested(CONGESTED_S)
    assert not sender.is_congested(1.0 + CONGESTED_S)


def test_a_viewer_without_rtx_gets_nothing_again() -> None:
    sender = Retransmitter(None, RTX_SSRC, TAG_BYTES)
    assert sender.choose(NUMBERS[:3], 0.0, ROUND_TRIP_S) == []
    assert again(sender, NUMBERS[:3]) == []

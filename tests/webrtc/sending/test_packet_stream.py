from __future__ import annotations

import time

import pytest

from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.gop_memory import GopMemory
from pet_stream.media.h264 import RecoveryPoint
from pet_stream.media.rtp.rtcp import ntp_time
from pet_stream.webrtc.sending.packet_stream import (
    BEFORE_WRAP,
    HISTORY_NS,
    PacketStream,
    PacketStreams,
    StreamFormat,
)
from pet_stream.webrtc.signaling.offer import CAPTURE_TIME, PLAYOUT_DELAY
from tests.media.rtp_packets import parse_packet

from ..pictures import picture

FORMAT = StreamFormat(payload_type=108, tag_bytes=10)
OTHER = StreamFormat(payload_type=96, tag_bytes=16)


def gop(length: int) -> list[AccessUnit]:
    return [picture(is_idr=index == 0) for index in range(length)]


def stream_at(sequence_number: int) -> PacketStream:
    return PacketStream(FORMAT, 7, sequence_number)


def first_number(stream: PacketStream, unit: AccessUnit) -> int:
    return parse_packet(stream.block(unit).packet(0)).sequence_number


# One packetization for all


def test_a_picture_is_packetized_once_however_often_it_is_asked_for() -> None:
    stream, unit = stream_at(0), picture(is_idr=True)
    assert stream.block(unit) is stream.block(unit)
    assert stream.next_sequence_number == len(stream.block(unit).sizes)


def test_viewers_share_a_stream_if_they_agree_on_everything() -> None:
    streams, units = PacketStreams(), gop(3)
    first = streams.join(FORMAT, units)
    assert streams.join(FORMAT, units) is first
    assert streams.join(OTHER, units) is not first
    assert first.viewer_count == 2


def test_a_stream_ends_with_its_last_viewer() -> None:
    streams, units = PacketStreams(), gop(1)
    first = streams.join(FORMAT, units)
    streams.join(FORMAT, units)
    streams.leave(first)
    assert streams.join(FORMAT, units) is first
    streams.leave(first)
    streams.leave(first)
    assert streams.join(FORMAT, units) is not first


def test_who_joins_gets_the_packets_that_the_others_got() -> None:
    streams, units = PacketStreams(), gop(4)
    stream = streams.join(FORMAT)
    sent = [stream.block(unit) for unit in units]
    assert streams.join(FORMAT, units) is stream
    assert stream.latest(len(units)) == sent
    assert stream.latest(0) == []


AT_ONCE = RecoveryPoint(0, is_exact=True)
GRADUAL = RecoveryPoint(20, is_exact=True)


@pytest.mark.parametrize(
    ("begins_with", "goes_on_with"),
    [("idr", AT_ONCE), ("idr", GRADUAL), (AT_ONCE, AT_ONCE), (GRADUAL, GRADUAL)],
    ids=["IDR, I pictures", "IDR, gradual refresh", "I pictures", "gradual refresh"],
)
def test_who_joins_where_recovery_points_are_shares_the_packets_too(
    begins_with: RecoveryPoint | str, goes_on_with: RecoveryPoint
) -> None:
    """The history reaches back to where the memory lets viewers begin."""
    streams, memory = PacketStreams(), GopMemory()
    stream = streams.join(FORMAT)
    for number in range(200):
        point = goes_on_with if number % 30 == 0 else None
        if number == 0:
            point = begins_with if isinstance(begins_with, RecoveryPoint) else None
        unit = picture(is_idr=number == 0 and begins_with == "idr", point=point, size=300)
        memory.append(unit)
        stream.block(unit)
        if number > 60 and number % 7 == 0:
            assert streams.join(FORMAT, memory.gop) is stream, number


def test_a_gop_is_sent_again_from_an_entry_point_on() -> None:
    stream = stream_at(0)
    units = [picture(point=AT_ONCE), *(picture() for _ in range(3))]
    for unit in units:
        stream.block(unit)
    assert stream.gop == tuple(units)


def test_a_stream_that_has_not_seen_the_whole_gop_can_take_nobody() -> None:
    stream, units = stream_at(0), gop(3)
    stream.block(units[1])
    stream.block(units[2])
    assert not stream.can_take(units)
    assert stream.can_take(units[1:])
    assert stream.can_take([])
    assert not stream.can_take(units[:2])


@pytest.mark.parametrize(
    ("sequence_number", "can_take"),
    [(0, True), (0xFFFF - BEFORE_WRAP, True), (0x10000 - BEFORE_WRAP, False), (0xFFFF, False)],
)
def test_nobody_joins_close_to_the_wrap(sequence_number: int, can_take: bool) -> None:
    stream, units = stream_at(sequence_number), gop(1)
    assert stream.can_take([]) is can_take
    stream.block(units[0])
    assert stream.can_take(units) is can_take


def test_a_new_stream_begins_in_the_lower_half_of_the_numbers() -> None:
    streams = PacketStreams()
    assert all(streams.join(FORMAT, [u]).latest(1) for u in gop(1))
    for unit in gop(20):
        number = first_number(PacketStreams().join(FORMAT, [unit]), unit)
        assert number < 0x8000


def test_a_branch_sends_the_gop_again_under_numbers_that_follow() -> None:
    streams, units = PacketStreams(), gop(3)
    stream = streams.join(FORMAT, units)
    branch = streams.branch(stream, stream.gop)
    assert parse_packet(branch.latest(3)[0].packet(0)).sequence_number == (
        stream.next_sequence_number
    )
    assert branch.gop == tuple(units)


# What may be asked for again


def test_a_packet_is_found_by_its_number_also_across_the_wrap() -> None:
    stream, units = stream_at(0xFFFE), [picture(is_idr=True), picture()]
    packets = [
        stream.block(unit).packet(index)
        for unit in units
        for index in range(len(stream.block(unit).sizes))
    ]
    assert [stream.packet(0xFFFE + index & 0xFFFF) for index in range(len(packets))] == packets
    assert stream.packet(0xFFFD) is None
    assert stream.packet(stream.next_sequence_number) is None


def test_what_is_older_than_a_second_and_than_the_gop_is_forgotten() -> None:
    stream = stream_at(0)
    per_picture = len(stream.block(picture(is_idr=True, at_ns=0)).sizes)
    stream.block(picture(is_idr=True, at_ns=HISTORY_NS // 2))
    stream.block(picture(at_ns=HISTORY_NS))
    assert stream.packet(0) is not None
    stream.block(picture(at_ns=HISTORY_NS + 1))
    assert stream.packet(0) is None
    stream.block(picture(at_ns=9 * HISTORY_NS))
    assert stream.packet(per_picture) is not None, "the GOP is for who joins"
    assert len(stream.gop) == 4


def test_the_history_has_a_limit_in_bytes() -> None:
    stream = PacketStream(FORMAT, 7, 0, history_bytes=50_000)
    stream.block(picture(is_idr=True, size=20_000))
    for _ in range(30):
        stream.block(picture(size=5_000))
    assert sum(len(entry.block.data) for entry in stream._history) <= 50_000
    assert not stream.gop
    huge = picture(is_idr=True, size=90_000)
    stream.block(huge)
    assert stream.gop == (huge,), "the newest picture is always there"


# Header extensions


def test_an_idr_carries_the_extensions_that_the_viewer_knows_and_only_an_idr() -> None:
    numbers = ((PLAYOUT_DELAY, 5), (CAPTURE_TIME, 13))
    stream = PacketStream(StreamFormat(108, 10, numbers), 7, 0)
    idr = stream.block(picture(is_idr=True, at_ns=0))
    extensions = parse_packet(idr.packet(0)).extensions
    assert extensions[5] == b"\0\0\0"
    assert len(extensions[13]) == 8
    assert parse_packet(idr.packet(1)).extensions == {}
    assert parse_packet(stream.block(picture()).packet(0)).extensions == {}


def test_the_capture_time_is_wall_clock() -> None:
    stream = PacketStream(StreamFormat(108, 10, ((CAPTURE_TIME, 1),)), 7, 0)
    began_ns = time.time_ns()
    block = stream.block(picture(is_idr=True, at_ns=time.monotonic_ns() - 40_000_000))
    taken = int.from_bytes(parse_packet(block.packet(0)).extensions[1], "big")
    pause_ns = time.time_ns() - began_ns  # no clock is read twice at once
    expected = ntp_time(began_ns - 40_000_000)
    assert abs(taken - expected) <= pause_ns * 2**32 // 1_000_000_000 + 1

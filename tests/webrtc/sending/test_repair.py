"""What comes again, packet by packet."""

from __future__ import annotations

import asyncio

from pet_stream.media.rtp.packetizer import PacketBlock
from pet_stream.webrtc.sending.congestion import BURST_LOSS_PACKETS, Congestion
from pet_stream.webrtc.sending.packet_stream import PacketStream, StreamFormat
from pet_stream.webrtc.sending.repair import Repair
from pet_stream.webrtc.sending.send_queue import SendQueue
from tests.media.rtp_packets import original, parse_packet

from ..pictures import picture
from .test_send_queue import LimitedRoute

SSRC, RTX_SSRC, RTX_TYPE, TAG_BYTES = 7, 8, 109, 10
ROUND_TRIP_S = 0.1
FIRST = 65_000


def sent_stream() -> PacketStream:
    stream = PacketStream(StreamFormat(108, TAG_BYTES), SSRC, FIRST)
    stream.block(picture(is_idr=True, size=1_000_000))
    return stream


STREAM = sent_stream()


class Repaired:
    """A viewer's repair, and what it has sent."""

    def __init__(self, payload_type: int | None = RTX_TYPE, first: int = FIRST) -> None:
        self.now_s = 0.0
        self.packets: list[bytes] = []
        self.route = LimitedRoute()
        self.congestion = Congestion(lambda: self.now_s)
        self.queue = SendQueue(
            self.route,
            self.congestion,
            lambda block: memoryview(block.data),
            lambda *_: None,
            lambda _: None,
        )
        self.repair = Repair(
            payload_type, RTX_SSRC, TAG_BYTES, self.congestion, self.queue, self.keep
        )
        self.repair.begin(STREAM, first)

    def keep(self, block: PacketBlock) -> None:
        self.packets += [block.packet(index) for index in range(len(block.sizes))]

    def again(self, *numbers: int) -> list[bytes]:
        """What is sent at once when the viewer asks for these."""

        async def ask() -> None:
            self.repair.send_again(numbers, ROUND_TRIP_S)

        before = len(self.packets)
        asyncio.run(ask())
        return self.packets[before:]


def test_what_was_missed_comes_under_the_retransmissions_own_numbers() -> None:
    packets = Repaired().again(65_005, 3, 65_001)
    assert [original(p, 108, SSRC) for p in packets] == [
        STREAM.packet(number) for number in (65_005, 3, 65_001)
    ]
    parsed = [parse_packet(packet) for packet in packets]
    assert {(p.ssrc, p.payload_type) for p in parsed} == {(RTX_SSRC, RTX_TYPE)}
    first = parsed[0].sequence_number
    assert [p.sequence_number for p in parsed] == [first, first + 1, first + 2]


def test_a_packet_that_comes_once_more_has_a_number_of_its_own() -> None:
    viewer = Repaired()
    (first,) = viewer.again(65_001)
    viewer.now_s = ROUND_TRIP_S
    (second,) = viewer.again(65_001)
    assert original(first, 108, SSRC) == original(second, 108, SSRC)
    numbers = [parse_packet(packet).sequence_number for packet in (first, second)]
    assert numbers[1] == numbers[0] + 1


def test_what_is_not_there_any_more_is_left_out() -> None:
    assert Repaired(first=64_000).again(64_999, 5_000) == []
    assert len(Repaired(first=64_000).again(64_999, 65_000)) == 1


def test_what_was_sent_before_the_beginning_does_not_come_again() -> None:
    assert len(Repaired(first=65_010).again(65_009, 65_010)) == 1


def test_while_the_socket_is_full_nothing_comes_again() -> None:
    viewer = Repaired()
    viewer.route.room_bytes = 0
    unit = picture(size=100)
    viewer.queue.put(unit, sent_stream().block(unit))
    assert viewer.queue.is_blocked
    assert viewer.again(65_001) == []


def test_a_viewer_without_rtx_gets_nothing_again_but_tells_of_its_link() -> None:
    viewer = Repaired(payload_type=None)
    assert viewer.again(*range(65_000, 65_000 + BURST_LOSS_PACKETS)) == []
    assert viewer.congestion.is_congested

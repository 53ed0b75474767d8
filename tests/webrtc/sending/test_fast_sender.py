"""Real viewers over loopback: shared packets bit for bit, repaired, reported, held back."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import aioice.ice
import pytest

from pet_stream.fan_out import CAPACITY
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.rtp.packetizer import PacketBlock
from pet_stream.media.rtp.packets import STRIDE
from pet_stream.media.rtp.rtcp import Report
from pet_stream.webrtc import private
from pet_stream.webrtc.sending import packet_stream
from pet_stream.webrtc.sending.congestion import BURST_LOSS_PACKETS, MAX_PER_REQUEST, MAX_REPEATED
from pet_stream.webrtc.sending.fast_sender import FastSender
from pet_stream.webrtc.sending.ladder import Senders
from pet_stream.webrtc.sending.pacer import PIECE_PACKETS
from pet_stream.webrtc.sending.route import Route
from pet_stream.webrtc.sending.send_queue import MAX_WAITING
from pet_stream.webrtc.sending.sender import Step
from pet_stream.webrtc.sending.slow_way import SlowWay
from tests.media.rtp_packets import RtpPacket
from tests.waiting import TIMEOUT_S

from ..clock import Clock
from ..conftest import GOP, Streaming

SPS, PPS = b"\x67\x42\xc0\x1f\x95\xa0\x14", b"\x68\xce\x3c\x80"


def large(header: int, size: int) -> bytes:
    return bytes([header]) + random.Random(size).randbytes(size - 1)


def annex_b(units: list[AccessUnit]) -> list[bytes]:
    return [unit.to_annex_b() for unit in units]


class Fast(Streaming):
    """Gives access to what the fast senders share and to each of them."""

    def __init__(self, **options: Any) -> None:
        self.senders = Senders()
        super().__init__(make_sender=self.senders, **options)

    @property
    def streams(self) -> list[packet_stream.PacketStream]:
        assert self.senders._shared is not None
        return self.senders._shared.streams._streams

    def sender(self, index: int = 0) -> FastSender:
        senders: list[Any] = [sender for _, sender in self.made]
        fast = [sender._active for sender in senders if sender._active][index]
        assert isinstance(fast, FastSender)
        return fast

    def peer_connection(self) -> Any:
        """aioice's."""
        transceiver, _ = self.made[-1]
        return private.ice.connection_of(transceiver.sender.transport.transport)

    def on_loop(self, function: Callable[..., object], *arguments: object) -> None:
        async def call() -> None:
            function(*arguments)

        self.run(call())


@pytest.fixture
def streaming(make_streaming: Callable[..., Streaming]) -> Iterator[Fast]:
    made = Fast()
    yield made
    made.stop()
    assert made.places.active_count == 0
    assert made.streams == []


# What is sent


def test_viewers_get_the_fast_sender(streaming: Fast) -> None:
    streaming.camera.publish(1)
    streaming.connect()
    streaming.connect()
    counts = streaming.peers.count_by_step()
    assert counts == {Step.GSO: 2, Step.PACKETS: 0, Step.TRANSPORT: 0, Step.STOCK: 0}


def test_large_idrs_and_pictures_of_many_slices_arrive_bit_for_bit(
    streaming: Fast,
) -> None:
    viewer, _ = streaming.connect()
    pictures = [
        (b"\x09\x10", SPS, PPS, b"\x06\x05\x02\xaa\xbb\x80", large(0x65, 150_000)),
        (b"\x41\x9a",),
        tuple(large(0x41, size) for size in (900, 5000, 30, 1188, 1176, 2)),
        (SPS, PPS, *(large(0x65, 40_000 + size) for size in range(4))),
    ]
    for count, picture in enumerate(pictures, 1):
        unit = streaming.camera.publish_picture(picture)
        assert streaming.run(viewer.has(count))[-1] == unit.to_annex_b()
    assert viewer.gap_count == 0


def test_timestamps_are_capture_times_and_the_same_for_all(streaming: Fast) -> None:
    first, _ = streaming.connect()
    units = streaming.camera.publish(4)
    second, _ = streaming.connect()
    units += streaming.camera.publish(4)
    expected = [unit.pts_90k % 2**32 for unit in units]
    for viewer in (first, second):
        streaming.run(viewer.has(8))
        assert viewer.timestamps == expected


def test_all_viewers_of_a_kind_share_packets_and_their_numbers(streaming: Fast) -> None:
    first, _ = streaming.connect()
    streaming.camera.publish(5)
    second, _ = streaming.connect()
    streaming.camera.publish(GOP)
    streaming.run(first.has(5 + GOP))
    streaming.run(second.has(5 + GOP))
    assert second.packets == first.packets
    assert [stream.viewer_count for stream in streaming.streams] == [2]


def test_who_would_join_close_to_the_wrap_of_the_numbers_gets_numbers_of_its_own(
    streaming: Fast,
) -> None:
    first, _ = streaming.connect()
    streaming.streams[0]._packetizer.sequence_number = 65_533
    units = streaming.camera.publish(4)
    second, _ = streaming.connect()
    units += streaming.camera.publish(8)
    for viewer in (first, second):
        assert streaming.run(viewer.has(12)) == annex_b(units)
    assert min(packet.sequence_number for packet in first.packets) == 0
    assert len(streaming.streams) == 2
    assert second.packets[0].sequence_number < 0x8000


# Repair


def test_lost_packets_come_again_when_they_are_asked_for(streaming: Fast) -> None:
    viewer, _ = streaming.connect()
    chance, lost = random.Random(3), []

    def loses(packet: RtpPacket) -> bool:
        if 0 < len(viewer.packets) < 100 and chance.random() < 0.2:
            lost.append(packet.sequence_number)
            return True
        return False

    viewer.loses = loses
    units = [streaming.camera.publish_picture((SPS, PPS, large(0x65, 40_000))) for _ in range(4)]
    units += streaming.camera.publish(2)  # shows that the last ones were lost
    assert streaming.run(viewer.has(len(units))) == annex_b(units)
    # few are sent twice, and what a busy machine is late with is asked for twice
    counts = streaming.peers.counts
    assert counts.packets_retransmitted >= viewer.retransmitted_count >= len(lost) > 0


def test_nobody_gets_more_than_the_limit_of_a_request_and_nothing_twice_at_once(
    streaming: Fast,
) -> None:
    viewer, _ = streaming.connect(reports=False)
    streaming.camera.publish_picture((SPS, PPS, large(0x65, 170_000)))
    streaming.run(viewer.has(1))
    numbers = [packet.sequence_number for packet in viewer.packets]
    assert len(numbers) > MAX_PER_REQUEST

    async def ask_again_and_again() -> None:
        for _ in range(5):
            streaming.sender().handle_nack(numbers[:20])
        streaming.sender().handle_nack([*numbers, *numbers])
        streaming.sender().handle_nack([numbers[0] - 1000 & 0xFFFF])

    streaming.run(ask_again_and_again())
    streaming.run(viewer.until(lambda: viewer.retransmitted_count >= MAX_PER_REQUEST))
    assert streaming.peers.counts.packets_retransmitted == MAX_PER_REQUEST


def test_of_a_few_packets_a_second_copy_follows_unasked_for_and_of_many_none(
    streaming: Fast,
) -> None:
    viewer, _ = streaming.connect(reports=False)
    streaming.camera.publish_picture((SPS, PPS, large(0x65, 40_000)))
    streaming.run(viewer.has(1))
    numbers = [packet.sequence_number for packet in viewer.packets]
    many = MAX_REPEATED + 1
    streaming.on_loop(streaming.sender().handle_nack, numbers[:many])
    streaming.on_loop(streaming.sender().handle_nack, numbers[many : many + 2])
    streaming.run(viewer.until(lambda: viewer.retransmitted_count == many + 4))
    repeated = [packet.sequence_number for packet in viewer.packets[-4:]]
    assert repeated == 2 * numbers[many : many + 2]
    assert streaming.peers.counts.packets_retransmitted == many + 4
    assert streaming.peers.counts.packets_nacked == many + 2


def test_a_full_intra_request_is_counted(streaming: Fast) -> None:
    viewer, _ = streaming.connect()
    streaming.camera.publish(1)
    streaming.run(viewer.has(1))
    ssrc = viewer.packets[0].ssrc
    for named in (ssrc + 1, ssrc):  # RFC 5104 4.3.1: the stream is named in the FCI only
        fir = struct.pack("!BBHIIIB3x", 0x84, 206, 4, 1, 0, named, 1)
        streaming.run(viewer.send_rtcp(fir))
    streaming.until(lambda: streaming.peers.counts.keyframe_requests == 1)


def test_in_a_long_gop_a_request_for_a_key_frame_is_answered_by_the_gop_once(
    streaming: Fast,
) -> None:
    viewer, _ = streaming.connect(reports=False)
    units = streaming.camera.publish(1)
    for count in range(2, 67):
        units += [streaming.camera.publish_picture((large(0x41, 2000),))]
        streaming.run(viewer.has(count))
    streaming.run(viewer.ask_for_a_keyframe())
    assert streaming.run(viewer.has(132)) == annex_b(units + units)
    streaming.run(viewer.ask_for_a_keyframe())
    streaming.until(lambda: streaming.peers.counts.keyframe_requests == 2)
    units += [streaming.camera.publish_picture((large(0x41, 2000),))]
    streaming.run(viewer.has(133))
    assert viewer.units[-1] == units[-1].to_annex_b()
    assert viewer.timestamps[:66] == viewer.timestamps[66:132]
    assert viewer.gap_count == 0


def test_in_a_short_gop_the_next_idr_is_the_answer(streaming: Fast) -> None:
    viewer, _ = streaming.connect()
    units = streaming.camera.publish(3)
    streaming.run(viewer.has(3))
    streaming.run(viewer.ask_for_a_keyframe())
    streaming.until(lambda: streaming.peers.counts.keyframe_requests == 1)
    units += streaming.camera.publish(GOP)
    assert streaming.run(viewer.has(3 + GOP)) == annex_b(units)


# Not more at once than a narrow link's buffer holds


@pytest.fixture
def sent_pieces(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """From where to where each of a picture's pieces reached that was sent."""
    pieces = []
    send = Route.send

    def note(
        route: Route, data: memoryview, block: PacketBlock, start: int = 0, end: int = 0
    ) -> int:
        if len(block.sizes) > 1:
            pieces.append((start, end))
        return send(route, data, block, start, end)

    monkeypatch.setattr(Route, "send", note)
    return pieces


def test_who_joins_gets_the_idr_at_once_and_the_rest_of_the_gop_bit_by_bit(
    streaming: Fast, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = []
    start = FastSender.start

    def note(sender: FastSender, gop: Sequence[AccessUnit]) -> None:
        start(sender, gop)
        waiting.append(len(sender._queue._waiting))

    monkeypatch.setattr(FastSender, "start", note)
    units = streaming.camera.publish(10)
    viewer, _ = streaming.connect()
    assert waiting == [9]
    units += streaming.camera.publish(GOP)
    assert streaming.run(viewer.has(10 + GOP)) == annex_b(units)
    assert viewer.gap_count == 0
    assert streaming.peers.counts.frames_dropped == 0
    streaming.until(lambda: streaming.sender()._queue._pacer is None)


def test_what_the_reader_hands_over_when_somebody_joins_is_spread_behind_the_gop(
    streaming: Fast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its backlog, while nobody watched: all of it comes right behind the GOP, at once."""
    backlog: list[AccessUnit] = []
    unsent: list[int] = []
    start = FastSender.start

    def note(sender: FastSender, gop: Sequence[AccessUnit]) -> None:
        start(sender, gop)
        backlog.extend(streaming.camera.publish(CAPACITY))
        asyncio.get_running_loop().call_soon(lambda: unsent.append(len(sender._queue._waiting)))

    monkeypatch.setattr(FastSender, "start", note)
    gop = streaming.camera.publish(2)
    viewer, _ = streaming.connect()
    assert streaming.run(viewer.has(2 + len(backlog))) == annex_b(gop + backlog)
    assert unsent == [1 + len(backlog)]
    assert streaming.peers.counts.frames_dropped == 0


def test_who_leaves_while_the_gop_is_still_on_its_way_is_sent_nothing_more(
    streaming: Fast,
) -> None:
    streaming.camera.publish(10)
    streaming.connect()
    queue = streaming.sender()._queue
    streaming.run(streaming.peers.close_all())
    assert queue._timer is None


def test_who_lost_a_part_of_a_burst_gets_idrs_in_pieces_for_a_while(
    streaming: Fast, sent_pieces: list[tuple[int, int]]
) -> None:
    viewer, _ = streaming.connect(reports=False)
    idr = SPS, PPS, large(0x65, 40_000)
    units = [streaming.camera.publish_picture(idr)]
    streaming.run(viewer.has(1))
    (whole,) = sent_pieces
    numbers = [packet.sequence_number for packet in viewer.packets]
    sender = streaming.sender()
    streaming.on_loop(sender.handle_nack, numbers[-BURST_LOSS_PACKETS:])
    sent_pieces.clear()
    units += [streaming.camera.publish_picture(idr)]
    units += [streaming.camera.publish_picture((large(0x41, 2_000),))]
    assert streaming.run(viewer.has(3)) == annex_b(units)
    *pieces, _ = sent_pieces
    longest = PIECE_PACKETS * STRIDE
    assert [end - start <= longest for start, end in pieces] == [True] * 5
    assert viewer.gap_count == 0
    assert (pieces[0][0], pieces[-1][1]) == whole
    streaming.on_loop(setattr, sender._congestion, "_congested_until_s", 1.0)
    sent_pieces.clear()
    units += [streaming.camera.publish_picture(idr)]
    assert streaming.run(viewer.has(4)) == annex_b(units)
    assert sent_pieces == [whole]


# A link that can't carry the whole stream


class Reporting:
    """Says about a viewer's link what the test wants."""

    def __init__(self, streaming: Fast) -> None:
        self._streaming = streaming
        self._clock = Clock()
        self._highest = self._lost = 0
        self.sender = streaming.sender()
        self.sender._slow_way = SlowWay(self._clock.monotonic)

    def report(self, count: int, lost: float) -> None:
        async def say() -> None:
            for _ in range(count):
                self._clock.now_ns += 1_000_000_000
                self._highest += 100
                self._lost += round(100 * lost)
                self.sender.handle_report(Report(0, 0, 0, self._lost, self._highest))

        self._streaming.run(say())


def test_over_a_link_that_is_too_slow_only_idrs_come_without_gaps_until_it_is_not(
    streaming: Fast,
) -> None:
    viewer, _ = streaming.connect(reports=False)
    other, _ = streaming.connect(reports=False)
    sent = streaming.camera.publish(GOP + 4)
    streaming.run(viewer.has(len(sent)))
    link = Reporting(streaming)
    assert link.sender.thinned_to is None
    link.report(4, lost=0.7)
    assert link.sender.thinned_to == 0.0
    all_units = list(sent)
    for _ in range(2):
        gop = streaming.camera.publish(GOP)
        all_units += gop
        sent += [unit for unit in gop if unit.is_idr]
        assert streaming.run(viewer.has(len(sent))) == annex_b(sent)
    assert link.sender.thinned_to == 2.1
    link.report(62, lost=0.0)
    gop = streaming.camera.publish(2 * GOP)
    all_units += gop
    first = next(index for index, unit in enumerate(gop) if unit.is_idr)
    sent += gop[first:]
    assert streaming.run(viewer.has(len(sent))) == annex_b(sent)
    assert link.sender.thinned_to is None
    assert viewer.gap_count == 0
    assert viewer.timestamps == [unit.pts_90k % 2**32 for unit in sent]
    assert streaming.run(other.has(len(all_units))) == annex_b(all_units)
    assert other.gap_count == 0
    assert streaming.peers.counts.thinned == 1
    assert streaming.peers.counts.frames_dropped == 0
    assert [stream.viewer_count for stream in streaming.streams] == [2], "packets are shared"


def test_lost_packets_of_it_come_again_before_and_after(streaming: Fast) -> None:
    viewer, _ = streaming.connect(reports=False)
    idr = SPS, PPS, large(0x65, 20_000)
    units = [streaming.camera.publish_picture(idr) for _ in range(2)]
    streaming.run(viewer.has(2))
    link = Reporting(streaming)
    streaming.on_loop(setattr, streaming.sender()._stream, "entry_interval_ns", 40_000_000)
    link.report(4, lost=0.7)
    assert link.sender.thinned_to is not None
    lost: list[int] = []

    def loses(packet: RtpPacket) -> bool:
        if packet.sequence_number % 7 or packet.is_marked:
            return False
        lost.append(packet.sequence_number)
        return True

    viewer.loses = loses

    def repair(nal_units: tuple[bytes, ...]) -> None:
        last = viewer.packets[-1].timestamp
        units.append(streaming.camera.publish_picture(nal_units))
        streaming.run(
            viewer.until(
                lambda: viewer.packets[-1].is_marked and viewer.packets[-1].timestamp != last
            )
        )
        for number in lost:
            streaming.run(viewer.ask_for([number]))
        lost.clear()
        assert streaming.run(viewer.has(len(units))) == annex_b(units)

    repair(idr)
    assert viewer.retransmitted_count
    link.report(62, lost=0.0)
    repair(idr)
    assert link.sender.thinned_to is None
    repair((large(0x41, 20_000),))


def test_a_full_socket_loses_no_number_of_it(streaming: Fast) -> None:
    viewer, _ = streaming.connect(reports=False)
    units = streaming.camera.publish(GOP + 1)
    streaming.run(viewer.has(len(units)))
    link = Reporting(streaming)
    link.report(4, lost=0.7)
    route = link.sender._route
    assert route._udp is not None
    full = FullSocket(route._udp)
    route._udp = full  # type: ignore[assignment]
    late = next(unit for unit in streaming.camera.publish(2 * GOP) if unit.is_idr)
    streaming.until(lambda: link.sender._queue.is_blocked)
    full.room_bytes = 1 << 30
    units.append(late)
    assert streaming.run(viewer.has(len(units))) == annex_b(units), "late, but whole"
    gop = streaming.camera.publish(GOP)
    units.append(next(unit for unit in gop if unit.is_idr))
    assert streaming.run(viewer.has(len(units))) == annex_b(units)
    assert viewer.gap_count == 0


# Reports


def test_reports_tell_when_a_picture_was_taken(streaming: Fast) -> None:
    viewer, _ = streaming.connect()
    units = streaming.camera.publish(2 * GOP)
    streaming.run(viewer.until(lambda: len(viewer.sender_reports) >= 2))
    streaming.run(viewer.has(2 * GOP))
    to_wall_clock_s = time.time() - time.monotonic()
    info = viewer.sender_reports[-1].sender_info
    reported_s = info.ntp_timestamp / 2**32 - 2_208_988_800
    behind = info.rtp_timestamp - units[-1].pts_90k % 2**32
    behind = (behind + 2**31) % 2**32 - 2**31
    taken_s = reported_s - behind / 90_000
    assert taken_s == pytest.approx(units[-1].capture_ns / 1e9 + to_wall_clock_s, abs=0.05)


def test_reports_count_what_was_sent(streaming: Fast) -> None:
    viewer, _ = streaming.connect()
    streaming.camera.publish(1)
    streaming.run(viewer.until(lambda: viewer.sender_reports))
    info = viewer.sender_reports[0].sender_info
    assert info.packet_count == len(viewer.packets)
    assert info.octet_count == sum(len(packet.payload) for packet in viewer.packets)


def test_receiver_reports_give_the_round_trip(streaming: Fast) -> None:
    viewer, _ = streaming.connect()
    guess_s = streaming.sender()._reports.round_trip_s

    def publish_until_reported() -> bool:
        streaming.camera.publish(1)
        return streaming.sender()._reports.round_trip_s < guess_s

    streaming.until(publish_until_reported)
    counts = streaming.peers.counts
    assert counts.round_trips.read().counts[-1][1] >= 1
    assert 0 < counts.round_trips.read().total < TIMEOUT_S
    assert counts.losses.read().counts[0][1] >= 1, "nothing got lost"
    assert viewer.state == "connected"


# A socket that is full


class FullSocket:
    """A socket without room until `room_bytes` says otherwise; always ready, as after a wait."""

    def __init__(self, udp: socket.socket, room_bytes: int = 0) -> None:
        self._udp = udp
        self.room_bytes = room_bytes

    def sendto(self, piece: memoryview, address: Any) -> None:
        self._take(len(piece))
        self._udp.sendto(piece, address)

    def sendmsg(self, pieces: Any, ancillary: Any, flags: int, address: Any) -> None:
        self._take(sum(map(len, pieces)))
        self._udp.sendmsg(pieces, ancillary, flags, address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._udp, name)

    def _take(self, count: int) -> None:
        if count > self.room_bytes:
            raise BlockingIOError(11, "full")
        self.room_bytes -= count


def fill(streaming: Fast, index: int = 0, room_bytes: int = 0) -> FullSocket:
    route = streaming.sender(index)._route
    full = FullSocket(route._udp, room_bytes)  # type: ignore[arg-type]
    streaming.on_loop(setattr, route, "_udp", full)
    return full


def test_a_picture_that_the_socket_has_no_room_for_follows_when_there_is(streaming: Fast) -> None:
    viewer, _ = streaming.connect()
    units = streaming.camera.publish(1)
    streaming.run(viewer.has(1))
    full = fill(streaming, room_bytes=100_000)
    units += [streaming.camera.publish_picture((SPS, PPS, large(0x65, 130_000)))]
    units += streaming.camera.publish(MAX_WAITING - 1)
    streaming.until(lambda: len(streaming.sender()._queue._waiting) == MAX_WAITING)
    full.room_bytes = 1 << 30
    assert streaming.run(viewer.has(1 + MAX_WAITING)) == annex_b(units)
    assert streaming.peers.counts.frames_dropped == 0


def test_a_viewer_whose_socket_stays_full_loses_pictures_up_to_an_idr_and_delays_nobody(
    streaming: Fast,
) -> None:
    slow, _ = streaming.connect()
    quick, _ = streaming.connect()
    units = streaming.camera.publish(1)
    for viewer in (slow, quick):
        streaming.run(viewer.has(1))
    full = fill(streaming, 0)
    for count in range(2, 3 * GOP + 1):
        units += streaming.camera.publish(1)
        assert streaming.run(quick.has(count)) == annex_b(units)
    sender = streaming.sender(0)
    assert len(sender._queue._waiting) <= MAX_WAITING
    full.room_bytes = 1 << 30
    streaming.on_loop(sender._queue._send_waiting)
    idr = streaming.camera.publish(GOP)[0]
    streaming.run(slow.until(lambda: slow.packets[-1].timestamp >= idr.pts_90k % 2**32))
    sent = {packet.timestamp for packet in slow.packets}
    lost = [unit for unit in units if unit.pts_90k % 2**32 not in sent]
    assert streaming.peers.counts.frames_dropped == len(lost) > 2 * GOP
    first_after = next(p for p in slow.packets if p.timestamp > units[0].pts_90k % 2**32)
    assert first_after.timestamp == idr.pts_90k % 2**32
    dropped = first_after.sequence_number - 5 & 0xFFFF
    streaming.on_loop(sender.handle_nack, [dropped])
    assert streaming.peers.counts.packets_retransmitted == 0


def test_who_waits_for_a_key_frame_gets_no_old_packets(streaming: Fast) -> None:
    viewer, _ = streaming.connect(reports=False)
    streaming.camera.publish(2)
    streaming.run(viewer.has(2))
    streaming.on_loop(streaming.sender()._give_up)
    streaming.on_loop(streaming.sender().handle_nack, [viewer.packets[-1].sequence_number])
    assert streaming.peers.counts.packets_retransmitted == 0


# Where it is sent


def test_pictures_follow_when_ice_changes_to_another_pair(streaming: Fast) -> None:
    viewer, _ = streaming.connect()
    units = streaming.camera.publish(3)
    streaming.run(viewer.has(3))

    async def change_pair() -> asyncio.DatagramTransport:
        connection = streaming.peer_connection()
        pair = connection._nominated[1]
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(
            lambda: aioice.ice.StunProtocol(connection), local_addr=("127.0.0.1", 0)
        )
        protocol.local_candidate = pair.local_candidate
        connection._protocols.append(protocol)
        connection._nominated[1] = aioice.ice.CandidatePair(protocol, pair.remote_candidate)
        return transport

    transport = streaming.run(change_pair())
    sender = streaming.sender()
    before = sender._route._udp
    units += streaming.camera.publish(GOP)
    assert streaming.run(viewer.has(3 + GOP)) == annex_b(units)
    assert before is not None
    assert before.fileno() == -1
    assert sender._route._udp is not None
    assert sender._route._udp.getsockname() == transport.get_extra_info("sockname")
    assert sender.step is Step.GSO


def test_a_viewer_that_moves_to_another_address_loses_nothing(streaming: Fast) -> None:
    viewer, _ = streaming.connect()
    units = streaming.camera.publish(3)
    streaming.run(viewer.has(3))
    address = streaming.run(viewer.move())
    nominated = streaming.peer_connection()._nominated
    streaming.until(lambda: nominated[1].remote_addr == address)
    lost: list[RtpPacket] = []
    viewer.loses = lambda packet: len(lost) < 2 and not lost.append(packet)  # type: ignore[func-returns-value]
    units += streaming.camera.publish(GOP)
    assert streaming.run(viewer.has(3 + GOP)) == annex_b(units)
    assert streaming.sender().step is Step.GSO


def test_a_viewer_hears_goodbye(streaming: Fast, monkeypatch: pytest.MonkeyPatch) -> None:
    streaming.camera.publish(1)
    viewer, pc_id = streaming.connect()
    streaming.run(viewer.has(1))
    sent: list[bytes] = []
    route = streaming.sender()._route
    monkeypatch.setattr(route, "send_one", sent.append)
    streaming.run(streaming.peers.close(pc_id))
    (packet,) = sent
    assert packet[1] == 203  # RTCP BYE is not encrypted up to its SSRC (RFC 3711 section 3.4)


def test_what_arrives_before_anything_was_sent_does_no_harm(streaming: Fast) -> None:
    viewer, _ = streaming.connect()

    async def talk() -> None:
        sender = streaming.sender()
        sender.handle_nack([1, 2, 3])
        sender.handle_keyframe_request()
        sender.handle_report(Report(0, 0, 0))

    streaming.run(talk())
    units = streaming.camera.publish(1)
    assert streaming.run(viewer.has(1)) == annex_b(units)


def test_the_buffer_for_encryption_grows_with_the_picture(streaming: Fast) -> None:
    viewer, _ = streaming.connect()
    count = private.srtp.FIRST_PACKETS + 10
    unit = streaming.camera.publish_picture((SPS, PPS, large(0x65, count * 1200)))
    assert streaming.run(viewer.has(1)) == annex_b([unit])

"""Sends pictures to one viewer for little more than the cost of encrypting them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from aiortc import RTCDtlsTransport

from ...media.access_unit import AccessUnit
from ...media.rtp.packetizer import PacketBlock
from ...media.rtp.packets import MAX_PACKET_BYTES, STRIDE
from ...media.rtp.rtcp import Report, goodbye
from ...supervision.error_counts import ErrorCounts
from .. import private
from ..signaling.h264_format import H264Format
from .congestion import Congestion
from .failed_steps import FailedSteps
from .packet_stream import (
    HISTORY_NS,
    THINNED_HISTORY_NS,
    PacketStream,
    PacketStreams,
    StreamFormat,
)
from .repair import Repair
from .route import Route, RouteFailed
from .send_queue import SendQueue
from .sender import PeerCounts, Step
from .sender_reports import SenderReports
from .slow_way import SlowWay

REPLAY_NS = 2_000_000_000
"""A viewer that asks for a key frame gets the GOP again if it is at least this old, since the next
IDR may be far; and not twice within this time."""


class Shared:
    """What all fast senders share. On the event-loop thread."""

    def __init__(self, errors: ErrorCounts) -> None:
        self.errors = errors
        self.streams = PacketStreams()
        self.failed_steps = FailedSteps()
        self.pictures = private.SrtpBuffer(STRIDE)
        self.retransmissions = private.SrtpBuffer(MAX_PACKET_BYTES)


class FastSender:
    """Sends packets that all viewers share. On the event-loop thread.

    Per viewer a picture is copied, encrypted in place and handed to the kernel. A viewer whose
    socket is full loses access units up to the next entry point and delays nobody.
    """

    def __init__(
        self,
        shared: Shared,
        transport: RTCDtlsTransport,
        h264_format: H264Format,
        extensions: tuple[tuple[str, int], ...],
        cname: str,
        counts: PeerCounts,
        on_failure: Callable[[Exception], None],
    ) -> None:
        """For a viewer that is connected. `on_failure` is called when nothing can be sent any more.

        Raises RouteFailed if no step is left, AttributeError or TypeError if the installed releases
        lack what it needs.
        """
        streams = shared.streams
        self._shared = shared
        self._counts = counts
        self._transport = transport
        self._on_failure = on_failure
        self._session = private.SrtpSession(transport)
        tag_bytes = self._session.tag_bytes(streams.rtx_ssrc)
        self._reports = SenderReports(streams.ssrc, cname)
        self._route = Route(transport.transport, shared.failed_steps)
        protect = partial(shared.pictures.protect, self._session)
        self._congestion = Congestion()
        self._queue = SendQueue(self._route, self._congestion, protect, self._count, self._fail)
        self._repair = Repair(
            h264_format.rtx_payload_type,
            streams.rtx_ssrc,
            tag_bytes,
            self._congestion,
            self._queue,
            self._retransmit,
        )
        self._slow_way = SlowWay()
        self._is_thinned = False
        self._awaits_entry = True
        self._replayed_ns = 0
        private.listen_to_rtcp(transport, streams.ssrc, self, shared.errors)
        stream_format = StreamFormat(h264_format.payload_type, tag_bytes, extensions)
        self._stream = streams.join(stream_format)

    @property
    def step(self) -> Step:
        return self._route.step

    @property
    def thinned_to(self) -> float | None:
        return self._slow_way.pictures_per_s if self._is_thinned else None

    def start(self, gop: Sequence[AccessUnit]) -> None:
        self._send_gop(gop, self._shared.streams.join(self._stream.format, gop))

    def send(self, unit: AccessUnit) -> None:
        if self._is_thinned:
            self._send_thinned(unit)
            return
        block = self._stream.block(unit)
        if unit.is_entry_point and (self._awaits_entry or unit.starts_clean):
            self._begin_gop(block)
        elif self._awaits_entry:
            self._counts.frames_dropped += 1
            return
        if not self._queue.put(unit, block):
            self._counts.frames_dropped += 1
            self._slow_way.note_unsent()
            self._give_up()

    def close(self) -> None:
        """Call it once, after `say_goodbye` if at all; nothing may be used afterwards."""
        self._repair.stop()
        self._queue.stop_pacing()
        private.stop_listening(self._transport)
        self._shared.streams.leave(self._stream)
        self._route.close()
        del self._queue, self._repair  # they call this object: a cycle that would outlive it
        del self._on_failure

    def say_goodbye(self) -> None:
        self._route.send_one(self._session.protect_rtcp(goodbye(self._shared.streams.ssrc)))

    # What the viewer says

    def handle_nack(self, sequence_numbers: Sequence[int]) -> None:
        self._counts.packets_nacked += len(sequence_numbers)
        self._repair.send_again(sequence_numbers, self._reports.round_trip_s)

    def handle_keyframe_request(self) -> None:
        """The camera can't be asked for an IDR: the next one is the answer, if it is near. At a
        recovery point browsers don't begin, so to send one again is of no use."""
        self._counts.keyframe_requests += 1
        self._slow_way.note_keyframe_request()
        if self._is_thinned:
            return
        gop = self._stream.gop
        if not gop or not gop[0].is_idr or gop[-1].capture_ns - gop[0].capture_ns < REPLAY_NS:
            return
        if gop[-1].capture_ns - self._replayed_ns >= REPLAY_NS:
            self._replayed_ns = gop[-1].capture_ns
            self._give_up()
            self._send_gop(gop, self._shared.streams.branch(self._stream, gop))

    def handle_report(self, report: Report) -> None:
        self._counts.losses.add(report.lost_256ths)
        round_trip_ns = self._reports.handle_report(report.lsr, report.dlsr)
        if round_trip_ns is not None:
            self._counts.round_trips.add(round_trip_ns)
        self._slow_way.hear(report, round_trip_ns, self._stream.entry_interval_ns)
        if self._slow_way.is_wanted and not self._is_thinned:
            self._thin()

    # A link that can't carry the whole stream

    def _thin(self) -> None:
        """From now on send entry points only, under numbers that follow those sent so far."""
        left = self._stream
        self._slow_way.begin(left.bytes_per_s, left.entry_interval_ns)
        self._is_thinned = self._congestion.is_narrow = True
        self._counts.thinned += 1
        self._counts.frames_dropped += self._queue.drop_unbegun()
        number = self._queue.next_sequence_number
        if number is None:
            number = left.next_sequence_number
        self._stream = self._shared.streams.renumbered(left, number)
        self._stream.kept_ns = THINNED_HISTORY_NS
        self._shared.streams.leave(left)
        self._repair.begin(self._stream, number)
        self._awaits_entry = True

    def _send_everything(self) -> None:
        """From now on send everything again, as the others get it but for its numbers."""
        self._slow_way.end()
        self._is_thinned = self._congestion.is_narrow = False
        self._stream.kept_ns = HISTORY_NS

    def _send_thinned(self, unit: AccessUnit) -> None:
        slow_way, queue = self._slow_way, self._queue
        if slow_way.ends_with(unit):
            self._send_everything()
            self.send(unit)
        elif slow_way.takes(unit, has_gone=queue.is_empty):
            block = self._stream.block(unit)
            if is_probe := slow_way.begin_probe():
                self._reports.due_ns = 0  # the report behind it waits where the probe waits
            queue.pace(block.end, slow_way.bytes_per_s(block.end, is_probe=is_probe))
            queue.put(unit, block)

    def _send_gop(self, gop: Sequence[AccessUnit], stream: PacketStream) -> None:
        """Begin, or begin again, with `gop`, the latest of `stream`."""
        left, self._stream = self._stream, stream
        self._shared.streams.leave(left)
        self._awaits_entry = not gop
        if gop:
            blocks = stream.latest(len(gop))
            self._repair.begin(stream, blocks[0].sequence_number)
            self._queue.put_gop(gop, blocks, stream.bytes_per_s)

    def _begin_gop(self, entry: PacketBlock) -> None:
        dropped = self._queue.drop_late()
        if dropped:
            self._counts.frames_dropped += dropped
            self._slow_way.note_unsent()
        if dropped or self._awaits_entry:
            self._repair.begin(self._stream, entry.sequence_number)
        self._awaits_entry = False
        if self._congestion.is_congested:
            self._queue.pace(entry.end, self._stream.bytes_per_s)

    def _give_up(self) -> None:
        """Send nothing before the next entry point, not even the rest of a picture."""
        self._counts.frames_dropped += self._queue.clear()
        self._repair.stop()
        self._awaits_entry = True

    def _count(self, unit: AccessUnit, block: PacketBlock) -> None:
        self._counts.frames_sent += 1
        reports = self._reports
        reports.packet_count += len(block.sizes)
        reports.payload_bytes += block.payload_bytes
        if unit.capture_ns >= reports.due_ns:
            self._route.send_one(self._session.protect_rtcp(reports.compound(unit)))

    def _fail(self, exc: Exception) -> None:
        self._route.give_up()
        self._on_failure(exc)

    def _retransmit(self, block: PacketBlock) -> None:
        try:
            data = self._shared.retransmissions.protect(self._session, block)
            self._route.send(data, block)  # without room it is lost again
        except (RouteFailed, private.SrtpError):
            return  # the next picture will fail, too, and that is handled
        self._counts.packets_retransmitted += len(block.sizes)

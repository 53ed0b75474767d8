"""One viewer's pictures at the cost of little more than their encryption."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence

from aiortc import RTCDtlsTransport

from ..loop_subscription import CAPACITY
from ..media.access_unit import AccessUnit
from ..media.rtcp import goodbye
from ..media.rtp import HEADER, MAX_PACKET_BYTES, STRIDE, VERSION_2, PacketBlock
from . import private
from .h264_format import H264Format
from .pacer import NARROW_SPEED, PIECE_PACKETS, SPEED, Pacer
from .packet_stream import PacketStream, PacketStreams, StreamFormat
from .retransmission import MAX_REPEATED, REPEAT_DELAY_S, Retransmitter
from .route import Route, RouteFailed
from .sender import PeerCounts, Step
from .sender_reports import SenderReports

MAX_WAITING = 8
"""Access units that may wait for room in a viewer's socket, those it starts with not counted."""

REPLAY_NS = 2_000_000_000
"""From this age of the GOP on, who asks for a key frame gets the GOP again: the next is far. Also
the time until the same viewer is given another one."""

BURST_LOSS_PACKETS = 10
"""Who asks for so many at once has lost a part of a burst, to a link too narrow for it."""
NARROW_S = 20.0
"""For so long IDRs then come in pieces."""
NARROW_SHARE = 0.5
"""Of the stream's rate, which retransmissions may have then: they would fill the buffer again."""


class Shared:
    """What all fast senders share. On the event-loop thread."""

    def __init__(self) -> None:
        self.streams = PacketStreams()
        self.pictures = private.SrtpBuffer(STRIDE)
        self.retransmissions = private.SrtpBuffer(MAX_PACKET_BYTES)


class FastSender:
    """Sends packets that all viewers share. On the event-loop thread.

    Per viewer a picture is copied, encrypted in place and handed to the kernel. A viewer whose
    socket is full loses access units up to the next IDR and delays nobody.
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
        """For a viewer that is connected. `on_failure`: nothing can be sent this way any more.

        Raises AttributeError or TypeError if the installed releases lack what it needs.
        """
        streams, rtx_payload_type = shared.streams, h264_format.rtx_payload_type
        self._shared = shared
        self._counts = counts
        self._on_failure = on_failure
        self._transport = transport
        self._session = private.SrtpSession(transport)
        probe = HEADER.pack(VERSION_2, 0, 0, 0, streams.rtx_ssrc)
        tag_bytes = len(self._session.protect(probe)) - len(probe)
        self._reports = SenderReports(streams.ssrc, cname)
        self._retransmitter = (
            None
            if rtx_payload_type is None
            else Retransmitter(rtx_payload_type, streams.rtx_ssrc, tag_bytes)
        )
        self._route = Route(transport.transport)
        self._waiting: deque[tuple[AccessUnit, PacketBlock]] = deque()
        self._rest: tuple[memoryview, int] | None = None
        """The first of those waiting, encrypted, and up to where it has been sent."""
        self._max_waiting = MAX_WAITING
        self._pacer: Pacer | None = None
        """While it is there, what waits goes when it is due."""
        self._timer: asyncio.TimerHandle | None = None
        """Set while something waits only for that."""
        self._narrow_until_s = 0.0
        """0: the link is not known to be narrow."""
        self._awaits_idr = True
        self._repairable_from = 0
        """The number of the first packet since the viewer's last gap: what it lost by being too
        slow is not sent to it on top."""
        self._replayed_ns = 0
        self._is_closed = False
        self._tap = private.listen_to_rtcp(transport, streams.ssrc, self)
        stream_format = StreamFormat(h264_format.payload_type, tag_bytes, extensions)
        self._stream = streams.join(stream_format)

    @property
    def step(self) -> Step:
        return self._route.step

    def start(self, gop: Sequence[AccessUnit]) -> None:
        self._change_stream(self._shared.streams.join(self._stream.format, gop))
        self._send_gop(gop)

    def send(self, unit: AccessUnit) -> None:
        block = self._stream.block(unit)
        if unit.is_idr:
            self._begin_gop(block)
        elif self._awaits_idr:
            self._counts.frames_dropped += 1
            return
        if len(self._waiting) >= self._max_waiting:
            if not self._is_paced:
                self._counts.frames_dropped += 1
                self._give_up()
                return
            self._waiting.append((unit, block))
            self._stop_pacing()  # rather a burst than a lost picture
            self._send_waiting()
            return
        self._waiting.append((unit, block))
        if self._rest is None and not self._is_paced:
            self._send_waiting()

    def close(self) -> None:
        self._is_closed = True
        self._stop_pacing()
        private.stop_listening(self._transport, self._tap)
        self._shared.streams.leave(self._stream)
        self._route.close()

    def say_goodbye(self) -> None:
        self._route.send_one(self._session.protect_rtcp(goodbye(self._shared.streams.ssrc)))

    # What goes on elsewhere when this has failed

    @property
    def unsent(self) -> list[AccessUnit]:
        return [unit for unit, _ in self._waiting]

    @property
    def next_sequence_number(self) -> int:
        """Of the first packet that was not sent."""
        if not self._waiting:
            return self._stream.next_sequence_number
        block = self._waiting[0][1]
        packets_sent = 0 if self._rest is None else self._rest[1] // block.stride
        return _first_number(block) + packets_sent & 0xFFFF

    # What the viewer says

    def handle_nack(self, sequence_numbers: Sequence[int]) -> None:
        if self._retransmitter is None or self._awaits_idr or self._is_full:
            return
        first, now_s = self._repairable_from, time.monotonic()
        wanted = [number for number in sequence_numbers if number - first & 0xFFFF < 0x8000]
        if len(wanted) >= BURST_LOSS_PACKETS:
            self._narrow_until_s = now_s + NARROW_S
        is_narrow = now_s < self._narrow_until_s
        max_per_s = self._stream.bytes_per_s / STRIDE * NARROW_SHARE if is_narrow else math.inf
        round_trip_s = self._reports.round_trip_s
        chosen = self._retransmitter.choose(wanted, now_s, round_trip_s, max_per_s)
        self._retransmit(chosen)
        if 0 < len(chosen) <= MAX_REPEATED and not is_narrow:
            loop = asyncio.get_running_loop()
            loop.call_later(REPEAT_DELAY_S, self._repeat, chosen)

    def _repeat(self, sequence_numbers: Sequence[int]) -> None:
        if not (self._is_closed or self._awaits_idr or self._is_full):
            self._retransmit(sequence_numbers)

    def _retransmit(self, sequence_numbers: Sequence[int]) -> None:
        assert self._retransmitter is not None
        block = self._retransmitter.block(self._stream, sequence_numbers)
        if block is None:
            return
        try:
            data = self._shared.retransmissions.protect(self._session, block)
            self._route.send(data, block)  # without room it is lost again
        except (RouteFailed, private.SrtpError):
            return  # the next picture will fail, too, and that is handled
        self._counts.packets_retransmitted += len(block.sizes)

    def handle_keyframe_request(self) -> None:
        """The camera can't be asked for an IDR: the next one is the answer, if it is near."""
        self._counts.keyframe_requests += 1
        gop = self._stream.gop
        if not gop or gop[-1].capture_ns - gop[0].capture_ns < REPLAY_NS:
            return
        if gop[-1].capture_ns - self._replayed_ns >= REPLAY_NS:
            self._replayed_ns = gop[-1].capture_ns
            self._give_up()
            self._change_stream(self._shared.streams.branch(self._stream, gop))
            self._send_gop(gop)

    def handle_report(self, lsr: int, dlsr: int) -> None:
        self._reports.handle_report(lsr, dlsr)

    def _change_stream(self, stream: PacketStream) -> None:
        left, self._stream = self._stream, stream
        self._shared.streams.leave(left)

    def _send_gop(self, gop: Sequence[AccessUnit]) -> None:
        self._awaits_idr = not gop
        blocks = self._stream.latest(len(gop))
        self._repairable_from = (
            _first_number(blocks[0]) if blocks else self._stream.next_sequence_number
        )
        # until these are through, and what the reader has put by while nobody watched
        self._max_waiting = len(gop) + CAPACITY + MAX_WAITING
        self._waiting.extend(zip(gop, blocks, strict=True))
        self._pace(sum(block.end for block in blocks))
        self._send_waiting()

    def _begin_gop(self, idr: PacketBlock) -> None:
        """What still waits for room in the socket is not sent any more."""
        if not self._is_paced:
            kept = 0 if self._rest is None else 1
            if self._awaits_idr or len(self._waiting) > kept:
                self._repairable_from = _first_number(idr)
            self._drop_all_but(kept)
        self._awaits_idr = False
        if self._narrow_until_s and self._pacer is None:
            if time.monotonic() < self._narrow_until_s:
                self._pace(idr.end)
            else:
                self._narrow_until_s = 0.0

    def _send_waiting(self) -> None:
        """Send what waits and is due, until the socket is full."""
        self._stop_timer()
        try:
            while self._waiting:
                if self._pacer is not None and self._is_early(self._pacer):
                    return
                unit, block = self._waiting[0]
                if self._rest is None:
                    data, start = self._shared.pictures.protect(self._session, block), 0
                else:
                    data, start = self._rest
                end = self._piece_end(block, start)
                stopped = self._route.send(data, block, start, end)
                if self._pacer is not None:
                    self._pacer.sent(stopped - start, time.monotonic())
                if stopped < block.end:
                    if self._rest is None:  # the next viewer's picture will overwrite `data`
                        data = memoryview(bytes(data[: block.end]))
                    self._rest = data, stopped
                    if stopped == end:
                        continue
                    self._route.call_when_there_is_room(self._send_waiting)
                    return
                self._rest = None
                self._waiting.popleft()
                self._count(unit, block)
            self._max_waiting = MAX_WAITING
            self._pacer = None
        except Exception as exc:
            if isinstance(exc, RouteFailed):
                self._rest = memoryview(b""), exc.position
            self._on_failure(exc)

    @property
    def _is_paced(self) -> bool:
        """Whether something waits to be due."""
        return self._timer is not None

    @property
    def _is_full(self) -> bool:
        """Whether a picture waits for room in the socket."""
        return self._rest is not None and self._timer is None

    def _pace(self, byte_count: int) -> None:
        speed = NARROW_SPEED if self._narrow_until_s else SPEED
        self._pacer = Pacer(speed * self._stream.bytes_per_s, byte_count, time.monotonic())

    def _stop_pacing(self) -> None:
        self._pacer = None
        self._stop_timer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_early(self, pacer: Pacer) -> bool:
        """Whether nothing is due yet; it is sent when it is."""
        wait_s = pacer.wait_s(time.monotonic())
        if wait_s:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._send_waiting)
        return self._is_paced

    def _piece_end(self, block: PacketBlock, start: int) -> int:
        """Over a narrow link a picture goes in pieces. The one that a viewer begins with does not:
        whether the link is narrow is not known yet."""
        if self._pacer is None or not self._narrow_until_s:
            return block.end
        return min(block.end, start + PIECE_PACKETS * block.stride)

    def _count(self, unit: AccessUnit, block: PacketBlock) -> None:
        self._counts.frames_sent += 1
        reports = self._reports
        reports.packet_count += len(block.sizes)
        reports.payload_bytes += block.payload_bytes
        if unit.capture_ns >= reports.due_ns:
            self._route.send_one(self._session.protect_rtcp(reports.compound(unit)))

    def _give_up(self) -> None:
        """Send nothing before the next IDR, not even the rest of a picture."""
        self._stop_pacing()
        self._drop_all_but(0)
        self._rest = None
        self._awaits_idr = True

    def _drop_all_but(self, kept: int) -> None:
        while len(self._waiting) > kept:
            self._waiting.pop()
            self._counts.frames_dropped += 1


def _first_number(block: PacketBlock) -> int:
    number: int = HEADER.unpack_from(block.data)[2]
    return number

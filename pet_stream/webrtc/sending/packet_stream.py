"""Packetizes each access unit once for all viewers that can share the packets."""

from __future__ import annotations

import math
import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from ...media.access_unit import AccessUnit
from ...media.rtp.packetizer import PacketBlock, Packetizer
from ...media.rtp.packets import serialize_extensions
from ...media.rtp.rtcp import ntp_time
from ..signaling.offer import CAPTURE_TIME, PLAYOUT_DELAY

NO_DELAY = bytes(3)
"""Show a picture as soon as it is there: least and most delay 0."""

HISTORY_NS = 1_000_000_000
HISTORY_BYTES = 8 * 1024 * 1024
THINNED_HISTORY_NS = 6_000_000_000
"""While only entry points are sent: those are repaired however late they come."""
BEFORE_WRAP = 4096
"""Nobody joins this close to the wrap of the sequence numbers. A viewer that loses its first
packets up to the wrap would count one wrap too few and never decrypt any (RFC 3711 section
3.3.1)."""


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """What has to be equal for viewers to share packets."""

    payload_type: int
    tag_bytes: int
    extensions: tuple[tuple[str, int], ...] = ()
    """RTP header extensions that the viewer knows, with its numbers for them."""


@dataclass(frozen=True, slots=True)
class _Entry:
    unit: AccessUnit
    block: PacketBlock
    sequence_number: int
    """Of the first packet."""


class PacketStream:
    """Numbered packets of consecutive access units, and those sent lately. On the event loop.

    Viewers share not only the packets but their numbers, too: each has an SRTP session of its own,
    so an equal SSRC and equal numbers reveal nothing.
    """

    def __init__(
        self,
        stream_format: StreamFormat,
        ssrc: int,
        sequence_number: int,
        history_bytes: int = HISTORY_BYTES,
        source: PacketStream | None = None,
    ) -> None:
        """`source`: whose packets these are, under other numbers."""
        self.format = stream_format
        self.source = source
        self.viewer_count = 0
        self._packetizer = Packetizer(
            payload_type=stream_format.payload_type,
            ssrc=ssrc,
            tag_bytes=stream_format.tag_bytes,
            sequence_number=sequence_number,
        )
        self._history: deque[_Entry] = deque()
        self._history_bytes = 0
        self._kept_bytes = history_bytes
        self.kept_ns = HISTORY_NS
        """How long a packet may be asked for again."""
        self.entry_interval_ns = 0
        """Between the newest entry points that start clean; 0 until there have been two."""
        self._clean_ns = 0
        self._entry_ns = 0
        self._joins_ns = 0  # from here on a new viewer is sent pictures
        self._joins_at_idr = False

    @property
    def next_sequence_number(self) -> int:
        return self._packetizer.sequence_number

    def block(self, unit: AccessUnit) -> PacketBlock:
        """The packets of the newest access unit, numbered when it is first asked for."""
        history = self._history
        if history and history[-1].unit is unit:
            return history[-1].block
        if unit.is_entry_point:
            self._note_entry_point(unit)
        sequence_number = self._packetizer.sequence_number
        if self.source is None:
            extensions = self._extensions(unit) if unit.is_entry_point else b""
            block = self._packetizer.packetize(unit.nal_units, unit.pts_90k, extensions)
        else:
            block = self._packetizer.renumber(self.source.block(unit))
        history.append(_Entry(unit, block, sequence_number))
        self._history_bytes += len(block.data)
        self._forget(unit.capture_ns)
        return block

    def can_take(self, gop: Sequence[AccessUnit]) -> bool:
        """Whether a viewer can join now that begins with `gop`."""
        if not gop:
            return self._is_far_from_wrap(self.next_sequence_number)
        entries = list(self._history)[-len(gop) :]
        return [id(entry.unit) for entry in entries] == list(map(id, gop)) and (
            self._is_far_from_wrap(entries[0].sequence_number)
        )

    def latest(self, count: int) -> list[PacketBlock]:
        """The blocks of the newest `count` access units."""
        return [entry.block for entry in self._history][len(self._history) - count :]

    def packet(self, sequence_number: int) -> bytes | None:
        """Returns a packet sent lately; None if it is not kept any more."""
        for entry in reversed(self._history):
            index = sequence_number - entry.sequence_number & 0xFFFF
            if index < len(entry.block.sizes):
                return entry.block.packet(index)
        return None

    @property
    def gop(self) -> tuple[AccessUnit, ...]:
        """What a new viewer begins with; empty if it is not all there any more."""
        units = tuple(e.unit for e in self._history if e.unit.capture_ns >= self._joins_ns)
        return units if units and units[0].is_entry_point else ()

    @property
    def bytes_per_s(self) -> float:
        """The rate of the pictures sent lately; infinite while it is not known."""
        history = self._history
        if not history:
            return math.inf
        span_ns = history[-1].unit.capture_ns - history[0].unit.capture_ns
        sent_meanwhile = self._history_bytes - len(history[-1].block.data)
        return sent_meanwhile * 1e9 / span_ns if span_ns > 0 else math.inf

    def _extensions(self, unit: AccessUnit) -> bytes:
        wall_clock_ns = time.time_ns() - time.monotonic_ns() + unit.capture_ns
        values = {
            PLAYOUT_DELAY: NO_DELAY,
            CAPTURE_TIME: ntp_time(wall_clock_ns).to_bytes(8, "big"),
        }
        return serialize_extensions(
            {number: values[uri] for uri, number in self.format.extensions if uri in values}
        )

    def _note_entry_point(self, unit: AccessUnit) -> None:
        """Viewers join at the newest IDR; without one at the newest recovery point whose pictures
        are right by now, which may be the one before."""
        if unit.starts_clean:
            self.entry_interval_ns = unit.capture_ns - self._clean_ns if self._clean_ns else 0
            self._clean_ns = unit.capture_ns
        if unit.starts_clean or unit.is_discontinuity or not self._entry_ns:
            self._entry_ns = unit.capture_ns
        if unit.is_idr or unit.is_discontinuity or not self._joins_at_idr:
            self._joins_ns, self._joins_at_idr = self._entry_ns, unit.is_idr
        self._entry_ns = unit.capture_ns

    def _forget(self, now_ns: int) -> None:
        """Keep only what may be asked for again and the GOP, for viewers that join; both are
        bounded."""
        history = self._history
        kept_since_ns = min(now_ns - self.kept_ns, self._joins_ns)
        while len(history) > 1 and (
            history[0].unit.capture_ns < kept_since_ns or self._history_bytes > self._kept_bytes
        ):
            self._history_bytes -= len(history.popleft().block.data)

    @staticmethod
    def _is_far_from_wrap(sequence_number: int) -> bool:
        return sequence_number < 0x10000 - BEFORE_WRAP


class PacketStreams:
    """The streams that have viewers. On the event-loop thread.

    Usually there is one: viewers of one kind of browser agree on everything.
    """

    def __init__(self) -> None:
        self.ssrc = secrets.randbelow(0xFFFFFFFF) + 1
        self.rtx_ssrc = self.ssrc ^ 1
        self._streams: list[PacketStream] = []

    def join(self, stream_format: StreamFormat, gop: Sequence[AccessUnit] = ()) -> PacketStream:
        """Returns a stream for one more viewer; its latest blocks are those of `gop`."""
        for stream in self._streams:
            if stream.format == stream_format and stream.can_take(gop):
                stream.viewer_count += 1
                return stream
        return self._open(stream_format, secrets.randbelow(0x8000), gop)

    def branch(self, stream: PacketStream, gop: Sequence[AccessUnit]) -> PacketStream:
        """Returns a stream for one viewer of `stream`: `gop` again, under numbers that follow."""
        return self._open(stream.format, stream.next_sequence_number, gop)

    def renumbered(self, stream: PacketStream, sequence_number: int) -> PacketStream:
        """Returns a stream for one viewer of `stream` that is not sent every picture: those that it
        is asked for are numbered from here on, without gaps."""
        source = stream.source or stream
        source.viewer_count += 1
        own = PacketStream(stream.format, self.ssrc, sequence_number, source=source)
        own.viewer_count = 1
        return own

    def leave(self, stream: PacketStream) -> None:
        stream.viewer_count -= 1
        if stream.viewer_count:
            return
        if stream in self._streams:  # not those of one viewer
            self._streams.remove(stream)
        if stream.source is not None:
            self.leave(stream.source)

    def _open(
        self, stream_format: StreamFormat, sequence_number: int, gop: Sequence[AccessUnit]
    ) -> PacketStream:
        stream = PacketStream(stream_format, self.ssrc, sequence_number)
        for unit in gop:
            stream.block(unit)
        stream.viewer_count = 1
        self._streams.append(stream)
        return stream

"""The way of one viewer's datagrams: as few system calls as the way allows."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import struct
from collections.abc import Callable, Sequence

from aiortc import RTCIceTransport

from ..media.rtp import PacketBlock, Run
from . import private
from .sender import Step

logger = logging.getLogger(__name__)

SOL_UDP = 17
UDP_SEGMENT = 103  # <linux/udp.h>; not in Python's socket module
SEND_BUFFER_BYTES = 1 << 20
"""Wished for; the kernel's net.core.wmem_max is the limit. A 1080p IDR has 300 kB."""
ROOM_DELAY_S = 0.02

_RTP_COMPONENT = 1
_SEGMENT_SIZE = struct.Struct("=H")
_NO_ROOM = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM})
_NETWORK_ERRORS = frozenset(
    {
        errno.ECONNREFUSED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.ENETDOWN,
        errno.EPERM,  # a packet filter
        errno.EACCES,
    }
)


class RouteFailed(Exception):
    """No step is left on this route. Everything before byte `position` was sent."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class Route:
    """Sends blocks of encrypted packets to where ICE says. On the event-loop thread.

    It follows when ICE changes its mind, and goes a step down when a step fails.
    """

    def __init__(self, transport: RTCIceTransport) -> None:
        self.step = Step.GSO
        self._pairs = private.nominated_pairs(transport)
        self._pair: object = None
        self._way: private.Way | None = None
        self._udp: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waits_for: int | None = None

    def send(self, data: memoryview, block: PacketBlock, start: int = 0) -> int:
        """Send `block`, which lies encrypted in `data`, from byte `start` on; never wait.

        Gives the byte where there was no more room, or the block's end. What the network has lost
        counts as sent. Raises RouteFailed.
        """
        pair = self._pairs.get(_RTP_COMPONENT)
        if pair is not self._pair:
            self._follow(pair)
        if self._way is None:
            return block.end
        failure = self._send_pieces(data, block, start)
        repeated_at = -1
        while failure is not None:
            piece, error = failure
            position = piece.start
            if error.errno in _NO_ROOM:
                return position
            self._way.protocol.error_received(error)  # as asyncio does
            if position != repeated_at:
                repeated_at = position  # the error may have been about an earlier packet
            elif error.errno in _NETWORK_ERRORS:
                position = piece.end
            elif not self._step_down(error):
                raise RouteFailed(position) from error
            failure = self._send_pieces(data, block, position)
        return block.end

    def send_one(self, packet: bytes) -> None:
        """Send one encrypted packet, or lose it."""
        block = PacketBlock(packet, len(packet), (len(packet),), 0, 0)
        try:
            self.send(memoryview(packet), block)
        except RouteFailed as exc:
            logger.debug("a report was lost: %s", exc.__cause__)

    def call_when_there_is_room(self, callback: Callable[[], None]) -> None:
        """Once, unless closed before."""
        loop = asyncio.get_running_loop()
        self._stop_waiting()
        if self._udp is None:
            self._timer = loop.call_later(ROOM_DELAY_S, callback)
        else:
            self._waits_for = self._udp.fileno()
            loop.add_writer(self._waits_for, self._go_on, callback)

    def close(self) -> None:
        self._follow(None)

    def _go_on(self, callback: Callable[[], None]) -> None:
        self._stop_waiting()
        callback()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waits_for is not None:
            asyncio.get_running_loop().remove_writer(self._waits_for)
            self._waits_for = None

    def _send_pieces(
        self, data: memoryview, block: PacketBlock, start: int
    ) -> tuple[Run, OSError] | None:
        """The piece that could not be sent and why; None if all could. Raises RouteFailed."""
        piece = Run(start, start, 0)
        try:
            for piece in self._pieces(block, start):
                self._send(data[piece.start : piece.end], piece.packet_count, block.stride)
        except OSError as exc:
            return piece, exc
        except Exception as exc:  # aioice's or asyncio's transport is not what it was
            raise RouteFailed(piece.start) from exc
        return None

    def _pieces(self, block: PacketBlock, start: int) -> Sequence[Run]:
        if self.step is Step.GSO:
            return block.runs_from(start) if start else block.runs
        return block.packets_from(start)

    def _send(self, piece: memoryview, packet_count: int, stride: int) -> None:
        """Raises OSError."""
        way, udp = self._way, self._udp
        assert way is not None
        if udp is None:
            private.send_by_transport(way, bytes(piece))
        elif packet_count == 1:
            udp.sendto(piece, way.address)
        else:
            segmented = ((SOL_UDP, UDP_SEGMENT, _SEGMENT_SIZE.pack(stride)),)
            udp.sendmsg((piece,), segmented, 0, way.address)

    def _follow(self, pair: object) -> None:
        """ICE has chosen another pair of addresses."""
        self._stop_waiting()
        if self._udp is not None:
            self._udp.close()
        self._pair, self._way, self._udp = pair, None, None
        if pair is None:
            return
        self._way = private.way_of(pair)
        if self._way.descriptor is None or self.step is Step.TRANSPORT:
            self.step = Step.TRANSPORT
            return
        self._udp = socket.socket(fileno=os.dup(self._way.descriptor))
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        try:
            self._udp.setsockopt(SOL_UDP, UDP_SEGMENT, 0)
        except OSError as exc:  # an older kernel would send one giant datagram
            self._step_down(exc)

    def _step_down(self, exc: OSError) -> bool:
        """False if there is no step left."""
        if self.step is Step.TRANSPORT:
            return False
        self.step = Step.PACKETS if self.step is Step.GSO else Step.TRANSPORT
        logger.warning("sending to a viewer failed (%s), now by %s", exc, self.step.value)
        if self.step is Step.TRANSPORT and self._udp is not None:
            self._stop_waiting()
            self._udp.close()
            self._udp = None
        return True

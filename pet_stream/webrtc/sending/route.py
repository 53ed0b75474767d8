"""Sends one viewer's datagrams with as few system calls as the network allows."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import struct
from collections.abc import Callable

from aiortc import RTCIceTransport

from ...media.rtp.packetizer import PacketBlock, Run
from .. import private
from .failed_steps import FailedSteps
from .sender import Step

logger = logging.getLogger(__name__)

SOL_UDP = 17
UDP_SEGMENT = 103  # <linux/udp.h>; not in Python's socket module
SEND_BUFFER_BYTES = 1 << 20
"""Asked for; the kernel's net.core.wmem_max is the limit. A 1080p IDR has 300 kB."""
ROOM_DELAY_S = 0.02
"""Time until the next try where there is no socket to wait for."""

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
    """No step is left on this route."""


class Route:
    """Sends blocks of encrypted packets to where ICE says. On the event-loop thread.

    It begins below the steps that have failed, and follows when ICE chooses a different pair. When
    a step fails it goes on with the next one, from the packet that failed: nothing is lost.
    """

    def __init__(self, transport: RTCIceTransport, failed: FailedSteps) -> None:
        """Raises RouteFailed, or AttributeError if a release has moved a name."""
        self._failed = failed
        self._take(Step.GSO)
        self._pairs = private.nominated_pairs(transport)
        self._pair: object = None
        """The pair of addresses in use; None before the first packet."""
        self._destination = self._choose(self._pairs.get(_RTP_COMPONENT))
        self._udp: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waits_for: int | None = None

    def send(self, data: memoryview, block: PacketBlock, start: int = 0, end: int = 0) -> int:
        """Send `block`, which lies encrypted in `data`, from byte `start` on; never wait.

        `end`: where a packet begins that is not to be sent; 0: the block's end. Returns the byte at
        which the socket was full, or the end. What the network has lost counts as sent. Raises
        RouteFailed.
        """
        end = end or block.end
        pair = self._pairs.get(_RTP_COMPONENT)
        if pair is not self._pair:
            self._follow(pair)
        if self._destination is None:
            return end
        failure = self._send(self, data, block, start, end)
        repeated_at = -1
        while failure is not None:
            piece, error = failure
            position = piece.start
            if error.errno in _NO_ROOM:
                return position
            self._destination.protocol.error_received(error)  # as asyncio does
            if position != repeated_at:
                repeated_at = position  # the error may have been about an earlier packet
            elif error.errno in _NETWORK_ERRORS:
                position = piece.end
            else:
                self._step_down(error)
            failure = self._send(self, data, block, position, end)
        return end

    def send_one(self, packet: bytes) -> None:
        """Send one encrypted packet, or lose it."""
        block = PacketBlock(packet, len(packet), (len(packet),), 0, 0)
        try:
            self.send(memoryview(packet), block)
        except RouteFailed as exc:
            logger.debug("a report was lost: %s", exc.__cause__)

    def call_when_there_is_room(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, unless this is closed before."""
        loop = asyncio.get_running_loop()
        self._stop_waiting()
        if self._udp is None:
            self._timer = loop.call_later(ROOM_DELAY_S, callback)
        else:
            self._waits_for = self._udp.fileno()
            loop.add_writer(self._waits_for, self._go_on, callback)

    def give_up(self) -> None:
        """Remember that all steps have failed here, so that no viewer begins on one for a while."""
        if self._destination is not None:
            self._failed.add(self._destination.host, Step.TRANSPORT)

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

    # One method for each step. They return the piece that could not be sent and why; None if all
    # could. They are short on purpose: they run for each viewer and picture.

    def _send_runs(
        self, data: memoryview, block: PacketBlock, start: int, end: int
    ) -> tuple[Run, OSError] | None:
        destination, udp, run = self._destination, self._udp, block.runs[0]
        assert destination is not None
        assert udp is not None
        segmented = ((SOL_UDP, UDP_SEGMENT, _SEGMENT_SIZE.pack(block.stride)),)
        try:
            is_whole = not start and end == block.end
            for run in block.runs if is_whole else block.runs_between(start, end):
                udp.sendmsg((data[run[0] : run[1]],), segmented, 0, destination.address)
        except OSError as exc:
            return run, exc
        return None

    def _send_packets(
        self, data: memoryview, block: PacketBlock, start: int, end: int
    ) -> tuple[Run, OSError] | None:
        destination, udp, packet = self._destination, self._udp, block.runs[0]
        assert destination is not None
        assert udp is not None
        try:
            for packet in block.packets_between(start, end):
                udp.sendto(data[packet.start : packet.end], destination.address)
        except OSError as exc:
            return packet, exc
        return None

    def _send_by_transport(
        self, data: memoryview, block: PacketBlock, start: int, end: int
    ) -> tuple[Run, OSError] | None:
        """Raises RouteFailed."""
        destination, packet = self._destination, Run(start, start, 0)
        assert destination is not None
        try:
            for packet in block.packets_between(start, end):
                private.send_by_transport(destination, bytes(data[packet.start : packet.end]))
        except OSError as exc:
            return packet, exc
        except Exception as exc:  # aioice's or asyncio's transport is not what it was
            raise RouteFailed("The transport can't be used") from exc
        return None

    def _follow(self, pair: object) -> None:
        """Send to this pair of addresses, which ICE has chosen. Raises RouteFailed."""
        self._leave_socket()
        self._pair, self._destination = None, self._choose(pair)
        self._pair = pair
        if self._destination is None or self.step is Step.TRANSPORT:
            return
        assert self._destination.descriptor is not None
        try:
            self._udp = socket.socket(fileno=os.dup(self._destination.descriptor))
        except OSError as exc:  # no descriptor is left now: nothing to remember
            logger.warning("a viewer is sent to by aioice, which costs more of the CPU: %s", exc)
            self._take(Step.TRANSPORT)
            return
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if self.step is Step.GSO:
            try:
                self._udp.setsockopt(SOL_UDP, UDP_SEGMENT, 0)
            except OSError as exc:  # an older kernel would send one giant datagram
                self._step_down(exc)

    def _choose(self, pair: object) -> private.Destination | None:
        """Take the first step that has not failed; returns where it leads. Raises RouteFailed."""
        if pair is None:
            return None
        destination = private.destination_of(pair)
        step = self._failed.first_step(destination.host)
        if destination.descriptor is None and step is not Step.STOCK:
            step = Step.TRANSPORT
        self._take(step)
        return destination

    def _step_down(self, exc: OSError) -> None:
        """Take the next step, and remember that this one has failed. Raises RouteFailed."""
        assert self._destination is not None
        host, failed = self._destination.host, self.step
        self._failed.add(host, failed)
        self._take(self._failed.first_step(host))
        logger.warning(
            "sending by %s failed (%s); now it goes by %s, which costs more of the CPU",
            failed.value,
            exc,
            self.step.value,
        )
        if self.step is Step.TRANSPORT:
            self._leave_socket()

    def _take(self, step: Step) -> None:
        """Raises RouteFailed for aiortc's own sender, which is not a step of a route."""
        if step not in _METHODS:
            raise RouteFailed("No step is left")
        self.step, self._send = step, _METHODS[step]

    def _leave_socket(self) -> None:
        self._stop_waiting()
        if self._udp is not None:
            self._udp.close()
            self._udp = None


_METHODS = {
    Step.GSO: Route._send_runs,
    Step.PACKETS: Route._send_packets,
    Step.TRANSPORT: Route._send_by_transport,
}

"""libsrtp itself, below pylibsrtp: packets encrypted where they lie, without a copy each."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import pylibsrtp
from aiortc import RTCDtlsTransport

from ...media.rtp import PacketBlock

FIRST_PACKETS = 128
"""Room to begin with; it grows with the pictures."""

SrtpError = pylibsrtp.Error
_libsrtp: Any = pylibsrtp


class SrtpSession:
    """What encrypts for one viewer, once DTLS is through."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        session = transport._tx_srtp
        self.protect = session.protect
        self.protect_rtcp = session.protect_rtcp
        self.context = session._srtp[0]
        self._session = session  # the context lives as long as this


class SrtpBuffer:
    """Where blocks of packets, `stride` bytes apart, are encrypted in place, one viewer's after the
    other's. What is in it is valid until the next one. Owned by one thread."""

    def __init__(self, stride: int) -> None:
        self._stride = stride
        self._grow(FIRST_PACKETS)

    def protect(self, session: SrtpSession, block: PacketBlock) -> memoryview:
        """The encrypted packets, each where it was, `tag_bytes` longer. Raises SrtpError."""
        count = len(block.sizes)
        if count > self._capacity:
            self._grow(max(count, 2 * self._capacity))
        self._data[: len(block.data)] = block.data
        self._sizes[: len(block.packed_sizes)] = block.packed_sizes
        # one call per packet, and nothing of Python between two of them
        states = map(self._protect, repeat(session.context, count), self._packets, self._lengths)
        if any(states):
            raise SrtpError("srtp_protect")
        return self._data

    def _grow(self, packet_count: int) -> None:
        ffi = _libsrtp.ffi
        self._capacity = packet_count
        data, sizes = bytearray(packet_count * self._stride), bytearray(4 * packet_count)
        first_packet, first_length = (
            ffi.from_buffer("char[]", data),
            ffi.from_buffer("int[]", sizes),
        )
        self._data, self._sizes = memoryview(data), memoryview(sizes)
        self._packets = [first_packet + self._stride * index for index in range(packet_count)]
        self._lengths = [first_length + index for index in range(packet_count)]
        self._kept = first_packet, first_length
        self._protect = _libsrtp.lib.srtp_protect

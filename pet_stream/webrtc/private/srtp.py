"""Encrypts packets in place, by libsrtp itself below pylibsrtp, without a copy of each.

libsrtp is called through ctypes, which keeps the interpreter lock. pylibsrtp's cffi gives it away
for a microsecond of work: with a busy thread in the host, getting it back takes a switch interval,
for every packet of every viewer.
"""

from __future__ import annotations

import ctypes
from itertools import repeat
from typing import Any

import pylibsrtp
from aiortc import RTCDtlsTransport

from ...media.rtp.packetizer import PacketBlock
from ...media.rtp.packets import HEADER, VERSION_2

FIRST_PACKETS = 128
"""Room to begin with; it grows with the pictures."""

SrtpError = pylibsrtp.Error
_libsrtp: Any = pylibsrtp
PROTECT = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
"""`srtp_protect(context, packet, length)`; every pointer is an address. Other integer types would
cost an object for each argument, and twice the time of the call."""


class SrtpSession:
    """Encrypts for one viewer, once the DTLS handshake is done."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        session = transport._tx_srtp
        self.protect = session.protect
        self.protect_rtcp = session.protect_rtcp
        self.context = address_of(session._srtp[0])
        self._session = session  # the context lives as long as this

    def tag_bytes(self, ssrc: int) -> int:
        """Returns by how much encryption lengthens a packet. Uses up sequence number 0 of the
        stream `ssrc`."""
        probe = HEADER.pack(VERSION_2, 0, 0, 0, ssrc)
        return len(self.protect(probe)) - len(probe)


class SrtpBuffer:
    """Memory in which packets, `stride` bytes apart, are encrypted in place, for one viewer after
    the other. Its content is valid until the next call. Owned by one thread."""

    def __init__(self, stride: int) -> None:
        self._stride = stride
        self._grow(FIRST_PACKETS)

    def protect(self, session: SrtpSession, block: PacketBlock) -> memoryview:
        """Returns the encrypted packets, each where it was, `tag_bytes` longer. Raises
        SrtpError."""
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
        packets, lengths = address_of(first_packet), address_of(first_length)
        self._packets = list(range(packets, packets + packet_count * self._stride, self._stride))
        self._lengths = list(range(lengths, lengths + packet_count * 4, 4))
        self._kept = first_packet, first_length  # they keep both buffers where they are
        self._protect = PROTECT(address_of(ffi.addressof(_libsrtp.lib, "srtp_protect")))


def address_of(pointer: Any) -> int:
    return int(_libsrtp.ffi.cast("uintptr_t", pointer))

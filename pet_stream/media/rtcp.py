"""RTCP packets that a sender writes (RFC 3550 section 6), and NTP times. Pure."""

from __future__ import annotations

import struct

SENDER_REPORT, SOURCE_DESCRIPTION, GOODBYE = 200, 202, 203

_NTP_EPOCH_S = 2_208_988_800
"""From 1900 to 1970."""
_CNAME = 1


def ntp_time(unix_ns: int) -> int:
    """Nanoseconds since 1970 as a 64-bit NTP timestamp: seconds since 1900, 32 bits fraction."""
    seconds, rest_ns = divmod(unix_ns, 1_000_000_000)
    return (seconds + _NTP_EPOCH_S & 0xFFFFFFFF) << 32 | (rest_ns << 32) // 1_000_000_000


def middle_bits(ntp: int) -> int:
    """The 32 bits by which a receiver report names a sender report (LSR)."""
    return ntp >> 16 & 0xFFFFFFFF


def sender_report(
    ssrc: int, ntp: int, timestamp: int, packet_count: int, payload_bytes: int
) -> bytes:
    """`ntp` and `timestamp` are the same instant, on the wall clock and the RTP clock."""
    return struct.pack(
        "!BBHIQIII",
        0x80,
        SENDER_REPORT,
        6,
        ssrc,
        ntp,
        timestamp & 0xFFFFFFFF,
        packet_count & 0xFFFFFFFF,
        payload_bytes & 0xFFFFFFFF,
    )


def source_description(ssrc: int, cname: str) -> bytes:
    """Every compound packet needs one (section 6.1). `cname`: at most 255 bytes."""
    name = cname.encode()
    item = bytes([_CNAME, len(name)]) + name
    item += bytes(4 - len(item) % 4)  # at least one zero ends the list
    words = 1 + len(item) // 4
    return struct.pack("!BBHI", 0x81, SOURCE_DESCRIPTION, words, ssrc) + item


def goodbye(ssrc: int) -> bytes:
    return struct.pack("!BBHI", 0x81, GOODBYE, 1, ssrc)

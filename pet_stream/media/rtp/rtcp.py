"""The RTCP that a sender writes and reads (RFC 3550 section 6, RFC 4585), and NTP times. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ...errors import BitstreamError

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, GOODBYE = 200, 201, 202, 203
TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK = 205, 206
NACK = 1
"""Format of transport feedback (RFC 4585 section 6.2.1)."""
PLI, FIR = 1, 4
"""Formats of payload feedback (RFC 4585 section 6.3.1, RFC 5104 section 4.3.1)."""
MAX_LOST = 256
"""Sequence numbers read from one compound packet; the rest are ignored."""

_NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900 to 1970."""
_CNAME = 1
_PADDING = 0x20
_HEADER = struct.Struct("!BBH")
_REPORT_BLOCK = struct.Struct("!III4xII")
_FEEDBACK = struct.Struct("!4xI")
_LOST = struct.Struct("!HH")
_FIR_ENTRY = struct.Struct("!I4x")


class Report(NamedTuple):
    """A receiver's report (RFC 3550 section 6.4.1)."""

    lsr: int
    dlsr: int
    """From these two the round-trip time follows."""
    lost_256ths: int
    """The share of packets lost since its last report, which may be a few of them: a report goes
    with each NACK, too."""
    lost_count: int = 0
    """Packets lost so far, as a 24-bit number. Of those that come twice, one is taken off."""
    highest: int = 0
    """The highest sequence number so far, and in the upper 16 bits how often it has wrapped."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What one compound packet says about one stream."""

    report: Report | None
    lost: tuple[int, ...]
    """Sequence numbers that are asked for again."""
    wants_keyframe: bool


def parse_feedback(compound: bytes, ssrc: int) -> Feedback:
    """Returns what `compound` says about the stream `ssrc`. Raises BitstreamError if malformed."""
    report: Report | None = None
    lost: list[int] = []
    wants_keyframe = False
    try:
        for packet_type, count, body in _packets(compound):
            if packet_type in (SENDER_REPORT, RECEIVER_REPORT):
                first = 24 if packet_type == SENDER_REPORT else 4
                for block in range(count):
                    about, missed, highest, lsr, dlsr = _REPORT_BLOCK.unpack_from(
                        body, first + block * _REPORT_BLOCK.size
                    )
                    if about == ssrc:
                        report = Report(lsr, dlsr, missed >> 24, missed & 0xFFFFFF, highest)
            elif packet_type in (TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK):
                (about,) = _FEEDBACK.unpack_from(body)
                entries = body[_FEEDBACK.size :]
                if packet_type == TRANSPORT_FEEDBACK and count == NACK and about == ssrc:
                    _read_lost(entries, lost)
                elif packet_type == PAYLOAD_FEEDBACK and count == PLI:
                    wants_keyframe |= about == ssrc
                elif packet_type == PAYLOAD_FEEDBACK and count == FIR:
                    wants_keyframe |= (ssrc,) in _FIR_ENTRY.iter_unpack(entries)
    except struct.error as exc:
        raise BitstreamError("An RTCP packet is shorter than it says") from exc
    return Feedback(report, tuple(lost[:MAX_LOST]), wants_keyframe)


def _packets(compound: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yields type, count or format, and body of each packet (section 6.4)."""
    start = 0
    while start < len(compound):
        first, packet_type, words = _HEADER.unpack_from(compound, start)
        if first >> 6 != 2:
            raise BitstreamError("Not RTCP version 2")
        end = start + _HEADER.size + 4 * words
        if end > len(compound):
            raise BitstreamError("An RTCP packet is truncated")
        body = compound[start + _HEADER.size : end]
        if first & _PADDING:
            if not body or not 0 < body[-1] <= len(body):
                raise BitstreamError("The padding of an RTCP packet has no length")
            body = body[: -body[-1]]
        yield packet_type, first & 0x1F, body
        start = end


def _read_lost(entries: bytes, lost: list[int]) -> None:
    """Append the sequence numbers of generic NACKs: each entry is a number and a bit for each of
    the next 16 (RFC 4585 section 6.2.1)."""
    for number, following in _LOST.iter_unpack(entries):
        if len(lost) >= MAX_LOST:
            return
        lost.append(number)
        lost += [number + 1 + bit & 0xFFFF for bit in range(16) if following >> bit & 1]


def ntp_time(unix_ns: int) -> int:
    """Returns `unix_ns` as a 64-bit NTP timestamp: seconds since 1900, 32 bits of fraction."""
    seconds, rest_ns = divmod(unix_ns, 1_000_000_000)
    return (seconds + _NTP_EPOCH_S & 0xFFFFFFFF) << 32 | (rest_ns << 32) // 1_000_000_000


def middle_bits(ntp: int) -> int:
    """Returns the 32 bits by which a receiver report names a sender report (LSR)."""
    return ntp >> 16 & 0xFFFFFFFF


def sender_report(
    ssrc: int, ntp: int, timestamp: int, packet_count: int, payload_bytes: int
) -> bytes:
    """Returns a sender report. `ntp` and `timestamp` are the same instant, on the wall clock and on
    the RTP clock."""
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
    """Returns the SDES that every compound packet needs (section 6.1). `cname`: at most 255
    bytes."""
    name = cname.encode()
    item = bytes([_CNAME, len(name)]) + name
    item += bytes(4 - len(item) % 4)  # at least one zero ends the list
    words = 1 + len(item) // 4
    return struct.pack("!BBHI", 0x81, SOURCE_DESCRIPTION, words, ssrc) + item


def goodbye(ssrc: int) -> bytes:
    return struct.pack("!BBHI", 0x81, GOODBYE, 1, ssrc)

"""What is written here, aiortc reads; and what receivers write is read."""

from __future__ import annotations

import struct

import pytest
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpSdesPacket, RtcpSrPacket

from pet_stream.errors import BitstreamError
from pet_stream.media.rtp.rtcp import (
    MAX_LOST,
    Feedback,
    Report,
    goodbye,
    middle_bits,
    ntp_time,
    parse_feedback,
    sender_report,
    source_description,
)

SSRC = 0x89ABCDEF


def test_ntp_time_counts_from_1900_in_fractions_of_a_second() -> None:
    assert ntp_time(0) == 2_208_988_800 << 32
    assert ntp_time(1_500_000_000) == (2_208_988_801 << 32) + (1 << 31)
    assert middle_bits(0x1234_5678_9ABC_DEF0) == 0x5678_9ABC


@pytest.mark.parametrize("cname", ["", "a", "ab", "abc", "abcd", "{8c5b1f0e-7a}"])
def test_a_compound_report_is_read_as_it_was_written(cname: str) -> None:
    report = sender_report(SSRC, 1 << 63 | 5, 2**32 + 7, 2**32 + 8, 9)
    packets = RtcpPacket.parse(report + source_description(SSRC, cname) + goodbye(SSRC))
    sr, sdes, bye = packets
    assert isinstance(sr, RtcpSrPacket)
    assert sr.ssrc == SSRC
    info = sr.sender_info
    assert (info.ntp_timestamp, info.rtp_timestamp) == (1 << 63 | 5, 7)
    assert (info.packet_count, info.octet_count) == (8, 9)
    assert isinstance(sdes, RtcpSdesPacket)
    assert [(chunk.ssrc, chunk.items) for chunk in sdes.chunks] == [(SSRC, [(1, cname.encode())])]
    assert isinstance(bye, RtcpByePacket)
    assert bye.sources == [SSRC]


OTHER = 0x1234


def packet(packet_type: int, count: int, body: bytes, padding: bytes = b"") -> bytes:
    first = 0x80 | (0x20 if padding else 0) | count
    words = len(body + padding) // 4
    return struct.pack("!BBH", first, packet_type, words) + body + padding


def report_block(
    about: int, lsr: int, dlsr: int, lost_256ths: int = 0, lost_count: int = 0, highest: int = 0
) -> bytes:
    lost = lost_256ths << 24 | lost_count & 0xFFFFFF
    return struct.pack("!III4xII", about, lost, highest, lsr, dlsr)


def feedback(packet_type: int, fmt: int, about: int, *entries: bytes) -> bytes:
    return packet(packet_type, fmt, struct.pack("!II", 1, about) + b"".join(entries))


SDES = source_description(1, "viewer")
NOTHING = Feedback(None, (), False)
CASES = {
    "nothing": (b"", NOTHING),
    "a receiver report": (
        packet(201, 2, bytes(4) + report_block(OTHER, 1, 2) + report_block(SSRC, 3, 4)) + SDES,
        Feedback(Report(3, 4, 0), (), False),
    ),
    "a sender report": (
        packet(200, 1, bytes(24) + report_block(SSRC, 5, 6, 255, -2, 0x1FFFE)),
        Feedback(Report(5, 6, 255, 0xFFFFFE, 0x1FFFE), (), False),
    ),
    "a NACK": (
        feedback(205, 1, SSRC, struct.pack("!HH", 0xFFFE, 0b1000_0000_0000_0101)),
        Feedback(None, (0xFFFE, 0xFFFF, 1, 14), False),
    ),
    "a NACK with padding": (
        packet(205, 1, struct.pack("!IIHH", 1, SSRC, 7, 0), b"\x00\x00\x00\x04"),
        Feedback(None, (7,), False),
    ),
    "a NACK about another stream": (feedback(205, 1, OTHER, bytes(4)), NOTHING),
    "more than is read": (
        feedback(205, 1, SSRC, *[struct.pack("!HH", 17 * n, 0xFFFF) for n in range(300)]),
        Feedback(None, tuple(range(MAX_LOST)), False),
    ),
    "congestion feedback": (feedback(205, 15, SSRC, bytes(8)), NOTHING),
    "picture losses": (feedback(206, 1, SSRC) * 100, Feedback(None, (), True)),
    "another's picture loss": (feedback(206, 1, OTHER), NOTHING),
    "a FIR": (
        feedback(206, 4, 0, struct.pack("!II", OTHER, 0), struct.pack("!II", SSRC, 0)),
        Feedback(None, (), True),
    ),
    "another's FIR": (feedback(206, 4, SSRC, struct.pack("!II", OTHER, 0)), NOTHING),
    "REMB": (feedback(206, 15, 0, b"REMB", bytes(8)), NOTHING),
    "a goodbye": (goodbye(1), NOTHING),
    "a type that is not known": (packet(223, 0, bytes(4)), NOTHING),
}


@pytest.mark.parametrize(("compound", "expected"), CASES.values(), ids=CASES)
def test_what_a_receiver_says(compound: bytes, expected: Feedback) -> None:
    assert parse_feedback(compound, SSRC) == expected


@pytest.mark.parametrize(
    "compound",
    [
        b"\x80\xc9",
        b"\x40\xc9\x00\x00",
        b"\x81\xc9\x00\x01" + bytes(4),
        b"\x80\xc9\x00\x09" + bytes(8),
        b"\x80\xcd\x00\x00",
        b"\xa0\xc9\x00\x00",
        b"\xa0\xc9\x00\x01" + bytes(4),
        b"\xa0\xc9\x00\x01" + b"\x00\x00\x00\x05",
        feedback(206, 4, 0, bytes(4)),
    ],
)
def test_what_is_malformed_is_refused(compound: bytes) -> None:
    with pytest.raises(BitstreamError):
        parse_feedback(compound, SSRC)
    with pytest.raises(BitstreamError):
        parse_feedback(SDES + compound, SSRC)

"""What is written here, aiortc reads."""

from __future__ import annotations

import pytest
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpSdesPacket, RtcpSrPacket

from pet_stream.media.rtcp import (
    goodbye,
    middle_bits,
    ntp_time,
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

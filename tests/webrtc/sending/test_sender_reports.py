from __future__ import annotations

import struct
from itertools import pairwise

import pytest

from pet_stream.media.rtp.rtcp import middle_bits, ntp_time
from pet_stream.webrtc.sending.sender_reports import FIRST_INTERVAL_NS, INTERVAL_NS, SenderReports

from ..clock import UNIX_NS, Clock
from ..pictures import picture


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reports(clock: Clock) -> SenderReports:
    return SenderReports(9, "someone", clock.monotonic_ns, clock.time_ns)


def test_a_report_names_one_instant_on_both_clocks(reports: SenderReports, clock: Clock) -> None:
    reports.packet_count, reports.payload_bytes = 3, 4000
    data = reports.compound(picture(at_ns=1))
    _, _, ssrc, ntp, timestamp, packets, payload_bytes = struct.unpack_from("!HHIQIII", data)
    assert (ssrc, packets, payload_bytes) == (9, 3, 4000)
    assert ntp == ntp_time(UNIX_NS + clock.now_ns)
    assert timestamp == clock.now_ns * 9 // 100_000 % 2**32


def test_two_reports_come_soon_and_then_one_a_second(reports: SenderReports) -> None:
    times = []
    for at_ns in range(1_000_000_000, 5_000_000_000, 33_000_000):
        if at_ns >= reports.due_ns:
            times.append(at_ns)
            reports.compound(picture(at_ns=at_ns))
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert FIRST_INTERVAL_NS <= waits[0] < FIRST_INTERVAL_NS + 33_000_000
    assert len(waits) >= 4
    assert all(INTERVAL_NS <= wait < INTERVAL_NS + 33_000_000 for wait in waits[1:])


def test_the_round_trip_is_what_is_left_of_the_time_until_the_answer(
    reports: SenderReports, clock: Clock
) -> None:
    for _ in range(60):
        reports.compound(picture())
        lsr = middle_bits(ntp_time(clock.time_ns()))
        clock.now_ns += 540_000_000
        assert reports.handle_report(lsr, 65536 // 2) == 40_000_000
    assert reports.round_trip_s == pytest.approx(0.04, abs=0.002)


@pytest.mark.parametrize(("lsr", "dlsr"), [(0, 0), (12345, 0), (None, 65536 * 60)])
def test_answers_to_nothing_and_impossible_ones_change_nothing(
    reports: SenderReports, clock: Clock, lsr: int | None, dlsr: int
) -> None:
    reports.compound(picture())
    own = middle_bits(ntp_time(clock.time_ns()))
    before = reports.round_trip_s
    assert reports.handle_report(own if lsr is None else lsr, dlsr) is None
    assert reports.round_trip_s == before

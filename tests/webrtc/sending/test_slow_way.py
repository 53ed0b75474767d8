"""What a viewer's reports say about its link."""

from __future__ import annotations

import pytest

from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.h264 import RecoveryPoint
from pet_stream.media.rtp.rtcp import Report
from pet_stream.webrtc.sending.slow_way import (
    AFTER_NO_ROOM_S,
    MAX_INTERVAL_NS,
    PROBE_FACTOR,
    PROBE_S,
    SlowWay,
    lost_between,
)

from ..clock import Clock
from ..pictures import picture

ENTRY_NS = 466_666_667
STREAM_BYTES_PER_S = 1e6
ROUND_TRIP_S = 0.03
PACKETS_PER_S = 800


class Link:
    """A viewer's, which reports once a second."""

    def __init__(self, entry_interval_ns: int = ENTRY_NS) -> None:
        self.clock = Clock()
        self.slow_way = SlowWay(self.clock.monotonic)
        self.entry_interval_ns = entry_interval_ns
        self.highest, self.lost_count = 65_000, 0

    def report(
        self, lost: float = 0.0, round_trip_s: float | None = ROUND_TRIP_S, step_s: float = 1.0
    ) -> bool:
        self.clock.now_ns += round(step_s * 1e9)
        packets = round(PACKETS_PER_S * step_s)
        self.highest += packets
        self.lost_count += round(lost * packets)
        report = Report(0, 0, round(255 * lost), self.lost_count & 0xFFFFFF, self.highest)
        round_trip_ns = None if round_trip_s is None else round(round_trip_s * 1e9)
        self.slow_way.hear(report, round_trip_ns, self.entry_interval_ns)
        return self.slow_way.is_wanted

    def reports(self, count: int, lost: float = 0.0, round_trip_s: float = ROUND_TRIP_S) -> bool:
        return [self.report(lost, round_trip_s) for _ in range(count)][-1]

    def thin(self) -> None:
        assert self.reports(5, lost=0.6)
        self.slow_way.begin(STREAM_BYTES_PER_S, self.entry_interval_ns)

    def entry(self, *, has_gone: bool = True) -> bool:
        return self.slow_way.takes(self.next_entry(), has_gone=has_gone)

    def next_entry(self) -> AccessUnit:
        self.clock.now_ns += self.entry_interval_ns
        return picture(is_idr=True, at_ns=self.clock.now_ns)

    def probe(self) -> None:
        self.slow_way._next_probe_s = 0.0
        assert self.entry()
        assert self.slow_way.begin_probe()


@pytest.mark.parametrize(
    ("lost", "round_trip_s"),
    [(0.0, ROUND_TRIP_S), (0.04, 0.4), (0.15, ROUND_TRIP_S), (0.0, 0.3)],
    ids=["good", "loses a little", "Wi-Fi loses much", "queues a little"],
)
def test_a_link_whose_losses_can_be_repaired_carries_the_stream(
    lost: float, round_trip_s: float
) -> None:
    link = Link()
    link.reports(3)
    assert not link.reports(30, lost, round_trip_s)


@pytest.mark.parametrize(
    ("lost", "round_trip_s"),
    [(0.3, ROUND_TRIP_S), (0.08, 0.2), (0.0, 1.2)],
    ids=["loses too much", "loses behind a queue", "queues"],
)
def test_a_link_that_is_too_narrow_does_not(lost: float, round_trip_s: float) -> None:
    link = Link()
    link.reports(3)
    assert not link.reports(2, lost, round_trip_s)
    assert link.reports(3, lost, round_trip_s)


def test_nor_does_one_whose_socket_is_full_or_whose_viewer_asks_for_key_frames() -> None:
    full, frozen = Link(), Link()
    for _ in range(5):
        full.slow_way.note_unsent()
        frozen.slow_way.note_keyframe_request()
        full.report()
        frozen.report(lost=0.08)
    assert full.slow_way.is_wanted
    assert frozen.slow_way.is_wanted


def test_reports_that_go_with_each_nack_are_judged_together() -> None:
    """Each tells of a few packets: of these all were lost, or none."""
    good, bad = Link(), Link()
    for number in range(600):
        good.report(lost=number % 10 == 0, step_s=0.01)
        bad.report(lost=number % 10 < 5, step_s=0.01)
    assert not good.slow_way.is_wanted
    assert bad.slow_way.is_wanted


def test_losses_are_counted_over_wraps_and_without_what_came_twice() -> None:
    def report(lost_count: int, highest: int) -> Report:
        return Report(0, 0, 0, lost_count & 0xFFFFFF, highest & 0xFFFFFFFF)

    assert lost_between(report(-10, 2**32 - 100), report(15, 0)) == 0.25
    assert lost_between(report(10, 1000), report(5, 1100)) == 0.0
    assert lost_between(report(10, 1000), report(10, 1000)) == 0.0
    assert lost_between(report(0, 5000), report(900, 100)) == 0.0
    assert lost_between(report(0, 0), report(900, 100)) == 1.0


@pytest.mark.parametrize("interval_ns", [0, MAX_INTERVAL_NS + 1], ids=["not known", "too long"])
def test_where_entry_points_are_rare_the_whole_stream_is_sent_whatever_comes(
    interval_ns: int,
) -> None:
    assert not Link(interval_ns).reports(20, lost=0.9)


def test_of_a_link_that_carries_not_even_entry_points_every_fourth_is_sent() -> None:
    link = Link()
    link.thin()
    assert [link.entry() for _ in range(3)] == [True] * 3
    assert link.slow_way.pictures_per_s == 2.1
    link.reports(20, lost=0.5)
    assert sum(link.entry() for _ in range(12)) == 3
    assert link.slow_way.pictures_per_s == 0.5
    assert link.slow_way.bytes_per_s(1000, is_probe=False) == pytest.approx(1000e9 / (4 * ENTRY_NS))


def test_after_a_pause_of_the_camera_the_next_one_goes_no_slower() -> None:
    link = Link()
    link.thin()
    assert link.entry()
    usual = link.slow_way.bytes_per_s(1000, is_probe=False)
    link.clock.now_ns += 60_000_000_000
    assert link.entry()
    assert link.slow_way.bytes_per_s(1000, is_probe=False) == usual


def test_an_entry_point_gets_the_time_that_it_needs_and_the_next_ones_are_left_out() -> None:
    link = Link()
    link.thin()
    assert link.entry()
    assert [link.entry(has_gone=False) for _ in range(3)] == [False] * 3
    assert link.entry()
    assert not link.slow_way.takes(picture(), has_gone=True)


def test_a_probe_that_arrives_well_brings_everything_back() -> None:
    link = Link()
    link.thin()
    link.reports(3)
    assert not link.slow_way.ends_with(link.next_entry())
    link.probe()
    assert link.slow_way.bytes_per_s(1000, is_probe=True) == STREAM_BYTES_PER_S
    link.clock.now_ns += 100_000_000
    assert not link.report()
    assert not link.slow_way.ends_with(picture())
    assert link.slow_way.ends_with(link.next_entry())


@pytest.mark.parametrize(
    ("lost", "round_trip_s"),
    [(0.3, None), (0.3, ROUND_TRIP_S), (0.0, ROUND_TRIP_S + 0.15), (0.0, None)],
    ids=["lost, with its report", "lost", "queued", "no word of it"],
)
def test_a_probe_that_does_not_changes_nothing_and_counts_for_nothing(
    lost: float, round_trip_s: float | None
) -> None:
    link = Link()
    link.thin()
    link.reports(3)
    for _ in range(6):
        link.probe()
        link.report(lost, round_trip_s)
        for _ in range(3):
            link.report(0.0, round_trip_s)
        assert link.slow_way._probed_s is None
        assert link.slow_way._thinning.every == 1


def test_probes_come_every_few_seconds_and_after_one_in_vain_less_often() -> None:
    link = Link()
    link.thin()
    assert not link.slow_way.begin_probe()
    begun_s = link.clock.monotonic()
    while not (link.entry() and link.slow_way.begin_probe()):
        pass
    assert PROBE_S <= link.clock.monotonic() - begun_s <= PROBE_S + 0.5
    link.report(lost=0.5)
    begun_s = link.clock.monotonic()
    while not (link.entry() and link.slow_way.begin_probe()):
        pass
    assert AFTER_NO_ROOM_S <= link.clock.monotonic() - begun_s <= AFTER_NO_ROOM_S + 0.5


def test_where_not_all_entry_points_fit_a_probe_is_no_larger_than_the_next_step() -> None:
    link = Link()
    link.thin()
    link.reports(20, lost=0.5)
    usual = link.slow_way.bytes_per_s(1000, is_probe=False)
    assert link.slow_way.bytes_per_s(1000, is_probe=True) == PROBE_FACTOR * usual


def test_when_no_entry_point_can_be_decoded_alone_any_more_everything_is_sent() -> None:
    link = Link()
    link.thin()
    assert link.entry()
    gradual = RecoveryPoint(frame_count=15, is_exact=True)
    soon = picture(point=gradual, at_ns=link.clock.now_ns + ENTRY_NS)
    later = picture(point=gradual, at_ns=link.clock.now_ns + MAX_INTERVAL_NS + 1)
    assert not link.slow_way.ends_with(soon)
    assert link.slow_way.ends_with(later)
    assert not link.slow_way.is_wanted

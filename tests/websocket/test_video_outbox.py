"""What a viewer that can't keep up is spared."""

from __future__ import annotations

import json

from pet_stream.websocket.video_messages import VideoMessage
from pet_stream.websocket.video_outbox import (
    MAX_INTERVAL_S,
    LagLimits,
    VideoCounts,
    VideoOutbox,
)

GOP = 10
INTERVAL_S = 0.01
LIMITS = LagLimits()


def message(sequence: int) -> VideoMessage:
    return VideoMessage(sequence, sequence % GOP == 0, b"%d" % sequence, b"format")


def rest(outbox: VideoOutbox) -> list[int]:
    """What it still sends."""
    frames = iter(outbox.pop, None)
    return [int(frame) for frame in frames if frame != b"format"]


def test_who_keeps_up_gets_everything() -> None:
    outbox = VideoOutbox([message(0), message(1)], VideoCounts(), 0.0)
    assert rest(outbox) == [0, 1]
    outbox.offer(message(2), 1.0)
    assert rest(outbox) == [2]


def test_a_new_idr_ends_a_small_lag() -> None:
    counts = VideoCounts()
    outbox = VideoOutbox([], counts, 0.0)
    for sequence in range(GOP):
        outbox.offer(message(sequence), sequence * INTERVAL_S)
    outbox.offer(message(GOP), LIMITS.lag_at_idr_s + 0.001)
    assert rest(outbox) == [GOP]
    assert counts.frames_dropped == GOP


def test_less_lag_than_that_costs_no_picture() -> None:
    outbox = VideoOutbox([], VideoCounts(), 0.0)
    for sequence in range(GOP + 1):
        outbox.offer(message(sequence), sequence * LIMITS.lag_at_idr_s / (GOP + 1))
    assert rest(outbox) == list(range(GOP + 1))


def test_a_large_lag_is_not_kept_until_the_next_idr() -> None:
    outbox = VideoOutbox([], VideoCounts(), 0.0)
    outbox.offer(message(0), 0.0)
    outbox.offer(message(1), LIMITS.lag_s + 0.001)
    assert rest(outbox) == []
    outbox.offer(message(2), LIMITS.lag_s + 0.002)
    assert rest(outbox) == [], "it could not be decoded"
    outbox.offer(message(GOP), LIMITS.lag_s + 0.003)
    assert rest(outbox) == [GOP]


def builds_up(sequence: int) -> VideoMessage:
    """The beginning of a gradual refresh."""
    return VideoMessage(sequence, True, b"%d" % sequence, b"format", builds_up=True)


def test_nobody_begins_with_a_picture_that_builds_up() -> None:
    outbox = VideoOutbox([], VideoCounts(), 0.0)
    outbox.offer(builds_up(5), 0.0)
    outbox.offer(message(6), 0.0)
    assert rest(outbox) == []
    assert not outbox.has_begun
    outbox.offer(message(GOP), 0.1)
    assert rest(outbox) == [GOP]
    assert outbox.has_begun


def test_who_has_begun_goes_on_with_a_picture_that_builds_up_but_drops_nothing_for_it() -> None:
    outbox = VideoOutbox([message(0)], VideoCounts(), 0.0)
    outbox.offer(message(1), 0.0)
    outbox.offer(builds_up(2), LIMITS.lag_at_idr_s + 0.001)
    assert rest(outbox) == [0, 1, 2]
    outbox.offer(message(3), 1.0)
    outbox.offer(message(4), 1.0 + LIMITS.lag_s + 0.001)
    assert rest(outbox) == [], "too late: it waits"
    outbox.offer(builds_up(5), 2.0)
    assert rest(outbox) == [5]


def test_a_status_is_told_once_until_it_changes() -> None:
    outbox = VideoOutbox([], VideoCounts(), 0.0)
    assert outbox.tell(b"waiting")
    assert not outbox.tell(b"waiting")
    assert outbox.pop() == b"waiting"
    assert not outbox.tell(b"waiting")
    assert outbox.tell(b"live")
    assert outbox.pop() == b"live"
    assert outbox.pop() is None


# A connection that can't carry all pictures

ENTRY_S = 0.5
SIZE = 1000
FAST, SLOW = 1e6, 1e3


class Network:
    """Pictures come ten times between entry points; the viewer reads now and then."""

    def __init__(self) -> None:
        self.counts = VideoCounts()
        self.now_s = 100.0
        self.outbox = VideoOutbox([], self.counts, self.now_s)
        self.sequence = 0

    def gop(self, *, is_read: bool, carried_bytes_per_s: float = 0.0) -> list[int]:
        """Returns what the viewer was sent of one GOP."""
        sent = []
        for _ in range(GOP):
            number = self.sequence
            frame = b"%d" % number
            made = VideoMessage(number, number % GOP == 0, frame.ljust(SIZE), b"format")
            self.outbox.offer(made, self.now_s, carried_bytes_per_s)
            if is_read:
                sent += [int(frame) for frame in self.frames() if frame[:1].isdigit()]
            self.sequence += 1
            self.now_s += ENTRY_S / GOP
        return sent

    def frames(self) -> list[bytes]:
        return list(iter(self.outbox.pop, None))

    def thinned(self) -> Network:
        for _ in range(8):
            self.gop(is_read=False)
        assert self.outbox.thinned_to is not None
        return self


def test_a_connection_that_is_late_for_seconds_is_given_entry_points_only() -> None:
    network = Network()
    for _ in range(4):
        network.gop(is_read=False)
    assert network.outbox.thinned_to is None
    network.thinned()
    network.frames()
    first = network.sequence
    assert [network.gop(is_read=True) for _ in range(3)] == [
        [first],
        [first + GOP],
        [first + 2 * GOP],
    ]
    assert network.outbox.thinned_to == 1 / ENTRY_S
    assert network.counts.thinned == 1


def test_what_is_left_out_then_is_not_counted_as_dropped() -> None:
    network = Network().thinned()
    network.frames()
    before = network.counts.frames_dropped
    network.gop(is_read=True)
    assert network.counts.frames_dropped == before


def test_one_that_does_not_read_even_those_is_given_every_fourth_and_the_newest() -> None:
    network = Network().thinned()
    for _ in range(40):
        network.gop(is_read=False)
    [newest] = [frame for frame in network.frames() if frame[:1].isdigit()]
    assert network.sequence - int(newest) <= 4 * GOP
    sent = [number for _ in range(12) for number in network.gop(is_read=True)]
    assert len(sent) == 3
    assert network.outbox.thinned_to == 1 / (4 * ENTRY_S)


def test_one_that_carries_more_has_everything_again_from_an_entry_point_on() -> None:
    network = Network().thinned()
    network.frames()
    for _ in range(12):
        network.gop(is_read=True, carried_bytes_per_s=SLOW)
    assert network.outbox.thinned_to is not None
    begin = network.sequence
    sent = [
        number for _ in range(6) for number in network.gop(is_read=True, carried_bytes_per_s=FAST)
    ]
    whole = begin + next(at for at in range(0, 60, GOP) if begin + at + 1 in sent)
    assert sent[sent.index(whole) :] == list(range(whole, network.sequence))
    assert network.outbox.thinned_to is None


def test_the_page_is_told_when_it_begins_what_is_sent_and_when_it_ends() -> None:
    network = Network().thinned()
    told = []
    for carried in (0.0,) * 4 + (FAST,) * 4:
        network.gop(is_read=False, carried_bytes_per_s=carried)
        told += [frame for frame in network.frames() if b"thinned" in frame]
    assert [json.loads(frame[frame.index(b"{") :]) for frame in told] == [
        {"type": "thinned", "fps": 2.0},
        {"type": "thinned", "fps": None},
    ]


def test_where_entry_points_are_rare_all_pictures_are_sent_however_late() -> None:
    network = Network()
    for _ in range(20):
        network.gop(is_read=False)
        network.now_s += MAX_INTERVAL_S
    assert network.outbox.thinned_to is None

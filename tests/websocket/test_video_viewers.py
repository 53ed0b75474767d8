"""What a viewer that can't keep up is spared."""

from __future__ import annotations

from pet_stream.websocket.video_messages import VideoMessage
from pet_stream.websocket.video_viewers import LagLimits, VideoCounts, VideoOutbox

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

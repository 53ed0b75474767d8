from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pet_stream.broadcaster import Broadcaster, Subscription
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.gop_memory import GopMemory
from pet_stream.pause.pause import Pause
from tests.waiting import TIMEOUT_S

GOP = 5


def pictures(count: int, first: int = 0) -> Iterator[AccessUnit]:
    """An IDR whenever the number is a multiple of GOP."""
    for number in range(first, first + count):
        is_idr = number % GOP == 0
        yield AccessUnit(
            nal_units=(b"\x65\x80" if is_idr else b"\x41\x80",),
            sequence=number,
            capture_ns=number * 33_333_333,
            is_idr=is_idr,
            is_discontinuity=False,
            width=320,
            height=240,
            camera_id=0,
            frame_number=number,
        )


class Listener:
    """A subscription that counts how often it was told that there is something."""

    def __init__(self, broadcaster: Broadcaster, capacity: int, is_urgent: bool = False) -> None:
        self.wake_count = 0
        self.subscription = broadcaster.subscribe(
            "listener", capacity, self._wake, is_urgent=is_urgent
        )

    def _wake(self) -> None:
        self.wake_count += 1

    def take(self) -> list[int]:
        return [unit.sequence for unit in self.subscription.take()]


def publish(broadcaster: Broadcaster, count: int, first: int = 0) -> None:
    for unit in pictures(count, first):
        broadcaster.publish(unit)


def test_everyone_gets_every_picture_in_order() -> None:
    broadcaster = Broadcaster()
    listeners = [Listener(broadcaster, 30) for _ in range(3)]
    publish(broadcaster, 12)
    assert [listener.take() for listener in listeners] == [list(range(12))] * 3


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (0, []),
        (1, [0]),
        (4, [0, 1, 2, 3]),
        (5, [0, 1, 2, 3, 4]),
        (6, [5]),
        (9, [5, 6, 7, 8]),
    ],
)
def test_who_joins_begins_at_the_newest_idr(published: int, expected: list[int]) -> None:
    broadcaster = Broadcaster()
    publish(broadcaster, published)
    assert Listener(broadcaster, 30).take() == expected


def test_before_the_first_idr_nothing_is_delivered_and_nothing_counts_as_lost() -> None:
    broadcaster = Broadcaster()
    listener = Listener(broadcaster, 30)
    publish(broadcaster, 3, first=2)
    assert listener.take() == []
    assert listener.subscription.dropped_count == 0
    publish(broadcaster, 2, first=5)
    assert listener.take() == [5, 6]


def test_a_full_queue_drops_up_to_the_next_idr_and_counts_it() -> None:
    broadcaster = Broadcaster()
    listener = Listener(broadcaster, 3)
    publish(broadcaster, 4)  # 3 does not fit
    assert listener.take() == [0, 1, 2]
    publish(broadcaster, 3, first=4)  # 4 can't be decoded without 3
    assert listener.take() == [5, 6]
    assert listener.subscription.dropped_count == 2


def test_an_idr_that_does_not_fit_is_waited_for_again() -> None:
    broadcaster = Broadcaster()
    listener = Listener(broadcaster, 5)
    publish(broadcaster, 8)  # 5, an IDR, does not fit
    assert listener.take() == [0, 1, 2, 3, 4]
    publish(broadcaster, 3, first=8)
    assert listener.take() == [10]


def test_the_gop_that_a_subscription_begins_with_does_not_use_up_its_queue() -> None:
    broadcaster = Broadcaster()
    publish(broadcaster, 4)
    listener = Listener(broadcaster, 2)
    publish(broadcaster, 3, first=4)  # two fit behind the GOP
    assert listener.take() == [0, 1, 2, 3, 4, 5]
    assert listener.subscription.dropped_count == 1
    publish(broadcaster, 4, first=9)
    assert listener.take() == [10, 11]


def test_a_consumer_is_woken_once_for_all_that_it_has_not_taken_yet() -> None:
    broadcaster = Broadcaster()
    listener = Listener(broadcaster, 30)
    publish(broadcaster, 4)
    assert listener.wake_count == 1
    listener.take()
    publish(broadcaster, 4, first=4)
    assert listener.wake_count == 2


def test_a_consumer_may_take_while_it_is_being_woken() -> None:
    broadcaster = Broadcaster()
    taken: list[int] = []
    subscription: Subscription

    def take() -> None:
        taken.extend(unit.sequence for unit in subscription.take())

    subscription = broadcaster.subscribe("eager", 1, take)
    publish(broadcaster, 7)
    assert taken == list(range(7))


def test_nothing_arrives_after_unsubscribing() -> None:
    broadcaster = Broadcaster()
    listener, other = Listener(broadcaster, 30), Listener(broadcaster, 30)
    broadcaster.unsubscribe(listener.subscription)
    broadcaster.unsubscribe(listener.subscription)
    publish(broadcaster, 2)
    assert (listener.take(), other.take()) == ([], [0, 1])


def test_whether_somebody_urgent_listens_is_known_and_each_change_announced() -> None:
    seen: list[bool] = []
    broadcaster = Broadcaster(lambda: seen.append(broadcaster.has_urgent_subscriber))
    patient = Listener(broadcaster, 30)
    urgent = Listener(broadcaster, 30, is_urgent=True)
    broadcaster.unsubscribe(urgent.subscription)
    broadcaster.unsubscribe(patient.subscription)
    assert seen == [False, True, False, False]


def test_how_full_a_queue_is_shows_from_nothing_to_one() -> None:
    broadcaster = Broadcaster()
    listener = Listener(broadcaster, 4)
    ratios = [listener.subscription.fill_ratio]
    for unit in pictures(5):
        broadcaster.publish(unit)
        ratios.append(listener.subscription.fill_ratio)
    assert ratios == [0, 0.25, 0.5, 0.75, 1, 1]


def test_who_joins_while_the_camera_publishes_misses_nothing_and_gets_nothing_twice() -> None:
    broadcaster = Broadcaster()
    total = 2000
    begun = threading.Event()

    def run_camera() -> None:
        for unit in pictures(total):
            broadcaster.publish(unit)
            begun.set()

    camera = threading.Thread(target=run_camera)
    camera.start()
    assert begun.wait(TIMEOUT_S)
    listeners = [Listener(broadcaster, total) for _ in range(50)]
    camera.join(TIMEOUT_S)
    for listener in listeners:
        sequence = listener.take()
        assert sequence[0] % GOP == 0
        assert sequence == list(range(sequence[0], total))


# ---- queues bounded by time and bytes, and the past


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ({"max_seconds": 0.5}, 16),
        ({"max_bytes": 20}, 10),
        ({"max_bytes": 20, "max_seconds": 9}, 10),
    ],
)
def test_a_queue_can_be_bounded_by_time_and_bytes(limits: dict[str, Any], kept: int) -> None:
    broadcaster = Broadcaster()
    subscription = broadcaster.subscribe("disk", 1000, lambda: None, **limits)
    publish(broadcaster, 60)
    assert [unit.sequence for unit in subscription.take()] == [*range(kept)]
    assert subscription.dropped_count == 60 - kept
    publish(broadcaster, 10, first=62)  # in mid-GOP: goes on at its next IDR
    assert [unit.sequence for unit in subscription.take()] == [*range(65, 72)]


def test_such_a_queue_tells_how_full_it_is() -> None:
    broadcaster = Broadcaster()
    subscription = broadcaster.subscribe("disk", 1000, lambda: None, max_seconds=2)
    assert subscription.fill_ratio == 0
    publish(broadcaster, 31)
    assert subscription.fill_ratio == pytest.approx(0.5, abs=0.01)
    subscription.take()
    assert subscription.fill_ratio == 0


def test_a_subscription_can_begin_in_the_past() -> None:
    broadcaster = Broadcaster(memory=GopMemory(10, 10**6))
    publish(broadcaster, 42)
    wanted_ns = 17 * 33_333_333
    joined = broadcaster.subscribe("disk", 1, lambda: None, since_ns=wanted_ns)
    publish(broadcaster, 1, first=42)
    assert [unit.sequence for unit in joined.take()] == [*range(15, 43)]
    assert [unit.sequence for unit in broadcaster.since(wanted_ns)] == [*range(15, 43)]


def test_where_nothing_is_kept_of_the_past_it_begins_with_the_current_gop() -> None:
    broadcaster = Broadcaster()
    publish(broadcaster, 12)
    joined = broadcaster.subscribe("disk", 30, lambda: None, since_ns=0)
    assert [unit.sequence for unit in joined.take()] == [10, 11]


@pytest.mark.parametrize(("memory", "kept"), [(GopMemory(10, 10**6), 12), (GopMemory(), 2)])
def test_what_was_shown_before_the_camera_stopped_is_kept_for_clips(
    memory: GopMemory, kept: int
) -> None:
    broadcaster = Broadcaster(memory=memory)
    publish(broadcaster, 12)
    assert broadcaster.has_gop
    broadcaster.forget()
    assert not broadcaster.has_gop
    assert broadcaster.gop == ()
    assert len(broadcaster.since(0)) == kept
    assert Listener(broadcaster, 30).take() == []


def test_a_picture_taken_in_a_pause_is_nobodys_however_late_it_is_read() -> None:
    pause = Pause()
    broadcaster = Broadcaster(pause=pause)
    listener = Listener(broadcaster, 30)
    pause.begin()
    broadcaster.forget_all()
    pause.end()
    ended_ns = pause.ended_ns
    for unit in pictures(4 * GOP):  # the third IDR was taken when the pause ended
        taken_ns = unit.capture_ns + ended_ns - 2 * GOP * 33_333_333
        broadcaster.publish(replace(unit, capture_ns=taken_ns))
    assert listener.take() == list(range(2 * GOP, 4 * GOP))

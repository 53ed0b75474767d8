"""One subscription for the viewers of all kinds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pytest

from pet_stream.broadcaster import Broadcaster
from pet_stream.event_loop import EventLoopThread
from pet_stream.fan_out import CAPACITY, FanOut
from pet_stream.media.access_unit import AccessUnit
from tests.waiting import TIMEOUT_S
from tests.webrtc.pictures import picture


class Kind:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.units: list[AccessUnit] = []
        self.dropped_count = 0
        self.on_send: Callable[[], object] = lambda: None

    def send(self, units: Sequence[AccessUnit], dropped_count: int) -> None:
        self.units += units
        self.dropped_count += dropped_count
        self.on_send()


class Room:
    """A fan-out whose calls are made on its loop, as they have to be."""

    def __init__(self) -> None:
        self.audience_changes = 0
        self.broadcaster = Broadcaster(self._handle_audience_change)
        self.event_loop = EventLoopThread("test")
        self.event_loop.start()
        self.fan_out = FanOut(self.broadcaster, self.event_loop)

    def on_loop(self, *steps: Callable[[], object]) -> None:
        """All of them before the loop does anything else."""

        async def take() -> None:
            for step in steps:
                step()

        self.event_loop.call(take(), TIMEOUT_S)

    def join(self, kind: Kind) -> list[AccessUnit]:
        gop: list[AccessUnit] = []
        self.on_loop(lambda: gop.extend(self.fan_out.join(kind)))
        return gop

    def leave(self, kind: Kind) -> None:
        self.on_loop(lambda: self.fan_out.leave(kind))

    def publish(self, *units: AccessUnit) -> list[AccessUnit]:
        for unit in units:
            self.broadcaster.publish(unit)
        self.on_loop()
        return list(units)

    def _handle_audience_change(self) -> None:
        self.audience_changes += 1


def publishing(room: Room, units: Sequence[AccessUnit]) -> Iterator[Callable[[], object]]:
    return (partial(room.broadcaster.publish, unit) for unit in units)


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.event_loop.stop()


def test_both_kinds_get_every_picture_by_one_subscription(room: Room) -> None:
    first, second = Kind(), Kind()
    assert room.join(first) == room.join(second) == []
    units = room.publish(picture(is_idr=True), picture(), picture())
    assert first.units == second.units == units
    assert room.audience_changes == 1


def test_who_joins_in_mid_gop_has_missed_nothing_and_gets_nothing_twice(room: Room) -> None:
    first, second = Kind(), Kind()
    before = room.publish(picture(is_idr=True), picture())
    assert room.join(first) == before
    middle = room.publish(picture())
    assert room.join(second) == before + middle
    after = room.publish(picture())
    assert first.units == middle + after
    assert second.units == after
    assert room.join(second) == before + middle + after, "one more of a kind that is there"


def test_what_the_loop_has_not_taken_yet_goes_to_the_others_before_somebody_joins(
    room: Room,
) -> None:
    first, second = Kind(), Kind()
    room.join(first)
    units = [picture(is_idr=True), picture()]
    gop: list[AccessUnit] = []
    room.on_loop(
        *publishing(room, units),
        lambda: gop.extend(room.fan_out.join(second)),
    )
    room.on_loop()
    assert first.units == gop == units
    assert second.units == []


def test_a_new_gop_replaces_the_old_one(room: Room) -> None:
    room.join(Kind())
    room.publish(picture(is_idr=True), picture())
    newest = room.publish(picture(is_idr=True))
    assert room.join(Kind()) == newest


def test_who_joins_after_a_loss_gets_what_the_others_have_had(room: Room) -> None:
    """The loop was held up, and the rest of the GOP did not fit."""
    first = Kind()
    room.join(first)
    units = [picture(is_idr=not n) for n in range(CAPACITY + 5)]
    gop: list[AccessUnit] = []
    room.on_loop(
        *publishing(room, units),
        lambda: gop.extend(room.fan_out.join(Kind())),
    )
    assert first.units == gop == units[:CAPACITY]
    assert first.dropped_count == 5


def test_a_loss_counts_once_for_each_kind_that_was_there(room: Room) -> None:
    first, second, later = Kind(), Kind(), Kind()
    room.join(first)
    room.join(second)
    units = [picture(is_idr=not n) for n in range(CAPACITY + 3)]
    room.on_loop(*publishing(room, units))
    room.on_loop()
    room.join(later)
    room.publish(picture(is_idr=True))
    assert (first.dropped_count, second.dropped_count, later.dropped_count) == (3, 3, 0)


def test_while_the_camera_stands_still_nobody_is_shown_its_last_pictures(room: Room) -> None:
    watching = Kind()
    room.join(watching)
    old = room.publish(picture(is_idr=True), picture())
    room.broadcaster.forget()
    assert room.fan_out.entry_point is None
    assert room.join(Kind()) == []
    rest = room.publish(picture())
    assert room.join(Kind()) == []
    new = room.publish(picture(is_idr=True))
    assert room.join(Kind()) == new
    assert watching.units == old + rest + new


def test_the_last_one_ends_the_subscription_and_the_next_one_begins_another(room: Room) -> None:
    first, second = Kind(), Kind()
    room.join(first)
    room.join(second)
    room.leave(first)
    room.leave(first)
    assert room.broadcaster.has_urgent_subscriber
    shared = room.publish(picture(is_idr=True))
    room.leave(second)
    assert not room.broadcaster.has_urgent_subscriber
    assert room.fan_out.fill_ratio == 0
    missed = room.publish(picture())
    assert (first.units, second.units) == ([], shared)
    assert room.join(first) == shared + missed
    assert room.audience_changes == 3


def test_whoever_is_lost_while_somebody_joins_leaves_him_the_pictures(room: Room) -> None:
    """What waits is sent before; that may be how the last of the others is found to be gone."""
    lost, joining = Kind(), Kind()
    room.join(lost)
    lost.on_send = lambda: room.fan_out.leave(lost)
    unit = picture(is_idr=True)
    gop: list[AccessUnit] = []
    room.on_loop(
        lambda: room.broadcaster.publish(unit), lambda: gop.extend(room.fan_out.join(joining))
    )
    assert gop == [unit]
    assert room.publish(picture()) == joining.units


def test_a_kind_that_fails_costs_the_other_nothing(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    failing, other = Kind(), Kind()
    room.join(failing)
    room.join(other)
    failing.on_send = lambda: 1 / 0
    with caplog.at_level(logging.ERROR):
        units = room.publish(picture(is_idr=True), picture())
    assert other.units == units
    assert "ZeroDivisionError" in caplog.text


def test_how_full_the_queue_is_can_be_seen(room: Room) -> None:
    room.join(Kind())
    ratios: list[float] = []
    room.on_loop(
        lambda: room.broadcaster.publish(picture(is_idr=True)),
        lambda: ratios.append(room.fan_out.fill_ratio),
    )
    room.on_loop()
    assert [*ratios, room.fan_out.fill_ratio] == [1 / CAPACITY, 0]


def test_the_time_until_the_last_viewer_has_a_picture_is_counted_once_a_pass(room: Room) -> None:
    slow, other = Kind(), Kind()
    room.join(slow)
    room.join(other)
    other.on_send = lambda: time.sleep(0.02)
    room.publish(picture(is_idr=True))
    room.on_loop(*publishing(room, [picture(), picture()]))  # one pass for both
    room.on_loop()
    counts, total_s = room.fan_out.sending.read()
    assert counts[-1][1] == 2
    assert 0.04 <= total_s < TIMEOUT_S


def test_what_was_there_before_anybody_watched_is_not_measured(room: Room) -> None:
    room.publish(picture(is_idr=True))
    first = Kind()
    room.join(first)
    room.publish(picture())
    room.leave(first)
    room.publish(picture(is_idr=True))
    room.join(Kind())
    room.join(Kind())
    room.on_loop()
    assert room.fan_out.sending.read().counts[-1][1] == 1

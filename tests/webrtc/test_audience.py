import time
from collections.abc import Iterator, Mapping, Sequence

import pytest

from pet_stream.broadcaster import Broadcaster
from pet_stream.event_loop import EventLoopThread
from pet_stream.fan_out import FanOut
from pet_stream.media.access_unit import AccessUnit
from pet_stream.webrtc.audience import Audience
from pet_stream.webrtc.sending.sender import PeerCounts, Sender, Step
from pet_stream.webrtc.signaling.h264_format import H264Format
from tests.waiting import TIMEOUT_S

from .pictures import picture


class RecordingViewer:
    """Keeps what it is given; is its own sender."""

    step = Step.STOCK
    thinned_to = None

    def __init__(self) -> None:
        self.units: list[AccessUnit] = []
        self.sender: Sender = self

    def agree(self, h264_format: H264Format, extensions: Mapping[str, int]) -> None: ...

    def start(self, gop: Sequence[AccessUnit]) -> None:
        self.units += gop

    def send(self, unit: AccessUnit) -> None:
        self.units.append(unit)

    def end(self, reason: str) -> None:
        raise AssertionError(reason)


class Room:
    """An audience whose calls are made on its loop, as they have to be."""

    def __init__(self) -> None:
        self.broadcaster = Broadcaster()
        self.event_loop = EventLoopThread("test")
        self.event_loop.start()
        fan_out = FanOut(self.broadcaster, self.event_loop)
        self.audience = Audience(fan_out, PeerCounts())

    def join(self) -> RecordingViewer:
        viewer = RecordingViewer()

        async def join() -> None:
            self.audience.join(viewer, time.monotonic_ns())

        self.event_loop.call(join(), TIMEOUT_S)
        return viewer

    def publish(self, *units: AccessUnit) -> list[AccessUnit]:
        for unit in units:
            self.broadcaster.publish(unit)

        async def settle() -> None: ...

        self.event_loop.call(settle(), TIMEOUT_S)
        return list(units)


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.event_loop.stop()


def test_who_joins_gets_the_gop_and_what_follows(room: Room) -> None:
    gop = room.publish(picture(is_idr=True), picture(), picture())
    first = room.join()
    later = room.publish(picture())
    second = room.join()
    last = room.publish(picture())
    assert first.units == second.units == gop + later + last


def test_a_new_gop_replaces_the_old_one(room: Room) -> None:
    room.join()
    room.publish(picture(is_idr=True), picture())
    newest = room.publish(picture(is_idr=True))
    assert room.join().units == newest


def test_while_the_camera_stands_still_nobody_is_shown_its_last_pictures(room: Room) -> None:
    watching = room.join()
    old = room.publish(picture(is_idr=True), picture())
    room.broadcaster.forget()
    joined = room.join()
    rest_of_gop = room.publish(picture())
    new = room.publish(picture(is_idr=True))
    assert watching.units == old + rest_of_gop + new
    assert joined.units[-1:] == new
    assert not set(old) & set(joined.units)


def test_the_wait_for_the_first_picture_is_counted_once_for_each_viewer(room: Room) -> None:
    first_pictures = room.audience.first_pictures

    def count() -> int:
        return first_pictures.waits.read().counts[-1][1]

    room.join()
    room.publish(picture())
    assert (count(), len(first_pictures.waiting)) == (0, 1), "no entry point has come"
    room.publish(picture(is_idr=True))
    assert (count(), len(first_pictures.waiting)) == (1, 0)
    room.join()
    assert count() == 2, "it begins with what is there"
    room.publish(picture(), picture(is_idr=True))
    assert count() == 2


def test_who_leaves_before_a_picture_waits_no_longer(room: Room) -> None:
    viewer = room.join()

    async def leave() -> None:
        room.audience.leave(viewer)

    room.event_loop.call(leave(), TIMEOUT_S)
    assert not room.audience.first_pictures.waiting
    assert room.audience.first_pictures.waits.read().counts[-1][1] == 0

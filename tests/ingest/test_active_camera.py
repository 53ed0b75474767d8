"""What is made of what a relay shows, look by look."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import count

import pytest

from pet_stream.errors import SegmentError
from pet_stream.feed.ring_writer import RingWriter
from pet_stream.ingest.camera_stream import Cameras
from pet_stream.ingest.counts import CameraCounts
from pet_stream.ingest.picture_order import PictureOrder
from pet_stream.ingest.ring_reader import Picture, RingReader
from pet_stream.ingest.segment import open_segment
from pet_stream.ingest.slots import Slots
from pet_stream.ingest.source_urls import SourceUrls, source_urls
from pet_stream.ingest.sources import Move, Sources
from pet_stream.media import ring
from tests.footage import encode

from .test_shm_reader import open_files

DAY, NIGHT = 0, 1
INTERVAL_S = 1 / 30


class Daemons:
    """Two cameras and the switcher, and who follows the day camera; time passes by the look."""

    def __init__(self, segment: str, *, has_stamps: bool = True) -> None:
        self.relay = RingWriter(segment)
        self.rings = [RingWriter(url) for url in source_urls(segment)]
        self.footage = encode(pictures=4, gop=4)
        self.now_s = 1000.0
        self.sources = Sources(segment, SourceUrls.usual(segment))
        self._numbers = count()
        self._has_stamps = has_stamps
        self._written: dict[int, dict[str, int]] = {}
        self._segments = [open_segment(url, ring.RING_LAYOUTS) for url in source_urls(segment)]
        for camera_id in (NIGHT, DAY):
            for _ in range(6):
                self.write(camera_id)
        self.reader = RingReader(self._segments[DAY], PictureOrder(), Cameras(), CameraCounts())
        self.show(DAY)
        move = self.look()
        assert move is not None
        self.sources.moved(move)
        move.segment.close()

    def write(self, camera_id: int) -> None:
        """A picture of one camera, in its own ring."""
        self.now_s += INTERVAL_S
        self._written[camera_id] = {
            "frame_number": next(self._numbers),
            "captured_at_ns": int(self.now_s * 1e9) if self._has_stamps else 0,
            "camera_id": camera_id,
            "width": 320,
            "height": 240,
        }
        self.rings[camera_id].write(self.footage[0], **self._written[camera_id])

    def show(self, camera_id: int) -> None:
        """The switcher copies the newest picture of one camera, until that is complete."""
        for _ in range(2):
            self.relay.write(self.footage[0], **self._written[camera_id])

    def look(self, after_s: float = 0.1) -> Move | None:
        self.now_s += after_s
        return self.sources.look(
            self.now_s,
            self.reader,
            None,
            silent_s=0.0,
            interval_s=INTERVAL_S,
        )

    def poll(self) -> list[Picture]:
        """The day camera's next picture, as far as it may be shown."""
        self.write(DAY)
        assert self.look(INTERVAL_S) is None
        return self.sources.hold(self.reader.poll(is_urgent=False))

    def close(self) -> None:
        self.sources.close()
        for writer in (self.relay, *self.rings):
            writer.close()
        for segment in self._segments:
            segment.close()


@pytest.fixture
def daemons(segment_name: str) -> Iterator[Daemons]:
    with contextlib.closing(Daemons(segment_name)) as daemons:
        daemons.reader.poll(is_urgent=False)
        yield daemons


def test_the_other_camera_is_believed_at_the_second_look(daemons: Daemons) -> None:
    for _ in range(2):
        daemons.write(NIGHT)
        daemons.show(NIGHT)
        move = daemons.look()
    assert move is not None
    assert move.camera_id == NIGHT
    move.segment.close()


def test_a_relay_that_says_no_more_in_the_middle_of_a_switch_holds_nothing_back(
    daemons: Daemons,
) -> None:
    daemons.show(NIGHT)
    assert daemons.look() is None
    polls = [daemons.poll() for _ in range(40)]
    assert polls[0] == []
    shown = [picture.header.frame_number for pictures in polls for picture in pictures]
    assert len(shown) >= 39
    assert shown == list(range(shown[0], shown[0] + len(shown)))
    assert all(len(pictures) == 1 for pictures in polls[-20:])


def test_a_relay_that_is_slow_is_believed_all_the_same(daemons: Daemons) -> None:
    daemons.show(NIGHT)
    assert daemons.look() is None
    for _ in range(40):
        daemons.poll()
    daemons.show(NIGHT)
    move = daemons.look()
    assert move is not None
    assert move.camera_id == NIGHT
    move.segment.close()


def begin_of(daemons: Daemons) -> int | None:
    daemons.show(NIGHT)
    assert daemons.look() is None
    daemons.show(NIGHT)
    move = daemons.look()
    assert move is not None
    move.segment.close()
    return move.begin.write


def test_what_the_camera_sent_in_the_last_second_is_shown(daemons: Daemons) -> None:
    daemons.now_s += 10.0
    for _ in range(3):
        daemons.write(NIGHT)
    assert begin_of(daemons) == 6


def test_where_stamps_do_not_say_how_old_a_picture_is_only_the_newest_is_shown(
    segment_name: str,
) -> None:
    """At two a second, those before it would be a minute old."""
    with contextlib.closing(Daemons(segment_name, has_stamps=False)) as daemons:
        daemons.write(NIGHT)
        assert begin_of(daemons) == 6


@pytest.mark.parametrize("error", [SegmentError("it has shrunk"), MemoryError()])
def test_a_search_that_fails_in_the_middle_keeps_no_descriptor(
    daemons: Daemons, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    before = open_files()
    monkeypatch.setattr(Slots, "find", fail)
    daemons.sources.lose(daemons.now_s)
    daemons.write(DAY)
    daemons.show(DAY)
    with contextlib.suppress(MemoryError):
        assert daemons.look() is None
    assert open_files() == before

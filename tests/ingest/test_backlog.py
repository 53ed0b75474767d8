"""What a ring held when it was opened, of a daemon that lives or not."""

from __future__ import annotations

import time

import pytest

from pet_stream.ingest.backlog import Backlog
from pet_stream.ingest.ring_reader import Picture
from pet_stream.media import ring
from pet_stream.media.h264 import ParameterSets
from pet_stream.media.h264.coded_picture import CodedPicture
from pet_stream.media.ring import SlotHeader

CODED = CodedPicture.parse((b"\x09\xf0",), ParameterSets())
INTERVAL_S = 1 / 30
UNKNOWN_S = 500_000_000_000
"""On a clock that is neither of ours."""


def pictures(captured_s: float, count: int = 5, number: int = 0) -> list[Picture]:
    """`count` of them at 30 a second, the last taken at `captured_s`."""
    found = []
    for i in range(count):
        captured_ns = int((captured_s - (count - 1 - i) * INTERVAL_S) * 1e9)
        seconds, ns = divmod(captured_ns, 1_000_000_000)
        header = SlotHeader(number + i, seconds, ns, 0, 320, 240, ring.FORMAT_H264, 2)
        found.append(Picture(header, CODED, is_discontinuity=False))
    return found


def numbers(found: list[Picture]) -> list[int]:
    return [picture.header.frame_number for picture in found]


@pytest.mark.parametrize("now_s", [time.monotonic, time.time], ids=["monotonic", "realtime"])
def test_pictures_of_just_now_are_live_at_once(now_s: type[float]) -> None:
    backlog = Backlog()
    assert numbers(backlog.sift(pictures(now_s() - 0.5))) == [0, 1, 2, 3, 4]
    assert backlog.is_alive


@pytest.mark.parametrize("age_s", [3, 60, 86_400])
@pytest.mark.parametrize("now_s", [time.monotonic, time.time], ids=["monotonic", "realtime"])
def test_pictures_of_a_dead_daemon_never_are(now_s: type[float], age_s: float) -> None:
    backlog = Backlog()
    assert backlog.sift(pictures(now_s() - age_s)) == []
    assert backlog.sift([]) == []
    assert backlog.is_held


def test_a_daemon_that_takes_the_ring_over_begins_anew() -> None:
    backlog = Backlog()
    assert backlog.sift(pictures(time.monotonic() - 60)) == []
    [picture] = backlog.sift(pictures(time.monotonic(), 1, number=100))
    assert picture.header.frame_number == 100
    assert picture.is_discontinuity
    assert not backlog.is_held


def test_a_slow_camera_lives_with_its_next_picture() -> None:
    backlog = Backlog()
    assert backlog.sift(pictures(time.monotonic() - 4, 1)) == []
    assert numbers(backlog.sift(pictures(time.monotonic() - 2.5, 1, number=1))) == [0, 1]


def test_a_clock_that_is_none_of_ours_is_believed_when_pictures_come() -> None:
    backlog = Backlog()
    assert backlog.sift(pictures(UNKNOWN_S)) == []
    # Was in progress at the first look, or in doubt behind a relay:
    assert backlog.sift(pictures(UNKNOWN_S + INTERVAL_S, 1, number=5)) == []
    found = backlog.sift(pictures(UNKNOWN_S + 2 * INTERVAL_S, 1, number=6))
    assert numbers(found) == [0, 1, 2, 3, 4, 5, 6]
    assert [picture.is_discontinuity for picture in found] == [True] + [False] * 6


def test_an_empty_ring_holds_nothing_back() -> None:
    backlog = Backlog()
    assert backlog.sift([]) == []
    assert numbers(backlog.sift(pictures(time.monotonic()))) == [0, 1, 2, 3, 4]
    assert numbers(backlog.sift(pictures(UNKNOWN_S, 1))) == [0]

"""The bytes for one viewer over plain HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import av
import pytest

from pet_stream.http_video.formats import LiveAnnexB, LiveMp4
from pet_stream.media.access_unit import AccessUnit
from tests.footage import encode
from tests.recording.mp4_files import expected_pictures, expected_times_s, film
from tests.recording.playback import FRAME_NS, GOP, access_unit

TICK_S = 1 / 90_000


def timed(units: Sequence[AccessUnit], step_ns: int = FRAME_NS) -> list[AccessUnit]:
    return [
        replace(unit, capture_ns=10**12 + number * step_ns, sequence=number)
        for number, unit in enumerate(units)
    ]


@pytest.fixture(scope="module")
def units() -> list[AccessUnit]:
    return timed([access_unit(data) for data in encode(gop=GOP, pictures=3 * GOP)])


@pytest.mark.parametrize("batch", [1, 2, GOP, GOP + 3, 1000])
def test_all_but_the_newest_picture_are_there_at_once(units: list[AccessUnit], batch: int) -> None:
    live = LiveMp4(created_at=0)
    sent = b""
    for begin in range(0, len(units), batch):
        sent += live.bytes_of(units[begin : begin + batch])
        if begin and begin % 5 == 0:
            so_far = units[: begin + batch][:-1]
            assert film(sent).pictures == expected_pictures(so_far)
    shown = film(sent)
    assert shown.pictures == expected_pictures(units[:-1])
    assert shown.times_s == pytest.approx(expected_times_s(units[:-1]), abs=2 * TICK_S)
    assert shown.keyframes == [0, GOP, 2 * GOP]
    assert shown.decoded_count == len(units) - 1


def test_the_header_comes_with_the_first_picture(units: list[AccessUnit]) -> None:
    live = LiveMp4(created_at=0)
    assert live.bytes_of([]) == b""
    assert live.bytes_of(units[:1])[4:8] == b"ftyp"
    assert live.bytes_of([]) == b""
    assert live.bytes_of(units[1:2])[4:8] == b"moof"


def test_a_gap_lasts_as_long_as_it_did(units: list[AccessUnit]) -> None:
    after = [replace(unit, capture_ns=unit.capture_ns + 20 * 10**9) for unit in units[GOP:]]
    shown_units = [*units[:GOP], *after]
    live = LiveMp4(created_at=0)
    shown = film(b"".join(live.bytes_of([unit]) for unit in shown_units))
    assert shown.times_s == pytest.approx(expected_times_s(shown_units[:-1]), abs=2 * TICK_S)


def test_times_go_on_where_the_cameras_clock_does_not(units: list[AccessUnit]) -> None:
    stuck = [replace(unit, capture_ns=min(unit.capture_ns, units[20].capture_ns)) for unit in units]
    live = LiveMp4(created_at=0)
    times_s = film(b"".join(live.bytes_of([unit]) for unit in stuck)).times_s
    assert times_s == sorted(set(times_s))


def test_another_format_is_decoded_in_the_same_answer(units: list[AccessUnit]) -> None:
    larger = [
        replace(access_unit(data), width=640, height=480)
        for data in encode(640, 480, profile="high", gop=GOP, pictures=GOP)
    ]
    both = timed([*units[: 2 * GOP], *larger])
    live = LiveMp4(created_at=0)
    shown = film(b"".join(live.bytes_of([unit]) for unit in both))
    assert shown.pictures == expected_pictures(both[:-1])
    assert shown.decoded_count == len(both) - 1


def test_raw_h264_is_the_pictures_and_nothing_else(units: list[AccessUnit]) -> None:
    live = LiveAnnexB()
    sent = b"".join(live.bytes_of(units[n : n + 4]) for n in range(0, len(units), 4))
    assert sent == b"".join(unit.to_annex_b() for unit in units)
    parser = av.CodecContext.create("h264", "r")
    assert len(parser.parse(sent)) >= len(units) - 1

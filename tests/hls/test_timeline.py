"""Which pictures are in which part of which segment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from pet_stream.hls.timeline import MIN_SEGMENTS, WINDOW_NS, Fragment, Segment, Timeline
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.mp4 import writing as mp4
from tests.footage import encode
from tests.recording.mp4_files import film as shown
from tests.recording.playback import access_unit
from tests.recording.test_b_pictures import units_of

from .pictures import after_a_break, film, timed


def timeline_of(units: Sequence[AccessUnit], batch: int = 1000) -> Timeline:
    timeline = Timeline()
    for begin in range(0, len(units), batch):
        timeline.add(units[begin : begin + batch])
    return timeline


def sequences(segments: Iterable[Segment]) -> list[int]:
    return [picture.unit.sequence for f in fragments(segments) for picture in f.pictures]


def fragments(segments: Iterable[Segment]) -> list[Fragment]:
    parts = [part for segment in segments for part in segment.parts]
    return [fragment for part in parts for fragment in part.fragments]


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_segments_are_whole_gops_and_lose_nothing(batch: int) -> None:
    units = film(400)
    timeline = timeline_of(units, batch)
    assert sequences(timeline.segments) == list(range(400 // 14 * 14))
    whole = [segment for segment in timeline.segments if segment.is_complete]
    assert [segment.number for segment in timeline.segments] == list(range(len(whole) + 1))
    for segment in whole:
        assert segment.duration_s == pytest.approx(4 * 14 / 30, abs=0.001)
        assert all(part.is_independent for part in segment.parts)
        assert [part.picture_count for part in segment.parts] == [14] * 4
    assert timeline.next_part == (len(whole), len(timeline.segments[-1].parts))


@pytest.mark.parametrize(
    ("gop", "lengths"),
    [
        (15, [15]),
        (20, [20]),
        (24, [12, 12]),
        (30, [15, 15]),
        (45, [15, 15, 15]),
        (5, [15, 15, 15]),
        (1, [12, 12, 12]),
    ],
)
def test_parts_are_equal_and_about_half_a_second_long(gop: int, lengths: list[int]) -> None:
    timeline = timeline_of(film(max(160, 10 * gop), gop=gop))
    for segment in list(timeline.segments)[1:-1]:
        counts = [part.picture_count for part in segment.parts]
        if gop > 1:
            assert max(counts) == max(lengths)
        assert counts[: len(lengths)] == lengths
        assert segment.parts[0].is_independent
        assert segment.duration_s >= 1.5


def test_a_camera_with_few_pictures_has_parts_of_one() -> None:
    units = timed(film(60), step_ns=500_000_000)
    timeline = timeline_of(units)
    assert {part.picture_count for s in timeline.segments for part in s.parts} == {1}
    assert [s.duration_s for s in timeline.segments if s.is_complete] == [7.0] * 4


def test_times_are_capture_times_and_go_on_from_part_to_part() -> None:
    timeline = timeline_of(film(200))
    found = fragments(timeline.segments)
    for fragment, later in pairwise(found):
        assert fragment.start_time + fragment.duration == later.start_time
    assert found[0].start_time == 10**12 * 9 // 100_000


def test_a_segment_can_be_decoded_and_so_can_all_of_them_together() -> None:
    timeline = timeline_of(film(200))
    segments = [segment for segment in timeline.segments if segment.is_complete]
    begin = mp4.file_start(segments[0].video_format, 0, is_clip=False)
    for some in ([segments[1]], segments):
        data = begin + b"".join(part.to_mp4() for s in some for part in s.parts)
        found = shown(data)
        assert found.decoded_count == len(sequences(some))
        assert found.keyframes == list(range(0, len(sequences(some)), 14))


def test_a_break_ends_a_segment_and_is_told() -> None:
    units = film(112)
    timeline = timeline_of([*units[:56], *after_a_break(units[56:])])
    before, after = timeline.segments
    assert (before.is_complete, before.is_discontinuity) == (True, False)
    assert before.parts[-1].duration_s == pytest.approx(14 / 30, abs=0.001)  # not twenty seconds
    assert (after.is_discontinuity, after.discontinuity_count) == (True, 1)
    assert sequences([after])[0] == 56


@pytest.mark.parametrize("lost", [1, 5, 13, 14, 30])
def test_what_comes_after_lost_pictures_waits_for_an_entry_point(lost: int) -> None:
    units = film(200)
    timeline = timeline_of([*units[:40], *units[40 + lost :]])
    after = next(segment for segment in timeline.segments if segment.is_discontinuity)
    assert sequences([after])[0] % 14 == 0
    assert after.parts[0].is_independent


def test_another_format_has_another_beginning() -> None:
    larger = [
        replace(access_unit(data), width=640, height=480)
        for data in encode(640, 480, profile="high", gop=14, pictures=56)
    ]
    units = film(56)
    both = timed([*units, replace(larger[0], is_discontinuity=True), *larger[1:]])
    first, second = timeline_of(both).segments
    assert first.init_name != second.init_name
    assert second.is_discontinuity
    assert first.init_name == timeline_of(units).segments[0].init_name


def test_b_pictures_are_shown_in_their_order() -> None:
    timeline = timeline_of(units_of(encode(profile="main", gop=14, pictures=70, bframes=2)))
    segment = timeline.segments[0]
    data = b"".join(part.to_mp4() for part in segment.parts)
    found = shown(mp4.file_start(segment.video_format, 0, is_clip=False) + data)
    assert found.decoded_count == len(found.pictures) == 56
    assert sorted(found.times_s) != found.times_s


def test_old_segments_go_and_some_always_stay() -> None:
    timeline = timeline_of(film(30 * 60))
    span_ns = timeline.segments[-1].begins_ns - timeline.segments[0].begins_ns
    assert WINDOW_NS <= span_ns < WINDOW_NS + 3 * 10**9
    slow = timeline_of(timed(film(14 * 20), step_ns=10**9))
    assert len(slow.segments) == MIN_SEGMENTS + 1


def test_numbers_go_on_after_everything_was_forgotten() -> None:
    units = film(200)
    timeline = timeline_of(units[:112])
    last = timeline.segments[-1].number
    timeline.clear()
    assert not timeline.segments
    timeline.add(units[112:])
    assert timeline.segments[0].number == last + 1
    timeline.clear(next_number=1000)
    timeline.add(units)
    assert timeline.segments[0].number == 1000
    assert timeline.segments[0].discontinuity_count == 2


def test_pictures_that_it_has_are_left_out() -> None:
    units = film(60)
    timeline = Timeline()
    for end in range(1, 61):
        timeline.add(units[max(0, end - 20) : end])
    assert sequences(timeline.segments) == list(range(56))


def test_it_begins_at_an_entry_point() -> None:
    timeline = timeline_of(film(60)[5:])
    assert sequences(timeline.segments)[0] == 14

"""Cameras that send no IDR, or not soon: what is published, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from pet_stream.broadcaster import Broadcaster
from pet_stream.ingest.shm_reader import ShmReader
from pet_stream.media.access_unit import START_CODE, AccessUnit
from pet_stream.media.gop_memory import GopMemory
from pet_stream.media.h264 import split_annex_b
from tests.doctor.daemon import daemon
from tests.footage import decode, encode, open_gops, without_parameter_sets
from tests.waiting import wait_until

from .audience import Audience, audience

GOP = 10
FPS = 120


def begun(url: str, memory: GopMemory) -> ShmReader:
    reader = ShmReader(url, Broadcaster(memory=memory), "test")
    reader.start()
    return reader


def of_one_run(listener: Audience) -> list[AccessUnit]:
    """The units up to the second discontinuity: there the source begins again."""
    breaks = [i for i, unit in enumerate(listener.units) if unit.is_discontinuity]
    return listener.units[: breaks[1]] if len(breaks) > 1 else listener.units


def test_i_pictures_with_recovery_points_are_as_good_as_idrs(segment_name: str) -> None:
    units = open_gops(gop=GOP, pictures=9 * GOP)[GOP:]
    units = [units[0], *map(without_parameter_sets, units[1:])]
    with audience(segment_name) as listener, daemon(segment_name, units, fps=FPS):
        listener.wait_for(5 * GOP)
        status = listener.reader.status
    run = of_one_run(listener)
    assert not any(unit.is_idr for unit in run)
    entries = [i for i, unit in enumerate(run) if unit.is_entry_point]
    assert {b - a for a, b in pairwise(entries)} <= {GOP}
    for i in entries:
        assert [n[0] & 31 for n in run[i].nal_units].count(7) == 1, "it has its parameter sets"
        assert len(decode(unit.to_annex_b() for unit in run[i:])) == len(run) - i
    assert (status.state, status.entry) == ("live", "recovery_point")
    assert status.entry_reason.code == "recovery_points"


def pairs(units: list[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(units[::2], units[1::2], strict=True))


def slices() -> list[bytes]:
    units = encode(gop=GOP, pictures=6 * GOP, slices=2)
    return [START_CODE + nal_unit for unit in units for nal_unit in split_annex_b(unit)]


def two_pictures() -> list[bytes]:
    return [a + b for a, b in pairs(encode(gop=GOP, pictures=6 * GOP))]


@pytest.mark.parametrize("make_slots", [slices, two_pictures])
def test_slots_that_hold_no_whole_picture_each_are_a_reason(
    segment_name: str, make_slots: Callable[[], list[bytes]]
) -> None:
    slots = make_slots()
    with audience(segment_name) as listener, daemon(segment_name, slots, fps=300):
        listener.wait_until(lambda: bool(listener.reader.status.left_out))
        status = listener.reader.status
    assert status.state == "live"
    assert status.left_out.code == "pictures_missing"
    assert status.left_out in status.faults


def test_a_loss_now_and_then_is_no_reason(segment_name: str) -> None:
    units = [u for i, u in enumerate(encode(gop=GOP, pictures=8 * GOP)) if i != 2 * GOP + 2]
    with audience(segment_name) as listener, daemon(segment_name, units, fps=300):
        listener.wait_for(3 * len(units))
        assert listener.reader.counts.frames_dropped > GOP / 2
        assert not listener.reader.status.faults


def test_after_a_loss_pictures_go_on_at_the_next_recovery_point(segment_name: str) -> None:
    """The source's end is followed by its beginning: frame_num does not go on there."""
    units = open_gops(gop=GOP, pictures=5 * GOP)[GOP + 3 :]
    with audience(segment_name) as listener, daemon(segment_name, units, fps=FPS):
        listener.wait_for(3 * len(units))
    breaks = [unit for unit in listener.units if unit.is_discontinuity]
    assert len(breaks) >= 3
    assert all(unit.is_entry_point and not unit.is_idr for unit in breaks)


def test_a_gradual_refresh_is_published_from_its_recovery_point_on(segment_name: str) -> None:
    units = encode(gop=20, pictures=100, x264=("intra-refresh=1",))[5:]
    with audience(segment_name) as listener, daemon(segment_name, units, fps=FPS):
        listener.wait_for(60)
        status = listener.reader.status
    first = listener.units[0]
    assert first.recovery_point is not None
    assert first.recovery_point.frame_count == 18
    assert not first.starts_clean
    assert (status.state, status.entry) == ("live", "gradual_refresh")
    assert status.entry_reason.code == "gradual_refresh"
    assert "recordings begin" in status.entry_reason


def test_who_joins_in_a_gop_beyond_the_memory_is_told_to_wait_and_since_when(
    segment_name: str,
) -> None:
    units = encode(gop=120, pictures=120)
    reader = begun(segment_name, GopMemory(gop_units=30))
    try:
        with daemon(segment_name, units, fps=FPS):
            wait_until(lambda: reader.status.entry == "idr")
            assert not reader.status.entry_reason
            wait_until(lambda: reader.status.entry is None and reader.status.state == "live")
            reason = reader.status.entry_reason
            assert reason.code == "no_entry_point"
            assert "no picture to begin with for 0 s" in reason or " 1 s" in reason
            assert reason in reader.status.faults
    finally:
        reader.stop()


def test_a_recovery_point_in_a_gop_beyond_the_memory_helps(segment_name: str) -> None:
    units = open_gops(gop=GOP, pictures=300)
    reader = begun(segment_name, GopMemory(gop_units=30))
    try:
        with daemon(segment_name, units, fps=FPS):
            wait_until(lambda: reader.status.entry == "recovery_point")
    finally:
        reader.stop()


def test_a_camera_without_anything_to_begin_with_is_waited_for_with_a_reason(
    segment_name: str,
) -> None:
    """Its parameter sets are known, and pictures come: that alone was live and well."""
    units = encode(gop=600, pictures=100)
    sets = units[0][: units[0].index(b"\0\0\1\x65")].rstrip(b"\0")
    units = [sets + unit for unit in units[1:]]
    with audience(segment_name) as listener, daemon(segment_name, units, fps=FPS):
        listener.wait_until(lambda: "but none to begin with" in listener.reader.status.reason)
        status = listener.reader.status
        assert (status.state, status.reason.code) == ("waiting", "no_idr")
        assert status.has_parameter_sets
        assert not listener.units

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.h264 import split_annex_b
from tests.footage import encode
from tests.media.h264.test_nal_unit import KEPT_TYPES, legal_nal_units

UNIT = AccessUnit(
    nal_units=(b"\x67abc", b"\x68d", b"\x65efghi"),
    sequence=0,
    capture_ns=0,
    is_idr=True,
    is_discontinuity=False,
    width=320,
    height=240,
    camera_id=0,
    frame_number=0,
)


@pytest.mark.parametrize(
    ("capture_ns", "pts_90k"),
    [
        (0, 0),
        (1_000_000_000, 90_000),
        (33_333_333, 2_999),
        (11_111, 0),
        (11_112, 1),
        (10**18 + 1, 90_000 * 10**9),  # 31 years of uptime, and still exact
    ],
)
def test_pts_is_the_capture_time_in_ticks_of_90_khz(capture_ns: int, pts_90k: int) -> None:
    assert dataclasses.replace(UNIT, capture_ns=capture_ns).pts_90k == pts_90k


@given(st.integers(0, 2**62), st.integers(0, 2**40))
def test_pts_never_runs_backwards_and_never_drifts(capture_ns: int, later_ns: int) -> None:
    first = dataclasses.replace(UNIT, capture_ns=capture_ns).pts_90k
    second = dataclasses.replace(UNIT, capture_ns=capture_ns + later_ns).pts_90k
    assert second >= first
    assert abs((second - first) - later_ns * 9 / 100_000) <= 1


def test_size_counts_nal_units_without_start_codes() -> None:
    assert UNIT.size_bytes == 4 + 2 + 6


@given(st.lists(legal_nal_units(KEPT_TYPES), min_size=1, max_size=5).map(tuple))
def test_annex_b_comes_apart_again(nal_units: tuple[bytes, ...]) -> None:
    unit = dataclasses.replace(UNIT, nal_units=nal_units)
    assert split_annex_b(unit.to_annex_b()) == nal_units
    assert len(unit.to_annex_b()) == unit.size_bytes + 4 * len(nal_units)


def test_annex_b_has_start_codes_of_4_bytes_whatever_the_camera_wrote() -> None:
    for data in encode(pictures=3, gop=2, slices=3):
        nal_units = split_annex_b(data)
        written = dataclasses.replace(UNIT, nal_units=nal_units).to_annex_b()
        assert written == b"".join(b"\0\0\0\1" + nal_unit for nal_unit in nal_units)


def test_is_a_value_that_nobody_changes() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        UNIT.sequence = 1  # type: ignore[misc]
    assert not hasattr(UNIT, "__dict__")
    assert dataclasses.replace(UNIT) == UNIT

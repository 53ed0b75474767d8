"""In which order pictures are shown."""

from __future__ import annotations

from typing import Any

import pytest

from pet_stream.media.h264 import ParameterSets, split_annex_b
from pet_stream.media.h264.coded_picture import CodedPicture
from pet_stream.media.h264.display_order import DisplayOrder
from tests.footage import encode
from tests.media.syntax import BitWriter, Sps, Vui, nal_unit, pps

MAIN = Sps(profile_idc=77, poc_type=0)
LSB_BITS = 6  # as `Sps` writes it


def places(units: list[bytes]) -> list[int | None]:
    order, sets, found = DisplayOrder(), ParameterSets(), []
    for data in units:
        picture = CodedPicture.parse(split_annex_b(data), sets)
        sets = picture.later_parameter_sets
        found.append(order.place(picture))
    return found


def leading(units: list[bytes]) -> list[int]:
    order, sets, found = DisplayOrder(), ParameterSets(), []
    for number, data in enumerate(units):
        picture = CodedPicture.parse(split_annex_b(data), sets)
        sets = picture.later_parameter_sets
        order.place(picture)
        found += [number] if order.is_leading else []
    return found


def in_gops(orders: list[int | None], gop: int) -> list[list[int]]:
    """The rank of each picture in its GOP."""
    gops = []
    for begin in range(0, len(orders), gop):
        known = [order for order in orders[begin : begin + gop] if order is not None]
        gops.append([sorted(known).index(order) for order in known])
    return gops


def test_two_b_pictures_are_shown_before_the_p_picture_that_they_refer_to() -> None:
    footage = encode(profile="main", gop=8, pictures=16, bframes=2, x264=("b-pyramid=none",))
    assert in_gops(places(footage), 8) == [[0, 3, 1, 2, 6, 4, 5, 7]] * 2


def test_the_count_goes_on_where_its_low_bits_begin_anew() -> None:
    footage = encode(profile="main", gop=300, pictures=120, bframes=3)
    orders = places(footage)
    assert len(set(orders)) == 120
    assert max(order for order in orders if order is not None) >= 2 * 119
    assert orders[0] == 0


@pytest.mark.parametrize(
    "options",
    [
        {"profile": "baseline"},
        {"profile": "main", "bframes": 0, "x264": ("ref=1", "bframes=0")},
    ],
    ids=["Baseline", "no reordering, says the SPS"],
)
def test_where_nothing_is_reordered_there_is_nothing_to_count(options: dict[str, Any]) -> None:
    assert places(encode(gop=5, pictures=10, **options)) == [None] * 10


def written(lsb: int, *, idr: bool = False, ref_idc: int = 2, sps: Sps = MAIN) -> CodedPicture:
    out = BitWriter().ue(0).ue(7 if idr else 5).ue(0).u(sps.log2_max_frame_num, 0)
    if idr:
        out.ue(0)
    out.u(LSB_BITS, lsb).u(32, 0xFFABCDEF)
    known = ParameterSets().including((sps.nal_unit(), pps()))
    return CodedPicture.parse((nal_unit(5 if idr else 1, out.rbsp(), ref_idc),), known)


@pytest.mark.parametrize(
    ("lsbs", "expected"),
    [
        ([0, 8, 4, 6], [0, 8, 4, 6]),
        ([0, 30, 60, 26], [0, 30, 60, 90]),
        ([0, 31, 62, 2, 60], [0, 31, 62, 66, 60]),
        ([0, 62, 2], [0, -2, 2]),
        ([0, 32, 0], [0, 32, 64]),
        ([0, 33], [0, -31]),
    ],
)
def test_the_high_bits_are_those_that_are_nearest(lsbs: list[int], expected: list[int]) -> None:
    """8.2.1.1: a difference of half the range or more is a wrap."""
    order = DisplayOrder()
    found = [order.place(written(lsb, idr=not i)) for i, lsb in enumerate(lsbs)]
    assert found == expected


def test_only_reference_pictures_carry_the_count_on() -> None:
    order = DisplayOrder()
    order.place(written(0, idr=True))
    assert order.place(written(30)) == 30
    assert order.place(written(60, ref_idc=0)) == 60
    assert order.place(written(61)) == 61
    assert order.place(written(0, idr=True)) == 0


def test_an_sps_that_excludes_reordering_is_believed() -> None:
    sps = Sps(profile_idc=77, poc_type=0, vui=Vui(max_num_reorder_frames=0))
    assert DisplayOrder().place(written(0, idr=True, sps=sps)) is None


@pytest.mark.parametrize("b_pictures", [1, 2])
def test_leading_pictures_are_shown_before_the_recovery_point_that_they_follow(
    b_pictures: int,
) -> None:
    x264 = ("open-gop=1", "b-pyramid=none")
    open_gops = encode(profile="main", gop=8, pictures=24, bframes=b_pictures, x264=x264)
    assert leading(open_gops) == [8, 16]


def test_closed_gops_have_no_leading_pictures() -> None:
    assert leading(encode(profile="main", gop=8, pictures=24, bframes=3)) == []

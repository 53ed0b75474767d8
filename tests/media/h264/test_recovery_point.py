"""Where decoding can begin without an IDR."""

from __future__ import annotations

import pytest

from pet_stream.errors import BitstreamError
from pet_stream.media.h264 import ParameterSets, RecoveryPoint, find_recovery_point, split_annex_b
from pet_stream.media.h264.coded_picture import CodedPicture
from pet_stream.media.h264.recovery_point import MAX_SEI_BYTES, parse_recovery_point
from tests.footage import encode
from tests.media.syntax import BitWriter, Sps, nal_unit, pps, slice_nal_unit

KNOWN = ParameterSets().including((Sps().nal_unit(), pps()))
MAX_FRAME_NUM = 1 << Sps().log2_max_frame_num
AT_ONCE = RecoveryPoint(0, is_exact=True)
P, INTRA, ONLY_INTRA = 0, 2, 7


def sei(*messages: tuple[int, bytes]) -> bytes:
    rbsp = b""
    for payload_type, payload in messages:
        for number in (payload_type, len(payload)):
            rbsp += b"\xff" * (number // 255) + bytes([number % 255])
        rbsp += payload
    return nal_unit(6, rbsp + b"\x80", ref_idc=0)


def recovery_point(frames: int, *, is_exact: bool = True, is_broken: bool = False) -> bytes:
    """An SEI NAL unit."""
    out = BitWriter().ue(frames).flag(is_exact).flag(is_broken).u(2, 0)
    return sei((6, out.rbsp()))


@pytest.mark.parametrize("frames", [0, 1, 19, 65535])
@pytest.mark.parametrize("is_exact", [False, True])
@pytest.mark.parametrize("is_broken", [False, True])
def test_what_the_sei_says_is_read(frames: int, is_exact: bool, is_broken: bool) -> None:
    nal = recovery_point(frames, is_exact=is_exact, is_broken=is_broken)
    assert parse_recovery_point(nal) == RecoveryPoint(frames, is_exact)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([(6, b"\xc4")], AT_ONCE),
        ([(5, bytes(300)), (6, b"\xc4")], AT_ONCE),
        ([(0, b""), (6, b"\x84"), (4, b"x")], RecoveryPoint(0, is_exact=False)),
        ([(5, b"\0\0\0\0\6\1\1"), (1, b"")], None),
        ([(6 + 255, b"\xc4")], None),
        ([(1, b"\6\1\1"), (300, b"\6" * 600)], None),
    ],
)
def test_it_is_found_among_messages(
    messages: list[tuple[int, bytes]], expected: RecoveryPoint | None
) -> None:
    assert parse_recovery_point(sei(*messages)) == expected


BROKEN = ["06", "0680", "06ff", "0605ff", "06050a0102", "0606010080", "06060080"]


@pytest.mark.parametrize("broken", ["", "65aabbcc", *BROKEN])
def test_broken_sei_are_refused(broken: str) -> None:
    with pytest.raises(BitstreamError):
        parse_recovery_point(bytes.fromhex(broken))


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_sei_hide_no_other(broken: str) -> None:
    assert find_recovery_point([bytes.fromhex(broken)]) is None
    assert find_recovery_point([bytes.fromhex(broken), recovery_point(0)]) == AT_ONCE


def test_only_the_beginning_of_a_long_sei_is_read() -> None:
    assert parse_recovery_point(sei((5, b"x" * (MAX_SEI_BYTES - 40)), (6, b"\xc4"))) == AT_ONCE
    assert find_recovery_point([sei((5, b"x" * MAX_SEI_BYTES), (6, b"\xc4"))]) is None


# Which pictures are entry points


@pytest.mark.parametrize(
    ("nal_units", "expected"),
    [
        pytest.param([recovery_point(0), (ONLY_INTRA,)], AT_ONCE, id="an I picture"),
        pytest.param([recovery_point(0), (INTRA,)], AT_ONCE, id="whose slices are all I"),
        pytest.param([recovery_point(0), (INTRA,), (ONLY_INTRA,)], AT_ONCE, id="two of them"),
        pytest.param([recovery_point(0), (INTRA,), (P,)], None, id="a P slice in it"),
        pytest.param([recovery_point(0), (P,)], None, id="a P picture that claims to be right"),
        pytest.param([recovery_point(9), (P,)], RecoveryPoint(9, True), id="gradual refresh"),
        pytest.param(
            [recovery_point(9, is_exact=False), (P,)], RecoveryPoint(9, False), id="nearly right"
        ),
        pytest.param([recovery_point(9, is_broken=True), (P,)], RecoveryPoint(9, True), id="cut"),
        pytest.param([recovery_point(MAX_FRAME_NUM - 1), (P,)], RecoveryPoint(15, True), id="most"),
        pytest.param([recovery_point(MAX_FRAME_NUM), (P,)], None, id="more than frame_num counts"),
        pytest.param([(ONLY_INTRA,)], None, id="an I picture without a word"),
        pytest.param([(ONLY_INTRA,), recovery_point(0)], None, id="said behind the picture"),
        pytest.param([recovery_point(0)], None, id="no picture"),
        pytest.param([recovery_point(0), (INTRA,), b"\x01"], None, id="a slice that is cut off"),
    ],
)
def test_a_recovery_point_counts_if_it_can_be_one(
    nal_units: list[bytes | tuple[int]], expected: RecoveryPoint | None
) -> None:
    made = (
        n if isinstance(n, bytes) else slice_nal_unit(5, slice_type=n[0], first_mb=bool(i > 1))
        for i, n in enumerate(nal_units)
    )
    picture = CodedPicture.parse(tuple(made), KNOWN)
    assert picture.recovery_point == expected
    assert picture.is_entry_point == (expected is not None)


def test_an_idr_needs_none() -> None:
    picture = CodedPicture.parse((recovery_point(0), slice_nal_unit(idr=True)), KNOWN)
    assert picture.is_entry_point
    assert picture.recovery_point is None


def test_without_parameter_sets_nothing_is_claimed() -> None:
    parsed = CodedPicture.parse((recovery_point(9), slice_nal_unit(5)), ParameterSets())
    assert not parsed.is_entry_point


def entry_points(units: list[bytes]) -> dict[int, RecoveryPoint | None]:
    found, sets = {}, ParameterSets()
    for number, data in enumerate(units):
        picture = CodedPicture.parse(split_annex_b(data), sets)
        sets = picture.parameter_sets
        if picture.is_entry_point:
            found[number] = picture.recovery_point
    return found


def test_those_of_x264_are_found() -> None:
    refresh = encode(gop=20, pictures=45, x264=("intra-refresh=1",))
    gradual = RecoveryPoint(18, is_exact=True)
    assert entry_points(refresh) == {0: None, 20: gradual, 40: gradual}
    open_gop = encode(profile="main", gop=10, pictures=30, bframes=2, x264=("open-gop=1",))
    assert entry_points(open_gop) == {0: None, 10: AT_ONCE, 20: AT_ONCE}
